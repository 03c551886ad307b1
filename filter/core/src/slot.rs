//! Where a VM keeps what is undelivered, so that it outlives the VM: a slot in the proxy's shared data.
//!
//! A slot has a header (who owns it, a heartbeat, which batches it holds) and cells that hold the batches'
//! bytes. Its owner alone writes it, the header with a version check, so that a VM that was taken for dead
//! notices. Knows nothing of what is in a batch.

mod header;

pub(crate) use header::{Header, State, Stored};

use weir_wire::Producer;

use crate::host::{Host, MetricId, MetricKind, Version};
use crate::words;

/// The most VMs that keep something at a time; a power of two.
pub(crate) const SLOTS: u16 = 128;
/// The most batches in one slot; a power of two.
pub(crate) const CELLS: u16 = 4_096;
/// A heartbeat that stands still for this many of its owner's intervals is a dead one's.
const SILENT_INTERVALS: u64 = 5;
/// And for this long at least, nanoseconds.
const SILENT_NS: u64 = 10_000_000_000;
/// A version that no value has. Proxies make a value that is not there whatever version is asked for, and
/// replace one that is there only if the versions agree: asked for so, only the first of two makes it.
const NONE_YET: Version = Version(u32::MAX);

/// What the counters of a slot's streams are called.
pub(crate) const STREAMS: [&str; 2] = ["opened", "recorded"];

/// A slot that this VM owns.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) number: u16,
    cells: Cells,
    opened: Option<MetricId>,
    recorded: Option<MetricId>,
    /// What those counters stood at when the owner had counted nothing.
    opened_base: u64,
    recorded_base: u64,
}

/// Streams of one owner. The slot's counters are the proxy's, and survive a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streams {
    /// Streams that have been opened.
    pub(crate) opened: u64,
    /// Streams whose event has been recorded.
    pub(crate) recorded: u64,
}

/// Which cells hold something, a bit each.
#[derive(Debug)]
struct Cells {
    taken: [u64; CELLS as usize / 64],
    next: u16,
}

impl Cells {
    const NONE: Self = Self { taken: [0; CELLS as usize / 64], next: 0 };

    /// The word with a cell's bit, and the bit.
    fn of(&mut self, cell: u16) -> Option<(&mut u64, u64)> {
        Some((self.taken.get_mut(usize::from(cell / 64))?, 1 << (cell % 64)))
    }

    /// A cell that holds nothing; from now on it does.
    fn take(&mut self) -> Option<u16> {
        for step in 0..CELLS {
            let cell = self.next.wrapping_add(step) & (CELLS - 1);
            let Some((word, bit)) = self.of(cell) else { continue };
            if *word & bit == 0 {
                *word |= bit;
                self.next = cell.wrapping_add(1);
                return Some(cell);
            }
        }
        None
    }

    fn give_back(&mut self, cell: u16) {
        if let Some((word, bit)) = self.of(cell) {
            *word &= !bit;
        }
    }
}

impl Slot {
    /// Takes a free slot, looking from `start` on, for an owner that has counted `so_far`; `None` if there is
    /// none, or no shared data at all.
    pub(crate) fn claim(host: &impl Host, start: u16, header: &Header, so_far: Streams) -> Option<Self> {
        let numbers = (0..SLOTS).map(|step| start.wrapping_add(step) & (SLOTS - 1));
        numbers.into_iter().find_map(|number| Self::claim_one(host, number, header, so_far))
    }

    fn claim_one(host: &impl Host, number: u16, header: &Header, so_far: Streams) -> Option<Self> {
        let version = match read(host, number) {
            None => NONE_YET,
            Some((found, version)) if found.state == State::Free => version,
            Some(_) => return None,
        };
        let [opened, recorded] = metrics(host, number);
        let opened_base = value(host, opened).wrapping_sub(so_far.opened);
        let recorded_base = value(host, recorded).wrapping_sub(so_far.recorded);
        let slot = Self { number, cells: Cells::NONE, opened, recorded, opened_base, recorded_base };
        replace(host, number, &slot.based(header), version).then_some(slot)
    }

    /// The header with what is known here alone.
    fn based(&self, header: &Header) -> Header {
        Header { opened_base: self.opened_base, recorded_base: self.recorded_base, ..header.clone() }
    }

    pub(crate) fn count_opened(&self, host: &impl Host) {
        if let Some(metric) = self.opened {
            host.increment_metric(metric, 1);
        }
    }

    pub(crate) fn count_recorded(&self, host: &impl Host) {
        if let Some(metric) = self.recorded {
            host.increment_metric(metric, 1);
        }
    }

    /// The version of the header, if the slot is still that owner's.
    fn version(&self, host: &impl Host, owner: Producer) -> Option<Version> {
        let (found, version) = read(host, self.number)?;
        (found.producer == owner && found.state == State::Live).then_some(version)
    }

    /// Whether the slot is still that owner's.
    pub(crate) fn is_of(&self, host: &impl Host, owner: Producer) -> bool {
        self.version(host, owner).is_some()
    }

    /// Writes the header. `false` if the slot is no longer its owner's.
    pub(crate) fn write(&self, host: &impl Host, header: &Header) -> bool {
        let version = self.version(host, header.producer);
        version.is_some_and(|version| replace(host, self.number, &self.based(header), version))
    }

