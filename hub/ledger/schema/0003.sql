-- Walk tests: a row a device, as rules.walks.Walk.
CREATE TABLE walks (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
