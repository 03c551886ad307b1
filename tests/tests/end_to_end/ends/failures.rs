//! Upstreams that fail, and attempts that are made again.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Layout, Script, Step, with};

use super::{BEGINNING, USAGE, chat, ended, stream, whole};
use crate::exchanges;

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_fails_is_an_error_and_says_how() -> Result<()> {
    let reset = |more: Value| with(ended("error", "upstream_reset"), more);
    let cases = [
        chat("a reset before the headers")
            .upstream(Script::silent().reset())
            .gets(503)
            .record(reset(json!({
                "status": 503, "attempts": 1, "ttfb_ms": null, "streamed": null,
                "details": { "contains": "upstream_reset_before_response_started" }, "usage": { "status": null },
            }))),
        chat("a reset in the middle of a stream")
            .upstream(stream().data(BEGINNING).wait(50).reset())
            .gets(200)
            .record(reset(json!({
                "status": 200, "streamed": true, "details": { "contains": "upstream_reset_after_response_started" },
                "usage": { "status": "missing" },
            }))),
        chat("a reset behind the usage: it is kept")
            .upstream(stream().data(BEGINNING).data(USAGE).wait(50).reset())
            .gets(200)
            .record(reset(json!({
                "status": 200, "usage": { "status": "reported", "input_tokens": 40, "output_tokens": 2 },
            }))),
        chat("an answer of 500")
            .upstream(Script::json(500, r#"{"error":{"message":"no"}}"#))
            .gets(500)
            .record(with(ended("error", "backend_error"), json!({ "status": 500, "usage": { "status": null } }))),
        chat("an answer of 429")
            .upstream(Script::answer(429, &[("retry-after", "7"), ("x-ratelimit-remaining-tokens", "0")]).end())
            .gets(429)
            .record(with(
                ended("error", "rate_limited_by_backend"),
                json!({ "status": 429, "rate_limit": { "retry_after_s": 7, "remaining_tokens": 0 } }),
            )),
        chat("an answer of 404")
            .upstream(Script::json(404, "{}"))
            .gets(404)
            .record(with(ended("error", "client_error"), json!({ "status": 404, "response_flags": [] }))),
        chat("no retry without a policy").upstream(Script::json(503, "{}")).gets(503).attempts(1).record(with(
            ended("error", "backend_error"),
            json!({ "attempts": 1 }),
        )),
    ];
    let mut all: Vec<Case> = cases.iter().flat_map(Case::over_both).collect();
    all.extend([
        chat("a connection that is closed before the headers")
            .upstream(Script::silent().then(Step::Close))
            .gets(503)
            .record(reset(json!({ "response_flags": ["UC"] }))),
        chat("an answer shorter than it says")
            .upstream(
                Script::answer(200, &[("content-length", "100")]).data("half").wait(50).then(Step::Close),
            )
            .gets(200)
            .record(reset(json!({ "status": 200, "response_bytes": 4 }))),
        chat("words that are no HTTP")
            .upstream(Script::silent().then(Step::Raw("I am a teapot\r\n\r\n".into())).hold())
            .record(ended("error", "upstream_reset")),
        chat("broken chunks in the middle of a stream")
            .upstream(stream().data(BEGINNING).wait(50).then(Step::Raw("nonsense\r\n".into())).hold())
            .gets(200)
            .record(reset(json!({ "status": 200, "response_flags": ["UPE"] }))),
        chat("a connection that is refused").by("refusing").gets(503).record(with(
            ended("error", "connection_failed"),
            json!({ "response_flags": ["UF"], "attempts": 1, "backend": "refusing", "ttfb_ms": null }),
        )),
    ]);
    exchanges(&Layout::new(2), &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_one_request_of_several_attempts() -> Result<()> {
    let usage = json!({ "status": "reported", "input_tokens": 40, "output_tokens": 2 });
    let success = |attempts: u32| {
        with(ended("success", Value::Null), json!({ "status": 200, "attempts": attempts, "usage": usage }))
    };
    let retried = |name: &str| chat(name).by("retry");
    let all = [
        retried("a 503, then an answer")
            .upstream(Script::json(503, "{}"))
            .upstream(whole())
            .gets(200)
            .attempts(2)
            .record(success(2)),
        retried("a reset, a 500, then an answer")
            .upstream(Script::silent().reset())
            .upstream(Script::json(500, "{}"))
            .upstream(whole())
            .gets(200)
            .attempts(3)
            .record(success(3)),
        retried("none needed").upstream(whole()).gets(200).attempts(1).record(success(1)),
        retried("all used up, by status")
            .upstream(Script::json(503, r#"{"error":"busy"}"#))
            .gets(503)
            .attempts(3)
            .record(with(
                ended("error", "retries_exhausted"),
                json!({ "status": 503, "attempts": 3, "response_flags": ["URX"] }),
            )),
        retried("all used up, by reset").upstream(Script::silent().reset()).gets(503).attempts(3).record(
            with(
                ended("error", "retries_exhausted"),
                json!({ "attempts": 3, "details": { "contains": "upstream_reset_before_response_started" } }),
            ),
        ),
        retried("no retry once the answer has begun")
            .upstream(stream().data(BEGINNING).wait(50).reset())
            .gets(200)
            .attempts(1)
            .record(with(ended("error", "upstream_reset"), json!({ "status": 200, "attempts": 1 }))),
    ];
    exchanges(&Layout::new(2), &all).await
}
