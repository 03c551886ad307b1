//! The same structure in JSON, for people, for tests and for producers without a binary encoder.
//!
//! Tables and columns stand as in the binary form; a column is an array with `null` for "absent", or one
//! number where every event has the same. Columns that are absent altogether are left out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

mod summary;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::{Batch, DimensionNames, Ids, OwnedId, Parts, Reference};
use crate::column::{Column, NULL};
use crate::result::Results;
use crate::target::Targets;
use crate::{
    DecodeError, EventResult, Health, HealthCounter, InstanceId, MAX_EVENTS, Measure, OLDEST_VERSION,
    Producer, RequestId, Target, TraceContext, VERSION,
};

/// The media type of the JSON form.
pub const CONTENT_TYPE: &str = "application/json";

/// Reads a batch from its JSON form.
///
/// # Errors
/// Says what is wrong with the input; [`DecodeError::Version`] where it is a batch of another version.
pub fn decode(input: &[u8]) -> Result<Batch, DecodeError> {
    let probe: Probe = serde_json::from_slice(input).map_err(|error| DecodeError::json(&error))?;
    match u8::try_from(probe.version) {
        Ok(version) if (OLDEST_VERSION..=VERSION).contains(&version) => {}
        _ => return Err(DecodeError::Version { found: probe.version }),
    }
    let document: Document<'_> = serde_json::from_slice(input).map_err(|error| DecodeError::json(&error))?;
    Batch::checked(document.into_parts()?)
}

/// The JSON form of `batch`.
pub fn encode(batch: &Batch) -> String {
    // Serialising plain data to memory has no failure of its own; an empty string would not decode.
    serde_json::to_string(&Document::of(batch)).unwrap_or_default()
}

/// Only the version, before anything else is believed.
#[derive(Deserialize)]
struct Probe {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u8,
    instance: InstanceId,
    epoch: u64,
    first_sequence: u64,
    sent_us: u64,
    #[serde(default)]
    gateway: String,
    #[serde(default, deserialize_with = "list")]
    strings: Vec<Cow<'static, str>>,
    #[serde(default, deserialize_with = "list")]
    targets: Vec<Target<u32>>,
    #[serde(default, deserialize_with = "list")]
    results: Vec<EventResult<u32>>,
    #[serde(deserialize_with = "list")]
    request_ids: Vec<Option<Box<str>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    traces: Vec<Option<Box<str>>>,
    #[serde(default)]
    references: BTreeMap<Cow<'a, str>, JsonColumn<'a>>,
    #[serde(default)]
    measures: BTreeMap<Cow<'a, str>, JsonColumn<'a>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    health: BTreeMap<Cow<'a, str>, u64>,
    #[serde(default, skip_serializing_if = "unnamed")]
    dimension_names: DimensionNames,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<summary::Document>,
}

fn unnamed(names: &DimensionNames) -> bool {
    names.iter().all(Option::is_none)
}

impl<'a> Document<'a> {
    fn of(batch: &'a Batch) -> Self {
        let parts = batch.parts();
        let id = |id: RequestId<'_>| (id != RequestId::Absent).then(|| id.to_string().into());
        let references = Reference::ALL.into_iter().map(Reference::name).zip(&parts.references);
        let measures = Measure::ALL.iter().map(|measure| measure.name()).zip(&parts.measures);
        Self {
            version: parts.version,
            instance: parts.producer.instance,
            epoch: parts.producer.epoch,
            first_sequence: parts.first_sequence,
            sent_us: parts.sent_us,
            gateway: parts.gateway.clone(),
            strings: parts.strings.clone(),
            targets: parts.targets.iter().collect(),
            results: parts.results.iter().collect(),
            request_ids: (0..parts.events).map(|at| id(batch.request_id(at))).collect(),
            traces: parts.traces.iter().map(|trace| trace.map(|trace| trace.to_string().into())).collect(),
            references: present(parts.events, references),
            measures: present(parts.events, measures),
            health: parts.health.known().map(|(counter, value)| (counter.name().into(), value)).collect(),
            dimension_names: parts.dimension_names.clone(),
            summary: parts.summary.as_ref().map(summary::Document::of),
        }
    }

    fn into_parts(self) -> Result<Parts, DecodeError> {
        let references = Reference::ALL.map(Reference::name);
        let measures = std::array::from_fn(|at| Measure::ALL.get(at).map_or("", |measure| measure.name()));
        Ok(Parts {
            version: self.version,
            producer: Producer { instance: self.instance, epoch: self.epoch },
            first_sequence: self.first_sequence,
            sent_us: self.sent_us,
            gateway: self.gateway,
            strings: self.strings,
            targets: Targets::of(&self.targets),
            results: Results::of(&self.results),
            events: self.request_ids.len(),
            ids: ids(self.request_ids),
            traces: traces(self.traces)?,
            references: columns("references", references, self.references)?,
            measures: columns("measures", measures, self.measures)?,
            health: health(self.health)?,
            dimension_names: self.dimension_names,
            summary: self.summary.map(summary::Document::into_table).transpose()?,
        })
    }
}

