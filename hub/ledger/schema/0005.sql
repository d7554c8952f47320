-- Events that were recorded elsewhere and imported: read by replay alone. They never reach the live machine and are no
-- part of what `verify` folds, so they have no place in the sequence.
CREATE TABLE imported (
    seq INTEGER PRIMARY KEY,        -- in the order of the files they came from
    wall_ms INTEGER NOT NULL,
    device TEXT NOT NULL,           -- the device's address, as in events
    kind TEXT NOT NULL,
    value ANY NOT NULL,
    nth INTEGER NOT NULL,           -- equal rows of one moment are counted: the same file again adds nothing
    extra TEXT,                     -- as in events
    UNIQUE (wall_ms, device, kind, value, nth)
) STRICT;
CREATE INDEX imported_by_time ON imported (wall_ms, seq);
