use weir_wire::{
    Batch, Breaker, Cache, CostSource, Event, EventResult, HealthCounter, Measure, Outcome, Target,
    UsageStatus,
};

use crate::fake_host::{FakeHost, headers};
use crate::plugin::Plugin;
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

const CONFIG: &str = r#"{"consumer": {"header": "x-team"}, "backends": {"openai": {"type": "llm"}}}"#;

fn host(request: &[(&str, &str)], response: &[(&str, &str)]) -> FakeHost {
    FakeHost::with_headers(request, response)
        .text("xds.cluster_name", "openai")
        .text("xds.route_name", "chat")
        .text("upstream.address", "10.0.0.1:443")
        .text("response.code_details", "via_upstream")
        .text("xds.node.id", "edge-1")
        .number("response.flags", 0)
        .number("upstream.request_attempt_count", 1)
        .number("request.duration", 100_000_000)
        .number("upstream.cx_pool_ready_duration", 2_000_000)
        .number("request.size", 812)
}

fn plugin(host: &FakeHost, config: &str) -> Plugin {
    let mut plugin = Plugin::new();
    *host.configuration.borrow_mut() = config.as_bytes().to_vec();
    plugin.on_context_create(host, 1, 0);
    assert!(plugin.on_configure(host, 1), "{:?}", host.logs());
    plugin
}

/// Lets a stream pass: headers after 40 ms, then the chunks 20 ms apart, the end at 100 ms.
fn pass(host: &FakeHost, config: &str, chunks: &[&str]) -> Batch {
    pass_to_end(host, config, chunks, true)
}

