//! Cohere v2: tokens under `usage.tokens`, and beside them what is billed.

use super::{Sample, named_events};

const CHAT: &str = r#"{"id":"c14c80c3","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"LLMs \"usage\":{\"tokens\":{\"input_tokens\":1}}"}]},"usage":{"billed_units":{"input_tokens":5,"output_tokens":418},"tokens":{"input_tokens":71,"output_tokens":420}}}"#;

/// Nothing but what is billed.
const BILLED: &str = r#"{"id":"c","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"x"}]},"usage":{"billed_units":{"input_tokens":6,"output_tokens":19}}}"#;

fn stream() -> String {
    named_events(&[
        r#"{"type":"message-start","id":"29f14a5a","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"L"}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"LMs"}}}}"#,
        r#"{"type":"content-end","index":0}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":20},"tokens":{"input_tokens":71,"output_tokens":22}}}}"#,
    ])
}

pub(super) fn samples() -> Vec<Sample> {
    let cohere = |sample: Sample, input: u64, output: u64| {
        sample.usage("input_tokens", input).usage("output_tokens", output).says("provider", "cohere")
    };
    vec![
        cohere(Sample::new("Cohere", "cohere", "/v2/chat", CHAT), 71, 420),
        cohere(Sample::new("Cohere, billed units alone", "cohere", "/v2/chat", BILLED), 6, 19),
        cohere(Sample::new("Cohere, streamed", "cohere", "/v2/chat", stream()), 71, 22),
    ]
}
