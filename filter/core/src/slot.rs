//! Where a VM keeps what is undelivered, so that it outlives the VM: a slot in the proxy's shared data.
//!
//! A slot has a header (who owns it, a heartbeat, which batches it holds) and cells that hold the batches'
//! bytes. Its owner alone writes it, the header with a version check, so that a VM that was taken for dead
//! notices. Knows nothing of what is in a batch.

mod header;

pub(crate) use header::{Header, State, Stored};

use crate::host::{Host, MetricId, MetricKind, Version};
use crate::words;

/// The most VMs that keep something at a time; a power of two.
pub(crate) const SLOTS: u16 = 32;
/// The most batches in one slot; a power of two.
pub(crate) const CELLS: u16 = 4_096;
/// A heartbeat that stands still for this many of its owner's intervals is a dead one's.
const SILENT_INTERVALS: u64 = 5;
/// And for this long at least, nanoseconds.
const SILENT_NS: u64 = 10_000_000_000;

/// What the counters of a slot's streams are called.
pub(crate) const STREAMS: [&str; 2] = ["opened", "recorded"];

/// A slot that this VM owns.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) number: u16,
    next_cell: u16,
    opened: Option<MetricId>,
    recorded: Option<MetricId>,
    /// What those counters stood at when the slot was taken.
    pub(crate) opened_base: u64,
    pub(crate) recorded_base: u64,
}

/// The counters of a slot's streams: they are the proxy's, and survive a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streams {
    /// Streams that have been opened under the slot, ever.
    pub(crate) opened: u64,
    /// Streams whose event has been recorded.
    pub(crate) recorded: u64,
}

impl Slot {
    /// Takes a free slot, looking from `start` on; `None` if there is none, or no shared data at all.
    pub(crate) fn claim(host: &impl Host, start: u16, header: &Header) -> Option<Self> {
        let numbers = (0..SLOTS).map(|step| start.wrapping_add(step) & (SLOTS - 1));
        numbers.into_iter().find_map(|number| Self::claim_one(host, number, header))
    }

    fn claim_one(host: &impl Host, number: u16, header: &Header) -> Option<Self> {
        let version = match read(host, number) {
            None => None,
            Some((found, version)) if found.state == State::Free => Some(version),
            Some(_) => return None,
        };
        let [opened, recorded] = metrics(host, number);
        let value = |metric: Option<MetricId>| metric.and_then(|metric| host.metric(metric)).unwrap_or(0);
        let (opened_base, recorded_base) = (value(opened), value(recorded));
        let header = Header { opened_base, recorded_base, ..header.clone() };
        let written = host.set_shared(&header_key(number), &header.encode(), version);
        // Two that found nothing here may both have written: the last one has it.
        let mine = written && read(host, number).is_some_and(|(found, _)| found.producer == header.producer);
        mine.then_some(Self { number, next_cell: 0, opened, recorded, opened_base, recorded_base })
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

    /// Writes the header. `false` if the slot is no longer ours.
    pub(crate) fn write(&self, host: &impl Host, header: &Header) -> bool {
        match read(host, self.number) {
            Some((found, version)) if found.producer == header.producer && found.state == State::Live => {
                let header = Header {
                    opened_base: self.opened_base,
                    recorded_base: self.recorded_base,
                    ..header.clone()
                };
                host.set_shared(&header_key(self.number), &header.encode(), Some(version))
            }
            _ => false,
        }
    }

    /// Keeps bytes and says in which cell; `None` if the proxy does not take them.
    pub(crate) fn put(&mut self, host: &impl Host, bytes: &[u8]) -> Option<u16> {
        let cell = self.next_cell;
        self.next_cell = cell.wrapping_add(1) & (CELLS - 1);
        host.set_shared(&cell_key(self.number, cell), bytes, None).then_some(cell)
    }

    pub(crate) fn get<'a>(&self, host: &'a impl Host, cell: u16) -> Option<&'a [u8]> {
        cell_of(host, self.number, cell)
    }

    pub(crate) fn free(&self, host: &impl Host, cell: u16) {
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

/// What the counters of a slot stand at.
pub(crate) fn streams(host: &impl Host, slot: u16) -> Streams {
    let [opened, recorded] =
        metrics(host, slot).map(|metric| metric.and_then(|metric| host.metric(metric)).unwrap_or(0));
    Streams { opened, recorded }
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
}

impl Watch {
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
