//! What a record says beside its end: times, sizes, money, and what headers carry.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Gateway, Layout, Script, differences, within};

use crate::exchanges;

const CHAT: &str = "/v1/chat/completions";
/// How much later than planned a slow machine may be, milliseconds.
const LATE: f64 = 3_000.0;

fn from(planned: f64) -> Value {
    within(planned - 2.0, planned + LATE)
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_that_the_upstream_took() -> Result<()> {
    let event = |json: &str| format!("data: {json}\n\n");
    let streamed = Script::silent()
        .wait(200)
        .head(200, &[("content-type", "text/event-stream")])
        .data(event(r#"{"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#))
        .wait(150)
        .data(event(r#"{"model":"m","choices":[{"index":0,"delta":{"content":"One"}}]}"#))
        .wait(300)
        .data(event(r#"{"model":"m","choices":[{"index":0,"delta":{"content":" two"}}]}"#))
        .wait(60)
        .data(event(r#"{"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#))
        .end();
    let whole = Script::silent()
        .wait(250)
        .head(200, &[("content-type", "application/json")])
        .data(r#"{"model":"m","usage":{"prompt_tokens":9,"#)
        .wait(250)
        .data(r#""completion_tokens":4}}"#)
        .end();
    let cases = [
        Case::new("a stream", "plain", CHAT).upstream(streamed).gets(200).record(json!({
            "outcome": "success", "streamed": true,
            "ttfb_ms": from(200.0), "ttft_ms": from(350.0),
            // What comes late shortens the gap behind it, as long as it is the longest still.
            "max_chunk_gap_ms": within(200.0, 300.0 + LATE),
            "duration_ms": from(710.0), "pool_wait_ms": within(0.0, LATE),
            // From the first content to the last chunk, over three more tokens.
            "tpot_ms": within(80.0, 120.0 + LATE / 3.0),
        })),
        Case::new("a whole answer", "plain", CHAT).upstream(whole).gets(200).record(json!({
            "outcome": "success", "streamed": false, "ttfb_ms": from(250.0), "duration_ms": from(500.0),
            "ttft_ms": null, "tpot_ms": null, "max_chunk_gap_ms": null,
        })),
    ];
    let all: Vec<Case> = cases.iter().flat_map(Case::over_both).collect();
    exchanges(&Layout::new(2), &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_those_of_the_bodies() -> Result<()> {
    let body = "y".repeat(70_001);
    let cases = Case::new("a large request and a large answer", "plain", "/v1/files")
        .body(vec![b'x'; 123_456])
        .upstream(Script::answer(200, &[("content-type", "application/octet-stream")]).data(body).end())
        .gets(200)
        .record(json!({ "request_bytes": 123_456, "response_bytes": 70_001, "endpoint": "/v1/files" }))
        .over_both();
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_exact_or_unknown() -> Result<()> {
    let cost = |header: &'static str, value: &'static str, nano: Option<u64>| {
        let source = if nano.is_some() { "header" } else { "unknown" };
        Case::new(format!("{header}: {value}"), "plain", CHAT)
            .upstream(Script::answer(200, &[(header, value)]).end())
            .gets(200)
            .record(json!({ "cost": { "nano_usd": nano, "source": source } }))
    };
    let cases = [
        cost("x-cost-usd", "0.000123456", Some(123_456)),
        cost("x-cost-usd", "1", Some(1_000_000_000)),
        cost("x-cost-usd", "1.25E-3", Some(1_250_000)),
        cost("x-litellm-response-cost", "2.4e-05", Some(24_000)),
        cost("x-cost-usd", "1e-9", Some(1)),
        cost("x-cost-usd", "-0.5", None),
        cost("x-cost-usd", "1e30", None),
        cost("x-cost-usd", "1e999999999", None),
        cost("x-cost-usd", "NaN", None),
        cost("x-cost-usd", "0x10", None),
        cost("x-cost-usd", "1,5", None),
        cost("x-litellm-response-cost", "None", None),
        cost("x-cost-usd", "", None),
    ];
    exchanges(&Layout::new(1), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_headers_say_stands_in_the_record() -> Result<()> {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let said = Script::answer(
        200,
        &[
            ("x-lb-algorithm", "least_request"),
            ("x-quality-score", "0.85"),
            ("x-quality-accuracy", "1"),
            ("x-quality-relevance", "0"),
            ("x-quality-completeness", "-0.1"),
            ("x-user-satisfaction", "not a number"),
            ("x-cache", "HIT"),
            ("x-circuit-breaker", "half_open"),
            ("x-ratelimit-remaining-requests", "41"),
            ("x-ratelimit-remaining-tokens", "39999"),
        ],
    )
    .end();
    let spoken = Case::new("all of them", "plain", CHAT)
        .header("x-team", "team-a")
        .header("traceparent", trace)
        .upstream(said)
        .gets(200)
        .record(json!({
            "algorithm": "least_request", "consumer": "team-a", "traceparent": trace, "cache": "hit",
            "breaker": "half_open", "method": "POST", "gateway": "edge-1",
            "quality": { "score": 0.85, "accuracy": 1.0, "relevance": 0.0, "completeness": null, "satisfaction": null },
            "rate_limit": { "remaining_requests": 41, "remaining_tokens": 39_999, "retry_after_s": null },
        }));
    let silent = Case::new("none of them", "plain", CHAT).upstream(Script::answer(200, &[]).end()).gets(200).record(json!({
        "algorithm": null, "consumer": null, "traceparent": null, "cache": null, "breaker": null, "model": null,
        "quality": { "score": null, "accuracy": null, "relevance": null, "completeness": null, "satisfaction": null },
        "rate_limit": { "remaining_requests": null, "remaining_tokens": null, "retry_after_s": null },
        "cost": { "nano_usd": null, "source": "unknown" }, "usage": { "status": "missing" },
    }));
    let overloaded = Case::new("the upstream is overloaded", "plain", CHAT)
        .upstream(Script::answer(503, &[("x-envoy-overloaded", "true")]).end())
        .gets(503)
        .record(json!({ "outcome": "rejected", "error_type": "overflow", "breaker": "overflow" }));
    let cases: Vec<Case> = [spoken, silent, overloaded].iter().flat_map(Case::over_both).collect();
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_bodies_are_not_to_be_read_nothing_of_them_is_known() -> Result<()> {
    let answer = r#"{"model":"m","usage":{"prompt_tokens":9,"completion_tokens":4,"cost":0.5}}"#;
    let case = Case::new("usage switched off", "plain", CHAT)
        .upstream(Script::json(200, answer))
        .gets(200)
        .record(json!({
            "outcome": "success", "model": null, "usage": { "input_tokens": null, "output_tokens": null },
            "cost": { "nano_usd": null, "source": "unknown" },
        }));
    let mut layout = Layout::new(1);
    layout.filter = json!({ "flush_interval_ms": 100, "usage": { "enabled": false } });
    exchanges(&layout, &case.over_both()).await
}

/// Nothing that a client sends can break out of a line, a cell or a label.
#[tokio::test(flavor = "multi_thread")]
async fn names_from_clients_are_made_safe() -> Result<()> {
    let gateway = Gateway::start(&Layout::new(1)).await?;
    let long = "x".repeat(500);
    let kept = "x".repeat(128);
    for (sent, expected) in [
        ("plain-id_1.2", "plain-id_1.2"),
        (r#"a"b;c,d'e\f"#, "a_b_c_d_e_f"),
        ("=cmd|/C!A0", "_cmd_/C!A0"),
        (long.as_str(), kept.as_str()),
    ] {
        let case = Case::new("an id", "plain", CHAT)
            .header("x-team", sent)
            .upstream(Script::answer(200, &[("x-lb-algorithm", "a\"b\tc")]).end());
        let answer = gateway.ask(&case, sent).await?;
        ensure!(answer.status == Some(200), "{sent}: {answer:?}");
        let found = gateway.newest().await?;
        let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        for name in ["request_id", "consumer", "algorithm"] {
            let value = text(name);
            let safe = |byte: u8| !byte.is_ascii_control() && !b"\"'\\,;|<>`".contains(&byte);
            let formula = value.starts_with(['=', '+', '-', '@']);
            ensure!(value.bytes().all(safe) && !formula && value.len() <= 128, "{sent}: {name} is {value:?}");
        }
        let wrong = differences(&json!({ "request_id": expected }), &found);
        ensure!(wrong.is_empty(), "{sent}: {wrong:?}");
    }
    Ok(())
}
