//! Batches that were refused for good: kept, in a bounded number, so that somebody can see why.

use rusqlite::{Connection, Transaction};

/// A batch that was refused for good.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) received_us: u64,
    pub(crate) peer: String,
    /// One word.
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
    /// Of the whole body, where it was read.
    pub(crate) body_bytes: Option<u64>,
    /// The body's beginning.
    pub(crate) body: Vec<u8>,
}

/// Keeps `refused`, and no more than the newest `most`.
pub(super) fn keep(transaction: &Transaction<'_>, refused: &Refused, most: u64) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO quarantine (received_us, peer, reason, detail, body_bytes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            signed(refused.received_us),
            &refused.peer,
            refused.reason,
            &refused.detail,
            refused.body_bytes.map(signed),
            &refused.body,
        ))?;
    let oldest_kept = transaction.last_insert_rowid().saturating_sub(signed(most));
    transaction.prepare_cached("DELETE FROM quarantine WHERE id <= ?1")?.execute([oldest_kept])?;
    Ok(())
}

/// How many there are.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
