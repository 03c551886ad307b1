//! What stands for events whose detail is gone: counters and coarse histograms per series and time window,
//! and the sequence numbers of the events that they count.
//!
//! A batch holds events or a summary, never both. A collector takes the numbers that a summary covers as it
//! takes those of events, so that the detail and the summary of one event never both count.

mod builder;
mod cell;
mod table;
mod validate;

pub use builder::SummaryBuilder;
pub use cell::{KnownSum, SummaryCell, Timing, Window};
pub(crate) use table::{Ahead, Buckets, COLUMNS, NAMES, REQUESTS, SummaryTable, ahead, id};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// `count` sequence numbers from `first` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceRange {
    /// The first number.
    pub first: u64,
    /// How many numbers; at least one.
    pub count: u64,
}

impl SequenceRange {
    /// One more than the last number; at most 2⁶⁴ - 1.
    pub const fn end(self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// The summary of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    pub(crate) table: &'a SummaryTable,
    pub(crate) strings: &'a [Cow<'static, str>],
}

impl<'a> Summary<'a> {
    /// Which events it stands for: ascending, disjoint, none empty.
    pub fn ranges(&self) -> &'a [SequenceRange] {
        &self.table.ranges
    }

    /// How many events it stands for.
    pub fn requests(&self) -> u64 {
        self.ranges().iter().fold(0, |sum, range| sum.saturating_add(range.count))
    }

    /// What they add up to, in no order; a series and window may come more than once.
    pub fn cells(&self) -> impl Iterator<Item = SummaryCell<&'a str>> + use<'a> {
        let strings = self.strings;
        let name = move |at: u32| strings.get(usize::try_from(at).ok()?).map(AsRef::as_ref);
        self.table.cells().map(move |cell| cell.map(name))
    }
}
