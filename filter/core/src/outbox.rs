//! What has not been acknowledged yet: events being gathered, closed batches, and the totals of those whose
//! detail had to go. Closed batches are kept in the proxy's shared data, so that they outlive this VM.
//!
//! A batch leaves only when the collector has answered for it, or when memory runs out, the oldest detail
//! first; what leaves so is added up and its totals are delivered instead. Knows no clock.

mod adopt;
mod keep;
mod queue;

pub(crate) use queue::{Answer, Kind};

use weir_wire::{
    Batch, BatchBuilder, DIMENSIONS, Event, Health, HealthCounter, InstanceId, Measure, Outcome, Producer,
    binary,
};

use crate::config::Limits;
use crate::host::{CalloutId, Host};
use crate::ledger::{Grain, Ledger};
use crate::slot::{self, Header, Slot, Stored, Watch};
use queue::{Body, Entry, Queue};

/// More bytes than any one event can take in a batch: all its names and numbers at their longest.
const MOST_EVENT_BYTES: usize = 4_096;

/// What is never delivered.
const LOSSES: [HealthCounter; 5] = [
    HealthCounter::EventsDroppedOverflow,
    HealthCounter::EventsDroppedRefused,
    HealthCounter::EventsDroppedOversize,
    HealthCounter::EventsLostCrash,
    HealthCounter::StreamsLostCrash,
];

/// The time, by both clocks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Now {
    /// Of a clock that never goes back, nanoseconds.
    pub(crate) monotonic_ns: u64,
    /// Since 1970 UTC, nanoseconds.
    pub(crate) wall_ns: u64,
}

impl Now {
    fn ms(self) -> u64 {
        self.monotonic_ns / 1_000_000
    }

    fn wall_us(self) -> u64 {
        self.wall_ns / 1_000
    }
}

/// All that one VM has not delivered.
#[derive(Debug)]
pub(crate) struct Outbox {
    producer: Producer,
    gateway: String,
    dimensions: [Option<String>; DIMENSIONS],
    gathering: BatchBuilder,
    next_sequence: u64,
    queue: Queue,
    ledger: Ledger,
    slot: Option<Slot>,
    /// When a slot may be looked for again.
    claim_at_ns: u64,
    /// The cell that holds the open summary as it stood last.
    ledger_cell: Option<Stored>,
    /// Cells that nobody needs once the slot's header no longer names them.
    idle: Vec<u16>,
    watch: Watch,
    /// The slot that is being taken over, and when to look for the next dead one.
    adopting: Option<u16>,
    scan_at_ns: u64,
    health: Health,
    /// What this VM has counted under earlier identities.
    past: Health,
    /// Whether the health says something that no batch has carried yet.
    news: bool,
    /// Whether that is a loss: it must be known even if this VM fails.
    losses: bool,
}

impl Outbox {
    /// An empty one. Sequence numbers begin with 1.
    pub(crate) fn new(instance: [u8; 16], now: Now, gateway: &str) -> Self {
        let producer = Producer { instance: InstanceId(instance), epoch: now.wall_ns / 1_000_000 };
        Self {
            producer,
            gateway: gateway.to_owned(),
            dimensions: Default::default(),
            gathering: BatchBuilder::new(gateway).with_seed(seed(instance)),
            next_sequence: 1,
            queue: Queue::new(seed(instance)),
            ledger: Ledger::new(gateway, seed(instance)),
            slot: None,
            claim_at_ns: 0,
            ledger_cell: None,
            idle: Vec::new(),
            watch: Watch::default(),
            adopting: None,
            scan_at_ns: 0,
            health: Health::default(),
            past: Health::default(),
            news: false,
            losses: false,
        }
    }

    /// The names of the dimensions of the events to come.
    pub(crate) fn set_dimensions(
        &mut self,
        host: &impl Host,
        names: [Option<&str>; DIMENSIONS],
        now: Now,
        limits: &Limits,
    ) {
        let same = self.dimensions.iter().zip(names).all(|(own, name)| own.as_deref() == name);
        if !same {
            self.flush(host, now, limits);
            self.dimensions = names.map(|name| name.map(str::to_owned));
            self.gathering = self.builder();
        }
    }

    /// The values of dimensions so named, in the order of the batch at hand. One that the newest configuration
    /// does not have is left out: never does a value stand under another's name.
    pub(crate) fn by_name<'a>(
        &self,
        names: [Option<&str>; DIMENSIONS],
        values: [Option<&'a str>; DIMENSIONS],
    ) -> [Option<&'a str>; DIMENSIONS] {
        if self.dimensions.iter().zip(names).all(|(own, name)| own.as_deref() == name) {
            return values;
        }
        self.dimensions.each_ref().map(|own| {
            let own = own.as_deref()?;
            names.iter().zip(values).find(|(name, _)| **name == Some(own)).and_then(|(_, value)| value)
        })
    }

