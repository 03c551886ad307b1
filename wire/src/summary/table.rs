//! A summary as a batch holds it: its cells as columns, so that it takes no more memory than its bytes allow.

use super::SequenceRange;
use super::cell::{KnownSum, SummaryCell, Timing, Window};
use crate::column::{Column, NULL};
use crate::{CostSource, Histogram, Outcome, Summed, UsageStatus};

/// How many names a cell has.
pub(crate) const NAMES: usize = 6;
const OUTCOME: usize = NAMES;
const STATUS_CLASS: usize = OUTCOME + 1;
const START: usize = STATUS_CLASS + 1;
const WIDTH: usize = START + 1;
/// The column of how many requests a cell has.
pub(crate) const REQUESTS: usize = WIDTH + 1;
const USAGES: usize = REQUESTS + 1;
const COSTS: usize = USAGES + UsageStatus::ALL.len();
const BUCKETS: usize = COSTS + CostSource::ALL.len();
const SUMS: usize = BUCKETS + Timing::ALL.len();
/// How many columns the cells have.
pub(crate) const COLUMNS: usize = SUMS + 2 * Summed::ALL.len();

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Name(usize),
    Outcome,
    StatusClass,
    Start,
    Width,
    Requests,
    Usage,
    Cost,
    Buckets,
    Total(Summed),
    Known,
}

/// What foretells the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ahead {
    Nothing,
    /// The last row of the same backend.
    Backend,
    /// The row before.
    Before,
    /// How many requests the row has.
    Requests,
}

/// What stands in column `at`.
pub(crate) fn place(at: usize) -> Place {
    match at {
        OUTCOME => Place::Outcome,
        STATUS_CLASS => Place::StatusClass,
        START => Place::Start,
        WIDTH => Place::Width,
        REQUESTS => Place::Requests,
        name if name < OUTCOME => Place::Name(name),
        usage if usage < COSTS => Place::Usage,
        cost if cost < BUCKETS => Place::Cost,
        buckets if buckets < SUMS => Place::Buckets,
        sum => match Summed::ALL.get((sum - SUMS) / 2) {
            Some(summed) if (sum - SUMS).is_multiple_of(2) => Place::Total(*summed),
            _ => Place::Known,
        },
    }
}

/// The id of column `at` in the binary form: with room behind each list, which may grow.
pub(crate) fn id(at: usize) -> u8 {
    let id = match at {
        scalar if scalar < USAGES => scalar,
        usage if usage < COSTS => 16 + usage - USAGES,
        cost if cost < BUCKETS => 24 + cost - COSTS,
        buckets if buckets < SUMS => 32 + buckets - BUCKETS,
        sum => 64 + sum - SUMS,
    };
    u8::try_from(id).unwrap_or(u8::MAX)
}

/// What foretells column `at`.
pub(crate) fn ahead(at: usize) -> Ahead {
    match place(at) {
        Place::Name(name) if name > 0 => Ahead::Backend,
        Place::Start => Ahead::Before,
        Place::Usage | Place::Cost | Place::Known => Ahead::Requests,
        _ => Ahead::Nothing,
    }
}

/// The buckets of one timing, those of all cells one after another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Buckets {
    pub(crate) rows: usize,
    pub(crate) buckets: Column,
    pub(crate) counts: Column,
}

/// A summary in columns. A number that is absent is zero, a name that is absent is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummaryTable {
    pub(crate) ranges: Vec<SequenceRange>,
    pub(crate) rows: usize,
    pub(crate) columns: [Column; COLUMNS],
    pub(crate) histograms: [Buckets; Timing::ALL.len()],
}

impl SummaryTable {
    pub(crate) fn of(ranges: Vec<SequenceRange>, cells: &[SummaryCell<u32>]) -> Self {
        let mut columns: [Vec<u64>; COLUMNS] = std::array::from_fn(|_| Vec::new());
        for cell in cells {
            for (column, value) in columns.iter_mut().zip(values(cell)) {
                column.push(value);
            }
        }
        let histograms = std::array::from_fn(|timing| {
            let entries = cells.iter().filter_map(|cell| cell.histograms.get(timing));
            let entries = entries.flat_map(|histogram| histogram.entries.iter());
            let buckets: Vec<u64> = entries.clone().map(|(bucket, _)| u64::from(*bucket)).collect();
            let counts = entries.map(|(_, count)| u64::from(*count)).collect();
            Buckets { rows: buckets.len(), buckets: Column::of(buckets), counts: Column::of(counts) }
        });
        Self { ranges, rows: cells.len(), columns: columns.map(Column::of), histograms }
    }

