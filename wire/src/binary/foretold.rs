//! What foretells a value: for measures another measure or the event before, for tables the last row like it.

use std::collections::HashMap;

use super::columns::Foretold;
use super::varint::{unzigzag, zigzag};
use crate::Measure;
use crate::batch::Parts;
use crate::column::Column;
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

/// A field of a table's row: 0 if it is what the last row with the same first field had, else the value + 1.
///
/// Rows of one backend differ in little, and so do rows of one outcome.
pub(super) struct AsBefore<'a> {
    first: &'a Column,
    before: HashMap<u64, u64>,
}

impl<'a> AsBefore<'a> {
    pub(super) fn new(first: &'a Column) -> Self {
        Self { first, before: HashMap::new() }
    }

    fn replace(&mut self, at: usize, value: u64) -> Option<u64> {
        self.before.insert(self.first.get(at).unwrap_or(u64::MAX), value)
    }
}

impl Foretold for AsBefore<'_> {
    fn code(&mut self, at: usize, value: u64) -> u64 {
        if self.replace(at, value) == Some(value) { 0 } else { value.saturating_add(1) }
    }

    fn value(&mut self, at: usize, code: u64) -> u64 {
        let key = self.first.get(at).unwrap_or(u64::MAX);
        match code.checked_sub(1) {
            // Nothing before is like nothing that may be: out of range.
            None => self.before.get(&key).copied().unwrap_or(u64::MAX),
            Some(value) => {
                self.before.insert(key, value);
                value
            }
        }
    }
}
