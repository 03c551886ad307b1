//! Folds events into a summary, knowing at any time how large its binary form can become.

use super::cell::{SummaryCell, Timing, Window};
use super::table::{Ahead, COLUMNS, Place, SummaryTable, ahead, place, values};
use super::{NAMES, REQUESTS, SequenceRange};
use crate::batch::{Batch, Parts};
use crate::binary::{varint_length, zigzag};
use crate::builder::FIXED_BYTES;
use crate::column::NULL;
use crate::dictionary::{Dictionary, allowed};
use crate::index::{Hash, Index};
use crate::{Event, Health, Measure, Outcome, Producer, VERSION};

/// Bytes that a summary takes before its first cell: counts, and the directories of its columns.
const FIXED_SUMMARY_BYTES: usize = 32 + (COLUMNS + 2 * Timing::ALL.len()) * 14;
/// Bytes of one range at most.
const RANGE_BYTES: usize = 20;
/// Bytes that a bucket takes besides its count at most.
const BUCKET_BYTES: usize = 2;

/// Folds events into a summary.
///
/// Names that may not stand in a batch ([`check_string`](crate::check_string)) are left out as absent.
/// Whoever uses it adds each event once and covers its sequence number once.
#[derive(Debug)]
pub struct SummaryBuilder {
    gateway: String,
    names: Dictionary,
    cells: Vec<SummaryCell<u32>>,
    index: Index,
    ranges: Vec<SequenceRange>,
    requests: u64,
    /// What all cells take at most, but for the bits that say where a value is.
    bytes: usize,
    last_start: u64,
}

/// What tells one cell from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key<'a> {
    window: Window,
    names: [Option<&'a str>; NAMES],
    outcome: Outcome,
    class: Option<u8>,
}

impl Key<'_> {
    fn hash(&self, start: Hash) -> Hash {
        let start = start.number(self.window.start_s).number(self.window.width_s.into());
        let class = self.class.map_or(NULL, u64::from);
        let start = start.number(self.outcome.code()).number(class);
        self.names.iter().fold(start, |hash, name| hash.name(*name))
    }
}

impl SummaryBuilder {
    /// Nothing yet, from `gateway`.
    pub fn new(gateway: &str) -> Self {
        Self {
            gateway: allowed(Some(gateway)).unwrap_or_default().to_owned(),
            names: Dictionary::default(),
            cells: Vec::new(),
            index: Index::default(),
            ranges: Vec::new(),
            requests: 0,
            bytes: 0,
            last_start: 0,
        }
    }