    /// The value of a column in a row.
    pub(super) fn get(&self, column: usize, row: usize) -> Option<u64> {
        self.columns.get(column)?.get(row)
    }

    /// A number of a row; absent is zero.
    pub(super) fn number(&self, column: usize, row: usize) -> u64 {
        self.get(column, row).unwrap_or(0)
    }

    /// How many buckets the histogram of a timing has in a row.
    pub(super) fn buckets(&self, timing: usize, row: usize) -> usize {
        usize::try_from(self.number(BUCKETS.saturating_add(timing), row)).unwrap_or(usize::MAX)
    }

    /// How many buckets the histograms of a timing have in all rows together.
    pub(crate) fn all_buckets(&self, timing: usize) -> usize {
        (0..self.rows).fold(0, |sum, row| usize::saturating_add(sum, self.buckets(timing, row)))
    }

    pub(super) fn requests(&self, row: usize) -> u64 {
        self.number(REQUESTS, row)
    }

    pub(super) fn usages(&self, row: usize) -> [u64; UsageStatus::ALL.len()] {
        std::array::from_fn(|status| self.number(USAGES + status, row))
    }

    pub(super) fn costs(&self, row: usize) -> [u64; CostSource::ALL.len()] {
        std::array::from_fn(|source| self.number(COSTS + source, row))
    }

    pub(super) fn sums(&self, row: usize) -> [KnownSum; Summed::ALL.len()] {
        std::array::from_fn(|summed| KnownSum {
            total: self.number(SUMS + 2 * summed, row),
            known: self.number(SUMS + 2 * summed + 1, row),
        })
    }

    /// All cells of a table that has been checked.
    pub(crate) fn cells(&self) -> impl Iterator<Item = SummaryCell<u32>> + '_ {
        let mut begin = [0usize; Timing::ALL.len()];
        (0..self.rows).map(move |row| {
            let mut cell = self.cell(row);
            let histograms = cell.histograms.iter_mut().zip(&self.histograms).zip(&mut begin);
            for (timing, ((histogram, entries), begin)) in histograms.enumerate() {
                let end = begin.saturating_add(self.buckets(timing, row)).min(entries.rows);
                let entry = |at| {
                    let bucket = u16::try_from(entries.buckets.get(at)?).ok()?;
                    Some((bucket, u32::try_from(entries.counts.get(at)?).ok()?))
                };
                *histogram = Histogram { entries: (*begin..end).filter_map(entry).collect() };
                *begin = end;
            }
            cell
        })
    }

    /// A cell without its histograms.
    fn cell(&self, row: usize) -> SummaryCell<u32> {
        let name = |column| self.get(column, row).and_then(|name| u32::try_from(name).ok());
        let window = Window {
            start_s: self.number(START, row),
            width_s: u32::try_from(self.number(WIDTH, row)).unwrap_or(u32::MAX),
        };
        let outcome = self.get(OUTCOME, row).and_then(Outcome::from_code).unwrap_or(Outcome::Error);
        let class = self.get(STATUS_CLASS, row).and_then(|class| u8::try_from(class).ok());
        SummaryCell {
            requests: self.requests(row),
            usages: self.usages(row),
            costs: self.costs(row),
            sums: self.sums(row),
            ..SummaryCell::new(window, std::array::from_fn(name), outcome, class)
        }
    }
}

/// A cell's values in the order of the columns, [`NULL`] for those that are absent.
pub(super) fn values(cell: &SummaryCell<u32>) -> [u64; COLUMNS] {
    let number = |value: u64| if value == 0 { NULL } else { value };
    let mut all = [NULL; COLUMNS];
    let names = cell.names().map(|name| name.map_or(NULL, u64::from));
    let class = cell.status_class.map_or(NULL, u64::from);
    let scalars =
        [cell.outcome.code(), class, cell.window.start_s, cell.window.width_s.into(), cell.requests];
    let counts = cell.usages.iter().chain(&cell.costs).map(|count| number(*count));
    let buckets = cell.histograms.iter().map(|histogram| number(histogram.entries.len() as u64));
    let sums = cell.sums.iter().flat_map(|sum| [number(sum.total), number(sum.known)]);
    let values = names.into_iter().chain(scalars).chain(counts).chain(buckets).chain(sums);
    all.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
    all
}