    /// Gives the slot up: it holds nothing that anybody needs.
    pub(crate) fn release(self, host: &impl Host, owner: Producer) {
        if let Some(version) = self.version(host, owner) {
            replace(host, self.number, &Header::free(), version);
        }
    }

    /// Keeps bytes and says in which cell; `None` if the proxy does not take them.
    pub(crate) fn put(&mut self, host: &impl Host, bytes: &[u8]) -> Option<u16> {
        let cell = self.cells.take()?;
        let kept = host.set_shared(&cell_key(self.number, cell), bytes, None);
        if !kept {
            self.cells.give_back(cell);
        }
        kept.then_some(cell)
    }

    pub(crate) fn get<'a>(&self, host: &'a impl Host, cell: u16) -> Option<&'a [u8]> {
        cell_of(host, self.number, cell)
    }

    pub(crate) fn free(&mut self, host: &impl Host, cell: u16) {
        self.cells.give_back(cell);
        free_cell(host, self.number, cell);
    }
}

/// The bytes in a cell of any slot.
pub(crate) fn cell_of(host: &impl Host, slot: u16, cell: u16) -> Option<&[u8]> {
    host.shared(&cell_key(slot, cell)).map(|(bytes, _)| bytes).filter(|bytes| !bytes.is_empty())
}

/// Gives the memory of a cell of any slot back.
pub(crate) fn free_cell(host: &impl Host, slot: u16, cell: u16) {
    host.set_shared(&cell_key(slot, cell), &[], None);
}

/// A slot's header with its version; `None` where there never was one, or it is of another format.
pub(crate) fn read(host: &impl Host, slot: u16) -> Option<(Header, Version)> {
    let (bytes, version) = host.shared(&header_key(slot))?;
    Some((Header::decode(bytes).unwrap_or_else(Header::free), version))
}

/// Replaces a slot's header if it is still the one of that version.
pub(crate) fn replace(host: &impl Host, slot: u16, header: &Header, version: Version) -> bool {
    host.set_shared(&header_key(slot), &header.encode(), Some(version))
}

/// What the owner with that header has counted, of which the slot's counters know although it is dead.
pub(crate) fn streams(host: &impl Host, slot: u16, header: &Header) -> Streams {
    let [opened, recorded] = metrics(host, slot).map(|metric| value(host, metric));
    Streams { opened: since(opened, header.opened_base), recorded: since(recorded, header.recorded_base) }
}

/// What a counter has gone up by. A base may lie before zero; a counter that stands before its base has been
/// reset by an operator, and nothing can be said.
fn since(value: u64, base: u64) -> u64 {
    let by = value.wrapping_sub(base);
    if by > u64::MAX / 2 { 0 } else { by }
}

fn value(host: &impl Host, metric: Option<MetricId>) -> u64 {
    metric.and_then(|metric| host.metric(metric)).unwrap_or(0)
}

fn metrics(host: &impl Host, slot: u16) -> [Option<MetricId>; 2] {
    STREAMS.map(|what| {
        host.define_metric(
            MetricKind::Counter,
            &words::concat(["weir_slot_streams_", what, "_total.slot=", &slot.to_string(), ";"]),
        )
    })
}

/// The format's version stands in the key: another version's slots are not seen.
fn header_key(slot: u16) -> String {
    words::concat(["weir/1/", &slot.to_string()])
}

fn cell_key(slot: u16, cell: u16) -> String {
    words::concat(["weir/1/", &slot.to_string(), "/", &cell.to_string()])
}

/// Tells dead owners from living ones by watching their heartbeats.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// For each slot the heartbeat seen last, and since when it has stood.
    seen: Vec<Option<(u64, u64)>>,
    looked_at_ns: u64,
}

impl Watch {
    /// A look at all slots begins; they are to be at most `usual_ns` apart. Who comes late was away itself, as
    /// everybody may have been, and has seen nobody's silence.
    pub(crate) fn look(&mut self, now_ns: u64, usual_ns: u64) {
        if now_ns.saturating_sub(self.looked_at_ns) > usual_ns {
            self.seen.clear();
        }
        self.looked_at_ns = now_ns;
    }

    /// Whether the owner of `slot` has died, as far as can be told at `now_ns`.
    pub(crate) fn is_dead(&mut self, slot: u16, header: &Header, now_ns: u64) -> bool {
        // An owner that ends in order says so.
        if header.heartbeat_ns == 0 {
            return true;
        }
        self.seen.resize(usize::from(SLOTS), None);
        let Some(seen) = self.seen.get_mut(usize::from(slot)) else { return false };
        let since = match seen {
            Some((heartbeat, since)) if *heartbeat == header.heartbeat_ns => *since,
            _ => {
                *seen = Some((header.heartbeat_ns, now_ns));
                return false;
            }
        };
        let silent =
            header.interval_ms.saturating_mul(1_000_000).saturating_mul(SILENT_INTERVALS).max(SILENT_NS);
        now_ns.saturating_sub(since) >= silent
    }

    /// Forgets what was seen of a slot.
    pub(crate) fn forget(&mut self, slot: u16) {
        if let Some(seen) = self.seen.get_mut(usize::from(slot)) {
            *seen = None;
        }
    }
}

#[cfg(test)]
mod tests;
