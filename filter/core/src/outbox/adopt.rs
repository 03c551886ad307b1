//! Taking over what a dead VM has left in its slot.
//!
//! Nothing is handed over between the living: the dead one's batches are copied into this VM's queue, some at
//! a time, and go to the collector as they are, under the dead one's identity. Should this VM die meanwhile,
//! some are delivered twice, and the collector takes each event once.

use weir_wire::HealthCounter;

use super::queue::{Entry, Kind};
use super::{Now, Outbox};
use crate::config::Limits;
use crate::host::Host;
use crate::slot::{self, Header, SLOTS, State};

/// How often dead VMs are looked for, nanoseconds.
const SCAN_EVERY_NS: u64 = 5_000_000_000;
/// How much is copied in one go, bytes: this much holds a worker for well below a millisecond.
const MOST_AT_ONCE: usize = 256 * 1024;

impl Outbox {
    pub(super) fn adopt(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        if let Some(slot) = self.adopting {
            self.take_over(host, slot, now, limits);
            return;
        }
        if now.monotonic_ns < self.scan_at_ns {
            return;
        }
        self.scan_at_ns = now.monotonic_ns.saturating_add(SCAN_EVERY_NS);
        let interval_ns = limits.flush_interval_ms.saturating_mul(1_000_000);
        self.watch.look(now.monotonic_ns, SCAN_EVERY_NS.saturating_add(interval_ns.saturating_mul(3)));
        let own = self.slot_number();
        for number in (0..SLOTS).filter(|number| own != Some(*number)) {
            if self.claim_dead(host, number, now, limits) {
                self.take_over(host, number, now, limits);
                return;
            }
        }
    }

    /// Whether that slot's owner is dead and this VM takes it over.
    fn claim_dead(&mut self, host: &impl Host, number: u16, now: Now, limits: &Limits) -> bool {
        let Some((header, version)) = slot::read(host, number) else { return false };
        if header.state == State::Free || !self.watch.is_dead(number, &header, now.monotonic_ns) {
            return false;
        }
        let bytes = header.batches.iter().fold(0usize, |sum, stored| {
            sum.saturating_add(usize::try_from(stored.bytes).unwrap_or(usize::MAX))
        });
        // What does not fit here stays where it is until there is room.
        if !self.queue.is_empty() && self.buffered_bytes().saturating_add(bytes) > limits.max_buffer_bytes {
            return false;
        }
        let claimed = Header {
            state: State::Adopted,
            heartbeat_ns: now.monotonic_ns.max(1),
            interval_ms: limits.flush_interval_ms,
            ..header.clone()
        };
        if !slot::replace(host, number, &claimed, version) {
            return false;
        }
        self.watch.forget(number);
        if header.state == State::Live {
            let streams = slot::streams(host, number, &header);
            self.count(HealthCounter::EventsLostCrash, streams.recorded.saturating_sub(header.kept));
            self.count(HealthCounter::StreamsLostCrash, streams.opened.saturating_sub(streams.recorded));
            // One that has ended in order has left something, but has not failed.
            self.count(HealthCounter::SlotsAdopted, u64::from(header.heartbeat_ns != 0));
        }
        self.adopting = Some(number);
        true
    }

    fn take_over(&mut self, host: &impl Host, number: u16, now: Now, limits: &Limits) {
        let Some((header, version)) =
            slot::read(host, number).filter(|(header, _)| header.state == State::Adopted)
        else {
            // Another VM thought that this one had died as well.
            self.adopting = None;
            return;
        };
        let mut copied = 0;
        let mut done = 0;
        for stored in &header.batches {
            if copied >= MOST_AT_ONCE {
                break;
            }
            done += 1;
            match slot::cell_of(host, number, stored.cell) {
                Some(bytes) => {
                    copied = copied.saturating_add(bytes.len());
                    self.queue.push(Entry::new(bytes.into(), stored.events.into(), Kind::Foreign));
                }
                None => self.count(HealthCounter::EventsDroppedOverflow, stored.events.into()),
            }
        }
        // First they are written down here, then there, and what is not named any more is freed last.
        self.persist(host, now, limits);
        let left = Header {
            heartbeat_ns: now.monotonic_ns.max(1),
            batches: header.batches.iter().skip(done).copied().collect(),
            ..header.clone()
        };
        self.adopting = Some(number).filter(|_| slot::replace(host, number, &left, version));
        if self.adopting.is_none() {
            return;
        }
        for stored in header.batches.iter().take(done) {
            slot::free_cell(host, number, stored.cell);
        }
        if left.batches.is_empty() {
            self.adopting = None;
            if let Some((_, version)) = slot::read(host, number).filter(|(found, _)| *found == left) {
                slot::replace(host, number, &Header::free(), version);
            }
        }
    }
}
