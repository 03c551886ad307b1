//! What goes in comes out, whatever it is; and what is no batch is refused, whatever it is.
#![cfg(not(target_arch = "wasm32"))]

mod sample;

use proptest::collection::vec;
use proptest::prelude::*;
use weir_wire::{
    Batch, BatchBuilder, Breaker, Cache, CostSource, Event, EventResult, Health, InstanceId, Measure,
    Measures, Outcome, Producer, RequestId, Target, TraceContext, UsageStatus, binary, json,
};

const NAMES: [&str; 6] = ["openai", "anthropic", "eu-west", "größe", "a;b=c", ""];

fn name() -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::of(proptest::sample::select(&NAMES[..]))
}

fn id() -> impl Strategy<Value = RequestId<'static>> {
    prop_oneof![
        8 => any::<[u8; 16]>().prop_map(RequestId::Uuid),
        1 => Just(RequestId::Absent),
        1 => Just(RequestId::Text("order-1")),
    ]
}

fn trace() -> impl Strategy<Value = Option<TraceContext>> {
    let trace = (any::<u8>(), any::<u8>(), any::<u8>());
    proptest::option::weighted(0.2, trace).prop_map(|trace| {
        trace.map(|(a, b, flags)| TraceContext { trace_id: [a | 1; 16], span_id: [b | 1; 8], flags })
    })
}

fn number() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(prop_oneof![3 => 0..10_000u64, 1 => Just(Measure::MAX), 1 => 0..=Measure::MAX])
}

fn measures() -> impl Strategy<Value = Measures> {
    vec(number(), Measure::COUNT).prop_map(|values| {
        let mut measures = Measures::new();
        for (measure, value) in Measure::ALL.iter().zip(values) {
            measures.set(*measure, value.map(|value| value.min(measure.limit())));
        }
        if measures.get(Measure::EndedUs).is_none() {
            measures.set(Measure::EndedUs, Some(1));
        }
        measures
    })
}

fn result() -> impl Strategy<Value = EventResult<&'static str>> {
    let codes = (
        proptest::sample::select(Outcome::ALL),
        proptest::option::of(proptest::sample::select(UsageStatus::ALL)),
        proptest::option::of(proptest::sample::select(CostSource::ALL)),
        proptest::option::of(proptest::sample::select(Cache::ALL)),
        proptest::option::of(proptest::sample::select(Breaker::ALL)),
    );
    let rest = (
        name(),
        name(),
        name(),
        any::<Option<u16>>(),
        0..u64::MAX >> 1,
        any::<Option<u32>>(),
        any::<Option<bool>>(),
    );
    (codes, rest).prop_map(|((outcome, usage_status, cost_source, cache, breaker), rest)| {
        let (error_type, details, service_tier, status, response_flags, attempts, streamed) = rest;
        EventResult {
            outcome,
            error_type,
            details,
            status,
            response_flags,
            attempts,
            streamed,
            usage_status,
            service_tier,
            cost_source,
            cache,
            breaker,
        }
    })
}

fn event() -> impl Strategy<Value = Event<'static>> {
    let target = (name(), name(), name(), name()).prop_map(|(backend, route, model, provider)| Target {
        backend,
        route,
        model,
        provider,
        ..Target::default()
    });
    (id(), trace(), name(), [name(), name(), name(), name()], target, result(), measures()).prop_map(
        |(request_id, trace, consumer, dimensions, target, result, mut measures)| {
            // A cost and its source come together.
            if result.cost_source.is_none() {
                measures.set(Measure::CostNanoUsd, None);
            } else if measures.get(Measure::CostNanoUsd).is_none() {
                measures.set(Measure::CostNanoUsd, Some(5));
            }
            Event { request_id, trace, consumer, dimensions, target, result, measures }
        },
    )
}

