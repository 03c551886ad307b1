//! What has not been acknowledged yet: events being gathered, and closed batches waiting for their turn.
//!
//! One batch is on its way at a time. A batch leaves only when the collector has answered for it, or when
//! memory runs out, the oldest first; what leaves undelivered is counted. Knows no clock and no network: the
//! caller says what time it is and carries the bytes.

use std::collections::VecDeque;
use std::rc::Rc;

use weir_wire::{BatchBuilder, Event, Health, HealthCounter, Producer, binary};

use crate::backoff::Backoff;
use crate::config::Limits;
use crate::host::CalloutId;

/// More bytes than any one event can take in a batch: all its names and numbers at their longest.
const MOST_EVENT_BYTES: usize = 4_096;

/// A callout whose answer is this much overdue is taken as failed, milliseconds.
const OVERDUE_MS: u64 = 10_000;

/// How the collector answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The batch is committed.
    Accepted,
    /// The batch will never be accepted; the collector keeps a copy for a person to look at.
    Refused,
    /// Not now: keep it and try again, not before the time asked for (milliseconds).
    Later(Option<u64>),
}

impl Answer {
    /// What an HTTP status means for a batch; `None` is silence. `retry_after_s` is the header's number.
    pub fn of(status: Option<u16>, retry_after_s: Option<u64>) -> Self {
        match status {
            Some(200..=299) => Self::Accepted,
            Some(400 | 413) => Self::Refused,
            _ => Self::Later(retry_after_s.map(|seconds| seconds.saturating_mul(1_000))),
        }
    }
}

#[derive(Debug)]
struct Sealed {
    bytes: Rc<[u8]>,
    events: u64,
}

#[derive(Debug)]
struct InFlight {
    callout: CalloutId,
    overdue_at_ms: u64,
}

/// All that one VM has not delivered.
#[derive(Debug)]
pub struct Outbox {
    producer: Producer,
    gateway: String,
    gathering: BatchBuilder,
    next_sequence: u64,
    sealed: VecDeque<Sealed>,
    sealed_bytes: usize,
    in_flight: Option<InFlight>,
    backoff: Backoff,
    not_before_ms: u64,
    health: Health,
    /// Whether the health says something that no batch has carried yet.
    news: bool,
}

