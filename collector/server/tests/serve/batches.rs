//! Batches to deliver.

use weir_wire::{
    Batch, BatchBuilder, CostSource, Event, EventResult, Health, InstanceId, Measure, Measures, Outcome,
    Producer, RequestId, SummaryBuilder, Target, UsageStatus, Window,
};

/// 2026-09-21T14:13:20Z in microseconds.
pub(crate) const START_US: u64 = 1_790_000_000_000_000;

pub(crate) fn producer(number: u8) -> Producer {
    Producer { instance: InstanceId([number; 16]), epoch: 1_790_000_000_000 }
}

/// The request id of event `sequence` of a producer: a UUID.
pub(crate) fn id_of(producer: Producer, sequence: u64) -> [u8; 16] {
    let mut id = producer.instance.0;
    id[8..].copy_from_slice(&sequence.to_be_bytes());
    id
}

pub(crate) fn id_text(producer: Producer, sequence: u64) -> String {
    RequestId::Uuid(id_of(producer, sequence)).to_string()
}

/// Event `sequence`: every third fails and costs nobody knows what; the others cost `sequence` nano-dollars.
pub(crate) fn event(producer: Producer, sequence: u64) -> Event<'static> {
    let fails = sequence.is_multiple_of(3);
    let mut measures = Measures::new()
        .with(Measure::EndedUs, START_US + sequence * 1000)
        .with(Measure::DurationUs, 250_000)
        .with(Measure::RequestBytes, 10)
        .with(Measure::ResponseBytes, 100);
    if !fails {
        measures.set(Measure::CostNanoUsd, Some(sequence));
        measures.set(Measure::InputTokens, Some(3));
    }
    Event {
        request_id: RequestId::Uuid(id_of(producer, sequence)),
        target: Target {
            backend: Some(if sequence.is_multiple_of(2) { "even" } else { "odd" }),
            algorithm: Some("round_robin"),
            ..Target::default()
        },
        result: EventResult {
            status: Some(if fails { 503 } else { 200 }),
            attempts: Some(if fails { 2 } else { 1 }),
            usage_status: Some(if fails { UsageStatus::Missing } else { UsageStatus::Reported }),
            cost_source: (!fails).then_some(CostSource::Header),
            ..EventResult::new(if fails { Outcome::Error } else { Outcome::Success })
        },
        measures,
        ..Event::new(Outcome::Success)
    }
}

/// The events of `producer` from `first` on.
pub(crate) fn batch(producer: Producer, first: u64, count: u64) -> Batch {
    let events: Vec<_> = (first..first + count).map(|sequence| event(producer, sequence)).collect();
    batch_of(producer, first, &events)
}

/// A summary of the same events as in [`batch`], for each of the ranges of first number and count.
pub(crate) fn summary(producer: Producer, ranges: &[(u64, u64)]) -> Batch {
    let mut summary = SummaryBuilder::new("edge-1");
    for (first, count) in ranges {
        for sequence in *first..first + count {
            let ended_s = (START_US + sequence * 1000) / 1_000_000;
            let window = Window { start_s: ended_s - ended_s % 60, width_s: 60 };
            summary.add(&event(producer, sequence), window, true);
        }
        summary.cover(*first, *count);
    }
    summary.batch(producer, START_US, Health::default())
}

pub(crate) fn batch_of(producer: Producer, first: u64, events: &[Event<'_>]) -> Batch {
    let mut builder = BatchBuilder::new("edge-1");
    events.iter().for_each(|event| builder.push(event));
    builder.finish(producer, first, START_US, Health::default())
}
