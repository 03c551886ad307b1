//! What goes in comes out, whatever it is; and what is no batch is refused, whatever it is.
#![cfg(not(target_arch = "wasm32"))]

mod sample;
mod strategy;

use proptest::collection::vec;
use proptest::prelude::*;
use strategy::{NAMES, event, sealed};
use weir_wire::{
    Batch, BatchBuilder, Event, Health, InstanceId, Measure, Measures, Producer, RequestId, Target,
    TraceContext, binary, json,
};

fn build(events: &[Event<'_>], first_sequence: u64) -> (Batch, usize) {
    let mut builder = BatchBuilder::new("edge");
    for event in events {
        builder.push(event);
    }
    let bound = builder.size_bound();
    let producer = Producer { instance: InstanceId([3; 16]), epoch: 7 };
    (builder.finish(producer, first_sequence, 9, Health::default()), bound)
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
        let mut batch = b"WEIR\x03".to_vec();
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
    let summary = sample::summary().batch(sample::PRODUCER, 9, sample::health());
    for bytes in [sample::batch(), summary].map(|batch| binary::encode(&batch)) {
        let body = &bytes[..bytes.len() - 4];
        for end in 0..body.len() {
            let sealed = sealed(body[..end].to_vec());
            assert!(binary::decode(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
            assert!(binary::decode(&sealed).is_err(), "{end} of {} bytes, sealed", bytes.len());
        }
        assert!(binary::decode(&sealed([body, &[0]].concat())).is_err());
    }
}

/// Hardly a code is shorter than a whole byte, and every column has gaps of its own: little is saved of what
/// the bound allows for.
#[test]
fn the_bound_holds_where_little_can_be_saved() {
    let mut dice = 7u64;
    let mut below = |limit: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % limit
    };
    let mut builder = BatchBuilder::new("edge");
    for _ in 0..4_000 {
        let mut measures = Measures::new().with(Measure::EndedUs, 1 << 40);
        for measure in Measure::ALL.iter().skip(1).filter(|measure| **measure != Measure::CostNanoUsd) {
            measures.set(*measure, Some(64 + below(64)).filter(|value| value % 3 > 0));
        }
        let name = |at| Some(NAMES[usize::try_from(at).unwrap()]);
        let trace = TraceContext { trace_id: [1; 16], span_id: [1; 8], flags: 0 };
        builder.push(&Event {
            measures,
            trace: Some(trace).filter(|_| below(2) == 0),
            consumer: name(below(5)).filter(|_| below(2) == 0),
            dimensions: std::array::from_fn(|_| name(below(5)).filter(|_| below(2) == 0)),
            target: Target { backend: name(below(5)), model: name(below(5)), ..Target::default() },
            ..sample::bare()
        });
    }
    let bound = builder.size_bound();
    let producer = Producer { instance: InstanceId([3; 16]), epoch: 7 };
    let length = binary::encode(&builder.finish(producer, 1, 9, Health::default())).len();
    assert!(length <= bound, "{length} bytes exceed the bound of {bound}");
    assert!(bound - length < length / 8, "the bound of {bound} is far from {length} bytes");
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
fn names_of_dimensions_stand_once_or_not_at_all() {
    let names = |names| {
        let builder = BatchBuilder::new("edge").with_dimensions(names);
        let bound = builder.size_bound();
        let batch =
            builder.finish(Producer { instance: InstanceId([3; 16]), epoch: 7 }, 1, 9, Health::default());
        let bytes = binary::encode(&batch);
        assert!(bytes.len() <= bound);
        assert_eq!(binary::decode(&bytes).as_ref(), Ok(&batch));
        assert_eq!(json::decode(json::encode(&batch).as_bytes()).as_ref(), Ok(&batch));
        batch.dimension_names().map(|name| name.map(str::to_owned))
    };
    let owned = |names: [Option<&str>; 4]| names.map(|name| name.map(str::to_owned));
    assert_eq!(names([None; 4]), owned([None; 4]));
    assert_eq!(names([Some("a"), None, Some("b"), None]), owned([Some("a"), None, Some("b"), None]));
    assert_eq!(names([Some("a"), Some("a"), Some(""), Some("x\ny")]), owned([Some("a"), None, None, None]));
    let json = json::encode(&sample::batch()).replace("\"workload\"", "\"region\"");
    assert!(json::decode(json.as_bytes()).unwrap_err().to_string().contains("dimension_names"));
}

#[test]
fn a_message_never_echoes_more_than_a_little() {
    let key = "k".repeat(1 << 20);
    for text in [
        format!("{{\"version\":3,\"{key}\":1}}"),
        json::encode(&sample::batch()).replace("\"measures\":{", &format!("\"measures\":{{\"{key}\":1,")),
    ] {
        let message = json::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(message.len() < 500, "{} bytes", message.len());
    }
}
