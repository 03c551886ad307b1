//! A summary in JSON: a list of cells, each an object in which what is zero or not known is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list;
use crate::column::NULL;
use crate::summary::SummaryTable;
use crate::{
    CostSource, DecodeError, Histogram, KnownSum, Outcome, SequenceRange, SummaryCell, Summed, Timing,
    UsageStatus, Window,
};

/// Something by name, ordered as the names are.
type ByName<T> = BTreeMap<Cow<'static, str>, T>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(deserialize_with = "list")]
    ranges: Vec<SequenceRange>,
    #[serde(deserialize_with = "list")]
    cells: Vec<Cell>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    window: Window,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backend: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backend_type: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<u32>,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_class: Option<u8>,
    requests: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    usages: ByName<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    costs: ByName<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sums: ByName<KnownSum>,
    /// Pairs of bucket and count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    histograms: ByName<Vec<(u16, u32)>>,
}

impl Document {
    pub(super) fn of(table: &SummaryTable) -> Self {
        Self { ranges: table.ranges.clone(), cells: table.cells().map(Cell::of).collect() }
    }

    pub(super) fn into_table(self) -> Result<SummaryTable, DecodeError> {
        let cells: Vec<_> = self.cells.into_iter().map(Cell::into_cell).collect::<Result<_, _>>()?;
        Ok(SummaryTable::of(self.ranges, &cells))
    }
}

fn usages() -> impl Iterator<Item = &'static str> {
    UsageStatus::ALL.iter().map(|status| status.name())
}

fn costs() -> impl Iterator<Item = &'static str> {
    CostSource::ALL.iter().map(|source| source.name())
}

fn sums() -> impl Iterator<Item = &'static str> {
    Summed::ALL.iter().map(|summed| summed.name())
}

fn timings() -> impl Iterator<Item = &'static str> {
    Timing::ALL.iter().map(|timing| timing.measure().name())
}

impl Cell {
    fn of(cell: SummaryCell<u32>) -> Self {
        Self {
            window: cell.window,
            backend: cell.backend,
            backend_type: cell.backend_type,
            route: cell.route,
            model: cell.model,
            algorithm: cell.algorithm,
            provider: cell.provider,
            outcome: cell.outcome,
            status_class: cell.status_class,
            requests: cell.requests,
            usages: named(usages(), cell.usages),
            costs: named(costs(), cell.costs),
            sums: named(sums(), cell.sums),
            histograms: named(timings(), cell.histograms.map(|histogram| histogram.entries)),
        }
    }

    fn into_cell(self) -> Result<SummaryCell<u32>, DecodeError> {
        let names = [self.backend, self.backend_type, self.route, self.model, self.algorithm, self.provider];
        let entries = by_name("histograms", timings(), self.histograms)?;
        let cell = SummaryCell {
            requests: self.requests,
            usages: by_name("usages", usages(), self.usages)?,
            costs: by_name("costs", costs(), self.costs)?,
            sums: by_name("sums", sums(), self.sums)?,
            histograms: entries.map(|entries| Histogram { entries }),
            ..SummaryCell::new(self.window, names, self.outcome, self.status_class)
        };
        let counts = cell.usages.iter().chain(&cell.costs).copied();
        let sums = cell.sums.iter().flat_map(|sum| [sum.total, sum.known]);
        if counts.chain(sums).chain([cell.requests, cell.window.start_s]).any(|number| number == NULL) {
            // It would stand for an absent one.
            return Err(DecodeError::malformed("summary.cells", format!("{NULL} is out of range")));
        }
        Ok(cell)
    }
}

/// All but what is nothing.
fn named<T: Default + PartialEq, const N: usize>(
    names: impl Iterator<Item = &'static str>,
    values: [T; N],
) -> ByName<T> {
    names.map(Cow::Borrowed).zip(values).filter(|(_, value)| *value != T::default()).collect()
}

fn by_name<T: Default, const N: usize>(
    part: &'static str,
    names: impl Iterator<Item = &'static str>,
    mut found: ByName<T>,
) -> Result<[T; N], DecodeError> {
    let mut values: [T; N] = std::array::from_fn(|_| T::default());
    for (slot, name) in values.iter_mut().zip(names) {
        *slot = found.remove(name).unwrap_or_default();
    }
    match found.into_keys().next() {
        Some(unknown) => {
            Err(DecodeError::malformed(format!("summary.cells.{part}.{unknown}"), "is not known"))
        }
        None => Ok(values),
    }
}
