//! What requests add up to whose detail had to go: nothing is lost without its totals.
//!
//! Batches that do not fit are added up here, event by event, into cells per series and time; the cells then
//! travel as a batch of their own. The longer nobody takes them, the coarser the cells get, so that they are
//! bounded however long an outage lasts.

use weir_wire::{Batch, Health, Measure, Producer, SummaryBuilder, Window};

/// How fine cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// A minute, with distributions.
    Minute,
    /// An hour, with distributions.
    Hour,
    /// An hour, counts and sums alone.
    PlainHour,
    /// A day, counts and sums alone.
    PlainDay,
}

impl Grain {
    /// By how much of their bound undelivered summaries have taken.
    pub(crate) fn of(waiting_bytes: usize, bound: usize) -> Self {
        match waiting_bytes.saturating_mul(8).checked_div(bound).unwrap_or(8) {
            ..4 => Self::Minute,
            4 | 5 => Self::Hour,
            6 | 7 => Self::PlainHour,
            _ => Self::PlainDay,
        }
    }

    fn histograms(self) -> bool {
        matches!(self, Self::Minute | Self::Hour)
    }

    fn window(self, ended_us: u64) -> Window {
        let ended_s = ended_us / 1_000_000;
        match self {
            Self::Minute => Window { start_s: ended_s - ended_s % 60, width_s: 60 },
            Self::Hour | Self::PlainHour => Window { start_s: ended_s - ended_s % 3_600, width_s: 3_600 },
            Self::PlainDay => Window { start_s: ended_s - ended_s % 86_400, width_s: 86_400 },
        }
    }
}

/// The summary that is being gathered.
#[derive(Debug)]
pub(crate) struct Ledger {
    gateway: String,
    seed: u64,
    open: SummaryBuilder,
}

impl Ledger {
    pub(crate) fn new(gateway: &str, seed: u64) -> Self {
        Self { gateway: gateway.to_owned(), seed, open: SummaryBuilder::new(gateway).with_seed(seed) }
    }

    /// Adds the events of a batch from the `at`-th on, as many as fit into `most_bytes` (one at least).
    /// Returns where to go on.
    pub(crate) fn fold(&mut self, batch: &Batch, at: usize, grain: Grain, most_bytes: usize) -> usize {
        let mut next = at;
        while let Some(event) = batch.event(next) {
            let ended_us = event.measures.get(Measure::EndedUs).unwrap_or(0);
            self.open.add(&event, grain.window(ended_us), grain.histograms());
            next = next.saturating_add(1);
            if self.open.size_bound() > most_bytes {
                break;
            }
        }
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let first = batch.first_sequence().saturating_add(wide(at));
        self.open.cover(first, wide(next.saturating_sub(at)));
        next
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many requests are summed up.
    pub(crate) fn requests(&self) -> u64 {
        self.open.requests()
    }

    /// The most bytes that the summary takes.
    pub(crate) fn size_bound(&self) -> usize {
        self.open.size_bound()
    }

    /// The summary as it stands.
    pub(crate) fn batch(&self, producer: Producer, now_us: u64, health: Health) -> Batch {
        self.open.batch(producer, now_us, health)
    }

    /// Begins a new one.
    pub(crate) fn clear(&mut self) {
        self.open = SummaryBuilder::new(&self.gateway).with_seed(self.seed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        fn cells_get_coarser_as_their_room_is_used() {
            for (waiting, grain) in [(0, Grain::Minute), (49, Grain::Minute), (50, Grain::Hour), (75, Grain::PlainHour), (99, Grain::PlainHour), (100, Grain::PlainDay), (1_000, Grain::PlainDay)] {
                assert_eq!(Grain::of(waiting, 100), grain, "{waiting}");
            }
            assert_eq!(Grain::of(0, 0), Grain::PlainDay);
        }

        fn windows_begin_at_their_multiples() {
            for (grain, width_s, start_s) in [(Grain::Minute, 60, 90_000), (Grain::Hour, 3_600, 90_000), (Grain::PlainHour, 3_600, 90_000), (Grain::PlainDay, 86_400, 86_400)] {
                assert_eq!(grain.window(90_059_999_999), Window { start_s, width_s });
            }
            assert_eq!(Grain::Hour.window(93_600_000_000).start_s, 93_600);
        }
    }
}
