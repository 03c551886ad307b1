-- Numbers of 64 bits without sign are kept as the same bits with one.

-- Who has sent events, and which of them have been accepted.
CREATE TABLE producers (
    id            INTEGER PRIMARY KEY,
    instance      BLOB NOT NULL CHECK (length(instance) = 16),
    epoch         INTEGER NOT NULL,
    gateway       TEXT NOT NULL,
    ledger        BLOB NOT NULL,
    -- The producer's own counters, by name, in JSON.
    health        TEXT NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us  INTEGER NOT NULL,
    UNIQUE (instance, epoch)
) STRICT;

-- Detail: the events of one delivery. What is asked of all blocks stands before the large column.
CREATE TABLE blocks (
    id           INTEGER PRIMARY KEY,
    events       INTEGER NOT NULL,
    min_ended_us INTEGER NOT NULL,
    max_ended_us INTEGER NOT NULL,
    received_us  INTEGER NOT NULL,
    -- Length of the binary batch that body is the zstd frame of.
    batch_bytes  INTEGER NOT NULL,
    body         BLOB NOT NULL
) STRICT;

CREATE INDEX blocks_by_end ON blocks (max_ended_us, id, min_ended_us);

-- Where to find a request: hashes of request ids, which may collide.
CREATE TABLE request_index (
    hash  INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (hash, block)
) STRICT, WITHOUT ROWID;

-- What all accepted events add up to. Sums are integers; one beyond 64 bits is kept as decimal text.
-- x_known says of how many requests x is the sum.
CREATE TABLE totals (
    id                          INTEGER PRIMARY KEY,
    backend                     TEXT,
    route                       TEXT,
    model                       TEXT,
    algorithm                   TEXT,
    outcome                     TEXT NOT NULL,
    status_class                INTEGER,
    requests                    INTEGER NOT NULL,
    usage_reported              INTEGER NOT NULL,
    usage_partial               INTEGER NOT NULL,
    usage_missing               INTEGER NOT NULL,
    attempts                    ANY NOT NULL,
    attempts_known              INTEGER NOT NULL,
    request_bytes               ANY NOT NULL,
    request_bytes_known         INTEGER NOT NULL,
    response_bytes              ANY NOT NULL,
    response_bytes_known        INTEGER NOT NULL,
    input_tokens                ANY NOT NULL,
    input_tokens_known          INTEGER NOT NULL,
    output_tokens               ANY NOT NULL,
    output_tokens_known         INTEGER NOT NULL,
    cache_read_tokens           ANY NOT NULL,
    cache_read_tokens_known     INTEGER NOT NULL,
    cache_write_tokens          ANY NOT NULL,
    cache_write_tokens_known    INTEGER NOT NULL,
    cache_write_1h_tokens       ANY NOT NULL,
    cache_write_1h_tokens_known INTEGER NOT NULL,
    reasoning_tokens            ANY NOT NULL,
    reasoning_tokens_known      INTEGER NOT NULL,
    audio_tokens                ANY NOT NULL,
    audio_tokens_known          INTEGER NOT NULL,
    cost_nano_usd               ANY NOT NULL,
    cost_nano_usd_known         INTEGER NOT NULL
) STRICT;

-- Batches that were refused for good, for somebody to look at; only the newest are kept.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    peer        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    -- Of the whole body; absent where it was not read to its end.
    body_bytes  INTEGER,
    -- Its beginning.
    body        BLOB NOT NULL
) STRICT;

-- Holds something only while it is tried whether there is room to write.
CREATE TABLE scratch (
    id   INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;