    /// The same with a secret that decides how names are hashed; before the first event.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        if self.cells.is_empty() {
            self.names = Dictionary::with_seed(seed);
        }
        self
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.ranges.is_empty()
    }

    /// How many events were added.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How many cells it has: their number is what its memory follows.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The most bytes that the binary form of [`SummaryBuilder::batch`] can take; never less than what it will.
    pub fn size_bound(&self) -> usize {
        let presence = self.cells.len().div_ceil(8).saturating_mul(COLUMNS);
        let parts = [
            FIXED_BYTES,
            FIXED_SUMMARY_BYTES,
            self.gateway.len(),
            self.names.bytes(),
            self.ranges.len().saturating_mul(RANGE_BYTES),
            self.bytes,
            presence,
        ];
        parts.into_iter().fold(0, usize::saturating_add)
    }

    /// Adds an event to the cell of its series in `window`; to its histograms too, where those are wanted.
    ///
    /// A window begins within [`Measure::MAX`] and is at least a second wide.
    pub fn add(&mut self, event: &Event<'_>, window: Window, histograms: bool) {
        let target = &event.target;
        let names = [
            target.backend,
            target.backend_type,
            target.route,
            target.model,
            target.algorithm,
            target.provider,
        ];
        let window = Window { start_s: window.start_s.min(Measure::MAX), width_s: window.width_s.max(1) };
        let class = event.result.status.and_then(|status| u8::try_from(status / 100).ok());
        let at = self.cell_of(Key { window, names, outcome: event.result.outcome, class });
        let Some(cell) = self.cells.get_mut(at) else { return };
        let before = length(cell);
        cell.add(event);
        let mut grown = length(cell);
        if histograms {
            for (timing, histogram) in Timing::ALL.iter().zip(&mut cell.histograms) {
                let Some(value) = event.measures.get(timing.measure()) else { continue };
                grown = match histogram.add(value) {
                    1 => grown.saturating_add(BUCKET_BYTES).saturating_add(1),
                    count if varint_length(count) > varint_length(count.saturating_sub(1)) => {
                        grown.saturating_add(1)
                    }
                    _ => grown,
                };
            }
        }
        self.bytes = self.bytes.saturating_add(grown).saturating_sub(before);
        self.requests = self.requests.saturating_add(1);
    }

    /// The position of a cell, which is added if it is new.
    fn cell_of(&mut self, key: Key<'_>) -> usize {
        if let Some(at) = self.find(&key) {
            return at;
        }
        let key = Key { names: key.names.map(allowed), ..key };
        if let Some(at) = self.find(&key) {
            return at;
        }
        let at = self.cells.len();
        let Some(position) = u32::try_from(at).ok().filter(|at| *at != u32::MAX) else { return at };
        let names = key.names.map(|name| self.names.intern(name));
        let cell = SummaryCell::new(key.window, names, key.outcome, key.class);
        let start = varint_length(zigzag(key.window.start_s, self.last_start));
        self.last_start = key.window.start_s;
        // Each name's code is its position and one, two bytes say how many buckets each histogram has.
        let names = names.into_iter().flatten().map(|name| varint_length(u64::from(name).saturating_add(1)));
        let names = names.fold(0, usize::saturating_add);
        let scalars = 1 + 2 + varint_length(key.window.width_s.into()) + 2 * Timing::ALL.len();
        let whole = names.saturating_add(start).saturating_add(scalars).saturating_add(length(&cell));
        self.bytes = self.bytes.saturating_add(whole);
        self.cells.push(cell);
        let Self { cells, names, index, .. } = self;
        let hash_of = |at: u32| key_of(cells, names, at).map_or(names.hash(), |key| key.hash(names.hash()));
        index.add(key.hash(names.hash()), position, hash_of);
        at
    }

    fn find(&self, key: &Key<'_>) -> Option<usize> {
        let hash = key.hash(self.names.hash());
        let is_it = |at| key_of(&self.cells, &self.names, at).is_some_and(|kept| kept == *key);
        self.index.find(hash, is_it).and_then(|at| usize::try_from(at).ok())
    }

    /// Says that the events of `count` sequence numbers from `first_sequence` on are in it.
    pub fn cover(&mut self, first_sequence: u64, count: u64) {
        let count = count.min(u64::MAX.saturating_sub(first_sequence));
        if count == 0 {
            return;
        }
        self.ranges.push(SequenceRange { first: first_sequence, count });
        let mut ranges = self.ranges.iter_mut().rev();
        if let Some(mut new) = ranges.next() {
            for before in ranges {
                if before.first < new.first {
                    break;
                }
                std::mem::swap(before, new);
                new = before;
            }
        }
        self.ranges.dedup_by(|next, before| {
            let touches = before.end() == next.first;
            if touches {
                before.count = before.count.saturating_add(next.count);
            }
            touches
        });
    }

    /// A batch without events that carries what has been folded so far; without a summary if that is nothing.
    ///
    /// Its `first_sequence` is the end of what is covered.
    pub fn batch(&self, producer: Producer, sent_us: u64, health: Health) -> Batch {
        let table = SummaryTable::of(self.ranges.clone(), &self.cells);
        Batch::trusted(Parts {
            first_sequence: self.ranges.last().map_or(1, |range| range.end()),
            sent_us,
            gateway: self.gateway.clone(),
            strings: self.names.strings().to_vec(),
            health,
            summary: (!self.is_empty()).then_some(table),
            ..Parts::empty(VERSION, producer)
        })
    }
}

fn key_of<'a>(cells: &[SummaryCell<u32>], names: &'a Dictionary, at: u32) -> Option<Key<'a>> {
    let cell = cells.get(usize::try_from(at).ok()?)?;
    Some(Key {
        window: cell.window,
        names: cell.names().map(|name| names.name(name)),
        outcome: cell.outcome,
        class: cell.status_class,
    })
}

/// The bytes that a cell's numbers take at most, as varints: those that grow with its requests.
fn length(cell: &SummaryCell<u32>) -> usize {
    let numbers = values(cell);
    let counted = |(at, value): (usize, &u64)| match (place(at), ahead(at)) {
        _ if at < REQUESTS || *value == NULL => 0,
        (Place::Buckets, _) => 0,
        (_, Ahead::Requests) => varint_length(zigzag(*value, cell.requests)),
        _ => varint_length(*value),
    };
    numbers.iter().enumerate().map(counted).fold(0, usize::saturating_add)
}
