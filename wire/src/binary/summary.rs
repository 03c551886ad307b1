//! The summary's part of the binary form.

use super::columns::{Foretold, Reader, Writer};
use super::foretold::{AsBefore, Before, Like};
use super::input::Input;
use super::varint::put;
use crate::column::Column;
use crate::message::message;
use crate::summary::{Ahead, Buckets, COLUMNS, REQUESTS, SummaryTable, ahead, id};
use crate::{DecodeError, MAX_EVENTS, SequenceRange};

const RANGES: &str = "summary.ranges";
const CELLS: &str = "summary.cells";
const HISTOGRAMS: &str = "summary.histograms";

pub(super) fn write(out: &mut Vec<u8>, summary: &SummaryTable) {
    put(out, summary.ranges.len() as u64);
    let mut end = 0u64;
    for range in &summary.ranges {
        put(out, range.first.saturating_sub(end));
        put(out, range.count);
        end = range.end();
    }
    put(out, summary.rows as u64);
    put(out, summary.columns.iter().filter(|column| !matches!(column, Column::Absent)).count() as u64);
    let mut writer = Writer::new(out);
    for (at, column) in summary.columns.iter().enumerate() {
        with_foretold(at, &summary.columns, |foretold| writer.put(id(at), column, foretold));
    }
    for Buckets { buckets, counts, .. } in &summary.histograms {
        let present = [buckets, counts].into_iter().filter(|column| !matches!(column, Column::Absent));
        put(out, present.count() as u64);
        let mut writer = Writer::new(out);
        writer.put(0, buckets, Some(&mut Before::default()));
        writer.put(1, counts, None);
    }
}

pub(super) fn read(input: &mut Input<'_>) -> Result<SummaryTable, DecodeError> {
    let ranges = read_ranges(input)?;
    let rows = input.count(CELLS)?;
    if rows > MAX_EVENTS {
        return Err(DecodeError::malformed(CELLS, message!("{rows} are more than {MAX_EVENTS}")));
    }
    let mut columns: [Column; COLUMNS] = std::array::from_fn(|_| Column::Absent);
    let mut reader = Reader::new(rows);
    for _ in 0..input.count(CELLS)? {
        let found = reader.id(input, CELLS)?;
        let unknown = || DecodeError::malformed(CELLS, message!("column {found} is not known"));
        let at = (0..COLUMNS).find(|at| id(*at) == found).ok_or_else(unknown)?;
        let column = with_foretold(at, &columns, |foretold| reader.column(input, CELLS, found, foretold))?;
        *columns.get_mut(at).ok_or_else(unknown)? = column;
    }
    let mut summary = SummaryTable { ranges, rows, columns, histograms: Default::default() };
    for timing in 0..summary.histograms.len() {
        let rows = summary.all_buckets(timing);
        let found = read_buckets(input, rows)?;
        if let Some(histogram) = summary.histograms.get_mut(timing) {
            *histogram = found;
        }
    }
    Ok(summary)
}

fn read_ranges(input: &mut Input<'_>) -> Result<Vec<SequenceRange>, DecodeError> {
    let mut ranges = Vec::new();
    let mut end = 0u64;
    for _ in 0..input.count(RANGES)? {
        let distance = input.number(RANGES)?;
        let count = input.number(RANGES)?;
        let first = end.checked_add(distance);
        let next = first.and_then(|first| first.checked_add(count));
        let beyond = || DecodeError::malformed(RANGES, "a range exceeds 64 bits");
        ranges.push(SequenceRange { first: first.ok_or_else(beyond)?, count });
        end = next.ok_or_else(beyond)?;
    }
    Ok(ranges)
}

fn read_buckets(input: &mut Input<'_>, rows: usize) -> Result<Buckets, DecodeError> {
    let mut found = Buckets { rows, ..Buckets::default() };
    let mut reader = Reader::new(rows);
    for _ in 0..input.count(HISTOGRAMS)? {
        match reader.id(input, HISTOGRAMS)? {
            0 => found.buckets = reader.column(input, HISTOGRAMS, 0, Some(&mut Before::default()))?,
            1 => found.counts = reader.column(input, HISTOGRAMS, 1, None)?,
            id => return Err(DecodeError::malformed(HISTOGRAMS, message!("column {id} is not known"))),
        }
    }
    Ok(found)
}

/// Gives what foretells column `at` of the cells to whoever codes it.
fn with_foretold<T>(
    at: usize,
    columns: &[Column; COLUMNS],
    code: impl FnOnce(Option<&mut dyn Foretold>) -> T,
) -> T {
    let [first, ..] = columns;
    match ahead(at) {
        Ahead::Nothing => code(None),
        Ahead::Backend => code(Some(&mut AsBefore::new(first))),
        Ahead::Before => code(Some(&mut Before::default())),
        Ahead::Requests => match columns.get(REQUESTS) {
            Some(requests) => code(Some(&mut Like(requests))),
            None => code(None),
        },
    }
}
