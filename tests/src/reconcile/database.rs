//! The database's word: every event in it, decoded and added up, past the collector's own sums.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use weir_wire::{Batch, Event, Measure, UsageStatus, binary};

use super::figure::{Figure, Ledger, TokenKind};
use super::filter_stats::outcome;

/// Reads all detail of the database in `file`, which a collector may have open.
///
/// # Errors
/// When it cannot be read, or a block in it is not a batch.
pub fn from_database(file: &Path) -> Result<Ledger> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare("SELECT id, batch_bytes, body FROM blocks ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut ledger = Ledger::covering(Figure::all());
    while let Some(row) = rows.next()? {
        let (id, size, body): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let batch = block(size, &body).with_context(|| format!("block {id} of {}", file.display()))?;
        for event in batch.events() {
            add(&mut ledger, &event);
        }
    }
    Ok(ledger)
}

fn block(size: i64, body: &[u8]) -> Result<Batch> {
    Ok(binary::decode(&zstd::bulk::decompress(body, usize::try_from(size)?)?)?)
}

fn add(ledger: &mut Ledger, event: &Event<'_>) {
    let backend = event.target.backend.unwrap_or("none");
    let mut add = |figure, by: u64| ledger.add(backend, figure, by.into());
    if let Some(outcome) = outcome(event.result.outcome.name()) {
        add(Figure::Requests(outcome), 1);
    }
    add(Figure::Answered2xx, event.result.status.is_some_and(|status| (200..300).contains(&status)).into());
    add(Figure::Attempts, event.result.attempts.unwrap_or(0).into());
    match event.result.usage_status {
        Some(UsageStatus::Reported) => add(Figure::UsageReported, 1),
        Some(UsageStatus::Partial) => add(Figure::UsagePartial, 1),
        Some(UsageStatus::Missing) => add(Figure::UsageMissing, 1),
        None => {}
    }
    for (kind, measure) in [
        (TokenKind::Input, Measure::InputTokens),
        (TokenKind::Output, Measure::OutputTokens),
        (TokenKind::CacheRead, Measure::CacheReadTokens),
        (TokenKind::CacheWrite, Measure::CacheWriteTokens),
        (TokenKind::Reasoning, Measure::ReasoningTokens),
    ] {
        add(Figure::Tokens(kind), event.measures.get(measure).unwrap_or(0));
    }
    let cost = event.measures.get(Measure::CostNanoUsd);
    add(Figure::CostNanoUsd, cost.unwrap_or(0));
    add(Figure::CostUnknown, cost.is_none().into());
}
