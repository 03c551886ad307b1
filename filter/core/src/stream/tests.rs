use std::rc::Rc;

use weir_wire::{
    Batch, Breaker, Cache, CostSource, Event, EventResult, Measure, Outcome, Target, UsageStatus,
};

use super::*;
use crate::fake_host::FakeHost;
use crate::host::{CalloutId, Property};
use crate::testing::test;

const CHAT: &[(&str, &str)] = &[
    (":method", "POST"),
    (":path", "/v1/chat/completions?api-key=secret"),
    ("x-request-id", "7d444840-9dc0-41d1-b245-5ffdce74fad2"),
    ("x-team", "search"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
];

const ANSWER: &[(&str, &str)] = &[
    (":status", "200"),
    ("content-type", "application/json; charset=utf-8"),
    ("x-envoy-upstream-service-time", "12"),
    ("x-cost-usd", "0.002"),
    ("x-lb-algorithm", "weighted_round_robin"),
    ("x-quality-score", "0.85"),
    ("x-cache", "HIT"),
    ("x-ratelimit-remaining-requests", "59"),
];

fn config() -> Config {
    Config::parse(br#"{"consumer": {"header": "x-team"}, "backends": {"openai": {"type": "llm"}}}"#).unwrap()
}

fn host(request: &[(&str, &str)], response: &[(&str, &str)]) -> FakeHost {
    FakeHost::with_headers(request, response)
        .text(Property::ClusterName, "openai")
        .text(Property::RouteName, "chat")
        .text(Property::UpstreamAddress, "10.0.0.1:443")
        .text(Property::ResponseCodeDetails, "via_upstream")
        .text(Property::NodeId, "edge-1")
        .number(Property::ResponseFlags, 0)
        .number(Property::AttemptCount, 1)
        .number(Property::RequestDuration, 100_000_000)
        .number(Property::PoolReadyDuration, 2_000_000)
        .number(Property::BackendLatency, 90_000_000)
        .number(Property::RequestSize, 812)
        .number(Property::ResponseSize, 2_048)
}

/// Lets a stream pass: headers after 40 ms, then the chunks 20 ms apart, the end at 100 ms.
fn pass(host: &FakeHost, config: &Config, chunks: &[&str]) -> Batch {
    let mut vm = Vm::new(host, [1; 16], Rc::new(config.clone()));
    let mut stream = Stream::new();
    host.pass_ms(40);
    stream.on_response_headers(host, config);
    for chunk in chunks {
        host.pass_ms(20);
        *host.chunk.borrow_mut() = chunk.as_bytes().to_vec();
        stream.on_response_body(host, chunk.len());
    }
    host.pass_ms(60 - 20 * chunks.len() as u64);
    stream.log(host, config, &mut vm);
    stream.log(host, config, &mut vm);
    vm.tick(host);
    let batches = host.batches();
    assert_eq!((batches.len(), batches[0].len()), (1, 1), "once, however often the end is called");
    batches.into_iter().next().unwrap()
}

fn micros(event: &Event<'_>, measures: &[Measure]) -> Vec<Option<u64>> {
    measures.iter().map(|measure| event.measures.get(*measure)).collect()
}

test! {
    fn everything_known_of_a_good_answer_is_recorded() {
        let host = host(CHAT, ANSWER);
        let body = r#"{"model":"gpt-4.1-mini","usage":{"prompt_tokens":120,"completion_tokens":80}}"#;
        let batch = pass(&host, &config(), &[body]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.request_id.to_string(), "7d444840-9dc0-41d1-b245-5ffdce74fad2");
        assert!(event.trace.is_some());
        assert_eq!(event.consumer, Some("search"));
        assert_eq!(batch.gateway(), "edge-1");
        assert_eq!(event.target, Target {
            backend: Some("openai"),
            backend_type: Some("llm"),
            upstream: Some("10.0.0.1:443"),
            endpoint: Some("/v1/chat/completions"),
            route: Some("chat"),
            method: Some("POST"),
            algorithm: Some("weighted_round_robin"),
            provider: Some("openai"),
            model: Some("gpt-4.1-mini"),
        });
        assert_eq!(event.result, EventResult {
            details: Some("via_upstream"),
            status: Some(200),
            attempts: Some(1),
            streamed: Some(false),
            usage_status: Some(UsageStatus::Reported),
            cost_source: Some(CostSource::Header),
            cache: Some(Cache::Hit),
            ..EventResult::new(Outcome::Success)
        });
        use Measure as M;
        let known = [M::DurationUs, M::TtfbUs, M::BackendUs, M::PoolWaitUs, M::RequestBytes, M::ResponseBytes];
        let expected = [100_000, 40_000, 90_000, 2_000, 812, 2_048];
        assert_eq!(micros(&event, &known), expected.map(Some));
        let known = [M::InputTokens, M::OutputTokens, M::CostNanoUsd, M::QualityScore, M::RemainingRequests];
        assert_eq!(micros(&event, &known), [120, 80, 2_000_000, 850_000, 59].map(Some));
        let unknown = [M::TtftUs, M::TpotUs, M::MaxChunkGapUs, M::CacheReadTokens, M::Satisfaction];
        assert_eq!(micros(&event, &unknown), [None; 5]);
    }

    fn a_stream_is_timed_by_its_content() {
        let response = [(":status", "200"), ("content-type", "text/event-stream"), ("x-envoy-upstream-service-time", "1")];
        let host = host(CHAT, &response);
        let batch = pass(&host, &config(), &[
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n",
        ]);
        let event = batch.event(0).unwrap();
        use Measure as M;
        let known = [M::TtftUs, M::TpotUs, M::MaxChunkGapUs, M::InputTokens, M::OutputTokens];
        assert_eq!(micros(&event, &known), [80_000, 5_000, 20_000, 9, 5].map(Some));
        assert_eq!(event.result.streamed, Some(true));
        assert_eq!(event.result.usage_status, Some(UsageStatus::Reported));
    }

    fn a_stream_that_the_client_left_keeps_what_was_reported() {
        let response = [(":status", "200"), ("content-type", "text/event-stream"), ("x-envoy-upstream-service-time", "1")];
        let request = [(":method", "POST"), (":path", "/v1/messages")];
        let left = |chunks: &[&str]| {
            let host = host(&request, &response);
            host.properties.borrow_mut().retain(|(property, _)| *property != Property::ResponseFlags);
            let host = host.number(Property::ResponseFlags, 1 << 14);
            let batch = pass(&host, &config(), chunks);
            let event = batch.event(0).unwrap();
            (event.result.outcome, event.result.usage_status, micros(&event, &[Measure::InputTokens, Measure::OutputTokens]))
        };
        let start = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n";
        let end = "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":44}}\n\n";
        assert_eq!(left(&[start]), (Outcome::Aborted, Some(UsageStatus::Partial), vec![Some(15), Some(1)]));
        assert_eq!(left(&[start, end]), (Outcome::Aborted, Some(UsageStatus::Reported), vec![Some(15), Some(44)]));
        assert_eq!(left(&[]), (Outcome::Aborted, Some(UsageStatus::Missing), vec![None, None]));
    }

    fn a_local_reply_has_no_backend_times() {
        let host = FakeHost::with_headers(CHAT, &[(":status", "503"), ("x-envoy-overloaded", "true")])
            .text(Property::ClusterName, "openai")
            .text(Property::ResponseCodeDetails, "upstream_reset_before_response_started{overflow}")
            .number(Property::ResponseFlags, 1 << 7)
            .number(Property::AttemptCount, 1)
            .number(Property::RequestDuration, 100_000_000);
        let batch = pass(&host, &config(), &[]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.result, EventResult {
            error_type: Some("overflow"),
            details: Some("upstream_reset_before_response_started:overflow"),
            status: Some(503),
            response_flags: 1 << 7,
            attempts: Some(1),
            breaker: Some(Breaker::Overflow),
            ..EventResult::new(Outcome::Rejected)
        });
        let absent = [Measure::TtfbUs, Measure::BackendUs, Measure::CostNanoUsd, Measure::InputTokens];
        assert_eq!(micros(&event, &absent), [None; 4]);
    }

    fn a_stream_of_which_nothing_is_known_is_still_counted() {
        let host = FakeHost::default();
        let config = config();
        let mut vm = Vm::new(&host, [1; 16], Rc::new(config.clone()));
        Stream::new().log(&host, &config, &mut vm);
        vm.tick(&host);
        let batch = host.batches().remove(0);
        assert_eq!(batch.event(0).unwrap().result.error_type, Some("no_response"));
        assert_eq!(host.counters()["weir_requests_total.backend=none;.outcome=error;"], 1);
    }

    fn what_cannot_be_believed_is_unknown_and_counted() {
        for cost in ["-1", "1e30", "free", "0x1"] {
            let host = host(CHAT, &[(":status", "200"), ("x-cost-usd", cost)]);
            let batch = pass(&host, &config(), &[]);
            assert_eq!(batch.event(0).unwrap().measures.get(Measure::CostNanoUsd), None, "{cost}");
            assert_eq!(batch.event(0).unwrap().result.cost_source, None);
            assert_eq!(batch.health().get(weir_wire::HealthCounter::ParseFailures), Some(1), "{cost}");
        }
        let host = host(CHAT, &[(":status", "200"), ("x-cost-usd", "None"), ("x-litellm-response-cost", "0.5")]);
        let batch = pass(&host, &config(), &[]);
        assert_eq!(batch.event(0).unwrap().measures.get(Measure::CostNanoUsd), Some(500_000_000));
        assert_eq!(batch.health().get(weir_wire::HealthCounter::ParseFailures), None);
    }

    fn hostile_headers_do_no_harm() {
        let host = host(CHAT, ANSWER);
        let megabyte = vec![b'a'; 1 << 20];
        *host.request.borrow_mut() = vec![
            ("x-request-id".into(), b"a\r\nforged: \xff\"".to_vec()),
            ("x-team".into(), megabyte.clone()),
            (":path".into(), megabyte.clone()),
            (":method".into(), vec![0; 4]),
        ];
        host.response.borrow_mut().push(("x-lb-algorithm".into(), megabyte));
        let batch = pass(&host, &config(), &[]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.request_id.to_string(), "a__forged: __");
        assert_eq!(event.consumer.map(str::len), Some(crate::label::MAX_BYTES));
        assert_eq!(event.target.endpoint, Some("/{}"));
        assert_eq!(event.target.method, Some("____"));
    }

    fn the_filter_switched_off_does_nothing() {
        let host = host(CHAT, ANSWER);
        let config = Config::parse(br#"{"enabled": false}"#).unwrap();
        let mut vm = Vm::new(&host, [1; 16], Rc::new(config.clone()));
        let mut stream = Stream::new();
        stream.on_response_headers(&host, &config);
        stream.log(&host, &config, &mut vm);
        vm.tick(&host);
        assert!(host.callouts().is_empty() && host.counters().is_empty());
    }

    fn a_delivery_carries_the_token_and_its_failure_is_said_once() {
        let config = Config::parse(br#"{"collector": {"token": "t0p", "cluster": "c"}}"#).unwrap();
        let host = host(CHAT, ANSWER);
        let mut vm = Vm::new(&host, [1; 16], Rc::new(config.clone()));
        Stream::new().log(&host, &config, &mut vm);
        vm.tick(&host);
        let sent = host.callouts().remove(0);
        assert_eq!(sent.cluster, "c");
        assert!(sent.headers.contains(&("authorization".into(), "Bearer t0p".into())));
        for (callout, expected_logs) in [(1, 1), (2, 1)] {
            vm.on_answer(&host, CalloutId(callout), Some(401), None);
            assert_eq!(host.logs().len(), expected_logs, "{:?}", host.logs());
            assert!(host.logs()[0].contains("collector.token") && !host.logs()[0].contains("t0p"));
            host.pass_ms(40_000);
            vm.tick(&host);
        }
        vm.on_answer(&host, CalloutId(3), Some(200), None);
        assert!(host.logs()[1].contains("again"));
        host.refuses_callouts.set(true);
        Stream::new().log(&host, &config, &mut vm);
        vm.tick(&host);
        assert!(host.logs()[2].contains("no answer"));
        vm.on_done(&host);
        assert!(host.logs()[3].contains("1 events"));
    }

    fn series_beyond_the_bound_count_as_other() {
        let config = Config::parse(br#"{"max_series": 1}"#).unwrap();
        let host = host(CHAT, ANSWER);
        let mut vm = Vm::new(&host, [1; 16], Rc::new(config.clone()));
        for cluster in ["a", "b", "c", "a"] {
            host.properties.borrow_mut().retain(|(property, _)| *property != Property::ClusterName);
            host.properties.borrow_mut().push((Property::ClusterName, cluster.into()));
            Stream::new().log(&host, &config, &mut vm);
        }
        vm.tick(&host);
        assert_eq!(host.counters()["weir_requests_total.backend=a;.outcome=success;"], 2);
        assert_eq!(host.counters()["weir_requests_total.backend=other;.outcome=success;"], 2);
        assert_eq!(host.batches()[0].health().get(weir_wire::HealthCounter::SeriesOverflow), Some(2));
    }
}
