//! Reading the binary form: total over all inputs.
//!
//! Every list is read item by item, each item consuming at least a byte, so that what is allocated is bounded
//! by the input's length whatever its counts claim.

use super::varint::unzigzag;
use super::{FIRST_MEASURE_ID, IDS_MIXED, IDS_UUIDS, KIND_CONSTANT, KIND_VALUES, MAGIC};
use crate::batch::{Batch, Ids, OwnedId, Parts, Reference};
use crate::column::Column;
use crate::measure::{NULL, Prediction};
use crate::target::NAMES;
use crate::{
    DecodeError, EventResult, Health, HealthCounter, InstanceId, MAX_EVENTS, Measure, OLDEST_VERSION,
    Outcome, Producer, Target, TraceContext, VERSION,
};

/// Reads a batch from its binary form.
///
/// # Errors
/// Says what is wrong with the input; [`DecodeError::Version`] where it is a batch of another version.
pub fn decode(input: &[u8]) -> Result<Batch, DecodeError> {
    let mut input = Input(input);
    if input.array::<4>("the magic bytes").map_err(|_| DecodeError::NotABatch)? != *MAGIC {
        return Err(DecodeError::NotABatch);
    }
    let version = input.byte("version")?;
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(DecodeError::Version { found: version.into() });
    }
    let instance = InstanceId(input.array("instance")?);
    let epoch = input.number("epoch")?;
    let first_sequence = input.number("first_sequence")?;
    let sent_us = input.number("sent_us")?;
    let gateway = input.text("gateway")?.to_owned();
    let strings = input.list("strings", |input| input.text("strings").map(Into::into))?;
    let targets = input.list("targets", read_target)?;
    let results = input.list("results", read_result)?;
    let events = input.count("events")?;
    if events > MAX_EVENTS {
        return Err(DecodeError::malformed("events", format!("{events} are more than {MAX_EVENTS}")));
    }
    let ids = read_ids(&mut input, events)?;
    let traces = read_traces(&mut input, events)?;
    let (references, measures) = read_columns(&mut input, events)?;
    let health = if version >= 2 { read_health(&mut input)? } else { Health::default() };
    if !input.0.is_empty() {
        return Err(DecodeError::malformed("batch", format!("{} bytes stand behind its end", input.0.len())));
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
    };
    parts.validate()
}

fn read_target(input: &mut Input<'_>) -> Result<Target<u32>, DecodeError> {
    let mut names = [None; NAMES];
    for name in &mut names {
        *name = input.optional("targets")?;
    }
    Ok(Target::from_names(names))
}

