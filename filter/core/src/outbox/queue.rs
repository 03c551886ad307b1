//! Batches on their way: which one is next, which may go when memory runs out.
//!
//! One batch is on its way at a time, the first. A batch that was sent once may have been committed although
//! nobody has said so: it stays until it is answered for, and its events are never added up elsewhere.

use std::collections::VecDeque;

use crate::backoff::Backoff;
use crate::host::CalloutId;

/// A callout whose answer is this much overdue is taken as failed, milliseconds.
const OVERDUE_MS: u64 = 10_000;

/// How the collector answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The batch is committed.
    Accepted,
    /// The batch will never be accepted; the collector keeps a copy for a person to look at.
    Refused,
    /// Not now: keep it and try again, not before the time asked for (milliseconds).
    Later(Option<u64>),
}

impl Answer {
    /// What an HTTP status means for a batch; `None` is silence. `retry_after_s` is the header's number.
    pub(crate) fn of(status: Option<u16>, retry_after_s: Option<u64>) -> Self {
        match status {
            Some(200..=299) => Self::Accepted,
            Some(400 | 413) => Self::Refused,
            _ => Self::Later(retry_after_s.map(|seconds| seconds.saturating_mul(1_000))),
        }
    }
}

/// Where a batch's bytes are.
#[derive(Debug)]
pub(crate) enum Body {
    /// In a cell of this VM's slot.
    Cell(u16),
    /// In this VM's own memory.
    Local(Box<[u8]>),
}

/// What a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Events of this VM.
    Detail,
    /// What events of this VM add up to.
    Summary,
    /// Whatever a dead VM has left.
    Foreign,
}

/// One batch.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) body: Body,
    pub(crate) bytes: usize,
    /// How many events it holds or sums up.
    pub(crate) events: u64,
    pub(crate) kind: Kind,
    /// Whether it was on its way once.
    sent: bool,
}

impl Entry {
    pub(crate) fn new(body: Box<[u8]>, events: u64, kind: Kind) -> Self {
        Self { bytes: body.len(), body: Body::Local(body), events, kind, sent: false }
    }
}

#[derive(Debug)]
struct InFlight {
    callout: CalloutId,
    overdue_at_ms: u64,
}

/// All closed batches.
#[derive(Debug)]
pub(crate) struct Queue {
    entries: VecDeque<Entry>,
    in_flight: Option<InFlight>,
    backoff: Backoff,
    not_before_ms: u64,
}

impl Queue {
    pub(crate) fn new(seed: u64) -> Self {
        Self { entries: VecDeque::new(), in_flight: None, backoff: Backoff::new(seed), not_before_ms: 0 }
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }

    /// Bytes of all batches of some kinds.
    pub(crate) fn bytes_of(&self, kinds: &[Kind]) -> usize {
        let of_kind = self.entries.iter().filter(|entry| kinds.contains(&entry.kind));
        of_kind.fold(0, |sum, entry| sum.saturating_add(entry.bytes))
    }

    /// The batch to send now, if there is one and it may be sent. A callout that is overdue has failed;
    /// whether one was.
    pub(crate) fn next(&mut self, now_ms: u64) -> (Option<&Entry>, bool) {
        let overdue = self.in_flight.as_ref().is_some_and(|sent| now_ms >= sent.overdue_at_ms);
        if overdue {
            self.answered(Answer::Later(None), now_ms);
        }
        if self.in_flight.is_some() || now_ms < self.not_before_ms {
            return (None, overdue);
        }
        (self.entries.front(), overdue)
    }

    /// The batch that [`Queue::next`] gave is on its way.
    pub(crate) fn sent(&mut self, callout: CalloutId, now_ms: u64, timeout_ms: u32) {
        if let Some(entry) = self.entries.front_mut() {
            entry.sent = true;
        }
        let overdue_at_ms = now_ms.saturating_add(timeout_ms.into()).saturating_add(OVERDUE_MS);
        self.in_flight = Some(InFlight { callout, overdue_at_ms });
    }

    /// Whether that callout is the one under way.
    pub(crate) fn awaits(&self, callout: CalloutId) -> bool {
        self.in_flight.as_ref().is_some_and(|sent| sent.callout == callout)
    }

