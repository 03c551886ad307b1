//! Intervals and bounds.

use super::ConfigError;
use super::section::Section;
use crate::words;

/// The most that one callout may carry: dispatching blocks the proxy's worker about 1 ms a MiB.
const MOST_BATCH_BYTES: u64 = 256 * 1024;

/// A few events with all their names at their longest.
const LEAST_BATCH_BYTES: u64 = 16 * 1024;

/// Intervals and bounds of what the filter keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How often a batch is closed, milliseconds.
    pub flush_interval_ms: u64,
    /// The most bytes of one batch.
    pub max_batch_bytes: usize,
    /// The most bytes of undelivered detail, for one VM.
    pub max_buffer_bytes: usize,
    /// The most series that have stats of their own; the rest counts under `other`.
    pub max_series: usize,
}

impl Limits {
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let number = |key: &str, default: u64, least: u64, most: u64| {
            within(key, section.whole(key)?.unwrap_or(default), least, most)
        };
        let batch = number("max_batch_bytes", 192 * 1024, LEAST_BATCH_BYTES, MOST_BATCH_BYTES)?;
        Ok(Self {
            flush_interval_ms: number("flush_interval_ms", 1_000, 10, 60_000)?,
            max_batch_bytes: size(batch),
            max_buffer_bytes: size(number("max_buffer_bytes", 3 * 1024 * 1024, batch, 1 << 30)?),
            max_series: size(number("max_series", 1_000, 1, 100_000)?),
        })
    }
}

/// A number of bytes that has been found to be small.
pub(super) fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// `value` if it lies in the range, both ends included.
pub(super) fn within(key: &str, value: u64, least: u64, most: u64) -> Result<u64, ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let numbers = [value, least, most].map(|number| number.to_string());
    let [value, least, most] = numbers.each_ref().map(String::as_str);
    Err(ConfigError::new(key, words::concat([value, " is not between ", least, " and ", most])))
}
