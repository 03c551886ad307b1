//! A batch in memory: validated tables and columns, and its events as rows over them.
//!
//! Both decoders and the builder end in [`Batch::checked`], so a [`Batch`] that exists is consistent: each
//! reference points into its table, each column has a value for every event or none at all.

use std::borrow::Cow;

use crate::column::Column;
use crate::event::DIMENSIONS;
use crate::measure::Prediction;
use crate::result::Results;
use crate::summary::SummaryTable;
use crate::target::Targets;
use crate::{
    DecodeError, Event, EventResult, Health, Measure, Measures, Producer, RequestId, Summary, Target,
    TraceContext,
};

/// Request ids of a batch, one an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ids {
    /// All are UUIDs: the usual case.
    Uuids(Vec<[u8; 16]>),
    /// Anything.
    Mixed(Vec<OwnedId>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OwnedId {
    Absent,
    Uuid([u8; 16]),
    Text(Box<str>),
}

/// What a batch is made of, before it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) version: u8,
    pub(crate) producer: Producer,
    pub(crate) first_sequence: u64,
    pub(crate) sent_us: u64,
    pub(crate) gateway: String,
    pub(crate) strings: Vec<Cow<'static, str>>,
    pub(crate) targets: Targets,
    pub(crate) results: Results,
    pub(crate) events: usize,
    pub(crate) ids: Ids,
    pub(crate) traces: Vec<Option<TraceContext>>,
    pub(crate) references: [Column; Reference::COUNT],
    pub(crate) measures: [Column; Measure::COUNT],
    pub(crate) health: Health,
    pub(crate) dimension_names: DimensionNames,
    pub(crate) summary: Option<SummaryTable>,
}

/// What the operator calls each dimension.
pub(crate) type DimensionNames = [Option<Box<str>>; DIMENSIONS];

/// The columns that point into a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Into the targets; every event has one.
    Target,
    /// Into the results; every event has one.
    Result,
    /// Into the dictionary.
    Consumer,
    /// Into the dictionary; one column a dimension.
    Dimension(usize),
}

