//! What HTTP can do besides asking and answering: both versions, trailers, upgrades, redirects inside.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Layout, Leave, Script, Step, with};

use crate::exchanges;

const CHAT: &str = "/v1/chat/completions";
const STREAM: &str = concat!(
    "data: {\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);
const ANSWER: &str = r#"{"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":2}}"#;

fn stream() -> Script {
    Script::answer(200, &[("content-type", "text/event-stream")]).data(STREAM)
}

fn success(more: Value) -> Value {
    with(json!({ "outcome": "success", "error_type": null, "response_flags": [] }), more)
}

fn counted(streamed: bool) -> Value {
    success(json!({
        "status": 200, "streamed": streamed, "model": "gpt-4.1",
        "usage": { "status": "reported", "input_tokens": 40, "output_tokens": 2 },
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_on_both_sides_are_measured_alike() -> Result<()> {
    let mut cases = Vec::new();
    for route in ["plain", "http2"] {
        let case = |name: &str| Case::new(format!("{name} from {route}"), route, CHAT).gets(200);
        cases.extend(case("a stream").upstream(stream().end()).record(counted(true)).from_both());
        cases
            .extend(case("an answer").upstream(Script::json(200, ANSWER)).record(counted(false)).from_both());
    }
    exchanges(&Layout::new(2), &cases).await
}

/// With trailers no callback tells the body's end.
#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_and_the_body_before_them_counts() -> Result<()> {
    let mut cases = Vec::new();
    for route in ["plain", "http2"] {
        let case = |name: &str| Case::new(format!("{name} from {route}"), route, CHAT).gets(200);
        let trailers = [("x-checksum", "abc")];
        cases.extend(
            case("a stream with trailers")
                .upstream(stream().trailers(&trailers))
                .record(counted(true))
                .from_both(),
        );
        let json = Script::answer(200, &[("content-type", "application/json")]);
        cases.extend(
            case("an answer with trailers")
                .upstream(json.data(ANSWER).trailers(&trailers))
                .record(counted(false))
                .from_both(),
        );
        cases.extend(
            case("a request with trailers")
                .trailer("x-signature", "def")
                .upstream(stream().end())
                .record(counted(true))
                .from_both(),
        );
    }
    let [_, all_http2] = Case::new("trailers all the way", "http2", CHAT)
        .upstream(stream().trailers(&[("x-checksum", "abc")]))
        .gets(200)
        .gets_trailer("x-checksum", "abc")
        .record(counted(true))
        .from_both();
    cases.push(all_http2);
    exchanges(&Layout::new(2), &cases).await
}

/// An upgraded connection is one request, whatever goes through it; and nothing of it is read as an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_is_one_request() -> Result<()> {
    let upgraded = || {
        Script::answer(
            101,
            &[("connection", "upgrade"), ("upgrade", "websocket"), ("content-type", "application/json")],
        )
    };
    let socket = |name: &str| {
        Case::new(name, "patient", "/v1/realtime?model=gpt-realtime&key=secret")
            .method("GET")
            .body(ANSWER)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .gets(101)
    };
    let unread = json!({
        "status": 101, "endpoint": "/v1/realtime", "backend": "plain", "model": null,
        "usage": { "status": null, "input_tokens": null },
    });
    let cases = [
        socket("closed by the client after an echo")
            .leaves(Leave::After(ANSWER.len()))
            .upstream(upgraded().then(Step::Echo))
            .record(with(
                unread.clone(),
                json!({ "outcome": "aborted", "response_flags": ["DC"], "response_bytes": ANSWER.len() }),
            )),
        socket("closed by the upstream")
            .upstream(upgraded().then(Step::Raw(ANSWER.into())).wait(50).then(Step::Close))
            .record(with(unread, json!({ "response_bytes": ANSWER.len() }))),
        socket("refused by the upstream").upstream(Script::json(403, "{}")).gets(403).record(json!({
            "outcome": "error", "error_type": "client_error", "status": 403,
        })),
    ];
    exchanges(&Layout::new(2), &cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_inside_the_gateway_is_two_records_of_one_id() -> Result<()> {
    let redirect = Script::answer(302, &[("location", "http://elsewhere/v1/responses")]).end();
    let case = Case::new("a redirect", "redirect", CHAT)
        .method("GET")
        .upstream(redirect)
        .upstream(Script::json(200, ANSWER))
        .gets(200)
        .attempts(2)
        .record(json!({
            // Envoy has put the new path in by then.
            "status": 302, "details": "internal_redirect", "endpoint": "/v1/responses", "usage": { "input_tokens": null },
        }))
        .record(with(counted(false), json!({ "endpoint": "/v1/responses", "details": null })));
    exchanges(&Layout::new(2), &case.from_both()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_a_body_have_no_usage() -> Result<()> {
    let none = |status: u16| {
        success(json!({
            "status": status, "response_bytes": 0, "provider": null, "usage": { "status": null }, "ttft_ms": null,
        }))
    };
    let case = |name: &str| Case::new(name, "plain", "/health");
    let cases = [
        case("HEAD")
            .method("HEAD")
            .upstream(Script::answer(200, &[("content-length", "500")]).end())
            .gets(200)
            .record(none(200)),
        case("204").upstream(Script::answer(204, &[]).end()).gets(204).record(none(204)),
        case("304").method("GET").upstream(Script::answer(304, &[]).end()).gets(304).record(none(304)),
        case("an empty 200")
            .upstream(Script::answer(200, &[("content-length", "0")]).end())
            .gets(200)
            .record(none(200)),
    ];
    exchanges(&Layout::new(2), &cases).await
}
