//! What foretells a value: for measures another measure or the event before, for tables the last row like it.

use super::columns::Foretold;
use super::varint::{unzigzag, zigzag};
use crate::Measure;
use crate::batch::Parts;
use crate::column::Column;
use crate::index::{Hash, Index};
use crate::measure::Prediction;

/// A measure against what is near it.
pub(super) struct Near<'a> {
    measure: Measure,
    measures: &'a [Column],
    previous: u64,
}

impl<'a> Near<'a> {
    /// `None` for a measure that nothing foretells.
    pub(super) fn new(measure: Measure, measures: &'a [Column]) -> Option<Self> {
        let near = Self { measure, measures, previous: 0 };
        (measure.prediction() != Prediction::Nothing).then_some(near)
    }

    fn predicted(&self, at: usize) -> u64 {
        Parts::predicted(self.measures, self.measure, at, self.previous)
    }
}

impl Foretold for Near<'_> {
    fn code(&mut self, at: usize, value: u64) -> u64 {
        let code = zigzag(value, self.predicted(at));
        self.previous = value;
        code
    }

    fn value(&mut self, at: usize, code: u64) -> u64 {
        self.previous = unzigzag(code, self.predicted(at)).min(Measure::MAX + 1);
        self.previous
    }
}

/// A number against the one before it.
#[derive(Default)]
pub(super) struct Before(u64);

impl Foretold for Before {
    fn code(&mut self, _: usize, value: u64) -> u64 {
        zigzag(value, std::mem::replace(&mut self.0, value))
    }

    fn value(&mut self, _: usize, code: u64) -> u64 {
        self.0 = unzigzag(code, self.0).min(Measure::MAX + 1);
        self.0
    }
}

/// A number against another of the same row.
pub(super) struct Like<'a>(pub(super) &'a Column);

impl Like<'_> {
    fn predicted(&self, at: usize) -> u64 {
        self.0.get(at).unwrap_or(0)
    }
}

impl Foretold for Like<'_> {
    fn code(&mut self, at: usize, value: u64) -> u64 {
        zigzag(value, self.predicted(at))
    }

    fn value(&mut self, at: usize, code: u64) -> u64 {
        unzigzag(code, self.predicted(at))
    }
}

/// A field of a table's row: 0 if it is what the last row with the same first field had, else the value + 1.
///
/// Rows of one backend differ in little, and so do rows of one outcome.
pub(super) struct AsBefore<'a> {
    first: &'a Column,
    index: Index,
    /// The first field, and what the last row with it had.
    before: Vec<(u64, u64)>,
}

impl<'a> AsBefore<'a> {
    pub(super) fn new(first: &'a Column) -> Self {
        Self { first, index: Index::default(), before: Vec::new() }
    }

    fn key(&self, at: usize) -> u64 {
        self.first.get(at).unwrap_or(u64::MAX)
    }

    /// What the last row with this first field had.
    fn slot(&mut self, key: u64) -> Option<&mut u64> {
        let before = &self.before;
        let at = self.index.find(hash(key), |at| get(before, at).is_some_and(|(found, _)| *found == key))?;
        self.before.get_mut(usize::try_from(at).ok()?).map(|(_, value)| value)
    }

    fn add(&mut self, key: u64, value: u64) {
        let Ok(at) = u32::try_from(self.before.len()) else { return };
        self.before.push((key, value));
        let before = &self.before;
        self.index.add(hash(key), at, |at| hash(get(before, at).map_or(0, |(key, _)| *key)));
    }
}

fn hash(key: u64) -> Hash {
    Hash::new(0).number(key)
}

fn get(before: &[(u64, u64)], at: u32) -> Option<&(u64, u64)> {
    before.get(usize::try_from(at).ok()?)
}

impl Foretold for AsBefore<'_> {
    fn code(&mut self, at: usize, value: u64) -> u64 {
        let key = self.key(at);
        match self.slot(key) {
            Some(before) if *before == value => return 0,
            Some(before) => *before = value,
            None => self.add(key, value),
        }
        value.saturating_add(1)
    }

    fn value(&mut self, at: usize, code: u64) -> u64 {
        let key = self.key(at);
        let Some(value) = code.checked_sub(1) else {
            // Nothing before is like nothing that may be: out of range.
            return self.slot(key).map_or(u64::MAX, |before| *before);
        };
        match self.slot(key) {
            Some(before) => *before = value,
            None => self.add(key, value),
        }
        value
    }
}
