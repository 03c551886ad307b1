//! Events of every kind, for property tests.

use proptest::collection::vec;
use proptest::prelude::*;
use weir_wire::{
    Breaker, Cache, CostSource, Event, EventResult, Measure, Measures, Outcome, RequestId, Target,
    TraceContext, UsageStatus,
};

/// Names that may stand in a batch.
pub(crate) const NAMES: [&str; 6] = ["openai", "anthropic", "eu-west", "größe", "a;b=c", ""];

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

pub(crate) fn event() -> impl Strategy<Value = Event<'static>> {
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

/// With the checksum that belongs to it: as somebody would send it who means harm.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}