fn build(events: &[Event<'_>], first_sequence: u64) -> (Batch, usize) {
    let mut builder = BatchBuilder::new("edge");
    for event in events {
        builder.push(event);
    }
    let bound = builder.size_bound();
    let producer = Producer { instance: InstanceId([3; 16]), epoch: 7 };
    (builder.finish(producer, first_sequence, 9, Health::default()), bound)
}

/// With the checksum that belongs to it: as somebody would send it who means harm.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

proptest! {
    #[test]
    fn events_survive_both_forms(events in vec(event(), 0..40), first in 0..u64::MAX / 2) {
        let (batch, bound) = build(&events, first);
        let bytes = binary::encode(&batch);
        prop_assert!(bytes.len() <= bound, "{} bytes exceed the bound of {bound}", bytes.len());
        let read = binary::decode(&bytes).unwrap();
        prop_assert_eq!(read.events().collect::<Vec<_>>(), events);
        prop_assert_eq!(read.first_sequence(), first);
        prop_assert_eq!(&json::decode(json::encode(&read).as_bytes()).unwrap(), &read);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = binary::decode(&bytes);
        let _ = json::decode(&bytes);
        let mut batch = b"WEIR\x02".to_vec();
        batch.extend(bytes);
        let _ = binary::decode(&sealed(batch));
    }

    #[test]
    fn a_damaged_batch_is_read_as_some_batch_or_refused(
        events in vec(event(), 1..8),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let whole = binary::encode(&build(&events, 1).0);
        let mut bytes = whole.clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert!(bytes == whole || binary::decode(&bytes).is_err(), "the checksum let damage pass");
        bytes.truncate(bytes.len() - 4);
        let bytes = sealed(bytes);
        if let Ok(batch) = binary::decode(&bytes) {
            prop_assert_eq!(batch.events().count(), batch.len());
            prop_assert_eq!(&binary::decode(&binary::encode(&batch)).unwrap(), &batch);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = binary::encode(&sample::batch());
    let body = &bytes[..bytes.len() - 4];
    for end in 0..body.len() {
        assert!(binary::decode(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
        assert!(
            binary::decode(&sealed(body[..end].to_vec())).is_err(),
            "{end} of {} bytes, sealed",
            bytes.len()
        );
    }
    assert!(binary::decode(&sealed([body, &[0]].concat())).is_err());
}

#[test]
fn a_count_that_the_input_cannot_hold_is_refused_at_once() {
    let bytes = binary::encode(&build(&[], 1).0);
    // The number of strings stands behind magic, version, instance, epoch, sequence, time and gateway.
    let mut claim = bytes[..5 + 16 + 1 + 1 + 1 + 5].to_vec();
    claim.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(binary::decode(&sealed(claim)).is_err());
}

#[test]
fn strings_that_could_forge_a_log_line_never_stand_in_a_batch() {
    let long = "x".repeat(300);
    let forged = Event {
        consumer: Some("a\nb"),
        request_id: RequestId::Text("id\r\nx"),
        target: Target { backend: Some(&long), ..Target::default() },
        ..sample::bare()
    };
    let (batch, _) = build(&[forged], 1);
    let event = batch.event(0).unwrap();
    assert_eq!((event.consumer, event.request_id, event.target.backend), (None, RequestId::Absent, None));
    let json = json::encode(&build(&[sample::bare()], 1).0).replace("order-4711", "order\\u0000");
    assert!(json::decode(json.as_bytes()).unwrap_err().to_string().contains("request_ids[0]"));
}

#[test]
fn a_cost_comes_with_its_source_and_within_reason() {
    let whole = json::encode(&build(&[sample::full()], 1).0);
    let refused = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole}");
        json::decode(whole.replace(from, to).as_bytes()).unwrap_err().to_string()
    };
    assert!(refused("\"cost_source\":\"header\",", "").contains("cost_nano_usd"));
    assert!(refused("\"cost_nano_usd\":2000001,", "").contains("cost_nano_usd"));
    assert!(
        refused("\"cost_nano_usd\":2000001,", "\"cost_nano_usd\":1000000000000001,")
            .contains("cost_nano_usd")
    );
}

#[test]
fn a_message_never_echoes_more_than_a_little() {
    let key = "k".repeat(1 << 20);
    for text in [
        format!("{{\"version\":2,\"{key}\":1}}"),
        json::encode(&sample::batch()).replace("\"measures\":{", &format!("\"measures\":{{\"{key}\":1,")),
    ] {
        let message = json::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(message.len() < 500, "{} bytes", message.len());
    }
}