    /// The collector has answered for the first batch, or has not. Returns it if it need not be kept.
    pub(crate) fn answered(&mut self, answer: Answer, now_ms: u64) -> Option<Entry> {
        self.in_flight = None;
        match answer {
            Answer::Accepted | Answer::Refused => {
                self.backoff.succeed();
                self.not_before_ms = 0;
                self.take_first()
            }
            Answer::Later(asked_ms) => {
                self.not_before_ms = now_ms.saturating_add(self.backoff.fail(asked_ms));
                None
            }
        }
    }

    /// Failed deliveries in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.backoff.failures()
    }

    /// Takes out the oldest batch of that kind that was never sent. The newest of all stays: without it
    /// nothing would ever be delivered.
    pub(crate) fn take_oldest(&mut self, kind: Kind) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.kind == kind && !entry.sent)?;
        if at.saturating_add(1) == self.entries.len() {
            return None;
        }
        self.remove(at)
    }

    /// Takes out the first batch, whose bytes cannot be had.
    pub(crate) fn take_first(&mut self) -> Option<Entry> {
        self.entries.pop_front()
    }

    fn remove(&mut self, at: usize) -> Option<Entry> {
        // Turned about once: `remove` would do, but that it panics where there is nothing.
        let mut removed = None;
        for place in 0..self.entries.len() {
            let Some(entry) = self.entries.pop_front() else { break };
            if place == at {
                removed = Some(entry);
            } else {
                self.entries.push_back(entry);
            }
        }
        removed
    }

    /// Forgets all batches whose bytes are in cells.
    pub(crate) fn forget_cells(&mut self) {
        self.in_flight = None;
        for _ in 0..self.entries.len() {
            let local = self.entries.pop_front().filter(|entry| matches!(entry.body, Body::Local(_)));
            if let Some(entry) = local {
                self.entries.push_back(entry);
            }
        }
    }

    /// Events in all batches.
    pub(crate) fn events(&self) -> u64 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn queue(kinds: &[Kind]) -> Queue {
        let mut queue = Queue::new(7);
        for (events, kind) in (1..).zip(kinds) {
            queue.push(Entry::new(vec![0; 100].into(), events, *kind));
        }
        queue
    }

    test! {
        fn answers_are_judged_by_their_status() {
            for (status, expected) in [(Some(200), Answer::Accepted), (Some(204), Answer::Accepted), (Some(400), Answer::Refused), (Some(413), Answer::Refused)] {
                assert_eq!(Answer::of(status, None), expected);
            }
            for status in [None, Some(301), Some(401), Some(403), Some(404), Some(408), Some(415), Some(429), Some(500), Some(503)] {
                assert_eq!(Answer::of(status, Some(2)), Answer::Later(Some(2_000)), "{status:?}");
            }
        }

        fn one_batch_is_on_its_way_and_stays_until_it_is_answered_for() {
            let mut queue = queue(&[Kind::Detail, Kind::Detail]);
            assert!(queue.next(0).0.is_some());
            queue.sent(CalloutId(5), 0, 1_000);
            assert!(queue.next(0).0.is_none() && queue.awaits(CalloutId(5)) && !queue.awaits(CalloutId(4)));
            assert!(queue.answered(Answer::Later(Some(9_000)), 100).is_none());
            assert!(queue.next(9_099).0.is_none());
            assert_eq!(queue.next(9_100).0.unwrap().events, 1);
            queue.sent(CalloutId(6), 9_100, 1_000);
            assert_eq!(queue.answered(Answer::Accepted, 9_200).unwrap().events, 1);
            assert_eq!(queue.next(9_200).0.unwrap().events, 2);
            queue.sent(CalloutId(7), 9_200, 1_000);
            assert!(!queue.next(20_199).1);
            assert!(queue.next(20_200).1, "an answer that never comes");
            assert_eq!(queue.failures(), 1);
        }

        fn what_was_sent_once_and_the_newest_stay() {
            let mut queue = queue(&[Kind::Detail, Kind::Foreign, Kind::Detail, Kind::Summary, Kind::Detail]);
            let _ = queue.next(0);
            queue.sent(CalloutId(1), 0, 1_000);
            queue.answered(Answer::Later(None), 0);
            assert_eq!(queue.take_oldest(Kind::Detail).unwrap().events, 3);
            assert!(queue.take_oldest(Kind::Detail).is_none());
            assert_eq!(queue.take_oldest(Kind::Summary).unwrap().events, 4);
            assert_eq!((queue.len(), queue.events(), queue.bytes_of(&[Kind::Detail])), (3, 8, 200));
        }
    }
}