fn pass_to_end(host: &FakeHost, config: &str, chunks: &[&str], whole: bool) -> Batch {
    let mut plugin = plugin(host, config);
    plugin.on_context_create(host, 2, 1);
    host.pass_ms(40);
    plugin.on_response_headers(host, 2, chunks.is_empty() && whole);
    for (at, chunk) in chunks.iter().enumerate() {
        host.pass_ms(20);
        *host.chunk.borrow_mut() = chunk.as_bytes().to_vec();
        plugin.on_response_body(host, 2, chunk.len(), whole && at + 1 == chunks.len());
    }
    host.pass_ms(60 - 20 * chunks.len() as u64);
    plugin.on_log(host, 2);
    plugin.on_log(host, 2);
    plugin.on_delete(host, 2);
    plugin.on_tick(host);
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
        let batch = pass(&host, CONFIG, &[body]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.request_id.to_string(), "7d444840-9dc0-41d1-b245-5ffdce74fad2");
        assert!(event.trace.is_some());
        assert_eq!(event.consumer, Some("search"));
        assert_eq!(batch.gateway(), "edge-1");
        assert_eq!(event.target, Target {
            backend: Some("openai"),
            backend_type: Some("llm"),
            upstream: None,
            endpoint: Some("/v1/chat/completions"),
            route: Some("chat"),
            method: Some("POST"),
            algorithm: Some("weighted_round_robin"),
            provider: Some("openai"),
            model: Some("gpt-4.1-mini"),
        });
        assert_eq!(event.result, EventResult {
            status: Some(200),
            attempts: Some(1),
            streamed: Some(false),
            usage_status: Some(UsageStatus::Reported),
            cost_source: Some(CostSource::Header),
            cache: Some(Cache::Hit),
            ..EventResult::new(Outcome::Success)
        });
        use Measure as M;
        let known = [M::DurationUs, M::TtfbUs, M::PoolWaitUs, M::RequestBytes, M::ResponseBytes];
        let expected = [100_000, 40_000, 2_000, 812, body.len() as u64];
        assert_eq!(micros(&event, &known), expected.map(Some));
        let known = [M::InputTokens, M::OutputTokens, M::CostNanoUsd, M::QualityScore, M::RemainingRequests];
        assert_eq!(micros(&event, &known), [120, 80, 2_000_000, 850_000, 59].map(Some));
        let unknown = [M::TtftUs, M::TpotUs, M::MaxChunkGapUs, M::CacheReadTokens, M::Satisfaction];
        assert_eq!(micros(&event, &unknown), [None; 5]);
    }

    fn a_stream_is_timed_by_its_content() {
        let response = [(":status", "200"), ("content-type", "text/event-stream"), ("x-envoy-upstream-service-time", "1")];
        let host = host(CHAT, &response);
        let batch = pass(&host, CONFIG, &[
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
            let host = host.number("response.flags", 1 << 14);
            let batch = pass_to_end(&host, CONFIG, chunks, false);
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
            .text("xds.cluster_name", "openai")
            .text("response.code_details", "upstream_reset_before_response_started{overflow}")
            .number("response.flags", 1 << 7)
            .number("upstream.request_attempt_count", 1)
            .number("request.duration", 100_000_000);
        let batch = pass(&host, CONFIG, &[]);
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
        let mut plugin = plugin(&host, "");
        plugin.on_context_create(&host, 2, 1);
        plugin.on_log(&host, 2);
        plugin.on_tick(&host);
        let batch = host.batches().remove(0);
        assert_eq!(batch.event(0).unwrap().result.error_type, Some("no_response"));
        assert_eq!(host.metrics()["weir_requests_total.backend=none;.outcome=error;"], 1);
    }

    fn of_a_stream_that_went_well_little_is_asked() {
        for (request, asked, bytes) in [
            (&[(":method", "POST"), ("content-length", "77")][..], 5, 77),
            (&[(":method", "GET")], 5, 0),
            (&[(":method", "POST")], 6, 812),
            (&[(":method", "GET"), ("transfer-encoding", "chunked")], 6, 812),
            (&[(":method", "POST"), ("content-length", "many")], 6, 812),
        ] {
            let host = host(request, ANSWER);
            let batch = pass(&host, CONFIG, &["{}"]);
            assert_eq!(batch.event(0).unwrap().measures.get(Measure::RequestBytes), Some(bytes), "{request:?}");
            assert_eq!(host.single_reads.get(), asked + 1, "{request:?}: one is the node's name");
        }
        let host = host(CHAT, ANSWER).number("response.flags", 1 << 14);
        pass(&host, CONFIG, &[]);
        assert_eq!(host.single_reads.get(), 11);
    }

    fn no_backend_was_chosen() {
        let host = FakeHost::with_headers(CHAT, &[(":status", "404")]).number("response.flags", 1 << 8).number("request.duration", 5_000);
        let batch = pass(&host, CONFIG, &[]);
        let event = batch.event(0).unwrap();
        assert_eq!((event.result.error_type, event.measures.get(Measure::DurationUs)), (Some("client_error"), Some(5)));
    }

    fn a_stream_that_was_cut_without_a_flag_is_judged_by_the_proxys_words() {
        let host = host(CHAT, ANSWER).text("response.code_details", "max_duration_timeout");
        let batch = pass_to_end(&host, CONFIG, &["{"], false);
        assert_eq!(batch.event(0).unwrap().result.outcome, Outcome::Timeout);
        assert_eq!(batch.event(0).unwrap().target.upstream, Some("10.0.0.1:443"));
    }

    fn an_answer_that_the_proxy_put_in_anothers_place_is_the_one_that_counts() {
        let host = host(CHAT, ANSWER).number("response.code", 500).text("response.code_details", "ext_proc_error").number("response.flags", 0);
        let mut plugin = plugin(&host, CONFIG);
        plugin.on_context_create(&host, 2, 1);
        plugin.on_response_headers(&host, 2, false);
        *host.response.borrow_mut() = headers(&[(":status", "500")]);
        plugin.on_log(&host, 2);
        plugin.on_tick(&host);
        let batch = host.batches().remove(0);
        let event = batch.event(0).unwrap();
        assert_eq!((event.result.status, event.result.cost_source, event.result.outcome), (Some(500), None, Outcome::Error));
    }

    fn consumers_are_hashed_and_dimensions_read_from_headers_and_metadata() {
        let config = r#"{"consumer": {"header": "x-team", "hash": "a key of sixteen"}, "dimensions": [
            {"name": "tenant", "header": "x-tenant"}, {"name": "plan", "metadata": ["jwt", "plan"]}, {"name": "none", "header": "x-none"}]}"#;
        let request = [CHAT, &[("x-tenant", "acme;\n"), ("x-tenant", "second")]].concat();
        let host = host(&request, ANSWER).text("metadata.filter_metadata.jwt.plan", "gold");
        let batch = pass(&host, config, &[]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.consumer, Some("5d751c1bdd3d2de17cb55db5498dc198"));
        assert_eq!(event.dimensions, [Some("acme_"), Some("gold"), None, None]);
        assert_eq!(batch.dimension_names(), [Some("tenant"), Some("plan"), Some("none"), None]);
    }

    fn scans_keep_within_the_memory_that_they_are_given() {
        let host = host(CHAT, ANSWER);
        let mut plugin = plugin(&host, r#"{"usage": {"max_scan_bytes": 3000}}"#);
        for context in 2..12 {
            plugin.on_context_create(&host, context, 1);
            plugin.on_response_headers(&host, context, false);
        }
        let body = r#"{"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        *host.chunk.borrow_mut() = body.as_bytes().to_vec();
        for context in 2..12 {
            plugin.on_response_body(&host, context, body.len(), true);
            plugin.on_log(&host, context);
            plugin.on_delete(&host, context);
        }
        plugin.on_tick(&host);
        let batch = host.batches().remove(0);
        let reported = batch.events().filter(|event| event.result.usage_status == Some(UsageStatus::Reported)).count() as u64;
        assert_eq!(batch.health().get(HealthCounter::ScansSkipped), Some(10 - reported));
        assert!((1..10).contains(&reported), "{reported}");
        let slot = host.metrics().into_iter().find(|(name, _)| name.starts_with("weir_scan_bytes")).unwrap();
        assert_eq!(slot.1, 0, "all memory is given back");
    }

    fn what_was_paid_for_and_not_delivered_is_wasted() {
        let response = [(":status", "200"), ("content-type", "application/json"), ("x-envoy-upstream-service-time", "1"), ("x-cost-usd", "0.5")];
        let host = host(CHAT, &response).number("response.flags", 1 << 14);
        pass_to_end(&host, CONFIG, &[r#"{"usage":{"prompt_tokens":10,"completion_tokens":5}}"#], false);
        let metrics = host.metrics();
        let series = "backend=openai;.route=chat;";
        for (name, expected) in [("wasted_requests_total", 1), ("wasted_cost_nano_usd_total", 500_000_000)] {
            assert_eq!(metrics[&format!("weir_{name}.{series}")], expected);
        }
        for (kind, expected) in [("input", 10), ("output", 5)] {
            assert_eq!(metrics[&format!("weir_wasted_tokens_total.{series}.type={kind};")], expected);
        }
    }

    fn what_cannot_be_believed_is_unknown_and_counted() {
        for cost in ["-1", "1e30", "free", "0x1"] {
            let host = host(CHAT, &[(":status", "200"), ("x-cost-usd", cost)]);
            let batch = pass(&host, CONFIG, &[]);
            assert_eq!(batch.event(0).unwrap().measures.get(Measure::CostNanoUsd), None, "{cost}");
            assert_eq!(batch.event(0).unwrap().result.cost_source, None);
            assert_eq!(batch.health().get(HealthCounter::ParseFailures), Some(1), "{cost}");
        }
        let host = host(CHAT, &[(":status", "200"), ("x-cost-usd", "None"), ("x-litellm-response-cost", "0.5")]);
        let batch = pass(&host, CONFIG, &[]);
        assert_eq!(batch.event(0).unwrap().measures.get(Measure::CostNanoUsd), Some(500_000_000));
        assert_eq!(batch.health().get(HealthCounter::ParseFailures), None);
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
        let batch = pass(&host, CONFIG, &[]);
        let event = batch.event(0).unwrap();
        assert_eq!(event.request_id.to_string(), "a__forged: __");
        assert_eq!(event.consumer.map(str::len), Some(crate::label::MAX_BYTES));
        assert_eq!(event.target.endpoint, Some("/{}"));
        assert_eq!(event.target.method, Some("____"));
    }

    fn a_stream_that_ends_before_its_last_counts_is_partial_however_it_ends() {
        let anthropic = concat!(
            "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":44}}\n\n",
            "data: {\"type\":\"message_stop\"}\n\n",
        );
        let gemini = concat!(
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":1,\"totalTokenCount\":10}}\r\n\r\n",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":2,\"totalTokenCount\":11}}\r\n\r\n",
        );
        let response = [(":status", "200"), ("content-type", "text/event-stream"), ("x-envoy-upstream-service-time", "1")];
        for (path, body, output) in [("/v1/messages", anthropic, 44), ("/v1beta/models/m:streamGenerateContent", gemini, 2)] {
            let mut reported = 0;
            for end in 1..=body.len() {
                let host = host(&[(":method", "POST"), (":path", path)], &response);
                let cut = body.get(..end).unwrap();
                let batch = pass(&host, CONFIG, &[cut]);
                let event = batch.event(0).unwrap();
                if event.result.usage_status == Some(UsageStatus::Reported) {
                    reported += 1;
                    assert_eq!(event.measures.get(Measure::OutputTokens), Some(output), "{cut}");
                }
            }
            assert!(reported > 0, "{path}: whole, it is reported");
        }
    }

    fn an_answer_that_is_read_again_is_not_paid_for_again() {
        let body = r#"{"object":"response","usage":{"input_tokens":10,"output_tokens":5}}"#;
        for (method, path, tokens) in [("GET", "/v1/responses/resp_1", None), ("POST", "/v1/responses", Some(10)), ("GET", "/v1/threads/t/runs/r", None)] {
            let host = host(&[(":method", method), (":path", path)], ANSWER);
            let batch = pass(&host, CONFIG, &[body]);
            assert_eq!(batch.event(0).unwrap().measures.get(Measure::InputTokens), tokens, "{method} {path}");
        }
    }

    fn an_error_in_a_body_is_a_models_alone() {
        let body = r#"{"state":"done","error":{"count":0}}"#;
        for (path, outcome) in [("/api/jobs/1", Outcome::Success), ("/v1/chat/completions", Outcome::Error)] {
            let host = host(&[(":method", "POST"), (":path", path)], ANSWER);
            assert_eq!(pass(&host, CONFIG, &[body]).event(0).unwrap().result.outcome, outcome, "{path}");
        }
    }

    fn a_count_that_cannot_be_believed_leaves_no_final_ones() {
        let body = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n\
            data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":-150}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
        let response = [(":status", "200"), ("content-type", "text/event-stream"), ("x-envoy-upstream-service-time", "1")];
        let host = host(&[(":method", "POST"), (":path", "/v1/messages")], &response);
        assert_eq!(pass(&host, CONFIG, &[body]).event(0).unwrap().result.usage_status, Some(UsageStatus::Partial));
    }

    fn the_filter_switched_off_does_nothing() {
        let host = host(CHAT, ANSWER);
        let mut plugin = plugin(&host, r#"{"enabled": false}"#);
        plugin.on_context_create(&host, 2, 1);
        plugin.on_response_headers(&host, 2, true);
        plugin.on_log(&host, 2);
        plugin.on_tick(&host);
        assert!(host.callouts().is_empty() && host.metrics().is_empty());
    }
}
