//! Writing the binary form.

use super::varint::{put, zigzag};
use super::{FIRST_MEASURE_ID, IDS_MIXED, IDS_UUIDS, KIND_CONSTANT, KIND_VALUES, MAGIC};
use crate::batch::{Batch, Ids, OwnedId, Parts, Reference};
use crate::column::Column;
use crate::measure::{NULL, Prediction};
use crate::{EventResult, Measure, RequestId};

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
    put_tables(&mut out, parts);
    put_count(&mut out, parts.events);
    put_ids(&mut out, batch);
    put_traces(&mut out, parts);
    put_columns(&mut out, parts);
    if parts.version >= 2 {
        put_count(&mut out, parts.health.known().count());
        for (counter, value) in parts.health.known() {
            out.push(counter as u8);
            put(&mut out, value);
        }
    }
    out
}

/// A `usize` always fits 64 bits on the targets that Weir is built for; saturates elsewhere.
fn put_count(out: &mut Vec<u8>, count: usize) {
    put(out, u64::try_from(count).unwrap_or(u64::MAX));
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_optional(out: &mut Vec<u8>, value: Option<impl Into<u64>>) {
    put(out, value.map_or(0, |value| value.into().saturating_add(1)));
}

fn put_tables(out: &mut Vec<u8>, parts: &Parts) {
    put_count(out, parts.strings.len());
    for text in &parts.strings {
        put_text(out, text);
    }
    put_count(out, parts.targets.len());
    for name in parts.targets.iter().flat_map(|target| target.names()) {
        put_optional(out, name);
    }
    put_count(out, parts.results.len());
    for result in &parts.results {
        put_result(out, result);
    }
}

fn put_result(out: &mut Vec<u8>, result: &EventResult<u32>) {
    put(out, result.outcome.code());
    put_optional(out, result.error_type);
    put_optional(out, result.details);
    put_optional(out, result.status);
    put(out, result.response_flags);
    put_optional(out, result.attempts);
    put_optional(out, result.streamed);
    put(out, result.usage_status.map_or(0, |status| status.code()));
    put_optional(out, result.service_tier);
    put(out, result.cost_source.map_or(0, |source| source.code()));
    put(out, result.cache.map_or(0, |cache| cache.code()));
    put(out, result.breaker.map_or(0, |breaker| breaker.code()));
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

fn put_columns(out: &mut Vec<u8>, parts: &Parts) {
    let present = |column: &&Column| !matches!(column, Column::Absent);
    put_count(out, parts.references.iter().chain(&parts.measures).filter(present).count());
    for (reference, column) in Reference::ALL.into_iter().zip(&parts.references) {
        let id = u8::try_from(reference.index()).unwrap_or(u8::MAX);
        put_column(out, id, column, |_, value, _| value);
    }
    for (measure, column) in Measure::ALL.iter().zip(&parts.measures) {
        put_column(out, FIRST_MEASURE_ID + measure.id(), column, |at, value, previous| {
            coded(&parts.measures, *measure, at, value, previous)
        });
    }
}

/// What is written for `value`: itself, or its difference from what was foretold.
pub(crate) fn coded(measures: &[Column], measure: Measure, at: usize, value: u64, previous: u64) -> u64 {
    match measure.prediction() {
        Prediction::Nothing => value,
        Prediction::Previous | Prediction::Measure(_) => {
            zigzag(value, Parts::predicted(measures, measure, at, previous))
        }
    }
}

fn put_column(out: &mut Vec<u8>, id: u8, column: &Column, code: impl Fn(usize, u64, u64) -> u64) {
    match column {
        Column::Absent => {}
        Column::Constant(value) => {
            out.extend_from_slice(&[id, KIND_CONSTANT]);
            put(out, *value);
        }
        Column::Values(values) => {
            out.extend_from_slice(&[id, KIND_VALUES]);
            let mut previous = 0;
            for (at, value) in values.iter().enumerate() {
                if *value == NULL {
                    out.push(0);
                } else {
                    put(out, code(at, *value, previous).saturating_add(1));
                    previous = *value;
                }
            }
        }
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
