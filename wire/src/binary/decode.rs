//! Reading the binary form: total over all inputs.
//!
//! Every list is read item by item, each item consuming at least a byte, so that what is allocated is bounded
//! by the input's length whatever its counts claim.

use std::borrow::Cow;

use super::columns::{Foretold, Reader};
use super::foretold::{AsBefore, Near};
use super::input::Input;
use super::static_strings::STATIC;
use super::{FIRST_MEASURE_ID, IDS_MIXED, IDS_UUIDS, MAGIC, MORE_NAMES, MORE_SUMMARY, summary};
use crate::batch::{Batch, DimensionNames, Ids, OwnedId, Parts, Reference};
use crate::column::Column;
use crate::message::message;
use crate::result::Results;
use crate::summary::SummaryTable;
use crate::target::Targets;
use crate::{
    DecodeError, Health, HealthCounter, InstanceId, MAX_EVENTS, Measure, OLDEST_VERSION, Producer,
    TraceContext, VERSION,
};

/// Reads a batch from its binary form.
///
/// # Errors
/// Says what is wrong with the input; [`DecodeError::Version`] where it is a batch of another version.
pub fn decode(bytes: &[u8]) -> Result<Batch, DecodeError> {
    let mut input = Input::new(bytes);
    if input.array::<4>("the magic bytes").map_err(|_| DecodeError::NotABatch)? != *MAGIC {
        return Err(DecodeError::NotABatch);
    }
    let version = input.byte("version")?;
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(DecodeError::Version { found: version.into() });
    }
    let mut input = Input::new(checked(bytes)?);
    input.take(MAGIC.len() + 1, "version")?;
    let instance = InstanceId(input.array("instance")?);
    let epoch = input.number("epoch")?;
    let first_sequence = input.number("first_sequence")?;
    let sent_us = input.number("sent_us")?;
    let gateway = input.text("gateway")?.to_owned();
    let strings = read_strings(&mut input)?;
    let events = input.count("events")?;
    if events > MAX_EVENTS {
        return Err(DecodeError::malformed("events", message!("{events} are more than {MAX_EVENTS}")));
    }
    let ids = read_ids(&mut input, events)?;
    let traces = read_traces(&mut input, events)?;
    let (rows, columns) = read_table(&mut input, "targets", events)?;
    let targets = Targets { rows, columns };
    let (rows, columns) = read_table(&mut input, "results", events)?;
    let results = Results { rows, columns };
    let (references, measures) = read_columns(&mut input, events)?;
    let health = read_health(&mut input)?;
    let (dimension_names, summary) = if version >= 3 { read_more(&mut input)? } else { Default::default() };
    if input.left() > 0 {
        return Err(DecodeError::malformed("batch", message!("{} bytes stand behind its end", input.left())));
    }
    let producer = Producer { instance, epoch };
    let parts = Parts {
        version,
        producer,
        first_sequence,
        sent_us,
        gateway,
        strings,
        targets,
        results,
        events,
        ids,
        traces,
        references,
        measures,
        health,
        dimension_names,
        summary,
    };
    Batch::checked(parts)
}

/// The bytes before the checksum, if it is theirs.
fn checked(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let (body, stated) = bytes.split_last_chunk::<4>().ok_or(DecodeError::Truncated { part: "checksum" })?;
    if super::checksum(body) != u32::from_le_bytes(*stated) {
        return Err(DecodeError::malformed("checksum", "is not that of the bytes before it"));
    }
    Ok(body)
}