fn read_result(input: &mut Input<'_>) -> Result<EventResult<u32>, DecodeError> {
    const PART: &str = "results";
    Ok(EventResult {
        outcome: input
            .coded(PART, Outcome::from_code)?
            .ok_or_else(|| DecodeError::malformed(PART, "a result without an outcome"))?,
        error_type: input.optional(PART)?,
        details: input.optional(PART)?,
        status: input.optional(PART)?,
        response_flags: input.number(PART)?,
        attempts: input.optional(PART)?,
        streamed: match input.optional::<u8>(PART)? {
            None => None,
            Some(0) => Some(false),
            Some(1) => Some(true),
            Some(_) => return Err(DecodeError::malformed(PART, "streamed is neither 0 nor 1")),
        },
        usage_status: input.coded(PART, crate::UsageStatus::from_code)?,
        service_tier: input.optional(PART)?,
        cost_source: input.coded(PART, crate::CostSource::from_code)?,
        cache: input.coded(PART, crate::Cache::from_code)?,
        breaker: input.coded(PART, crate::Breaker::from_code)?,
    })
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
        kind => Err(DecodeError::malformed(PART, format!("kind {kind} is not known"))),
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

type Columns = ([Column; Reference::COUNT], [Column; Measure::COUNT]);

fn read_columns(input: &mut Input<'_>, events: usize) -> Result<Columns, DecodeError> {
    let mut references: [Column; Reference::COUNT] = std::array::from_fn(|_| Column::Absent);
    let mut measures: [Column; Measure::COUNT] = std::array::from_fn(|_| Column::Absent);
    let mut last = None;
    for _ in 0..input.count("columns")? {
        let id = input.byte("columns")?;
        if last.is_some_and(|last| id <= last) {
            return Err(DecodeError::malformed("columns", format!("column {id} is not in ascending order")));
        }
        last = Some(id);
        let unknown = || DecodeError::malformed("columns", format!("column {id} is not known"));
        if let Some(index) = id.checked_sub(FIRST_MEASURE_ID) {
            let measure = *Measure::ALL.get(usize::from(index)).ok_or_else(unknown)?;
            let column = read_column(input, measure.name(), events, |at, code, previous| {
                match measure.prediction() {
                    Prediction::Nothing => code,
                    Prediction::Previous | Prediction::Measure(_) => {
                        unzigzag(code, Parts::predicted(&measures, measure, at, previous))
                    }
                }
            })?;
            if let Some(slot) = measures.get_mut(measure.index()) {
                *slot = column;
            }
        } else {
            let reference = *Reference::ALL.get(usize::from(id)).ok_or_else(unknown)?;
            let column = read_column(input, reference.name(), events, |_, code, _| code)?;
            if let Some(slot) = references.get_mut(reference.index()) {
                *slot = column;
            }
        }
    }
    Ok((references, measures))
}

fn read_column(
    input: &mut Input<'_>,
    part: &'static str,
    events: usize,
    value: impl Fn(usize, u64, u64) -> u64,
) -> Result<Column, DecodeError> {
    match input.byte(part)? {
        KIND_CONSTANT => Ok(Column::Constant(input.number(part)?)),
        KIND_VALUES => {
            // Each value takes a byte at least, so the input's length bounds what is reserved.
            let mut values = Vec::with_capacity(events.min(input.0.len()));
            let mut previous = 0;
            for at in 0..events {
                values.push(match input.number(part)?.checked_sub(1) {
                    None => NULL,
                    Some(code) => {
                        previous = value(at, code, previous);
                        if previous > Measure::MAX {
                            return Err(DecodeError::malformed(part, "a value is out of range"));
                        }
                        previous
                    }
                });
            }
            Ok(Column::Values(values))
        }
        kind => Err(DecodeError::malformed(part, format!("kind {kind} is not known"))),
    }
}

fn read_health(input: &mut Input<'_>) -> Result<Health, DecodeError> {
    let mut health = Health::default();
    for _ in 0..input.count("health")? {
        let id = input.byte("health")?;
        let counter = HealthCounter::ALL.get(usize::from(id));
        let counter =
            *counter.ok_or_else(|| DecodeError::malformed("health", format!("counter {id} is not known")))?;
        health.set(counter, input.number("health")?);
    }
    Ok(health)
}

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self, part: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(part).map(|[byte]| byte)
    }

    fn flag(&mut self, part: &'static str) -> Result<bool, DecodeError> {
        match self.byte(part)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::malformed(part, format!("{other} is neither 0 nor 1"))),
        }
    }

    fn number(&mut self, part: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(part)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::malformed(part, "a number exceeds 64 bits"))
    }

    fn count(&mut self, part: &'static str) -> Result<usize, DecodeError> {
        let count = self.number(part)?;
        usize::try_from(count).map_err(|_| DecodeError::malformed(part, format!("{count} are too many")))
    }

    fn optional<T: TryFrom<u64>>(&mut self, part: &'static str) -> Result<Option<T>, DecodeError> {
        let Some(value) = self.number(part)?.checked_sub(1) else { return Ok(None) };
        T::try_from(value)
            .map(Some)
            .map_err(|_| DecodeError::malformed(part, format!("{value} is too large")))
    }

    fn coded<T>(
        &mut self,
        part: &'static str,
        decode: fn(u64) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        match self.number(part)? {
            0 => Ok(None),
            code => decode(code)
                .map(Some)
                .ok_or_else(|| DecodeError::malformed(part, format!("code {code} is not known"))),
        }
    }

    fn text(&mut self, part: &'static str) -> Result<&'a str, DecodeError> {
        let length = self.count(part)?;
        self.text_of(length, part)
    }

    fn text_of(&mut self, length: usize, part: &'static str) -> Result<&'a str, DecodeError> {
        let bytes = self.take(length, part)?;
        std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed(part, "a string is not UTF-8"))
    }

    fn list<T>(
        &mut self,
        part: &'static str,
        item: impl Fn(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.count(part)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }
}
