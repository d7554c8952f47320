-- The ledger of a home: one file, one truth. `wall_ms` is Unix time, `elapsed_ms` the clock that never goes back.
-- Every input has a place in one sequence (seq), and every log line its own place in the same sequence.

CREATE TABLE events (               -- inputs that devices reported
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    value ANY,                      -- a word, a number, 1/0 for true/false
    extra TEXT                      -- JSON of what most events do not have: press, stamp, field, retained, origin, ...
) STRICT;

CREATE TABLE inputs (               -- every other input: timers, requests, results, configuration, clock
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE log (                  -- every step of every alert and episode, with its reason
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    cause INTEGER NOT NULL,         -- seq of the input that made it
    step TEXT NOT NULL,
    urgent INTEGER NOT NULL,        -- goes out on the urgent lane
    alert TEXT,
    episode TEXT,
    resident TEXT,
    body TEXT NOT NULL              -- the message of the log topic, word for word
) STRICT;
CREATE INDEX log_by_alert ON log (alert, seq) WHERE alert IS NOT NULL;

-- What the machine knows: one row a record, its body as JSON.
CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    level TEXT GENERATED ALWAYS AS (body ->> 'level') VIRTUAL,
    resident TEXT GENERATED ALWAYS AS (body ->> 'resident') VIRTUAL,
    raised_wall_ms INTEGER GENERATED ALWAYS AS (body ->> 'raised_wall_ms') VIRTUAL,
    closed_wall_ms INTEGER GENERATED ALWAYS AS (body ->> 'closed_wall_ms') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_open ON alerts (state) WHERE state <> 'closed';
CREATE INDEX alerts_closed ON alerts (closed_wall_ms) WHERE state = 'closed';
CREATE TABLE episodes (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX episodes_running ON episodes (state) WHERE state = 'helping';
CREATE TABLE timers (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE devices (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE people (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE shift (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE answers (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE strangers (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE known (                -- what devices told about themselves (devices.adapter.Description)
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (               -- what must still be carried out; one row a wish, replaced by its newer version
    key TEXT PRIMARY KEY,           -- alert/<id>, tell/<id>/<person>/<channel>, room/<room>, do/<seq>, done/<request>
    seq INTEGER NOT NULL,           -- in this order
    urgent INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,        -- of the input that says so
    wall_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE raw (                  -- the bytes behind an emergency
    seq INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL
) STRICT;

CREATE TABLE received (             -- the packet ids each commit used, for telling a redelivery from a press
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    seq INTEGER NOT NULL,
    uses BLOB NOT NULL              -- 14 bytes a use: packet id, digest of topic and payload
) STRICT;

CREATE TABLE twins (                -- copies of urgent messages that the other lane still owes
    id INTEGER PRIMARY KEY,         -- seq of the input that was acted on
    lane TEXT NOT NULL,             -- the lane that owes its copy
    topic TEXT NOT NULL,
    digest BLOB NOT NULL,
    elapsed_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE rollups (              -- per device, kind and hour
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    hour INTEGER NOT NULL,          -- Unix hours, UTC
    count INTEGER NOT NULL,
    active INTEGER NOT NULL,        -- how many of them said open, occupied, on, detected, or were presses
    numbers INTEGER NOT NULL,
    sum REAL NOT NULL,
    min REAL,
    max REAL,
    PRIMARY KEY (device, kind, field, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE configurations (       -- accepted ones, in full
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    body TEXT NOT NULL,             -- rules.home.Home
    settings TEXT NOT NULL          -- hub.config.settings.HubSettings: where broker, data and screens are
) STRICT;

CREATE TABLE subscriptions (        -- what each lane's session at the broker holds
    lane TEXT NOT NULL,
    filter TEXT NOT NULL,
    PRIMARY KEY (lane, filter)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (              -- seq: how far the log topic and the series have been served; clocks: the last commit
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
