//! The clock, for how long a run took; nothing that is tested reads it.

use std::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Instant {
    Instant::now()
}
