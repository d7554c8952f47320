-- What each rule has seen of what it watches for: a row a rule, as rules.state.Watch.
CREATE TABLE watches (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