    fn builder(&self) -> BatchBuilder {
        BatchBuilder::new(&self.gateway)
            .with_seed(seed(self.producer.instance.0))
            .with_dimensions(self.dimensions.each_ref().map(Option::as_deref))
    }

    /// A stream has begun.
    pub(crate) fn opened(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        self.ensure_slot(host, now, limits);
        self.add(HealthCounter::StreamsOpened, 1);
        if let Some(slot) = &self.slot {
            slot.count_opened(host);
        }
    }

    /// Takes an event; closes the batch at hand before it would grow too large.
    pub(crate) fn push(&mut self, host: &impl Host, event: &Event<'_>, now: Now, limits: &Limits) {
        let most = limits.max_batch_bytes.saturating_sub(MOST_EVENT_BYTES);
        if !self.gathering.is_empty() && self.gathering.size_bound() > most {
            self.check_slot(host, now, limits);
            if !self.gathering.is_empty() {
                self.seal(now);
                self.make_room(host, now, limits);
                self.persist(host, now, limits);
            }
        }
        self.gathering.push(event);
        if let Some(slot) = &self.slot {
            slot.count_recorded(host);
        }
        self.count_event(event);
    }

    fn count_event(&mut self, event: &Event<'_>) {
        self.add(HealthCounter::EventsRecorded, 1);
        self.add(HealthCounter::RequestsFailed, u64::from(event.result.outcome != Outcome::Success));
        for (counter, measure) in [
            (HealthCounter::InputTokens, Measure::InputTokens),
            (HealthCounter::OutputTokens, Measure::OutputTokens),
            (HealthCounter::CostNanoUsd, Measure::CostNanoUsd),
        ] {
            self.add(counter, event.measures.get(measure).unwrap_or(0));
        }
    }

    /// Adds to one of the producer's own counters, which is worth a batch of its own.
    pub(crate) fn count(&mut self, counter: HealthCounter, by: u64) {
        self.add(counter, by);
        self.news |= by > 0;
        self.losses |= by > 0 && LOSSES.contains(&counter);
    }

    /// Adds to one of the producer's own counters, which travel with the next batch.
    fn add(&mut self, counter: HealthCounter, by: u64) {
        if by > 0 {
            self.health.set(counter, self.health.get(counter).unwrap_or(0).saturating_add(by));
        }
    }

    /// What this VM has counted since it began, whatever its identity was.
    pub(crate) fn totals(&self) -> Health {
        let mut totals = self.past.clone();
        for (counter, value) in self.health.known() {
            totals.set(counter, totals.get(counter).unwrap_or(0).saturating_add(value));
        }
        totals
    }

    /// The flush interval has passed: closes the batch at hand, if there is anything in it to say, and takes
    /// over what dead VMs have left.
    pub(crate) fn flush(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        self.close(host, now, limits, true);
    }

    fn close(&mut self, host: &impl Host, now: Now, limits: &Limits, adopting: bool) {
        self.check_slot(host, now, limits);
        if !self.gathering.is_empty() {
            self.seal(now);
        }
        self.make_room(host, now, limits);
        if !self.ledger.is_empty() && self.queue.failures() == 0 {
            self.seal_summary(now);
        }
        if adopting {
            self.adopt(host, now, limits);
        }
        if self.losses || (self.news && self.queue.is_empty()) {
            self.seal(now);
        }
        self.persist(host, now, limits);
    }

    /// Calls `send` with the batch to send now, if there is one and it may be sent.
    pub(crate) fn send(
        &mut self,
        host: &impl Host,
        now: Now,
        limits: &Limits,
        timeout_ms: u32,
        send: impl FnOnce(&[u8]) -> Option<CalloutId>,
    ) -> Option<Result<(), Answer>> {
        self.check_slot(host, now, limits);
        let (entry, overdue) = self.queue.next(now.ms());
        let sent = entry.map(|entry| {
            let bytes = match &entry.body {
                Body::Local(bytes) => Some(bytes.as_ref()),
                Body::Cell(cell) => self.slot.as_ref().and_then(|slot| slot.get(host, *cell)),
            };
            bytes.map(send)
        });
        if overdue {
            self.count(HealthCounter::DeliveriesRetried, 1);
        }
        match sent? {
            Some(Some(callout)) => {
                self.queue.sent(callout, now.ms(), timeout_ms);
                Some(Ok(()))
            }
            Some(None) => {
                self.answered(Answer::Later(None), now);
                Some(Err(Answer::Later(None)))
            }
            // The proxy has lost what it was given to keep.
            None => {
                let events = self.queue.take_first().map_or(0, |entry| entry.events);
                self.count(HealthCounter::EventsDroppedOverflow, events);
                None
            }
        }
    }

    /// Whether that callout is the one under way.
    pub(crate) fn awaits(&self, callout: CalloutId) -> bool {
        self.queue.awaits(callout)
    }

