//! What others read, as it stands: a change here is a change to them.

use weir_wire::{
    Batch, BatchBuilder, Breaker, Cache, CostSource, Event, EventResult, Health, HealthCounter, Measure,
    Measures, Outcome, RequestId, Target, TraceContext, UsageStatus,
};

use crate::batches::{START_US, event, producer, summary};
use crate::harness::Place;

/// A request of which everything is known.
fn full() -> Event<'static> {
    let measures = [
        (Measure::EndedUs, START_US),
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
    Event {
        request_id: RequestId::parse("7d444840-9dc0-41d1-b245-5ffdce74fad2"),
        trace: Some(TraceContext { trace_id: [7; 16], span_id: [9; 8], flags: 1 }),
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
            error_type: None,
            details: Some("via_upstream"),
            status: Some(200),
            response_flags: 1 << 15,
            attempts: Some(2),
            streamed: Some(true),
            usage_status: Some(UsageStatus::Reported),
            service_tier: Some("default"),
            cost_source: Some(CostSource::Header),
            cache: Some(Cache::Miss),
            breaker: Some(Breaker::Closed),
            ..EventResult::new(Outcome::Success)
        },
        measures: measures
            .into_iter()
            .fold(Measures::new(), |known, (measure, value)| known.with(measure, value)),
    }
}

/// One of which nearly nothing is.
fn bare() -> Event<'static> {
    Event {
        request_id: RequestId::Text("order-4711"),
        measures: Measures::new().with(Measure::EndedUs, START_US),
        ..Event::new(Outcome::Rejected)
    }
}

fn batch() -> Batch {
    let mut builder = BatchBuilder::new("edge-1").with_dimensions([
        Some("region"),
        None,
        Some("cost_centre"),
        Some("tier"),
    ]);
    builder.push(&full());
    builder.push(&bare());
    (3..=12).for_each(|sequence| builder.push(&event(producer(1), sequence)));
    let mut health = Health::default();
    for (at, counter) in HealthCounter::ALL.iter().enumerate() {
        health.set(*counter, u64::try_from(at).unwrap());
    }
    builder.finish(producer(1), 2, START_US, health)
}

#[test]
fn a_request_record() {
    let place = Place::new();
    let collector = place.start();
    collector.deliver(&batch());
    for (name, id) in [("full", "7d444840-9dc0-41d1-b245-5ffdce74fad2"), ("bare", "order-4711")] {
        let records = collector.get(&format!("/api/v1/requests/{id}")).json();
        insta::assert_snapshot!(format!("record_{name}"), serde_json::to_string_pretty(&records).unwrap());
    }
}

#[test]
fn the_metrics_page() {
    let place = Place::new();
    let collector = place.start();
    collector.deliver(&batch());
    collector.deliver(&batch());
    collector.deliver(&summary(producer(1), &[(14, 5), (20, 3)]));
    collector.post(&[crate::client::JSON], b"{");
    let response = collector.get("/metrics");
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let volatile = [
        "weir_ingest_commit_duration_seconds",
        "weir_ingest_received_bytes_total",
        "weir_store_database_bytes",
        "weir_store_wal_bytes",
    ];
    let masked = response.body.lines().map(|line| {
        let masked = volatile.iter().any(|family| line.starts_with(family)) || line.contains("version=");
        if masked { format!("{} …", line.split(['{', ' ']).next().unwrap()) } else { line.to_owned() }
    });
    let mut lines: Vec<_> = masked.collect();
    lines.dedup();
    insta::assert_snapshot!("metrics", lines.join("\n"));
}

#[test]
fn the_metrics_page_passes_promtool() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let place = Place::new();
    let collector = place.start();
    collector.deliver(&batch());
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        #[expect(clippy::print_stderr, reason = "says why the test was left out")]
        {
            eprintln!("skipped: promtool is not installed");
        }
        return;
    };
    promtool.stdin.take().unwrap().write_all(collector.get("/metrics").body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let complaints = String::from_utf8(said).unwrap();
    let unexpected: Vec<_> =
        complaints.lines().filter(|line| !line.starts_with("load_balancer_total_cost_usd ")).collect();
    assert_eq!(unexpected, Vec::<&str>::new());
}
