-- Events accepted without their detail, in summaries.
ALTER TABLE producers ADD COLUMN summarised INTEGER NOT NULL DEFAULT 0;

-- What stands for events whose detail is gone, as it came. What is asked of all stands before the large column.
CREATE TABLE summaries (
    id          INTEGER PRIMARY KEY,
    -- How many events it stands for.
    requests    INTEGER NOT NULL,
    -- The windows of its cells: where the first begins and the last ends, seconds since 1970.
    min_start_s INTEGER NOT NULL,
    max_end_s   INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    -- Length of the binary batch that body is the zstd frame of.
    batch_bytes INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;

CREATE INDEX summaries_by_end ON summaries (max_end_s, id, min_start_s);
