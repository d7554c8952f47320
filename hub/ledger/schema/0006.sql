-- Imported events grow old as others do: by the days the hub has lived through since they were imported, whatever year
-- they were recorded in. So each remembers the place that the sequence had reached then.
ALTER TABLE imported ADD COLUMN after_seq INTEGER NOT NULL DEFAULT 0;
UPDATE imported SET after_seq = (SELECT coalesce(max(seq), 0) FROM inputs);