fn present<'a>(
    rows: usize,
    columns: impl Iterator<Item = (&'static str, &'a Column)>,
) -> BTreeMap<Cow<'a, str>, JsonColumn<'a>> {
    columns
        .filter(|(_, column)| !matches!(column, Column::Absent))
        .map(|(name, column)| (name.into(), JsonColumn { rows, column: Cow::Borrowed(column) }))
        .collect()
}

fn columns<const N: usize>(
    part: &str,
    names: [&'static str; N],
    mut found: BTreeMap<Cow<'_, str>, JsonColumn<'_>>,
) -> Result<[Column; N], DecodeError> {
    let columns =
        names.map(|name| found.remove(name).map_or(Column::Absent, |column| column.column.into_owned()));
    match found.into_keys().next() {
        Some(unknown) => Err(DecodeError::malformed(format!("{part}.{unknown}"), "is not known")),
        None => Ok(columns),
    }
}

fn ids(texts: Vec<Option<Box<str>>>) -> Ids {
    let owned = |text: Box<str>| match RequestId::parse(&text) {
        RequestId::Absent => OwnedId::Absent,
        RequestId::Uuid(id) => OwnedId::Uuid(id),
        RequestId::Text(_) => OwnedId::Text(text),
    };
    let ids: Vec<OwnedId> = texts.into_iter().map(|text| text.map_or(OwnedId::Absent, owned)).collect();
    let uuids = ids.iter().map(|id| match id {
        OwnedId::Uuid(id) => Some(*id),
        OwnedId::Absent | OwnedId::Text(_) => None,
    });
    match uuids.collect() {
        Some(uuids) => Ids::Uuids(uuids),
        None => Ids::Mixed(ids),
    }
}

fn traces(texts: Vec<Option<Box<str>>>) -> Result<Vec<Option<TraceContext>>, DecodeError> {
    let trace = |(at, text): (usize, Option<Box<str>>)| {
        text.map(|text| {
            let bad =
                || DecodeError::malformed(format!("traces[{at}]"), "is not a traceparent of version 00");
            TraceContext::parse(text.as_bytes()).ok_or_else(bad)
        })
        .transpose()
    };
    texts.into_iter().enumerate().map(trace).collect()
}

fn health(counters: BTreeMap<Cow<'_, str>, u64>) -> Result<Health, DecodeError> {
    let mut health = Health::default();
    for (name, value) in counters {
        let counter = HealthCounter::ALL.iter().find(|counter| counter.name() == name);
        let unknown = || DecodeError::malformed(format!("health.{name}"), "is not known");
        health.set(*counter.ok_or_else(unknown)?, value);
    }
    Ok(health)
}

/// A column as an array, or as the one number that all events share.
struct JsonColumn<'a> {
    rows: usize,
    column: Cow<'a, Column>,
}

impl Serialize for JsonColumn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.column.as_ref() {
            Column::Absent => serializer.serialize_none(),
            Column::Constant(value) => serializer.serialize_u64(*value),
            column @ (Column::Dense(_) | Column::Sparse(_)) => {
                serializer.collect_seq((0..self.rows).map(|row| column.get(row)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for JsonColumn<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnVisitor).map(|column| Self { rows: 0, column: Cow::Owned(column) })
    }
}

/// A list that may be no longer than a batch: a small text could otherwise become many large rows.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct ListVisitor<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
        type Value = Vec<T>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = sequence.next_element()? {
                bounded(items.len())?;
                items.push(item);
            }
            Ok(items)
        }
    }

    deserializer.deserialize_seq(ListVisitor(std::marker::PhantomData))
}

fn bounded<E: de::Error>(length: usize) -> Result<(), E> {
    if length < MAX_EVENTS {
        return Ok(());
    }
    Err(E::custom(format_args!("a list is longer than {MAX_EVENTS}, the most events of one batch")))
}

struct ColumnVisitor;

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = Column;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number, or an array of numbers and nulls")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Column, E> {
        Ok(Column::Absent)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Column, E> {
        Ok(Column::Constant(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Column, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element::<Option<u64>>()? {
            if value == Some(NULL) {
                return Err(de::Error::custom(format_args!("{NULL} is out of range")));
            }
            bounded(values.len())?;
            values.push(value.unwrap_or(NULL));
        }
        Ok(Column::of(values))
    }
}
