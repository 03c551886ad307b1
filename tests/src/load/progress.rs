//! Counters for a progress line while a run goes on.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::truth::{ClientEnd, Sent};

/// How far a run is, in requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Sent so far.
    pub sent: u64,
    /// Of those, ended in any way.
    pub finished: u64,
    /// Of those, answered whole with a 2xx.
    pub succeeded: u64,
    /// Of those, left by the client.
    pub aborted: u64,
    /// Of those, all others: error statuses, cuts, no connection.
    pub failed: u64,
}

/// The counters behind [`Progress`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    succeeded: AtomicU64,
    aborted: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// A request was sent.
    pub(super) fn start(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has ended.
    pub(super) fn finish(&self, sent: &Sent) {
        let counter = match (sent.end, sent.status) {
            (ClientEnd::Aborted, _) => &self.aborted,
            (ClientEnd::Complete, Some(200..=299)) => &self.succeeded,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters as they stand.
    pub(super) fn read(&self) -> Progress {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (succeeded, aborted, failed) =
            (count(&self.succeeded), count(&self.aborted), count(&self.failed));
        Progress {
            sent: count(&self.sent),
            finished: succeeded + aborted + failed,
            succeeded,
            aborted,
            failed,
        }
    }
}