impl Outbox {
    /// An empty one. Sequence numbers begin with 1.
    pub fn new(producer: Producer, gateway: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = producer.instance.0;
        Self {
            producer,
            gateway: gateway.to_owned(),
            gathering: BatchBuilder::new(gateway),
            next_sequence: 1,
            sealed: VecDeque::new(),
            sealed_bytes: 0,
            in_flight: None,
            backoff: Backoff::new(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            not_before_ms: 0,
            health: Health::default(),
            news: false,
        }
    }

    /// Takes an event; closes the batch at hand before it would grow too large.
    pub fn push(&mut self, event: &Event<'_>, now_us: u64, limits: &Limits) {
        let most = limits.max_batch_bytes.saturating_sub(MOST_EVENT_BYTES);
        if !self.gathering.is_empty() && self.gathering.size_bound() > most {
            self.seal(now_us);
            self.make_room(limits);
        }
        self.gathering.push(event);
        self.count(HealthCounter::EventsRecorded, 1);
    }

    /// Adds to one of the producer's own counters, which travel with the next batch.
    pub fn count(&mut self, counter: HealthCounter, by: u64) {
        if by == 0 {
            return;
        }
        let value = self.health.get(counter).unwrap_or(0).saturating_add(by);
        self.health.set(counter, value);
        self.news |= counter != HealthCounter::EventsRecorded;
    }

    /// The producer's own counters.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Closes the batch at hand, if there is anything in it to say.
    pub fn flush(&mut self, now_us: u64, limits: &Limits) {
        if !self.gathering.is_empty() || (self.news && self.sealed.is_empty()) {
            self.seal(now_us);
            self.make_room(limits);
        }
    }

    /// The batch to send now, if there is one and it may be sent.
    pub fn next(&mut self, now_ms: u64) -> Option<Rc<[u8]>> {
        if self.in_flight.as_ref().is_some_and(|sent| now_ms >= sent.overdue_at_ms) {
            self.answered(Answer::Later(None), now_ms);
        }
        if self.in_flight.is_some() || now_ms < self.not_before_ms {
            return None;
        }
        self.sealed.front().map(|batch| Rc::clone(&batch.bytes))
    }

    /// The batch that [`Outbox::next`] gave is on its way.
    pub fn sent(&mut self, callout: CalloutId, now_ms: u64, timeout_ms: u32) {
        let overdue_at_ms = now_ms.saturating_add(timeout_ms.into()).saturating_add(OVERDUE_MS);
        self.in_flight = Some(InFlight { callout, overdue_at_ms });
    }

    /// The batch that [`Outbox::next`] gave could not even be sent.
    pub fn not_sent(&mut self, now_ms: u64) {
        self.answered(Answer::Later(None), now_ms);
    }

    /// Whether that callout is the one under way.
    pub fn awaits(&self, callout: CalloutId) -> bool {
        self.in_flight.as_ref().is_some_and(|sent| sent.callout == callout)
    }

    /// The collector has answered for the batch under way.
    pub fn answered(&mut self, answer: Answer, now_ms: u64) {
        self.in_flight = None;
        match answer {
            Answer::Accepted => {
                self.backoff.succeed();
                self.not_before_ms = 0;
                self.forget_first();
            }
            Answer::Refused => {
                self.backoff.succeed();
                self.not_before_ms = 0;
                let events = self.forget_first();
                self.count(HealthCounter::EventsDroppedRefused, events);
            }
            Answer::Later(asked_ms) => {
                self.not_before_ms = now_ms.saturating_add(self.backoff.fail(asked_ms));
                self.count(HealthCounter::DeliveriesRetried, 1);
            }
        }
    }

    /// Failed deliveries in a row.
    pub fn failures(&self) -> u32 {
        self.backoff.failures()
    }

    /// Events that no collector has acknowledged.
    pub fn undelivered_events(&self) -> u64 {
        let gathering = u64::try_from(self.gathering.len()).unwrap_or(u64::MAX);
        self.sealed.iter().fold(gathering, |sum, batch| sum.saturating_add(batch.events))
    }

    /// Bytes that undelivered batches take.
    pub fn buffered_bytes(&self) -> usize {
        self.sealed_bytes.saturating_add(self.gathering.size_bound())
    }

    fn seal(&mut self, now_us: u64) {
        let gathered = std::mem::replace(&mut self.gathering, BatchBuilder::new(&self.gateway));
        let events = u64::try_from(gathered.len()).unwrap_or(u64::MAX);
        let batch = gathered.finish(self.producer, self.next_sequence, now_us, self.health.clone());
        let bytes: Rc<[u8]> = binary::encode(&batch).into();
        self.next_sequence = self.next_sequence.saturating_add(events);
        self.sealed_bytes = self.sealed_bytes.saturating_add(bytes.len());
        self.sealed.push_back(Sealed { bytes, events });
        self.news = false;
    }

    /// Lets the oldest batches go until the rest fits; the one under way stays, being perhaps committed.
    fn make_room(&mut self, limits: &Limits) {
        let first = usize::from(self.in_flight.is_some());
        while self.sealed_bytes.saturating_add(limits.max_batch_bytes) > limits.max_buffer_bytes {
            // The newest batch stays too: without it nothing would ever be delivered.
            if self.sealed.len() <= first.saturating_add(1) {
                return;
            }
            let Some(dropped) = self.sealed.remove(first) else { return };
            self.sealed_bytes = self.sealed_bytes.saturating_sub(dropped.bytes.len());
            self.count(HealthCounter::EventsDroppedOverflow, dropped.events);
        }
    }

    fn forget_first(&mut self) -> u64 {
        let Some(batch) = self.sealed.pop_front() else { return 0 };
        self.sealed_bytes = self.sealed_bytes.saturating_sub(batch.bytes.len());
        batch.events
    }
}

#[cfg(test)]
mod tests;
