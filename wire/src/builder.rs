//! Collects events into a batch, knowing at any time how large its binary form can become.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::batch::{Batch, Ids, OwnedId, Parts, Reference};
use crate::binary::{id_length, varint_length, zigzag};
use crate::column::Filling;
use crate::event::Event;
use crate::measure::Prediction;
use crate::result::Results;
use crate::strings::check_string;
use crate::target::Targets;
use crate::{Health, Measure, Producer, RequestId, Target, VERSION};

/// Bytes that a batch takes before its first event: header, counts, the directory of columns, health.
const FIXED_BYTES: usize = 644;

/// Gathers events for one batch.
///
/// Strings that may not stand in a batch ([`check_string`]) are left out as absent: a producer sanitises
/// before it pushes, and one bad name must not cost the event.
#[derive(Debug)]
pub struct BatchBuilder {
    gateway: String,
    strings: Interner<Cow<'static, str>>,
    targets: Interner<Target<u32>>,
    results: Interner<crate::EventResult<u32>>,
    events: usize,
    ids: Vec<OwnedId>,
    traces: Vec<Option<crate::TraceContext>>,
    references: [Filling; Reference::COUNT],
    measures: [Filling; Measure::COUNT],
    previous_ended: u64,
    bytes: usize,
}

impl BatchBuilder {
    /// An empty batch from `gateway`.
    pub fn new(gateway: &str) -> Self {
        let gateway = if check_string(gateway).is_ok() { gateway.to_owned() } else { String::new() };
        Self {
            bytes: FIXED_BYTES.saturating_add(gateway.len()),
            gateway,
            strings: Interner::default(),
            targets: Interner::default(),
            results: Interner::default(),
            events: 0,
            ids: Vec::new(),
            traces: Vec::new(),
            references: Default::default(),
            measures: Default::default(),
            previous_ended: 0,
        }
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
        self.bytes
    }

    /// Adds an event. One without a time of completion is taken to have ended with the one before; a cost
    /// without its source, and a source without its cost, are left out.
    pub fn push(&mut self, event: &Event<'_>) {
        let at = self.events;
        let target = self.intern_target(&event.target);
        let cost = event.measures.get(Measure::CostNanoUsd);
        let source = event.result.cost_source.filter(|_| cost.is_some());
        let result = self.intern_result(&crate::EventResult { cost_source: source, ..event.result });
        let consumer = self.intern(event.consumer);
        self.reference(Reference::Target, Some(target));
        self.reference(Reference::Result, Some(result));
        self.reference(Reference::Consumer, consumer.map(u64::from));
        for (dimension, name) in event.dimensions.into_iter().enumerate() {
            let name = self.intern(name);
            self.reference(Reference::Dimension(dimension), name.map(u64::from));
        }
        self.push_measures(event);
        self.push_identity(event, at);
        self.events = at.saturating_add(1);
    }

    fn push_identity(&mut self, event: &Event<'_>, at: usize) {
        self.bytes = self.bytes.saturating_add(id_length(&event.request_id));
        self.ids.push(match event.request_id {
            RequestId::Text(text) if check_string(text).is_ok() => OwnedId::Text(text.into()),
            RequestId::Absent | RequestId::Text(_) => OwnedId::Absent,
            RequestId::Uuid(id) => OwnedId::Uuid(id),
        });
        if event.trace.is_some() && self.traces.is_empty() {
            self.traces.resize(at, None);
            self.bytes = self.bytes.saturating_add(at);
        }
        if event.trace.is_some() || !self.traces.is_empty() {
            self.traces.push(event.trace);
            self.bytes = self.bytes.saturating_add(26);
        }
    }

