//! OpenAI's chat, completions, responses and embeddings, and the same behind Azure.

use super::{Sample, data_lines, named_events, with_crlf};

const CHAT: &str = r#"{
  "id": "chatcmpl-B9", "object": "chat.completion", "created": 1741569952, "model": "gpt-4.1-2025-04-14",
  "choices": [{"index": 0, "message": {"role": "assistant", "refusal": null, "annotations": [],
    "content": "A decoy: \"usage\":{\"prompt_tokens\":9999,\"completion_tokens\":9999} and \\\" \u0022usage\u0022 {[ \ud83d\ude00"},
    "logprobs": null, "finish_reason": "stop"}],
  "usage": {"prompt_tokens": 1117, "completion_tokens": 46, "total_tokens": 1163,
    "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 11},
    "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 3, "accepted_prediction_tokens": 5, "rejected_prediction_tokens": 7}},
  "service_tier": "default", "system_fingerprint": "fp_1"
}"#;

fn chat_stream() -> String {
    data_lines(&[
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-mini","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-mini","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null,"obfuscation":"x7"}"#,
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-mini","choices":[{"index":0,"delta":{"content":"\"usage\":{\"prompt_tokens\":1}"},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
        r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4.1-mini","choices":[],"usage":{"prompt_tokens":300,"completion_tokens":21,"total_tokens":321,"prompt_tokens_details":{"cached_tokens":256,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":8,"audio_tokens":0}}}"#,
        "[DONE]",
    ])
}

const RESPONSES: &str = r#"{"id":"resp_1","object":"response","created_at":1741476542,"status":"completed","error":null,
 "model":"gpt-5-2025-08-07","output":[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"In a peaceful grove","annotations":[]}]}],
 "tool_choice":"auto","tools":[],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":32},"output_tokens":587,"output_tokens_details":{"reasoning_tokens":512},"total_tokens":623},"service_tier":"flex","metadata":{"usage":"{\"input_tokens\":1}"}}"#;

fn responses_stream() -> String {
    named_events(&[
        r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","model":"gpt-5-mini","output":[],"usage":null}}"#,
        r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","status":"in_progress","model":"gpt-5-mini","usage":null}}"#,
        r#"{"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Once"}"#,
        r#"{"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" upon"}"#,
        r#"{"type":"response.output_text.done","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"text":"Once upon"}"#,
        r#"{"type":"response.completed","sequence_number":5,"response":{"id":"resp_1","object":"response","status":"completed","model":"gpt-5-mini","output":[{"type":"message","content":[{"type":"output_text","text":"Once upon"}]}],"usage":{"input_tokens":77,"input_tokens_details":{"cached_tokens":0},"output_tokens":13,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":90},"service_tier":"default"}}"#,
    ])
}

fn responses_incomplete() -> String {
    named_events(&[
        r#"{"type":"response.created","response":{"id":"r","status":"in_progress","model":"gpt-5","usage":null}}"#,
        r#"{"type":"response.output_text.delta","delta":"So"}"#,
        r#"{"type":"response.incomplete","response":{"id":"r","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"gpt-5","usage":{"input_tokens":5,"output_tokens":16,"output_tokens_details":{"reasoning_tokens":16},"total_tokens":21}}}"#,
    ])
}

const COMPLETIONS: &str = r#"{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"This is a test.","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#;

/// Numbers in plenty before the usage, as embeddings have it.
fn embeddings() -> String {
    let numbers: Vec<String> = (1..1_500).map(|number| format!("-0.00{number}e-1")).collect();
    format!(
        r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[{}]}}],"model":"text-embedding-3-small","usage":{{"prompt_tokens":8,"total_tokens":8}}}}"#,
        numbers.join(",")
    )
}

/// Azure begins with a chunk that has filter results and no choices, and no model.
fn azure_stream() -> String {
    data_lines(&[
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}"#,
        r#"{"choices":[{"content_filter_results":{},"delta":{"content":"","role":"assistant"},"finish_reason":null,"index":0}],"created":1,"id":"c","model":"gpt-4o-2024-11-20","object":"chat.completion.chunk","usage":null}"#,
        r#"{"choices":[{"content_filter_results":{},"delta":{"content":"Yes"},"finish_reason":null,"index":0}],"created":1,"id":"c","model":"gpt-4o-2024-11-20","object":"chat.completion.chunk","usage":null}"#,
        r#"{"choices":[],"created":1,"id":"c","model":"gpt-4o-2024-11-20","object":"chat.completion.chunk","usage":{"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens":19,"prompt_tokens_details":{"cached_tokens":0},"total_tokens":21}}"#,
        "[DONE]",
    ])
}

pub(super) fn samples() -> Vec<Sample> {
    let path = "/v1/chat/completions";
    let azure = "/openai/deployments/our-team/chat/completions?api-version=2025-01-01-preview";
    let streamed_chat = |name, body: String| {
        Sample::new(name, "openai", path, body)
            .counts(300, 21, "gpt-4.1-mini")
            .usage("cache_read_tokens", 256)
            .usage("reasoning_tokens", 8)
            .says("provider", "openai")
    };
    vec![
        Sample::new("OpenAI chat", "openai", path, CHAT)
            .counts(1_117, 46, "gpt-4.1-2025-04-14")
            .usage("cache_read_tokens", 1_024)
            .usage("reasoning_tokens", 20)
            .usage("audio_tokens", 14)
            .usage("cache_write_tokens", None::<u64>)
            .usage("service_tier", "default")
            .says("provider", "openai")
            .says("endpoint", path),
        streamed_chat("OpenAI chat, streamed", chat_stream()),
        streamed_chat("OpenAI chat, streamed with CRLF", with_crlf(&chat_stream())),
        Sample::new("OpenAI responses", "openai", "/v1/responses", RESPONSES)
            .counts(36, 587, "gpt-5-2025-08-07")
            .usage("cache_read_tokens", 32)
            .usage("reasoning_tokens", 512)
            .usage("service_tier", "flex")
            .says("provider", "openai"),
        Sample::new("OpenAI responses, streamed", "openai", "/v1/responses", responses_stream())
            .counts(77, 13, "gpt-5-mini")
            .usage("cache_read_tokens", 0)
            .usage("reasoning_tokens", 4),
        Sample::new(
            "OpenAI responses, streamed and incomplete",
            "openai",
            "/v1/responses",
            responses_incomplete(),
        )
        .counts(5, 16, "gpt-5")
        .usage("reasoning_tokens", 16),
        Sample::new("OpenAI completions", "openai", "/v1/completions", COMPLETIONS).counts(
            5,
            7,
            "gpt-3.5-turbo-instruct",
        ),
        Sample::new("OpenAI embeddings", "openai", "/v1/embeddings", embeddings())
            .usage("input_tokens", 8)
            .says("model", "text-embedding-3-small")
            .says("endpoint", "/v1/embeddings"),
        Sample::new("Azure chat", "azure", azure, CHAT)
            .counts(1_117, 46, "gpt-4.1-2025-04-14")
            .says("provider", "azure.ai.openai")
            .says("endpoint", "/openai/deployments/{}/chat/completions"),
        Sample::new("Azure chat, streamed", "azure", azure, azure_stream())
            .counts(19, 2, "gpt-4o-2024-11-20")
            .says("provider", "azure.ai.openai"),
    ]
}