fn read_strings(input: &mut Input<'_>) -> Result<Vec<Cow<'static, str>>, DecodeError> {
    const PART: &str = "strings";
    let mut strings = Vec::new();
    for _ in 0..input.count(PART)? {
        let tag = input.count(PART)?;
        strings.push(match tag % 2 {
            0 => Cow::Owned(input.text_of(tag / 2, PART)?.to_owned()),
            _ => Cow::Borrowed(STATIC.get(tag / 2).copied().ok_or_else(|| {
                DecodeError::malformed(PART, message!("{} is not in the static table", tag / 2))
            })?),
        });
    }
    Ok(strings)
}

fn read_ids(input: &mut Input<'_>, events: usize) -> Result<Ids, DecodeError> {
    const PART: &str = "request_ids";
    match input.byte(PART)? {
        IDS_UUIDS => {
            let (ids, _) = input.take(events.saturating_mul(16), PART)?.as_chunks::<16>();
            Ok(Ids::Uuids(ids.to_vec()))
        }
        IDS_MIXED => {
            let mut ids = Vec::new();
            for _ in 0..events {
                ids.push(match input.count(PART)? {
                    0 => OwnedId::Absent,
                    1 => OwnedId::Uuid(input.array(PART)?),
                    tagged => OwnedId::Text(input.text_of(tagged - 2, PART)?.into()),
                });
            }
            Ok(Ids::Mixed(ids))
        }
        kind => Err(DecodeError::malformed(PART, message!("kind {kind} is not known"))),
    }
}

fn read_traces(input: &mut Input<'_>, events: usize) -> Result<Vec<Option<TraceContext>>, DecodeError> {
    const PART: &str = "traces";
    let mut traces = Vec::new();
    if !input.flag(PART)? {
        return Ok(traces);
    }
    for _ in 0..events {
        traces.push(if input.flag(PART)? {
            Some(TraceContext {
                trace_id: input.array(PART)?,
                span_id: input.array(PART)?,
                flags: input.byte(PART)?,
            })
        } else {
            None
        });
    }
    Ok(traces)
}

fn read_table<const N: usize>(
    input: &mut Input<'_>,
    part: &'static str,
    events: usize,
) -> Result<(usize, [Column; N]), DecodeError> {
    let rows = input.count(part)?;
    if rows > events {
        return Err(DecodeError::malformed(part, message!("{rows} rows for {events} events")));
    }
    let mut columns: [Column; N] = std::array::from_fn(|_| Column::Absent);
    let mut reader = Reader::new(rows);
    for _ in 0..input.count(part)? {
        let id = reader.id(input, part)?;
        let column = match columns.first() {
            Some(first) if id > 0 => reader.column(input, part, id, Some(&mut AsBefore::new(first)))?,
            _ => reader.column(input, part, id, None)?,
        };
        *columns.get_mut(usize::from(id)).ok_or_else(|| unknown(part, id))? = column;
    }
    Ok((rows, columns))
}

type Columns = ([Column; Reference::COUNT], [Column; Measure::COUNT]);

fn read_columns(input: &mut Input<'_>, events: usize) -> Result<Columns, DecodeError> {
    const PART: &str = "columns";
    let mut references: [Column; Reference::COUNT] = std::array::from_fn(|_| Column::Absent);
    let mut measures: [Column; Measure::COUNT] = std::array::from_fn(|_| Column::Absent);
    let mut reader = Reader::new(events);
    for _ in 0..input.count(PART)? {
        let id = reader.id(input, PART)?;
        if let Some(index) = id.checked_sub(FIRST_MEASURE_ID) {
            let measure = *Measure::ALL.get(usize::from(index)).ok_or_else(|| unknown(PART, id))?;
            let mut near = Near::new(measure, &measures);
            let foretold = near.as_mut().map(|near| near as &mut dyn Foretold);
            let column = reader.column(input, measure.name(), id, foretold)?;
            if let Some(slot) = measures.get_mut(measure.index()) {
                *slot = column;
            }
        } else {
            let reference = *Reference::ALL.get(usize::from(id)).ok_or_else(|| unknown(PART, id))?;
            let column = reader.column(input, reference.name(), id, None)?;
            if let Some(slot) = references.get_mut(reference.index()) {
                *slot = column;
            }
        }
    }
    Ok((references, measures))
}

/// What few batches have.
fn read_more(input: &mut Input<'_>) -> Result<(DimensionNames, Option<SummaryTable>), DecodeError> {
    const PART: &str = "more";
    let flags = input.byte(PART)?;
    if flags & !(MORE_NAMES | MORE_SUMMARY) != 0 {
        return Err(DecodeError::malformed(PART, message!("{flags} says what is not known")));
    }
    let mut names = DimensionNames::default();
    if flags & MORE_NAMES != 0 {
        for name in &mut names {
            let text = input.text("dimension_names")?;
            *name = (!text.is_empty()).then(|| text.into());
        }
        if names.iter().all(Option::is_none) {
            return Err(DecodeError::malformed("dimension_names", "none has a name"));
        }
    }
    let summary = if flags & MORE_SUMMARY != 0 { Some(summary::read(input)?) } else { None };
    Ok((names, summary))
}

fn unknown(part: &'static str, id: u8) -> DecodeError {
    DecodeError::malformed(part, message!("column {id} is not known"))
}

fn read_health(input: &mut Input<'_>) -> Result<Health, DecodeError> {
    let mut health = Health::default();
    for _ in 0..input.count("health")? {
        let id = input.byte("health")?;
        let counter = HealthCounter::ALL.get(usize::from(id));
        let counter = *counter
            .ok_or_else(|| DecodeError::malformed("health", message!("counter {id} is not known")))?;
        health.set(counter, input.number("health")?);
    }
    Ok(health)
}
