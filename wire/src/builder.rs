//! Collects events into a batch, knowing at any time how large its binary form can become.

use crate::batch::{Batch, DimensionNames, Ids, OwnedId, Parts, Reference};
use crate::binary::{id_length, varint_length, zigzag};
use crate::column::Filling;
use crate::dictionary::{Dictionary, allowed};
use crate::event::{DIMENSIONS, Event};
use crate::index::{Hash, Index};
use crate::measure::Prediction;
use crate::result::Results;
use crate::target::Targets;
use crate::{EventResult, Health, Measure, Producer, RequestId, Target, TraceContext, VERSION};

/// Bytes that a batch takes before its first event: header, counts, the directory of columns, health.
pub(crate) const FIXED_BYTES: usize = 780;

/// Gathers events for one batch.
///
/// Strings that may not stand in a batch ([`check_string`](crate::check_string)) are left out as absent: a
/// producer sanitises before it pushes, and one bad name must not cost the event.
#[derive(Debug)]
pub struct BatchBuilder {
    gateway: String,
    dimension_names: DimensionNames,
    names: Dictionary,
    targets: Rows<Target<u32>>,
    results: Rows<EventResult<u32>>,
    events: usize,
    ids: Ids,
    traces: Vec<Option<TraceContext>>,
    references: [Filling; Reference::COUNT],
    measures: [Filling; Measure::COUNT],
    columns: Columns,
    previous_ended: u64,
    bytes: usize,
}

/// Distinct rows of a table, and where each is.
#[derive(Debug)]
struct Rows<T> {
    items: Vec<T>,
    index: Index,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: Index::default() }
    }
}

/// Which columns have a value, a bit each: those of references, then those of measures.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    used: u64,
    gapped: u64,
}

impl Columns {
    /// Takes in which of them have a value in row `at`.
    fn add(&mut self, at: usize, present: u64) {
        let late = if at > 0 { present & !self.used } else { 0 };
        self.gapped |= (self.used & !present) | late;
        self.used |= present;
    }
}

impl BatchBuilder {
    /// An empty batch from `gateway`.
    pub fn new(gateway: &str) -> Self {
        let gateway = allowed(Some(gateway)).unwrap_or_default().to_owned();
        Self {
            bytes: FIXED_BYTES.saturating_add(gateway.len()),
            gateway,
            dimension_names: DimensionNames::default(),
            names: Dictionary::default(),
            targets: Rows::default(),
            results: Rows::default(),
            events: 0,
            ids: Ids::Uuids(Vec::new()),
            traces: Vec::new(),
            references: Default::default(),
            measures: Default::default(),
            columns: Columns::default(),
            previous_ended: 0,
        }
    }

