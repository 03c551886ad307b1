//! Summaries: what stands for events whose detail is gone, kept as they came.

use rusqlite::Transaction;
use weir_core::ledger::Range;
use weir_core::totals::Totals;
use weir_wire::Batch;

use super::block::ZSTD_LEVEL;

/// A summary ready to be kept.
#[derive(Debug)]
pub(crate) struct Summary {
    /// The zstd frame of a binary batch.
    body: Vec<u8>,
    /// The length of that batch.
    batch_bytes: usize,
    /// Which events it stands for.
    pub(super) ranges: Vec<Range>,
    /// How many those are.
    pub(super) requests: u64,
    min_start_s: u64,
    max_end_s: u64,
    /// What they add up to.
    pub(super) totals: Totals,
}

impl Summary {
    /// The summary of `batch`, whose binary form is `encoded`; none for a batch without.
    pub(super) fn of(batch: &Batch, encoded: &[u8]) -> std::io::Result<Option<Self>> {
        let Some(summary) = batch.summary() else { return Ok(None) };
        let range = |range: &weir_wire::SequenceRange| Range { start: range.first, end: range.end() };
        let windows = summary.cells().map(|cell| cell.window);
        let (min_start_s, max_end_s) = windows.fold((u64::MAX, 0), |(min, max), window| {
            (min.min(window.start_s), max.max(window.start_s.saturating_add(window.width_s.into())))
        });
        Ok(Some(Self {
            body: zstd::bulk::compress(encoded, ZSTD_LEVEL)?,
            batch_bytes: encoded.len(),
            ranges: summary.ranges().iter().map(range).collect(),
            requests: summary.requests(),
            min_start_s,
            max_end_s,
            totals: Totals::of(batch),
        }))
    }

    /// About how much memory it takes, bytes.
    pub(super) fn weight(&self) -> usize {
        let ranges = self.ranges.len().saturating_mul(size_of::<Range>());
        self.body.len().saturating_add(ranges).saturating_add(self.totals.weight())
    }
}

/// Writes a summary that came at `received_us`.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    summary: &Summary,
    received_us: u64,
) -> rusqlite::Result<()> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO summaries (requests, min_start_s, max_end_s, received_us, batch_bytes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            signed(summary.requests),
            signed(summary.min_start_s),
            signed(summary.max_end_s),
            signed(received_us),
            i64::try_from(summary.batch_bytes).unwrap_or(i64::MAX),
            &summary.body,
        ))?;
    Ok(())
}
