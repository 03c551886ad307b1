//! What the process counts of its own work.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::families as f;
use super::text::Text;

/// Declares [`BatchResult`] with its label.
macro_rules! results {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What became of a batch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum BatchResult {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl BatchResult {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

results! {
    /// Some of it was new, or it was empty.
    Accepted = "accepted",
    /// All of it had been accepted before.
    Duplicate = "duplicate",
    /// Not a batch: refused for good.
    Malformed = "malformed",
    /// A summary that is new in part, and can't be taken in part: refused for good.
    Conflicting = "conflicting",
    /// Beyond the limit: refused for good.
    TooLarge = "too_large",
    /// Another content type or version.
    Unsupported = "unsupported",
    /// Without a token that is good for it.
    Denied = "denied",
    /// The sender was too slow or went away.
    Incomplete = "incomplete",
    /// Too many at a time.
    Overloaded = "overloaded",
    /// The database did not take it.
    Unavailable = "unavailable",
}

/// Counters of ingest.
#[derive(Debug, Default)]
pub(crate) struct Ingest {
    batches: [AtomicU64; BatchResult::ALL.len()],
    events: AtomicU64,
    duplicates: AtomicU64,
    future: AtomicU64,
    bytes: AtomicU64,
}

impl Ingest {
    pub(crate) fn count(&self, result: BatchResult) {
        if let Some(counter) = self.batches.get(result as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn count_events(&self, accepted: u64, duplicates: u64) {
        self.events.fetch_add(accepted, Relaxed);
        self.duplicates.fetch_add(duplicates, Relaxed);
    }

    pub(crate) fn count_future(&self, events: u64) {
        self.future.fetch_add(events, Relaxed);
    }
}

/// Upper bounds of the buckets of [`Commits`].
const COMMIT_BOUNDS: [Duration; 12] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// How long group commits took, and how many failed.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    /// How many fell into each bucket, and last those beyond all.
    buckets: [AtomicU64; COMMIT_BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
    failed: AtomicU64,
}

impl Commits {
    /// Counts a commit that took `duration`; one that failed only as failed.
    pub(crate) fn observe(&self, duration: Duration, ok: bool) {
        if !ok {
            self.failed.fetch_add(1, Relaxed);
            return;
        }
        let bucket = COMMIT_BOUNDS.partition_point(|bound| *bound < duration);
        if let Some(counter) = self.buckets.get(bucket) {
            counter.fetch_add(1, Relaxed);
        }
        self.nanoseconds.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    fn render(&self, text: &mut Text) {
        let mut below = 0;
        let mut cumulative = self.buckets.iter().map(|bucket| {
            below += bucket.load(Relaxed);
            below
        });
        let buckets: Vec<_> = COMMIT_BOUNDS.into_iter().zip(cumulative.by_ref()).collect();
        let count = cumulative.last().unwrap_or(0);
        let sum = Duration::from_nanos(self.nanoseconds.load(Relaxed));
        text.histogram(&f::INGEST_COMMIT_SECONDS, buckets.into_iter(), count, sum);
        text.sample(&f::STORE_COMMIT_FAILURES, &[], self.failed.load(Relaxed));
    }
}

pub(super) fn render(text: &mut Text, metrics: &super::Metrics) {
    let ingest = &metrics.ingest;
    for (result, counter) in BatchResult::ALL.iter().zip(&ingest.batches) {
        text.sample(&f::INGEST_BATCHES, &[result.name()], counter.load(Relaxed));
    }
    text.sample(&f::INGEST_EVENTS, &[], ingest.events.load(Relaxed));
    text.sample(&f::INGEST_DUPLICATES, &[], ingest.duplicates.load(Relaxed));
    text.sample(&f::INGEST_FUTURE, &[], ingest.future.load(Relaxed));
    text.sample(&f::INGEST_BYTES, &[], ingest.bytes.load(Relaxed));
    metrics.commits.render(text);
}