    /// The same with a secret that decides how names are hashed; before the first event.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        if self.is_empty() {
            self.names = Dictionary::with_seed(seed);
        }
        self
    }

    /// The same with names for [`Event::dimensions`]. One that is empty, may not stand in a batch or has come
    /// before is left out.
    #[must_use]
    pub fn with_dimensions(mut self, names: [Option<&str>; DIMENSIONS]) -> Self {
        let before = self.dimension_names.iter().flatten().map(|name| name.len()).sum();
        self.dimension_names = DimensionNames::default();
        for (at, name) in names.into_iter().enumerate() {
            let name = allowed(name).filter(|name| !name.is_empty());
            let name =
                name.filter(|name| !self.dimension_names.iter().flatten().any(|kept| **kept == **name));
            if let Some(slot) = self.dimension_names.get_mut(at) {
                *slot = name.map(Into::into);
            }
        }
        let after: usize = self.dimension_names.iter().flatten().map(|name| name.len()).sum();
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        self
    }

    /// How many events are in it.
    pub fn len(&self) -> usize {
        self.events
    }

    /// Whether no event is in it.
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The most bytes that the binary form can take; never less than what it will.
    pub fn size_bound(&self) -> usize {
        let gapped = self.columns.gapped.count_ones() as usize;
        let presence = self.events.div_ceil(8).saturating_mul(gapped);
        let untagged = if matches!(self.ids, Ids::Uuids(_)) { self.events } else { 0 };
        let all = self.bytes.saturating_add(self.names.bytes()).saturating_add(presence);
        all.saturating_sub(untagged)
    }

    /// Adds an event. One without a time of completion is taken to have ended with the one before; a cost
    /// without its source, and a source without its cost, are left out.
    pub fn push(&mut self, event: &Event<'_>) {
        let at = self.events;
        let target = self.intern_target(&event.target);
        let cost = event.measures.get(Measure::CostNanoUsd);
        let source = event.result.cost_source.filter(|_| cost.is_some());
        let result = self.intern_result(&EventResult { cost_source: source, ..event.result });
        let mut present = self.reference(Reference::Target, Some(target));
        present |= self.reference(Reference::Result, Some(result));
        let consumer = self.names.intern(event.consumer);
        present |= self.reference(Reference::Consumer, consumer);
        for (dimension, name) in event.dimensions.into_iter().enumerate() {
            let name = self.names.intern(name);
            present |= self.reference(Reference::Dimension(dimension), name);
        }
        present |= self.push_measures(event) << Reference::COUNT;
        self.columns.add(at, present);
        self.push_identity(event, at);
        self.events = at.saturating_add(1);
    }

    fn push_identity(&mut self, event: &Event<'_>, at: usize) {
        self.bytes = self.bytes.saturating_add(id_length(&event.request_id));
        push_id(&mut self.ids, event.request_id);
        if event.trace.is_some() && self.traces.is_empty() {
            self.traces.resize(at, None);
            self.bytes = self.bytes.saturating_add(at);
        }
        if event.trace.is_some() || !self.traces.is_empty() {
            self.traces.push(event.trace);
            self.bytes = self.bytes.saturating_add(if event.trace.is_some() { 26 } else { 1 });
        }
    }

    /// Says which measures the event has, a bit each.
    fn push_measures(&mut self, event: &Event<'_>) -> u64 {
        let at = self.events;
        let ended = event.measures.get(Measure::EndedUs).unwrap_or(self.previous_ended);
        let (mut present, mut bytes) = (0, 0usize);
        for ((measure, value), column) in event.measures.all().zip(&mut self.measures) {
            let value = match measure {
                Measure::EndedUs => Some(ended),
                Measure::CostNanoUsd => value.filter(|_| event.result.cost_source.is_some()),
                _ => value,
            };
            let Some(value) = value else { continue };
            column.push(at, value);
            present |= 1 << measure.index();
            let code = match measure.prediction() {
                Prediction::Nothing => value,
                Prediction::Previous => zigzag(value, self.previous_ended),
                Prediction::Measure(other) => zigzag(value, event.measures.get(other).unwrap_or(0)),
            };
            bytes = bytes.saturating_add(varint_length(code));
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.previous_ended = ended;
        present
    }

    /// The column's bit, if it has a value.
    fn reference(&mut self, reference: Reference, value: Option<u32>) -> u64 {
        let Some((value, column)) = value.zip(self.references.get_mut(reference.index())) else { return 0 };
        let value = u64::from(value);
        self.bytes = self.bytes.saturating_add(varint_length(value));
        column.push(self.events, value);
        1 << reference.index()
    }

    /// The row of a target. Its names are hashed and compared together: most have come before.
    fn intern_target(&mut self, target: &Target<&str>) -> u32 {
        let names = &self.names;
        let find = |rows: &Rows<_>, target: &Target<&str>| {
            rows.find(hash_target(names.hash(), target), |row: &Target<u32>| {
                resolved_target(names, row) == *target
            })
        };
        if let Some(at) = find(&self.targets, target) {
            return at;
        }
        let clean = Target::from_names(target.names().map(allowed));
        if let Some(at) = find(&self.targets, &clean) {
            return at;
        }
        let row = Target::from_names(clean.names().map(|name| self.names.intern(name)));
        // Nine references of up to three bytes: a batch has far fewer than 2²¹ strings.
        self.bytes = self.bytes.saturating_add(27);
        let names = &self.names;
        let hash_of = |row: &Target<u32>| hash_target(names.hash(), &resolved_target(names, row));
        self.targets.add(row, hash_target(names.hash(), &clean), hash_of)
    }

    fn intern_result(&mut self, result: &EventResult<&str>) -> u32 {
        let names = &self.names;
        let find = |rows: &Rows<_>, result: &EventResult<&str>| {
            rows.find(hash_result(names.hash(), result), |row: &EventResult<u32>| {
                resolved_result(names, row) == *result
            })
        };
        if let Some(at) = find(&self.results, result) {
            return at;
        }
        let clean = result.map(|name| allowed(Some(name)));
        if let Some(at) = find(&self.results, &clean) {
            return at;
        }
        let row = clean.map(|name| self.names.intern(Some(name)));
        // Twelve fields: ten bytes of flags, five of attempts, three a name, three of status, one each else.
        self.bytes = self.bytes.saturating_add(33);
        let names = &self.names;
        let hash_of = |row: &EventResult<u32>| hash_result(names.hash(), &resolved_result(names, row));
        self.results.add(row, hash_result(names.hash(), &clean), hash_of)
    }

    /// Closes the batch: its first event gets the number `first_sequence`.
    pub fn finish(self, producer: Producer, first_sequence: u64, sent_us: u64, health: Health) -> Batch {
        let events = self.events;
        Batch::trusted(Parts {
            version: VERSION,
            producer,
            first_sequence,
            sent_us,
            gateway: self.gateway,
            strings: self.names.into_strings(),
            targets: Targets::of(&self.targets.items),
            results: Results::of(&self.results.items),
            events,
            ids: self.ids,
            traces: self.traces,
            references: self.references.map(|column| column.finish(events)),
            measures: self.measures.map(|column| column.finish(events)),
            health,
            dimension_names: self.dimension_names,
            summary: None,
        })
    }
}

