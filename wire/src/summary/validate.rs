//! What must hold of a summary.

use super::table::{Place, SummaryTable, place};
use crate::message::message;
use crate::validate::check_column;
use crate::{DecodeError, Histogram, MAX_EVENTS, Measure, Outcome, Summed};

const PART: &str = "summary";
const CELLS: &str = "summary.cells";
const HISTOGRAMS: &str = "summary.histograms";

impl SummaryTable {
    /// Checks every invariant of a summary over a dictionary of so many strings, and says where it ends: one
    /// more than the last number that it covers.
    pub(crate) fn validate(&self, strings: usize) -> Result<u64, DecodeError> {
        let (covered, end) = self.check_ranges()?;
        self.check_columns(strings)?;
        let requests = (0..self.rows).try_fold(0u64, |sum, row| sum.checked_add(self.requests(row)));
        if requests != Some(covered) {
            let problem = message!("hold other than the {covered} requests that the ranges cover");
            return Err(DecodeError::malformed(CELLS, problem));
        }
        for row in 0..self.rows {
            self.check_row(row)
                .map_err(|problem| DecodeError::malformed(message!("{CELLS}[{row}]"), problem))?;
        }
        self.check_histograms()?;
        Ok(end)
    }

    /// How many numbers the ranges cover, and where they end.
    fn check_ranges(&self) -> Result<(u64, u64), DecodeError> {
        let (mut covered, mut end) = (0u64, 0);
        for range in &self.ranges {
            if range.count == 0 || range.first < end {
                return Err(DecodeError::malformed(
                    PART,
                    "its ranges are to be ascending, disjoint and not empty",
                ));
            }
            let next = range.first.checked_add(range.count);
            end = next.ok_or_else(|| DecodeError::malformed(PART, "a range exceeds 64 bits"))?;
            covered = covered.saturating_add(range.count);
        }
        if covered == 0 {
            return Err(DecodeError::malformed(PART, "covers no event"));
        }
        Ok((covered, end))
    }

    fn check_columns(&self, strings: usize) -> Result<(), DecodeError> {
        if self.rows > MAX_EVENTS {
            return Err(DecodeError::malformed(CELLS, message!("{} are more than {MAX_EVENTS}", self.rows)));
        }
        let strings = u64::try_from(strings).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
        for (at, column) in self.columns.iter().enumerate() {
            let (limit, required, from) = match place(at) {
                Place::Name(_) => (strings, false, 0),
                Place::Outcome => (Outcome::ALL.len() as u64 + 1, true, 1),
                Place::StatusClass => (u64::from(u8::MAX) + 1, false, 0),
                Place::Start => (Measure::MAX + 1, true, 0),
                Place::Width => (u64::from(u32::MAX) + 1, true, 1),
                Place::Requests => (Measure::MAX + 1, true, 1),
                Place::Buckets => (u64::from(Histogram::BUCKETS) + 1, false, 1),
                Place::Usage | Place::Cost | Place::Known | Place::Total(_) => (Measure::MAX + 1, false, 1),
            };
            check_column(CELLS, column, self.rows, limit, required)?;
            if column.values().iter().any(|value| *value < from) {
                return Err(DecodeError::malformed(
                    CELLS,
                    message!("a zero in column {at}, where none may be"),
                ));
            }
        }
        Ok(())
    }

    fn check_row(&self, row: usize) -> Result<(), &'static str> {
        let requests = self.requests(row);
        let sum = |counts: &[u64]| counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
        if sum(&self.usages(row)) > requests {
            return Err("more usages than requests");
        }
        let sums = self.sums(row);
        for (summed, sum) in Summed::ALL.iter().zip(&sums) {
            let limit = summed.measure().map_or(u64::from(u32::MAX), Measure::limit);
            if sum.known > requests {
                return Err("a sum of more requests than there are");
            }
            if sum.total > sum.known.saturating_mul(limit) {
                return Err("a sum beyond what its requests can have");
            }
        }
        let cost = sums.get(Summed::CostNanoUsd as usize).map_or(0, |sum| sum.known);
        if sum(&self.costs(row)) != cost {
            return Err("a cost and its source must be there together");
        }
        Ok(())
    }

    fn check_histograms(&self) -> Result<(), DecodeError> {
        let refused = |problem: &'static str| DecodeError::malformed(HISTOGRAMS, problem);
        for (timing, entries) in self.histograms.iter().enumerate() {
            let rows = self.all_buckets(timing);
            if rows != entries.rows {
                return Err(refused("there are more or fewer buckets than the cells say"));
            }
            check_column(HISTOGRAMS, &entries.buckets, rows, Histogram::BUCKETS.into(), true)?;
            check_column(HISTOGRAMS, &entries.counts, rows, u64::from(u32::MAX) + 1, true)?;
            let mut at = 0usize;
            for row in 0..self.rows {
                let end = at.saturating_add(self.buckets(timing, row));
                let (mut before, mut values) = (None, 0u64);
                while at < end {
                    let bucket = entries.buckets.get(at);
                    if bucket <= before {
                        return Err(refused("buckets are to ascend"));
                    }
                    before = bucket;
                    let count = entries.counts.get(at).unwrap_or(0);
                    if count == 0 {
                        return Err(refused("a bucket that holds nothing"));
                    }
                    values = values.saturating_add(count);
                    at = at.saturating_add(1);
                }
                if values > self.requests(row) {
                    return Err(refused("more values than requests"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::summary::{COLUMNS, id};

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn ids_ascend_with_the_columns() {
        let ids: Vec<u8> = (0..COLUMNS).map(id).collect();
        assert!(ids.is_sorted_by(|before, next| before < next), "{ids:?}");
    }
}
