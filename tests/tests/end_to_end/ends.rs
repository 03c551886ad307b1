//! Every end that a stream can come to, each made on purpose: the record says which it was, and that once.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Gateway, Layout, Leave, Protocol, Script, Step, with, within};

use crate::exchanges;

const CHAT: &str = "/v1/chat/completions";

/// A chat's stream up to but without its usage.
const BEGINNING: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
);
/// The rest of it: 40 tokens in, 2 out.
const USAGE: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2,\"total_tokens\":42}}\n\n",
    "data: [DONE]\n\n",
);

fn stream() -> Script {
    Script::answer(200, &[("content-type", "text/event-stream")])
}

/// A stream that is whole.
fn whole() -> Script {
    stream().data(BEGINNING).data(USAGE).end()
}

fn chat(name: &str) -> Case {
    Case::new(name, "plain", CHAT)
}

fn ended(outcome: &str, error_type: impl Into<Value>) -> Value {
    json!({ "outcome": outcome, "error_type": error_type.into() })
}

/// What every record of an abort says.
fn aborted(more: Value) -> Value {
    with(ended("aborted", "client_disconnected"), more)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_is_an_abort_wherever_it_leaves() -> Result<()> {
    let reported = json!({ "status": "reported", "input_tokens": 40, "output_tokens": 2 });
    let cases = [
        chat("before its upload is complete")
            .body(vec![b' '; 4_000])
            .leaves(Leave::InUpload)
            .upstream(Script::silent().hold())
            .record(aborted(json!({
                // Envoy takes a content length at its word.
                "status": null, "streamed": null, "request_bytes": within(2_000.0, 4_000.0), "response_bytes": 0,
                "ttfb_ms": null, "ttft_ms": null, "usage": { "status": null, "input_tokens": null },
            }))),
        chat("while it waits for headers").leaves(Leave::Waiting).upstream(Script::silent().hold()).record(
            aborted(json!({
                "status": null, "request_bytes": 33, "response_bytes": 0, "ttfb_ms": null,
                "usage": { "status": null }, "cost": { "nano_usd": null, "source": "unknown" },
            })),
        ),
        chat("in the middle of a stream")
            .leaves(Leave::After(BEGINNING.len()))
            .upstream(stream().data(BEGINNING).hold())
            .record(aborted(json!({
                "status": 200, "streamed": true, "model": "gpt-4.1", "response_bytes": BEGINNING.len(),
                "usage": { "status": "missing", "input_tokens": null, "output_tokens": null },
            }))),
        chat("in the middle of a whole answer")
            .leaves(Leave::After(20))
            .upstream(
                Script::answer(200, &[("content-type", "application/json"), ("content-length", "500")])
                    .data(r#"{"model":"gpt-4.1","id":"x""#)
                    .hold(),
            )
            .record(aborted(json!({ "status": 200, "streamed": false, "usage": { "status": "missing" } }))),
        chat("when all is there but the end: the tokens are paid for")
            .leaves(Leave::After(BEGINNING.len() + USAGE.len()))
            .upstream(stream().data(BEGINNING).data(USAGE).hold())
            .record(aborted(json!({ "status": 200, "usage": reported }))),
    ];
    let mut all: Vec<Case> = cases.iter().flat_map(Case::over_both).collect();
    all.extend(
        chat("after the last byte: no abort")
            .upstream(whole())
            .gets(200)
            .record(with(ended("success", Value::Null), json!({ "response_flags": [], "usage": reported })))
            .over_both(),
    );
    exchanges(&Layout::new(2), &all).await
}

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
async fn timeouts_are_timeouts_whichever_ran_out() -> Result<()> {
    let timeout = |kind: &str, flag: &str, more: Value| {
        let expected = json!({ "response_flags": [flag], "duration_ms": within(390.0, 3_000.0) });
        with(with(ended("timeout", kind), expected), more)
    };
    let waiting = json!({ "status": 504, "ttfb_ms": null, "usage": { "status": null } });
    let streaming = json!({
        "status": 200, "streamed": true, "ttfb_ms": within(0.0, 390.0), "usage": { "status": "missing" },
    });
    let pinging =
        (0..40).fold(stream().data(BEGINNING), |script, _| script.wait(50).data(": ping\n\n")).end();
    let cases = [
        chat("the route's, before headers")
            .by("timeout")
            .upstream(Script::silent().hold())
            .gets(504)
            .record(timeout("response_timeout", "UT", waiting.clone())),
        chat("the route's, in the middle of a stream")
            .by("timeout")
            .upstream(pinging.clone())
            .gets(200)
            .record(timeout("response_timeout", "UT", streaming.clone())),
        chat("idle, before headers").by("idle").upstream(Script::silent().hold()).record(timeout(
            "stream_idle_timeout",
            "SI",
            json!({ "ttfb_ms": null }),
        )),
        chat("idle, in the middle of a stream")
            .by("idle")
            .upstream(stream().data(BEGINNING).hold())
            .gets(200)
            .record(timeout("stream_idle_timeout", "SI", streaming.clone())),
        chat("the longest duration, in the middle of a stream")
            .by("longest")
            .upstream(pinging)
            .gets(200)
            // No flag tells this one: only Envoy's words do.
            .record(with(
                ended("timeout", "max_duration"),
                with(streaming, json!({ "response_flags": [], "details": "max_duration_timeout" })),
            )),
        chat("the longest duration, before headers")
            .by("longest")
            .upstream(Script::silent().hold())
            .record(with(ended("timeout", "max_duration"), json!({ "ttfb_ms": null }))),
        chat("of each try, until retries are used up")
            .by("each-try")
            .upstream(Script::silent().hold())
            .gets(504)
            .attempts(2)
            .record(with(
                ended("timeout", "response_timeout"),
                json!({ "status": 504, "attempts": 2, "duration_ms": within(590.0, 3_000.0) }),
            )),
    ];
    let all: Vec<Case> = cases.iter().flat_map(Case::from_both).collect();
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

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_answers_by_itself_is_said_to_be_its_own() -> Result<()> {
    let local = json!({ "ttfb_ms": null, "streamed": null, "usage": { "status": null } });
    let cases = [
        chat("a direct response").by("direct").gets(418).record(with(
            ended("error", "client_error"),
            with(local.clone(), json!({ "status": 418, "backend": null, "details": "direct_response", "response_bytes": 9 })),
        )),
        chat("a redirect").by("moved").gets(301).record(with(
            ended("success", Value::Null),
            with(local.clone(), json!({ "status": 301, "backend": null })),
        )),
        chat("no route").by("nowhere").gets(404).record(with(
            local.clone(),
            json!({ "outcome": "error", "status": 404, "backend": null, "response_flags": ["NR"], "details": "route_not_found" }),
        )),
        chat("no healthy host").by("nobody").gets(503).record(with(
            ended("rejected", "no_healthy_upstream"),
            with(local.clone(), json!({ "status": 503, "backend": "nobody", "response_flags": ["UH"], "upstream": null })),
        )),
        chat("a request larger than allowed").by("limited").body(vec![b'x'; 200_000]).gets(413).attempts(0).record(with(
            ended("error", "client_error"),
            with(local, json!({ "status": 413, "details": "request_payload_too_large" })),
        )),
        chat("one that is not").by("limited").upstream(whole()).gets(200).attempts(1).record(with(
            ended("success", Value::Null),
            json!({ "request_bytes": 33, "usage": { "status": "reported" } }),
        )),
    ];
    let all: Vec<Case> = cases.iter().flat_map(Case::from_both).collect();
    exchanges(&Layout::new(2), &all).await
}

/// These depend on one another: what one holds, the other does not get.
#[tokio::test(flavor = "multi_thread")]
async fn who_finds_the_breaker_or_the_bucket_full_is_rejected() -> Result<()> {
    let mut gateway = Gateway::start(&Layout::new(2)).await?;
    let holder = chat("the one that holds the place")
        .by("tight")
        .upstream(stream().data(BEGINNING).then(Step::Gate).data(USAGE).end())
        .gets(200)
        .record(with(ended("success", Value::Null), json!({ "breaker": null })));
    let overflow = chat("one too many").by("tight").gets(503).record(with(
        ended("rejected", "overflow"),
        json!({
            "status": 503, "response_flags": ["UO"], "breaker": "overflow", "backend": "tight",
            "ttfb_ms": null, "usage": { "status": null },
        }),
    ));
    let id = gateway.new_id();
    let (held, refused) = tokio::join!(gateway.play(&holder, &id), async {
        while gateway.board.attempts(&id) == 0 {
            tokio::task::yield_now().await;
        }
        let refused = gateway.play(&overflow, &gateway.new_id()).await;
        let again = gateway.play(&overflow.clone().over(Protocol::Http2), &gateway.new_id()).await;
        gateway.board.open_gate();
        refused.and(again)
    });
    held.and(refused).map_err(|error| error.context(gateway.logs()))?;

    let first = chat("the bucket's one token")
        .by("bucket")
        .upstream(whole())
        .gets(200)
        .record(ended("success", Value::Null));
    let second = chat("an empty bucket")
        .by("bucket")
        .gets(429)
        .attempts(0)
        .record(with(ended("rejected", "rate_limited"), json!({ "status": 429, "response_flags": ["RL"] })));
    gateway.check(&[first]).await?;
    gateway.check(&[second]).await
}