/// Ids stay bytes as long as all are UUIDs.
fn push_id(ids: &mut Ids, id: RequestId<'_>) {
    let id = match (id, &mut *ids) {
        (RequestId::Uuid(id), Ids::Uuids(ids)) => return ids.push(id),
        (RequestId::Uuid(id), Ids::Mixed(_)) => OwnedId::Uuid(id),
        (RequestId::Text(text), _) => {
            allowed(Some(text)).map_or(OwnedId::Absent, |text| OwnedId::Text(text.into()))
        }
        (RequestId::Absent, _) => OwnedId::Absent,
    };
    if let Ids::Uuids(uuids) = ids {
        *ids = Ids::Mixed(uuids.iter().copied().map(OwnedId::Uuid).collect());
    }
    if let Ids::Mixed(ids) = ids {
        ids.push(id);
    }
}

fn resolved_target<'a>(names: &'a Dictionary, row: &Target<u32>) -> Target<&'a str> {
    Target::from_names(row.names().map(|name| names.name(name)))
}

fn hash_target(start: Hash, target: &Target<&str>) -> Hash {
    target.names().into_iter().fold(start, Hash::name)
}

fn resolved_result<'a>(names: &'a Dictionary, row: &EventResult<u32>) -> EventResult<&'a str> {
    row.map(|name| names.name(Some(name)))
}

fn hash_result(start: Hash, result: &EventResult<&str>) -> Hash {
    let codes = [
        Some(result.outcome.code()),
        result.usage_status.map(crate::UsageStatus::code),
        result.cost_source.map(crate::CostSource::code),
        result.cache.map(crate::Cache::code),
        result.breaker.map(crate::Breaker::code),
        result.streamed.map(|streamed| u64::from(streamed) + 1),
    ];
    // Each code is below eight.
    let codes = codes.into_iter().fold(0, |all, code| (all << 3) | code.unwrap_or(0));
    let status = result.status.map_or(1 << 16, u64::from);
    let attempts = result.attempts.map_or(1 << 32, u64::from);
    let start = start.number(codes | (status << 32)).number(attempts).number(result.response_flags);
    [result.error_type, result.details, result.service_tier].into_iter().fold(start, Hash::name)
}

impl<T> Rows<T> {
    fn find(&self, hash: Hash, is_it: impl Fn(&T) -> bool) -> Option<u32> {
        self.index.find(hash, |at| get(&self.items, at).is_some_and(&is_it))
    }

    fn add(&mut self, item: T, hash: Hash, hash_of: impl Fn(&T) -> Hash) -> u32 {
        // A batch is far smaller than 2³² rows; beyond, the last position is shared.
        let at = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item);
        let Self { items, index } = self;
        index.add(hash, at, |at| get(items, at).map_or(hash, &hash_of));
        at
    }
}

fn get<T>(items: &[T], at: u32) -> Option<&T> {
    items.get(usize::try_from(at).ok()?)
}
