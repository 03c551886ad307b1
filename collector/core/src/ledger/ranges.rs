//! A set of numbers as sorted, disjoint, non-adjacent ranges.

/// The numbers from `start` up to and without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first number.
    pub start: u64,
    /// One more than the last.
    pub end: u64,
}

impl Range {
    /// How many numbers it holds.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RangeSet(Vec<Range>);

impl RangeSet {
    /// Takes ranges that are already sorted, disjoint, non-adjacent and not empty; `None` if they are not.
    pub(super) fn from_sorted(ranges: Vec<Range>) -> Option<Self> {
        let ordered = ranges.iter().zip(ranges.iter().skip(1)).all(|(left, right)| left.end < right.start);
        (ordered && !ranges.iter().any(Range::is_empty)).then_some(Self(ranges))
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }

    /// Adds `offered` and says which of its numbers are new.
    pub(super) fn insert(&mut self, offered: Range) -> Vec<Range> {
        if offered.is_empty() {
            return Vec::new();
        }
        // Those that touch the offer, adjacent ones included, become one with it.
        let from = self.0.partition_point(|range| range.end < offered.start);
        let to = self.0.partition_point(|range| range.start <= offered.end);
        let touched = self.0.get(from..to).unwrap_or_default();
        let mut fresh = Vec::new();
        let mut cursor = offered.start;
        for range in touched {
            if cursor < range.start {
                fresh.push(Range { start: cursor, end: range.start.min(offered.end) });
            }
            cursor = cursor.max(range.end);
        }
        if cursor < offered.end {
            fresh.push(Range { start: cursor, end: offered.end });
        }
        let merged = Range {
            start: touched.first().map_or(offered.start, |first| first.start.min(offered.start)),
            end: touched.last().map_or(offered.end, |last| last.end.max(offered.end)),
        };
        self.0.splice(from..to, [merged]);
        fresh
    }

    /// How many numbers of `offered` it holds.
    pub(super) fn covered(&self, offered: Range) -> u64 {
        let from = self.0.partition_point(|range| range.end <= offered.start);
        let touched = self.0.iter().skip(from).take_while(|range| range.start < offered.end);
        touched.map(|range| range.end.min(offered.end) - range.start.max(offered.start)).sum()
    }

    /// Merges the lowest ranges, and what lies below them, until at most `most` are left.
    pub(super) fn close_oldest_gaps(&mut self, most: usize) {
        let Some(excess) = self.0.len().checked_sub(most).filter(|excess| *excess > 0) else { return };
        let start = u64::from(!self.has_zero());
        self.0.drain(..excess);
        if let Some(first) = self.0.first_mut() {
            first.start = start;
        }
    }

    pub(super) fn has_zero(&self) -> bool {
        self.0.first().is_some_and(|first| first.start == 0)
    }

    /// What lies between the ranges, below the first (from 1) and above the last (up to `end`).
    pub(super) fn gaps(&self, end: u64) -> impl Iterator<Item = Range> + '_ {
        let starts = std::iter::once(1).chain(self.0.iter().map(|range| range.end));
        let ends = self.0.iter().map(|range| range.start).chain(std::iter::once(end));
        starts.zip(ends).map(|(start, end)| Range { start, end }).filter(|range| !range.is_empty())
    }
}
