//! Finds requests: one by its id, or the newest that fit a filter.

use std::time::Duration;

use rusqlite::OptionalExtension;
use weir_core::record::RequestRecord;
use weir_core::request_hash::request_hash;
use weir_wire::{Batch, Measure, Outcome, RequestId};

use super::block::{DamagedBlock, open_block};
use super::error::Unavailable;
use super::index;
use super::readers::Reader;
use crate::clock::Stopwatch;

/// The most records that one answer holds.
pub(crate) const MAX_RECORDS: usize = 1000;
/// How long one search may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which requests to list. A bound that is absent does not bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    pub(crate) backend: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    /// Those that ended then or later, microseconds since 1970.
    pub(crate) from_us: Option<u64>,
    /// Those that ended before.
    pub(crate) to_us: Option<u64>,
    /// At most so many.
    pub(crate) limit: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("looked for {} seconds without an end: ask for a shorter time", PATIENCE.as_secs())]
    TooSlow,
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<DamagedBlock> for QueryError {
    fn from(error: DamagedBlock) -> Self {
        Self::Unavailable(Unavailable(error.to_string()))
    }
}

/// All requests with this id, the newest first.
pub(super) fn find(reader: &Reader, id: &str) -> Result<Vec<RequestRecord>, QueryError> {
    let id = RequestId::parse(id);
    let Some(hash) = request_hash(id) else { return Ok(Vec::new()) };
    let stopwatch = Stopwatch::start();
    let mut found = Newest::new(MAX_RECORDS);
    for block in index::find(&reader.connection, hash)? {
        check_patience(stopwatch)?;
        // A block can go between the look into the index and the look into the block.
        with_block(reader, block, |batch| {
            for at in (0..batch.len()).filter(|at| batch.request_id(*at) == id) {
                found.offer(batch, block, at);
            }
        })?;
    }
    Ok(found.records())
}

/// Shows a block's batch to `look`, if the block is still there.
fn with_block(reader: &Reader, block: i64, look: impl FnOnce(&Batch)) -> Result<(), QueryError> {
    let row = reader
        .connection
        .prepare_cached("SELECT batch_bytes, body FROM blocks WHERE id = ?1")?
        .query_row([block], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((batch_bytes, body)) = row else { return Ok(()) };
    let batch_bytes = usize::try_from(batch_bytes).unwrap_or(0);
    let _turn = reader.turn(batch_bytes);
    look(&open_block(&body, batch_bytes)?);
    Ok(())
}

/// The newest requests that fit, block by block from the newest end on.
pub(super) fn list(reader: &Reader, filter: &Filter) -> Result<Vec<RequestRecord>, QueryError> {
    let signed = |us: u64| i64::try_from(us).unwrap_or(i64::MAX);
    let from = filter.from_us.map_or(0, signed);
    let to = filter.to_us.map_or(i64::MAX, signed);
    let mut next = reader.connection.prepare_cached(
        "SELECT id, max_ended_us FROM blocks
         WHERE (max_ended_us, id) < (?1, ?2) AND max_ended_us >= ?3 AND min_ended_us < ?4
         ORDER BY max_ended_us DESC, id DESC LIMIT 1",
    )?;
    let stopwatch = Stopwatch::start();
    let mut found = Newest::new(filter.limit);
    let mut cursor = (i64::MAX, i64::MAX);
    loop {
        check_patience(stopwatch)?;
        let row = next.query_row((cursor.0, cursor.1, from, to), |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((block, ended)) = row.optional()? else { break };
        cursor = (ended, block);
        if found.is_beyond(ended) {
            break;
        }
        with_block(reader, block, |batch| offer_fitting(&mut found, batch, block, filter))?;
    }
    Ok(found.records())
}

fn check_patience(stopwatch: Stopwatch) -> Result<(), QueryError> {
    if stopwatch.elapsed() > PATIENCE { Err(QueryError::TooSlow) } else { Ok(()) }
}

fn offer_fitting(found: &mut Newest, batch: &Batch, block: i64, filter: &Filter) {
    let backend = filter.backend.as_deref();
    let targets: Vec<bool> =
        batch.targets().map(|target| backend.is_none() || target.backend == backend).collect();
    let results: Vec<bool> = batch
        .results()
        .map(|result| filter.outcome.is_none_or(|outcome| result.outcome == outcome))
        .collect();
    let fits =
        |row: Option<usize>, rows: &[bool]| row.and_then(|row| rows.get(row)).copied().unwrap_or(false);
    let ended = batch.column(Measure::EndedUs);
    for at in 0..batch.len() {
        let in_time = ended.get(at).is_some_and(|ended| {
            filter.from_us.is_none_or(|from| ended >= from) && filter.to_us.is_none_or(|to| ended < to)
        });
        if in_time && fits(batch.target_of(at), &targets) && fits(batch.result_of(at), &results) {
            found.offer(batch, block, at);
        }
    }
}

/// The newest records so far, newest first.
struct Newest {
    limit: usize,
    records: std::collections::BTreeMap<std::cmp::Reverse<(u64, i64, usize)>, RequestRecord>,
}

impl Newest {
    fn new(limit: usize) -> Self {
        Self { limit, records: std::collections::BTreeMap::new() }
    }

    fn offer(&mut self, batch: &Batch, block: i64, at: usize) {
        let ended = batch.column(Measure::EndedUs).get(at).unwrap_or(0);
        let key = std::cmp::Reverse((ended, block, at));
        if self.records.len() >= self.limit
            && self.records.last_key_value().is_none_or(|(last, _)| *last <= key)
        {
            return;
        }
        if let Some(record) = RequestRecord::of(batch, at) {
            self.records.insert(key, record);
        }
        if self.records.len() > self.limit {
            self.records.pop_last();
        }
    }

    /// Whether nothing that ended at `ended` or before can be among them any more.
    fn is_beyond(&self, ended: i64) -> bool {
        let last = self.records.last_key_value().map(|(std::cmp::Reverse((ended, ..)), _)| *ended);
        self.records.len() >= self.limit && last.is_none_or(|last| last > u64::try_from(ended).unwrap_or(0))
    }

    fn records(self) -> Vec<RequestRecord> {
        self.records.into_values().collect()
    }
}
