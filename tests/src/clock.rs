//! The one place that reads a clock.
//!
//! Plans and truth are free of time; only what is really waiting or measuring asks here.

use std::time::Duration;

use tokio::time::Instant;

/// The monotonic clock's present reading.
pub fn now() -> Instant {
    Instant::now()
}

/// The time that has gone by since `start`.
pub fn since(start: Instant) -> Duration {
    now().saturating_duration_since(start)
}
