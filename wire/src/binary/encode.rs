//! Writing the binary form.

use super::columns::{Foretold, Writer};
use super::foretold::{AsBefore, Near};
use super::static_strings::number_of;
use super::varint::put;
use super::{FIRST_MEASURE_ID, IDS_MIXED, IDS_UUIDS, MAGIC, MORE_NAMES, MORE_SUMMARY, summary};
use crate::batch::{Batch, Ids, OwnedId, Parts};
use crate::column::Column;
use crate::{Measure, RequestId};

/// The binary form of `batch`, in the version that the batch states.
pub fn encode(batch: &Batch) -> Vec<u8> {
    let parts = batch.parts();
    let mut out = Vec::with_capacity(256 + parts.events.saturating_mul(48));
    out.extend_from_slice(MAGIC);
    out.push(parts.version);
    out.extend_from_slice(&parts.producer.instance.0);
    put(&mut out, parts.producer.epoch);
    put(&mut out, parts.first_sequence);
    put(&mut out, parts.sent_us);
    put_text(&mut out, &parts.gateway);
    put_count(&mut out, parts.strings.len());
    for text in &parts.strings {
        put_string(&mut out, text);
    }
    put_count(&mut out, parts.events);
    put_ids(&mut out, batch);
    put_traces(&mut out, parts);
    put_table(&mut out, parts.targets.rows, &parts.targets.columns);
    put_table(&mut out, parts.results.rows, &parts.results.columns);
    put_columns(&mut out, parts);
    put_count(&mut out, parts.health.known().count());
    for (counter, value) in parts.health.known() {
        out.push(counter as u8);
        put(&mut out, value);
    }
    if parts.version >= 3 {
        put_more(&mut out, parts);
    }
    let checksum = super::checksum(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    out
}

/// What few batches have: the names of dimensions, a summary.
fn put_more(out: &mut Vec<u8>, parts: &Parts) {
    let named = parts.dimension_names.iter().any(Option::is_some);
    let flag = |there: bool, flag: u8| if there { flag } else { 0 };
    out.push(flag(named, MORE_NAMES) | flag(parts.summary.is_some(), MORE_SUMMARY));
    if named {
        parts.dimension_names.iter().for_each(|name| put_text(out, name.as_deref().unwrap_or_default()));
    }
    if let Some(table) = &parts.summary {
        summary::write(out, table);
    }
}

/// A `usize` always fits 64 bits on the targets that Weir is built for; saturates elsewhere.
fn put_count(out: &mut Vec<u8>, count: usize) {
    put(out, u64::try_from(count).unwrap_or(u64::MAX));
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_ids(out: &mut Vec<u8>, batch: &Batch) {
    match &batch.parts().ids {
        Ids::Uuids(ids) => {
            out.push(IDS_UUIDS);
            out.extend(ids.iter().flatten());
        }
        Ids::Mixed(ids) => {
            out.push(IDS_MIXED);
            for id in ids {
                match id {
                    OwnedId::Absent => put(out, 0),
                    OwnedId::Uuid(id) => {
                        put(out, 1);
                        out.extend_from_slice(id);
                    }
                    OwnedId::Text(text) => {
                        put_count(out, text.len().saturating_add(2));
                        out.extend_from_slice(text.as_bytes());
                    }
                }
            }
        }
    }
}

fn put_traces(out: &mut Vec<u8>, parts: &Parts) {
    out.push(u8::from(!parts.traces.is_empty()));
    for trace in &parts.traces {
        out.push(u8::from(trace.is_some()));
        if let Some(trace) = trace {
            out.extend_from_slice(&trace.trace_id);
            out.extend_from_slice(&trace.span_id);
            out.push(trace.flags);
        }
    }
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    match number_of(text) {
        Some(number) => put_count(out, number.saturating_mul(2).saturating_add(1)),
        None => {
            put_count(out, text.len().saturating_mul(2));
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn put_table(out: &mut Vec<u8>, rows: usize, columns: &[Column]) {
    put_count(out, rows);
    put_count(out, columns.iter().filter(|column| !matches!(column, Column::Absent)).count());
    let mut writer = Writer::new(out);
    let Some((first, rest)) = columns.split_first() else { return };
    writer.put(0, first, None);
    for (id, column) in (1u8..).zip(rest) {
        writer.put(id, column, Some(&mut AsBefore::new(first)));
    }
}

fn put_columns(out: &mut Vec<u8>, parts: &Parts) {
    let present = |column: &&Column| !matches!(column, Column::Absent);
    put_count(out, parts.references.iter().chain(&parts.measures).filter(present).count());
    let mut writer = Writer::new(out);
    for (id, column) in (0u8..).zip(&parts.references) {
        writer.put(id, column, None);
    }
    for (measure, column) in Measure::ALL.iter().zip(&parts.measures) {
        let mut near = Near::new(*measure, &parts.measures);
        writer.put(
            FIRST_MEASURE_ID + measure.id(),
            column,
            near.as_mut().map(|near| near as &mut dyn Foretold),
        );
    }
}

/// The bytes that an id takes in a batch whose ids are mixed: the most it can cost.
pub(crate) fn id_length(id: &RequestId<'_>) -> usize {
    match id {
        RequestId::Absent => 1,
        RequestId::Uuid(_) => 17,
        RequestId::Text(text) => text.len().saturating_add(2),
    }
}