impl Reference {
    pub(crate) const COUNT: usize = 3 + DIMENSIONS;
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Target,
        Self::Result,
        Self::Consumer,
        Self::Dimension(0),
        Self::Dimension(1),
        Self::Dimension(2),
        Self::Dimension(3),
    ];
    const NAMES: [&'static str; Self::COUNT] =
        ["target", "result", "consumer", "dimension_1", "dimension_2", "dimension_3", "dimension_4"];

    pub(crate) fn index(self) -> usize {
        match self {
            Self::Target => 0,
            Self::Result => 1,
            Self::Consumer => 2,
            Self::Dimension(at) => 3 + at,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.get(self.index()).copied().unwrap_or("dimension")
    }
}

/// A batch of events from one producer, consistent by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch(Parts);

impl Batch {
    /// The version it was sent in.
    pub fn version(&self) -> u8 {
        self.0.version
    }

    /// Who sent it.
    pub fn producer(&self) -> Producer {
        self.0.producer
    }

    /// The sequence number of the first event; event `at` has `first_sequence() + at`. With no events, the
    /// number that the next one will have.
    pub fn first_sequence(&self) -> u64 {
        self.0.first_sequence
    }

    /// When the batch was closed, microseconds since 1970 UTC by the producer's clock.
    pub fn sent_us(&self) -> u64 {
        self.0.sent_us
    }

    /// The gateway's name: Envoy's node id, or what its configuration says.
    pub fn gateway(&self) -> &str {
        &self.0.gateway
    }

    /// The producer's own counters.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// What the operator calls each of [`Event::dimensions`]; no two alike.
    pub fn dimension_names(&self) -> [Option<&str>; DIMENSIONS] {
        self.0.dimension_names.each_ref().map(Option::as_deref)
    }

    /// What stands for events whose detail is gone; a batch that has it holds no events.
    pub fn summary(&self) -> Option<Summary<'_>> {
        let table = self.0.summary.as_ref()?;
        Some(Summary { table, strings: &self.0.strings })
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        self.0.events
    }

    /// Whether it holds none: it may still carry the producer's health.
    pub fn is_empty(&self) -> bool {
        self.0.events == 0
    }

    /// The table of targets.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = Target<&str>> {
        self.0.targets.iter().map(|row| self.target(row))
    }

    /// The table of results.
    pub fn results(&self) -> impl ExactSizeIterator<Item = EventResult<&str>> {
        self.0.results.iter().map(|row| self.result(row))
    }

    /// Which row of [`Batch::targets`] event `at` has.
    pub fn target_of(&self, at: usize) -> Option<usize> {
        self.reference(Reference::Target, at)
    }

    /// Which row of [`Batch::results`] event `at` has.
    pub fn result_of(&self, at: usize) -> Option<usize> {
        self.reference(Reference::Result, at)
    }

    /// The column of one measure.
    pub fn column(&self, measure: Measure) -> &Column {
        static ABSENT: Column = Column::Absent;
        self.0.measures.get(measure.index()).unwrap_or(&ABSENT)
    }

    /// The request id of event `at`.
    pub fn request_id(&self, at: usize) -> RequestId<'_> {
        match &self.0.ids {
            Ids::Uuids(ids) => ids.get(at).map_or(RequestId::Absent, |id| RequestId::Uuid(*id)),
            Ids::Mixed(ids) => match ids.get(at) {
                None | Some(OwnedId::Absent) => RequestId::Absent,
                Some(OwnedId::Uuid(id)) => RequestId::Uuid(*id),
                Some(OwnedId::Text(text)) => RequestId::Text(text),
            },
        }
    }

    /// Event `at`, if there is one.
    pub fn event(&self, at: usize) -> Option<Event<'_>> {
        if at >= self.len() {
            return None;
        }
        let name = |reference| self.reference(reference, at).and_then(|index| self.string(index));
        let mut measures = Measures::new();
        for (measure, column) in Measure::ALL.iter().zip(&self.0.measures) {
            measures.set(*measure, column.get(at));
        }
        Some(Event {
            request_id: self.request_id(at),
            trace: self.0.traces.get(at).copied().flatten(),
            consumer: name(Reference::Consumer),
            dimensions: std::array::from_fn(|dimension| name(Reference::Dimension(dimension))),
            target: self.target(self.0.targets.row(self.target_of(at)?)),
            result: self.result(self.0.results.row(self.result_of(at)?)?),
            measures,
        })
    }

    /// All events in the order of their sequence numbers.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.len()).filter_map(|at| self.event(at))
    }

    /// For parts that came from outside.
    pub(crate) fn checked(parts: Parts) -> Result<Self, DecodeError> {
        parts.validate()?;
        Ok(Self(parts))
    }

    /// For parts that are consistent by the way they were made.
    pub(crate) fn trusted(parts: Parts) -> Self {
        debug_assert_eq!(parts.validate(), Ok(()));
        Self(parts)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    fn reference(&self, reference: Reference, at: usize) -> Option<usize> {
        let value = self.0.references.get(reference.index())?.get(at)?;
        usize::try_from(value).ok()
    }

    fn string(&self, index: usize) -> Option<&str> {
        self.0.strings.get(index).map(AsRef::as_ref)
    }

    fn name(&self, index: u32) -> Option<&str> {
        self.string(usize::try_from(index).ok()?)
    }

    fn target(&self, row: Target<u32>) -> Target<&str> {
        Target::from_names(row.names().map(|name| self.name(name?)))
    }

    fn result(&self, row: EventResult<u32>) -> EventResult<&str> {
        row.map(|index| self.name(index))
    }
}

impl Parts {
    /// A batch with nothing in it.
    pub(crate) fn empty(version: u8, producer: Producer) -> Self {
        Self {
            version,
            producer,
            first_sequence: 0,
            sent_us: 0,
            gateway: String::new(),
            strings: Vec::new(),
            targets: Targets::default(),
            results: Results::default(),
            events: 0,
            ids: Ids::Uuids(Vec::new()),
            traces: Vec::new(),
            references: Default::default(),
            measures: Default::default(),
            health: Health::default(),
            dimension_names: DimensionNames::default(),
            summary: None,
        }
    }

    /// The value that `measure` of event `at` is written against.
    pub(crate) fn predicted(measures: &[Column], measure: Measure, at: usize, previous: u64) -> u64 {
        match measure.prediction() {
            Prediction::Nothing => 0,
            Prediction::Previous => previous,
            Prediction::Measure(other) => {
                measures.get(other.index()).and_then(|column| column.get(at)).unwrap_or(0)
            }
        }
    }
}
