//! What a VM writes down, so that it outlives the VM, and how it notices that another has taken it over.
//!
//! First bytes go to cells, then the header names them, then what it no longer names is freed: whenever the VM
//! fails, the header of its slot names all that is undelivered, and nothing of it twice.

use weir_wire::{BatchBuilder, Health, HealthCounter, InstanceId, Producer, binary};

use super::queue::{Body, Entry, Kind};
use super::{Now, Outbox};
use crate::config::Limits;
use crate::host::Host;
use crate::slot::{Header, Slot, State, Stored, Streams};

/// How often a slot is looked for where there was none, nanoseconds.
const CLAIM_EVERY_NS: u64 = 5_000_000_000;

impl Outbox {
    /// Looks for a slot where there is none, now and then.
    pub(super) fn ensure_slot(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        if self.slot.is_none() && now.monotonic_ns >= self.claim_at_ns {
            self.claim_at_ns = now.monotonic_ns.saturating_add(CLAIM_EVERY_NS);
            let header = self.header(now, limits);
            let [first, second, ..] = self.producer.instance.0;
            let start = u16::from_le_bytes([first, second]);
            self.slot = Slot::claim(host, start, &header, self.streams());
        }
    }

    /// Notices if another VM has taken over this one's slot; before anything is read from there or written.
    pub(super) fn check_slot(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        if self.is_taken_for_dead(host) {
            self.begin_anew(host, now);
            self.persist(host, now, limits);
        }
    }

    fn is_taken_for_dead(&self, host: &impl Host) -> bool {
        self.slot.as_ref().is_some_and(|slot| !slot.is_of(host, self.producer))
    }

    /// Writes down all that this VM would take with it, and that it lives.
    pub(super) fn persist(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        if self.slot.is_none() && (!self.queue.is_empty() || !self.ledger.is_empty()) {
            self.ensure_slot(host, now, limits);
        }
        let Some(slot) = &mut self.slot else { return };
        for entry in self.queue.iter_mut() {
            if let Body::Local(bytes) = &entry.body
                && let Some(cell) = slot.put(host, bytes)
            {
                entry.body = Body::Cell(cell);
            }
        }
        self.persist_ledger(host, now);
        let header = self.header(now, limits);
        let Some(slot) = &mut self.slot else { return };
        if slot.write(host, &header) {
            while let Some(cell) = self.idle.pop() {
                slot.free(host, cell);
            }
        } else if self.is_taken_for_dead(host) {
            self.begin_anew(host, now);
        }
    }

    /// Writes the open summary to another cell than it had, if it has changed.
    fn persist_ledger(&mut self, host: &impl Host, now: Now) {
        let requests = self.ledger.requests();
        let written = self.ledger_cell.as_ref().is_some_and(|stored| u64::from(stored.events) == requests);
        let Some(slot) = self.slot.as_mut().filter(|_| !written && requests > 0) else { return };
        let batch = self.ledger.batch(self.producer, now.wall_us(), self.health.clone());
        let bytes = binary::encode(&batch);
        let cell = slot.put(host, &bytes).map(|cell| stored(cell, bytes.len(), requests));
        let before = std::mem::replace(&mut self.ledger_cell, cell);
        self.idle.extend(before.map(|stored| stored.cell));
    }

    /// That entry's cell is needed no more.
    pub(super) fn leave(&mut self, entry: &Entry) {
        if let Body::Cell(cell) = &entry.body {
            self.idle.push(*cell);
        }
    }

    pub(super) fn header(&self, now: Now, limits: &Limits) -> Header {
        let in_cell = |entry: &Entry| match entry.body {
            Body::Cell(cell) => Some(stored(cell, entry.bytes, entry.events)),
            Body::Local(_) => None,
        };
        Header {
            state: State::Live,
            producer: self.producer,
            heartbeat_ns: now.monotonic_ns.max(1),
            interval_ms: limits.flush_interval_ms,
            kept: self.kept(),
            batches: self.queue.iter().filter_map(in_cell).chain(self.ledger_cell).collect(),
            ..Header::free()
        }
    }

    /// How many events have been delivered, given up or written down, rather than held in memory alone.
    fn kept(&self) -> u64 {
        let held = |entry: &&Entry| matches!(entry.body, Body::Local(_)) && entry.kind != Kind::Foreign;
        let held = self.queue.iter().filter(held).fold(0u64, |sum, entry| sum.saturating_add(entry.events));
        let open = if self.ledger_cell.is_some() { 0 } else { self.ledger.requests() };
        self.next_sequence.saturating_sub(1).saturating_sub(held).saturating_sub(open)
    }

    fn streams(&self) -> Streams {
        let counted = |counter| self.health.get(counter).unwrap_or(0);
        Streams {
            opened: counted(HealthCounter::StreamsOpened),
            recorded: counted(HealthCounter::EventsRecorded),
        }
    }

    /// Streams that have begun and not ended.
    pub(super) fn open_streams(&self) -> u64 {
        let Streams { opened, recorded } = self.streams();
        opened.saturating_sub(recorded)
    }

    /// Another VM has taken over what this one had written down, this one having been silent for long, and has
    /// counted the rest as lost. What is still here goes on under a new identity, as if it had begun there.
    fn begin_anew(&mut self, host: &impl Host, now: Now) {
        if self.ledger_cell.is_none() && !self.ledger.is_empty() {
            // The proxy did not take it: nobody else has it.
            self.seal_summary(now);
        }
        self.queue.forget_cells();
        self.ledger.clear();
        self.ledger_cell = None;
        self.idle.clear();
        self.slot = None;
        self.claim_at_ns = 0;
        self.adopting = None;
        let open = self.open_streams();
        let empty = self.builder();
        let gathered = std::mem::replace(&mut self.gathering, empty);
        if self.losses {
            // Nobody else knows of them.
            self.seal(now);
        }
        // Without randomness the old instance has to do: the epoch tells the two apart.
        let instance = host.random().map_or(self.producer.instance, InstanceId);
        let epoch = (now.wall_ns / 1_000_000).max(self.producer.epoch.saturating_add(1));
        self.producer = Producer { instance, epoch };
        let before = std::mem::take(&mut self.health);
        self.recount(gathered, now);
        let recorded = self.health.get(HealthCounter::EventsRecorded).unwrap_or(0);
        self.add(HealthCounter::StreamsOpened, open.saturating_add(recorded));
        for (counter, value) in before.known() {
            let own = value.saturating_sub(self.health.get(counter).unwrap_or(0));
            self.past.set(counter, self.past.get(counter).unwrap_or(0).saturating_add(own));
        }
    }

    /// Makes what was gathered the first batch of a new identity, and counts its events as that one's.
    fn recount(&mut self, gathered: BatchBuilder, now: Now) {
        self.next_sequence = 1;
        if gathered.is_empty() {
            return;
        }
        let events = u64::try_from(gathered.len()).unwrap_or(u64::MAX);
        let batch = gathered.finish(self.producer, 1, now.wall_us(), Health::default());
        for event in batch.events() {
            self.count_event(&event);
        }
        self.next_sequence = events.saturating_add(1);
        self.queue.push(Entry::new(binary::encode(&batch).into(), events, Kind::Detail));
        self.news = true;
    }
}

fn stored(cell: u16, bytes: usize, events: u64) -> Stored {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Stored { cell, bytes: narrow(u64::try_from(bytes).unwrap_or(u64::MAX)), events: narrow(events) }
}
