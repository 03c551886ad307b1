use weir_wire::{InstanceId, Measure, Measures, Outcome};

use super::*;
use crate::config::Config;
use crate::testing::test;

const CALLOUT: CalloutId = CalloutId(1);

fn outbox() -> Outbox {
    Outbox::new(Producer { instance: InstanceId([1; 16]), epoch: 5 }, "edge")
}

fn limits(max_batch_bytes: usize, max_buffer_bytes: usize) -> Limits {
    Limits { max_batch_bytes, max_buffer_bytes, ..Config::parse(b"").unwrap().limits }
}

fn push(outbox: &mut Outbox, events: u64, limits: &Limits) {
    for number in 0..events {
        let measures =
            Measures::new().with(Measure::EndedUs, number).with(Measure::DurationUs, number * 1_000);
        outbox.push(&Event { measures, ..Event::new(Outcome::Success) }, number, limits);
    }
}

/// Delivers everything, answering `answer` to the first attempt and accepting the rest; the sequences seen.
fn deliver(outbox: &mut Outbox, mut now_ms: u64) -> Vec<(u64, usize)> {
    let mut seen = Vec::new();
    while let Some(bytes) = outbox.next(now_ms) {
        let batch = binary::decode(&bytes).unwrap();
        seen.push((batch.first_sequence(), batch.len()));
        outbox.sent(CALLOUT, now_ms, 100);
        assert!(outbox.awaits(CALLOUT) && outbox.next(now_ms).is_none(), "one at a time");
        outbox.answered(Answer::Accepted, now_ms);
        now_ms += 1;
    }
    seen
}

test! {
    fn an_outbox_with_nothing_to_say_sends_nothing() {
        let mut outbox = outbox();
        outbox.flush(0, &limits(65_536, 1 << 20));
        assert!(outbox.next(0).is_none());
    }

    fn sequences_follow_each_other_over_batches() {
        let (mut outbox, limits) = (outbox(), limits(65_536, 1 << 20));
        push(&mut outbox, 3, &limits);
        outbox.flush(9, &limits);
        push(&mut outbox, 2, &limits);
        outbox.flush(9, &limits);
        assert_eq!(deliver(&mut outbox, 0), [(1, 3), (4, 2)]);
        assert_eq!(outbox.undelivered_events(), 0);
    }

    fn a_batch_is_closed_before_it_grows_too_large() {
        let (mut outbox, limits) = (outbox(), limits(16_384, 1 << 24));
        push(&mut outbox, 5_000, &limits);
        outbox.flush(9, &limits);
        let mut next = 1;
        while let Some(bytes) = outbox.next(0) {
            assert!(bytes.len() <= 16_384, "{}", bytes.len());
            let batch = binary::decode(&bytes).unwrap();
            assert_eq!(batch.first_sequence(), next);
            next += batch.len() as u64;
            outbox.sent(CALLOUT, 0, 100);
            outbox.answered(Answer::Accepted, 0);
        }
        assert_eq!(next, 5_001);
    }

    fn a_failed_delivery_is_the_same_batch_again_after_a_wait() {
        let (mut outbox, limits) = (outbox(), limits(65_536, 1 << 20));
        push(&mut outbox, 3, &limits);
        outbox.flush(9, &limits);
        let first = outbox.next(1_000).unwrap();
        outbox.sent(CALLOUT, 1_000, 100);
        outbox.answered(Answer::of(Some(503), Some(2)), 1_010);
        assert!(outbox.next(1_020).is_none() && outbox.next(3_009).is_none(), "the collector asked for 2 s");
        assert_eq!(outbox.next(3_010).unwrap(), first);
        assert_eq!(outbox.health().get(HealthCounter::DeliveriesRetried), Some(1));
    }

    fn an_answer_that_never_comes_is_a_failure() {
        let (mut outbox, limits) = (outbox(), limits(65_536, 1 << 20));
        push(&mut outbox, 1, &limits);
        outbox.flush(0, &limits);
        assert!(outbox.next(0).is_some());
        outbox.sent(CALLOUT, 0, 100);
        assert!(outbox.next(10_099).is_none());
        assert!(outbox.next(10_100).is_none(), "counted as failed, and now waits");
        assert_eq!(outbox.failures(), 1);
        assert!(outbox.next(10_700).is_some());
    }

    fn a_refused_batch_is_let_go_and_counted_and_its_neighbours_are_not() {
        let (mut outbox, limits) = (outbox(), limits(65_536, 1 << 20));
        for _ in 0..2 {
            push(&mut outbox, 3, &limits);
            outbox.flush(9, &limits);
        }
        assert!(outbox.next(0).is_some());
        outbox.sent(CALLOUT, 0, 100);
        outbox.answered(Answer::of(Some(400), None), 0);
        assert_eq!(outbox.health().get(HealthCounter::EventsDroppedRefused), Some(3));
        assert_eq!(deliver(&mut outbox, 0), [(4, 3)]);
        outbox.flush(9, &limits);
        let news = binary::decode(&outbox.next(0).unwrap()).unwrap();
        assert!(news.is_empty());
        assert_eq!(news.health().get(HealthCounter::EventsDroppedRefused), Some(3));
    }

    fn memory_is_bounded_and_the_oldest_goes_first_but_not_what_is_under_way() {
        let (mut outbox, limits) = (outbox(), limits(16_384, 65_536));
        push(&mut outbox, 100, &limits);
        outbox.flush(9, &limits);
        assert!(outbox.next(0).is_some());
        outbox.sent(CALLOUT, 0, 100);
        for _ in 0..40 {
            push(&mut outbox, 500, &limits);
            outbox.flush(9, &limits);
            assert!(outbox.buffered_bytes() <= 65_536, "{}", outbox.buffered_bytes());
        }
        outbox.answered(Answer::Accepted, 0);
        let dropped = outbox.health().get(HealthCounter::EventsDroppedOverflow).unwrap();
        let delivered = deliver(&mut outbox, 0);
        let rest: usize = delivered.iter().map(|(_, events)| events).sum();
        assert_eq!(100 + dropped + rest as u64, 100 + 40 * 500);
        assert_eq!(delivered[0].0, 101 + dropped, "the oldest went first");
    }

    fn statuses_mean_what_the_contract_says() {
        for (status, expected) in [
            (Some(200), Answer::Accepted),
            (Some(204), Answer::Accepted),
            (Some(400), Answer::Refused),
            (Some(413), Answer::Refused),
            (Some(401), Answer::Later(None)),
            (Some(415), Answer::Later(None)),
            (Some(429), Answer::Later(None)),
            (Some(500), Answer::Later(None)),
            (Some(404), Answer::Later(None)),
            (None, Answer::Later(None)),
        ] {
            assert_eq!(Answer::of(status, None), expected, "{status:?}");
        }
    }
}
