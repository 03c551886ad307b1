//! A small batch that uses every part of the format.

use weir_wire::{
    Batch, BatchBuilder, Breaker, Cache, CostSource, Event, EventResult, Health, HealthCounter, InstanceId,
    Measure, Measures, Outcome, Producer, RequestId, SummaryBuilder, Target, TraceContext, UsageStatus,
    Window,
};

pub(crate) const PRODUCER: Producer = Producer {
    instance: InstanceId([0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255]),
    epoch: 1_790_000_000_000,
};

/// A request that went well, with everything known.
pub(crate) fn full() -> Event<'static> {
    let trace = TraceContext { trace_id: [7; 16], span_id: [9; 8], flags: 1 };
    Event {
        request_id: RequestId::parse("7d444840-9dc0-41d1-b245-5ffdce74fad2"),
        trace: Some(trace),
        consumer: Some("team-a"),
        dimensions: [Some("eu"), None, None, Some("batch")],
        target: Target {
            backend: Some("openai"),
            backend_type: Some("llm"),
            upstream: Some("10.0.0.1:443"),
            endpoint: Some("/v1/chat/completions"),
            route: Some("chat"),
            method: Some("POST"),
            algorithm: Some("weighted_round_robin"),
            provider: Some("openai"),
            model: Some("gpt-4.1-mini"),
        },
        result: EventResult {
            status: Some(200),
            attempts: Some(2),
            streamed: Some(true),
            usage_status: Some(UsageStatus::Reported),
            service_tier: Some("default"),
            cost_source: Some(CostSource::Header),
            cache: Some(Cache::Miss),
            breaker: Some(Breaker::Closed),
            ..EventResult::new(Outcome::Success)
        },
        measures: measures(),
    }
}

fn measures() -> Measures {
    let known = [
        (Measure::EndedUs, 1_790_000_001_000_000),
        (Measure::DurationUs, 812_345),
        (Measure::PoolWaitUs, 120),
        (Measure::TtfbUs, 210_000),
        (Measure::BackendUs, 811_900),
        (Measure::TtftUs, 230_500),
        (Measure::TpotUs, 7_312),
        (Measure::MaxChunkGapUs, 40_001),
        (Measure::RequestBytes, 812),
        (Measure::ResponseBytes, 20_480),
        (Measure::InputTokens, 1_200),
        (Measure::OutputTokens, 80),
        (Measure::CacheReadTokens, 1_024),
        (Measure::CacheWriteTokens, 64),
        (Measure::CacheWrite1hTokens, 32),
        (Measure::ReasoningTokens, 16),
        (Measure::AudioTokens, 0),
        (Measure::CostNanoUsd, 2_000_001),
        (Measure::RemainingRequests, 499),
        (Measure::RemainingTokens, 119_000),
        (Measure::RetryAfterS, 0),
        (Measure::QualityScore, 850_000),
        (Measure::QualityAccuracy, 900_000),
        (Measure::QualityRelevance, 800_000),
        (Measure::QualityCompleteness, 1_000_000),
        (Measure::Satisfaction, 0),
    ];
    known.into_iter().fold(Measures::new(), |measures, (measure, value)| measures.with(measure, value))
}

/// A request that a breaker turned away: nearly nothing known, and a client's own id.
pub(crate) fn bare() -> Event<'static> {
    Event {
        request_id: RequestId::parse("order-4711"),
        target: Target { backend: Some("openai"), ..Target::default() },
        result: EventResult {
            error_type: Some("overflow"),
            details: Some("upstream_reset_before_response_started{overflow}"),
            status: Some(503),
            response_flags: 1 << 7,
            breaker: Some(Breaker::Overflow),
            ..EventResult::new(Outcome::Rejected)
        },
        measures: Measures::new().with(Measure::EndedUs, 1_790_000_000_999_000).with(Measure::DurationUs, 90),
        ..Event::new(Outcome::Rejected)
    }
}

/// No id at all, and values at the end of their range.
pub(crate) fn extreme() -> Event<'static> {
    Event {
        measures: Measures::new()
            .with(Measure::EndedUs, Measure::MAX)
            .with(Measure::DurationUs, 0)
            .with(Measure::TtfbUs, Measure::MAX)
            .with(Measure::CostNanoUsd, Measure::CostNanoUsd.limit()),
        result: EventResult { cost_source: Some(CostSource::Body), ..EventResult::new(Outcome::Aborted) },
        ..Event::new(Outcome::Aborted)
    }
}

pub(crate) fn events() -> [Event<'static>; 3] {
    [full(), bare(), extreme()]
}

pub(crate) fn health() -> Health {
    let mut health = Health::default();
    health.set(HealthCounter::EventsRecorded, 44);
    health.set(HealthCounter::EventsDroppedOverflow, 0);
    health
}

pub(crate) fn batch() -> Batch {
    let mut builder =
        BatchBuilder::new("edge-1").with_dimensions([Some("region"), None, None, Some("workload")]);
    for event in events() {
        builder.push(&event);
    }
    builder.finish(PRODUCER, 42, 1_790_000_002_000_000, health())
}

/// The same events with their detail gone, and one more.
pub(crate) fn summary() -> SummaryBuilder {
    let mut summary = SummaryBuilder::new("edge-1");
    for (event, start_s) in events().iter().zip([1_790_000_000, 1_789_999_980, 1_790_000_040]) {
        summary.add(event, Window { start_s, width_s: 60 }, true);
    }
    summary.add(&full(), Window { start_s: 1_790_000_000, width_s: 60 }, true);
    summary.cover(42, 3);
    summary.cover(50, 1);
    summary
}
