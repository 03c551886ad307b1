//! Anthropic's messages: the input leaves both cache counts out, and a stream's counts are cumulative.

use serde_json::json;
use weir_tests::scripted::{Case, Leave, Script};

use super::{SSE, Sample, named_events};

const PATH: &str = "/v1/messages";

const MESSAGE: &str = r#"{"model":"claude-sonnet-4-20250514","id":"msg_1","type":"message","role":"assistant",
 "content":[{"type":"text","text":"Hi! \"usage\": {\"input_tokens\": 7}"},{"type":"tool_use","id":"t","name":"f","input":{"usage":{"input_tokens":99999,"output_tokens":99999}}}],
 "stop_reason":"tool_use","stop_sequence":null,
 "usage":{"input_tokens":95,"cache_creation_input_tokens":300,"cache_read_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":65,"service_tier":"standard","server_tool_use":{"web_search_requests":2}}}"#;

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-1-20250805","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":40,"cache_read_input_tokens":500,"cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":"standard"}}       }"#;
const BLOCK: &str =
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}      }"#;
const PING: &str = r#"{"type": "ping"}"#;
const DELTA: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}   }"#;
const STOP: &str = r#"{"type":"content_block_stop","index":0             }"#;
/// Corrects the input that the start told.
const END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":30,"cache_creation_input_tokens":40,"cache_read_input_tokens":500,"output_tokens":15}        }"#;
/// Says only what changed.
const SHORT_END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":12}}"#;

pub(super) fn samples() -> Vec<Sample> {
    let streamed = |name, end: &str, input: u64, output: u64| {
        let body = named_events(&[START, BLOCK, PING, DELTA, DELTA, STOP, end, r#"{"type":"message_stop"}"#]);
        Sample::new(name, "anthropic", PATH, body)
            .counts(input, output, "claude-opus-4-1-20250805")
            .usage("cache_read_tokens", 500)
            .usage("cache_write_tokens", 40)
            .says("provider", "anthropic")
    };
    vec![
        Sample::new("Anthropic", "anthropic", PATH, MESSAGE)
            .counts(1_395, 65, "claude-sonnet-4-20250514")
            .usage("cache_read_tokens", 1_000)
            .usage("cache_write_tokens", 300)
            .usage("cache_write_1h_tokens", 200)
            .usage("service_tier", "standard")
            .says("provider", "anthropic")
            .says("endpoint", PATH)
            .header("anthropic-ratelimit-requests-remaining", "999")
            .says("rate_limit", json!({ "remaining_requests": 999 })),
        streamed("Anthropic, streamed", SHORT_END, 565, 12),
        streamed("Anthropic, streamed and corrected", END, 570, 15),
    ]
}

/// A stream tells its input at the beginning: cut behind that, it is known in part.
pub(super) fn cut_off() -> Vec<Case> {
    let begun = named_events(&[START, BLOCK, DELTA]);
    let over = named_events(&[START, BLOCK, DELTA, STOP, SHORT_END]);
    let case = |name: &str, body: String, usage: serde_json::Value| {
        Case::new(name, "anthropic", PATH)
            .leaves(Leave::After(body.len()))
            .upstream(Script::answer(200, &[("content-type", SSE)]).data(body).hold())
            .record(json!({
                "outcome": "aborted", "model": "claude-opus-4-1-20250805", "provider": "anthropic", "usage": usage,
            }))
    };
    let partial = json!({ "status": "partial", "input_tokens": 565, "cache_read_tokens": 500 });
    let reported = json!({ "status": "reported", "input_tokens": 565, "output_tokens": 12 });
    let failed = named_events(&[
        START,
        BLOCK,
        DELTA,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    ]);
    let failed = Case::new("Anthropic, failed within a stream of 200", "anthropic", PATH)
        .upstream(Script::answer(200, &[("content-type", SSE)]).data(failed).end())
        .gets(200)
        .record(json!({ "status": 200, "usage": partial }));
    vec![
        failed,
        case("Anthropic, cut behind its beginning", begun, partial),
        case("Anthropic, cut behind its last counts", over, reported),
    ]
}
