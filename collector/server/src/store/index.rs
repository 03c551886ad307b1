//! Where to find a request: from the hash of its id to the blocks that may hold it.
//!
//! The only module that knows how the index is kept; it will be kept otherwise when it has to take half a
//! million entries a second.

use rusqlite::{Connection, Transaction};

/// The most blocks that are looked into for one request id.
const MAX_BLOCKS: u32 = 1000;

/// Notes that `block` holds requests with these hashes.
pub(super) fn insert(transaction: &Transaction<'_>, block: i64, hashes: &[u64]) -> rusqlite::Result<()> {
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO request_index (hash, block) VALUES (?1, ?2)")?;
    for hash in hashes {
        insert.execute((hash.cast_signed(), block))?;
    }
    Ok(())
}

/// The blocks that may hold a request with this hash, the newest first.
pub(super) fn find(connection: &Connection, hash: u64) -> rusqlite::Result<Vec<i64>> {
    let mut find = connection
        .prepare_cached("SELECT block FROM request_index WHERE hash = ?1 ORDER BY block DESC LIMIT ?2")?;
    find.query_map((hash.cast_signed(), MAX_BLOCKS), |row| row.get(0))?.collect()
}
