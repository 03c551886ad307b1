//! Intervals and bounds.

use super::ConfigError;

/// The most that one callout may carry: dispatching blocks the proxy's worker about 1 ms a MiB.
const MOST_BATCH_BYTES: u64 = 256 * 1024;

/// Intervals and bounds of the filter's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often a batch is closed, milliseconds.
    pub flush_interval_ms: u64,
    /// The most bytes of one batch.
    pub max_batch_bytes: usize,
    /// The most bytes of undelivered batches, for one VM.
    pub max_buffer_bytes: usize,
    /// The most series that have stats of their own; the rest counts under `other`.
    pub max_series: usize,
}

impl Limits {
    pub(super) fn validate(flush: u64, batch: u64, buffer: u64, series: u64) -> Result<Self, ConfigError> {
        let flush_interval_ms = within("flush_interval_ms", flush, 10, 60_000)?;
        let batch = within("max_batch_bytes", batch, 4_096, MOST_BATCH_BYTES)?;
        let buffer = within("max_buffer_bytes", buffer, batch, 1 << 30)?;
        let series = within("max_series", series, 1, 100_000)?;
        Ok(Self {
            flush_interval_ms,
            max_batch_bytes: usize::try_from(batch).unwrap_or(usize::MAX),
            max_buffer_bytes: usize::try_from(buffer).unwrap_or(usize::MAX),
            max_series: usize::try_from(series).unwrap_or(usize::MAX),
        })
    }
}

/// `value` if it lies in the range, both ends included.
pub(super) fn within(key: &str, value: u64, least: u64, most: u64) -> Result<u64, ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::new(key, format!("{value} is not between {least} and {most}")))
}
