-- Sealed snapshots: the machine's memory at a place in the sequence, so that the past before it may go and the rest can
-- still be folded. Retention deletes inputs only behind one; a new machine begins with one.

CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY,        -- every input up to this place is in it, none behind it
    wall_ms INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    lived_ms INTEGER NOT NULL,      -- how long the hub had been running in all, by no clock that anybody can set
    forgotten_ms INTEGER NOT NULL,  -- alerts closed up to here (elapsed) are not in it
    machine INTEGER NOT NULL,       -- rules.machine.MACHINE, the machine that goes on from here
    timezones TEXT NOT NULL,        -- the version of the time-zone data it goes on with
    digest TEXT NOT NULL,           -- SHA-256 over all of this; empty, as the body, once the inputs behind it are gone
    body BLOB NOT NULL              -- zlib of JSON: {"home": ..., "tables": {name: [[key, body], ...]}}
) STRICT;

-- What memory holds and what retention may take are asked in elapsed time, which nobody can set.
ALTER TABLE alerts ADD COLUMN closed_ms INTEGER GENERATED ALWAYS AS (body ->> 'closed_ms') VIRTUAL;
CREATE INDEX alerts_closed_elapsed ON alerts (closed_ms) WHERE state = 'closed';
ALTER TABLE episodes ADD COLUMN started_ms INTEGER GENERATED ALWAYS AS (body ->> 'started_ms') VIRTUAL;
CREATE INDEX episodes_over ON episodes (started_ms) WHERE state <> 'helping';
