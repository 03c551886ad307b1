//! The same module on whatever Envoy there is: with one worker and two, HTTP/1.1 and HTTP/2, for the whole
//! connection manager and route by route.
//!
//! `scripts/test envoys` runs this on every version that the filter is said to run on.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Layout, Leave, Scope, Script, with};

use crate::exchanges;

const CHAT: &str = "/v1/chat/completions";
const BEGINNING: &str =
    "data: {\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const USAGE: &str = "data: {\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}\n\n";
const ANSWER: &str = r#"{"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":2}}"#;

fn stream() -> Script {
    Script::answer(200, &[("content-type", "text/event-stream")]).data(BEGINNING)
}

fn ended(outcome: &str, error_type: impl Into<Value>, more: Value) -> Value {
    with(json!({ "outcome": outcome, "error_type": error_type.into(), "gateway": "edge-1" }), more)
}

/// One of each kind of end.
fn kinds() -> Vec<Case> {
    let counted = json!({ "usage": { "status": "reported", "input_tokens": 40, "output_tokens": 2 } });
    let chat = |name: &str, route: &str| Case::new(name, route, CHAT);
    let over_both = [
        chat("an answer", "plain").upstream(Script::json(200, ANSWER)).gets(200).record(ended(
            "success",
            None::<&str>,
            counted.clone(),
        )),
        chat("a stream", "plain").upstream(stream().data(USAGE).end()).gets(200).record(ended(
            "success",
            None::<&str>,
            with(counted, json!({ "streamed": true })),
        )),
        chat("a stream with trailers", "plain")
            .upstream(stream().data(USAGE).trailers(&[("x-checksum", "abc")]))
            .gets(200)
            .record(ended("success", None::<&str>, json!({ "usage": { "status": "reported" } }))),
        chat("an abort while waiting", "plain")
            .leaves(Leave::Waiting)
            .upstream(Script::silent().hold())
            .record(ended("aborted", "client_disconnected", json!({ "status": null }))),
        chat("an abort in the middle", "plain")
            .leaves(Leave::After(BEGINNING.len()))
            .upstream(stream().hold())
            .record(ended("aborted", "client_disconnected", json!({ "status": 200 }))),
        chat("a reset before headers", "plain").upstream(Script::silent().reset()).gets(503).record(ended(
            "error",
            "upstream_reset",
            json!({ "status": 503 }),
        )),
        chat("a reset in the middle", "plain").upstream(stream().wait(50).reset()).record(ended(
            "error",
            "upstream_reset",
            json!({ "status": 200 }),
        )),
    ];
    let from_both =
        [
            chat("a timeout", "timeout").upstream(Script::silent().hold()).gets(504).record(ended(
                "timeout",
                "response_timeout",
                json!({ "response_flags": ["UT"] }),
            )),
            chat("an idle timeout in the middle", "idle").upstream(stream().hold()).record(ended(
                "timeout",
                "stream_idle_timeout",
                json!({ "response_flags": ["SI"] }),
            )),
            chat("retries used up", "retry").upstream(Script::json(503, "{}")).gets(503).attempts(3).record(
                ended("error", "retries_exhausted", json!({ "response_flags": ["URX"], "attempts": 3 })),
            ),
            chat("no healthy host", "nobody").gets(503).record(ended(
                "rejected",
                "no_healthy_upstream",
                json!({ "response_flags": ["UH"] }),
            )),
            chat("a refused connection", "refusing").gets(503).record(ended(
                "error",
                "connection_failed",
                json!({ "response_flags": ["UF"] }),
            )),
            chat("a direct response", "direct").gets(418).record(ended(
                "error",
                "client_error",
                json!({ "backend": null }),
            )),
            chat("a large request", "limited").body(vec![b'x'; 200_000]).gets(413).record(ended(
                "error",
                "client_error",
                json!({ "status": 413 }),
            )),
            chat("the filter switched off by its route", "off")
                .upstream(Script::json(200, ANSWER))
                .gets(200)
                .attempts(1),
        ];
    let over = over_both.iter().flat_map(Case::over_both);
    over.chain(from_both.iter().flat_map(Case::from_both)).collect()
}

async fn works(workers: u32, scope: Scope) -> Result<()> {
    exchanges(&Layout::new(workers).scope(scope), &kinds()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn for_the_whole_manager_with_one_worker() -> Result<()> {
    works(1, Scope::Manager).await
}

#[tokio::test(flavor = "multi_thread")]
async fn for_the_whole_manager_with_two_workers() -> Result<()> {
    works(2, Scope::Manager).await
}

#[tokio::test(flavor = "multi_thread")]
async fn route_by_route_with_one_worker() -> Result<()> {
    works(1, Scope::Routes).await
}

#[tokio::test(flavor = "multi_thread")]
async fn route_by_route_with_two_workers() -> Result<()> {
    works(2, Scope::Routes).await
}
