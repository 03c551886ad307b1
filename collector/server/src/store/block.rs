//! A block: the events of one delivery as they are kept, with what is asked of them without opening it.
//!
//! Making a block is the costly part of ingest and needs no database, so that it is done before the writer
//! and beside it.

use weir_core::ledger::Range;
use weir_core::request_hash::request_hash;
use weir_core::totals::Totals;
use weir_wire::{Batch, BatchBuilder, Health, Measure, binary};

/// Fast, and most of a batch is random request ids that no level makes smaller.
pub(super) const ZSTD_LEVEL: i32 = 3;

/// Events ready to be kept.
#[derive(Debug)]
pub(crate) struct Block {
    /// The zstd frame of a binary batch.
    pub(super) body: Vec<u8>,
    /// The length of that batch.
    pub(super) batch_bytes: usize,
    pub(super) events: u64,
    pub(super) min_ended_us: u64,
    pub(super) max_ended_us: u64,
    /// The hashes of all request ids, ascending as signed numbers, each once.
    pub(super) hashes: Vec<u64>,
    /// What the events add up to.
    pub(super) totals: Totals,
}

/// A block that is not what it was when it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a block of the database is damaged: {0}")]
pub(super) struct DamagedBlock(String);

impl Block {
    /// The block of all events of `batch`, whose binary form is `encoded`; none for no events.
    pub(crate) fn of(batch: &Batch, encoded: &[u8]) -> std::io::Result<Option<Self>> {
        let Some((min_ended_us, max_ended_us)) = batch.column(Measure::EndedUs).range() else {
            return Ok(None);
        };
        let mut hashes: Vec<u64> =
            (0..batch.len()).filter_map(|at| request_hash(batch.request_id(at))).collect();
        // In the order of the index, so that each of its pages is visited once.
        hashes.sort_unstable_by_key(|hash| hash.cast_signed());
        hashes.dedup();
        Ok(Some(Self {
            body: zstd::bulk::compress(encoded, ZSTD_LEVEL)?,
            batch_bytes: encoded.len(),
            events: u64::try_from(batch.len()).unwrap_or(u64::MAX),
            min_ended_us,
            max_ended_us,
            hashes,
            totals: Totals::of(batch),
        }))
    }

    /// About how much memory it takes, bytes.
    pub(super) fn weight(&self) -> usize {
        let hashes = self.hashes.len().saturating_mul(size_of::<u64>());
        self.body.len().saturating_add(hashes).saturating_add(self.totals.weight())
    }

    /// The block of those events of `batch` whose numbers lie in `range`.
    pub(super) fn of_range(batch: &Batch, range: Range) -> std::io::Result<Option<Self>> {
        let first = batch.first_sequence();
        let mut builder = BatchBuilder::new(batch.gateway()).with_dimensions(batch.dimension_names());
        for sequence in range.start..range.end {
            let at = sequence.checked_sub(first).and_then(|at| usize::try_from(at).ok());
            if let Some(event) = at.and_then(|at| batch.event(at)) {
                builder.push(&event);
            }
        }
        // The producer's counters are kept with the producer, and need not stand in each part.
        let part = builder.finish(batch.producer(), range.start, batch.sent_us(), Health::default());
        Self::of(&part, &binary::encode(&part))
    }
}

/// The batch of a block.
pub(super) fn open_block(body: &[u8], batch_bytes: usize) -> Result<Batch, DamagedBlock> {
    let encoded =
        zstd::bulk::decompress(body, batch_bytes).map_err(|error| DamagedBlock(error.to_string()))?;
    binary::decode(&encoded).map_err(|error| DamagedBlock(error.to_string()))
}