    /// The collector has answered for the batch under way, or has not.
    pub(crate) fn answered(&mut self, answer: Answer, now: Now) {
        let done = self.queue.answered(answer, now.ms());
        if let Some(entry) = &done {
            self.leave(entry);
        }
        match answer {
            Answer::Accepted => {}
            Answer::Refused => {
                self.count(HealthCounter::EventsDroppedRefused, done.map_or(0, |entry| entry.events));
            }
            Answer::Later(_) => self.count(HealthCounter::DeliveriesRetried, 1),
        }
    }

    /// Failed deliveries in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.queue.failures()
    }

    /// Events that no collector has acknowledged, in detail or in sum.
    pub(crate) fn undelivered_events(&self) -> u64 {
        let gathering = u64::try_from(self.gathering.len()).unwrap_or(u64::MAX);
        self.queue.events().saturating_add(gathering).saturating_add(self.ledger.requests())
    }

    /// Bytes that undelivered batches take.
    pub(crate) fn buffered_bytes(&self) -> usize {
        let kinds = [Kind::Detail, Kind::Summary, Kind::Foreign];
        self.queue.bytes_of(&kinds).saturating_add(self.ledger.size_bound())
    }

    /// The number of this VM's slot.
    pub(crate) fn slot_number(&self) -> Option<u16> {
        self.slot.as_ref().map(|slot| slot.number)
    }

    /// This VM ends in order: what it leaves may be taken over at once.
    pub(crate) fn end(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        // Others may be ending too: what they leave is for those that go on.
        self.close(host, now, limits, false);
        let nothing = self.queue.is_empty() && self.ledger.is_empty() && self.open_streams() == 0;
        if nothing {
            if let Some(slot) = self.slot.take() {
                slot.release(host, self.producer);
            }
        } else if let Some(slot) = &self.slot {
            slot.write(host, &Header { heartbeat_ns: 0, ..self.header(now, limits) });
        }
    }

    fn seal(&mut self, now: Now) {
        let empty = self.builder();
        let gathered = std::mem::replace(&mut self.gathering, empty);
        let events = u64::try_from(gathered.len()).unwrap_or(u64::MAX);
        let batch = gathered.finish(self.producer, self.next_sequence, now.wall_us(), self.health.clone());
        self.next_sequence = self.next_sequence.saturating_add(events);
        self.queue.push(Entry::new(binary::encode(&batch).into(), events, Kind::Detail));
        self.news = false;
        self.losses = false;
    }

    fn seal_summary(&mut self, now: Now) {
        let batch = self.ledger.batch(self.producer, now.wall_us(), self.health.clone());
        self.queue.push(Entry::new(binary::encode(&batch).into(), self.ledger.requests(), Kind::Summary));
        self.ledger.clear();
        self.idle.extend(self.ledger_cell.take().map(|stored| stored.cell));
    }

    /// Lets the oldest detail go until the rest fits, and keeps what it adds up to.
    fn make_room(&mut self, host: &impl Host, now: Now, limits: &Limits) {
        let cells = usize::from(slot::CELLS) - 16;
        while self.queue.len() > cells
            || self.queue.bytes_of(&[Kind::Detail, Kind::Foreign]).saturating_add(limits.max_batch_bytes)
                > limits.max_buffer_bytes
        {
            let Some(entry) = self.queue.take_oldest(Kind::Detail) else { break };
            // It was all about the producer's own counters: they are told anew.
            self.losses |= entry.events == 0;
            match self.decode(host, &entry) {
                Some(batch) => {
                    self.fold(&batch, now, limits);
                    self.count(HealthCounter::EventsSummarised, entry.events);
                }
                None => self.count(HealthCounter::EventsDroppedOverflow, entry.events),
            }
            self.leave(&entry);
        }
        while self.queue.bytes_of(&[Kind::Summary]) > limits.max_buffer_bytes.saturating_mul(2) {
            let Some(entry) = self.queue.take_oldest(Kind::Summary) else { break };
            self.count(HealthCounter::EventsDroppedOverflow, entry.events);
            self.leave(&entry);
        }
    }

    fn fold(&mut self, batch: &Batch, now: Now, limits: &Limits) {
        let most = limits.max_batch_bytes.saturating_sub(MOST_EVENT_BYTES);
        let mut at = 0;
        while at < batch.len() {
            let grain = Grain::of(self.queue.bytes_of(&[Kind::Summary]), limits.max_buffer_bytes);
            at = self.ledger.fold(batch, at, grain, most);
            if self.ledger.size_bound() > most {
                self.seal_summary(now);
            }
        }
    }

    fn decode(&self, host: &impl Host, entry: &Entry) -> Option<Batch> {
        let bytes = match &entry.body {
            Body::Local(bytes) => bytes.as_ref(),
            Body::Cell(cell) => self.slot.as_ref()?.get(host, *cell)?,
        };
        binary::decode(bytes).ok()
    }
}

fn seed(instance: [u8; 16]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = instance;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests;