    fn push_measures(&mut self, event: &Event<'_>) {
        let at = self.events;
        let ended = event.measures.get(Measure::EndedUs).unwrap_or(self.previous_ended);
        for (measure, value) in event.measures.all() {
            let value = match measure {
                Measure::EndedUs => Some(ended),
                Measure::CostNanoUsd => value.filter(|_| event.result.cost_source.is_some()),
                _ => value,
            };
            let Some(column) = self.measures.get_mut(measure.index()) else { continue };
            self.bytes = self.bytes.saturating_add(room(column, at, value));
            column.push(at, value);
            let Some(value) = value else { continue };
            let predicted = match measure.prediction() {
                Prediction::Nothing => None,
                Prediction::Previous => Some(self.previous_ended),
                Prediction::Measure(other) => {
                    Some(self.measures.get(other.index()).and_then(|column| column.get(at)).unwrap_or(0))
                }
            };
            let code = predicted.map_or(value, |predicted| zigzag(value, predicted));
            self.bytes = self.bytes.saturating_add(varint_length(code));
        }
        self.previous_ended = ended;
    }

    fn reference(&mut self, reference: Reference, value: Option<u64>) {
        let at = self.events;
        let Some(column) = self.references.get_mut(reference.index()) else { return };
        self.bytes =
            self.bytes.saturating_add(room(column, at, value)).saturating_add(value.map_or(0, varint_length));
        column.push(at, value);
    }

    fn intern(&mut self, text: Option<&str>) -> Option<u32> {
        let text = text.filter(|text| check_string(text).is_ok())?;
        if let Some(at) = self.strings.find(text) {
            return Some(at);
        }
        self.bytes = self.bytes.saturating_add(text.len().saturating_add(2));
        Some(self.strings.add(Cow::Owned(text.to_owned())))
    }

    fn intern_target(&mut self, target: &Target<&str>) -> u64 {
        let row = Target::from_names(target.names().map(|name| self.intern(name)));
        if let Some(at) = self.targets.find(&row) {
            return at.into();
        }
        // Nine references of up to three bytes: a batch has far fewer than 2²¹ strings.
        self.bytes = self.bytes.saturating_add(27);
        self.targets.add(row).into()
    }

    fn intern_result(&mut self, result: &crate::EventResult<&str>) -> u64 {
        let row = result.map(|name| self.intern(Some(name)));
        if let Some(at) = self.results.find(&row) {
            return at.into();
        }
        // Twelve fields: ten bytes of flags, five of attempts, three a name, three of status, one each else.
        self.bytes = self.bytes.saturating_add(33);
        self.results.add(row).into()
    }

    /// Closes the batch: its first event gets the number `first_sequence`.
    pub fn finish(self, producer: Producer, first_sequence: u64, sent_us: u64, health: Health) -> Batch {
        let only_uuids: Option<Vec<[u8; 16]>> = self
            .ids
            .iter()
            .map(|id| match id {
                OwnedId::Uuid(id) => Some(*id),
                OwnedId::Absent | OwnedId::Text(_) => None,
            })
            .collect();
        Batch::trusted(Parts {
            version: VERSION,
            producer,
            first_sequence,
            sent_us,
            gateway: self.gateway,
            strings: self.strings.items,
            targets: Targets::of(&self.targets.items),
            results: Results::of(&self.results.items),
            events: self.events,
            ids: only_uuids.map_or(Ids::Mixed(self.ids), Ids::Uuids),
            traces: self.traces,
            references: self.references.map(Filling::finish),
            measures: self.measures.map(Filling::finish),
            health,
        })
    }
}

/// Bytes for telling which rows have a value, counted generously: one a row from the first value on.
fn room(column: &Filling, at: usize, value: Option<u64>) -> usize {
    match (column.is_empty(), value) {
        (true, None) => 0,
        (true, Some(_)) => at,
        (false, _) => usize::from(value.is_none()),
    }
}

/// Gives each distinct item a position.
#[derive(Debug)]
struct Interner<T> {
    items: Vec<T>,
    positions: HashMap<T, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { items: Vec::new(), positions: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    fn find<Q: Eq + Hash + ?Sized>(&self, item: &Q) -> Option<u32>
    where
        T: std::borrow::Borrow<Q>,
    {
        self.positions.get(item).copied()
    }

    fn add(&mut self, item: T) -> u32 {
        // A batch is far smaller than 2³² items; beyond, the last position is shared.
        let at = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item.clone());
        self.positions.insert(item, at);
        at
    }
}
