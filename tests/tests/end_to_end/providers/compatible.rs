//! Those that speak as OpenAI does, each with something of its own.

use serde_json::json;

use super::{Sample, data_lines};

const PATH: &str = "/v1/chat/completions";

/// Usage on the last chunk that has a choice.
fn mistral() -> String {
    data_lines(&[
        r#"{"id":"m","object":"chat.completion.chunk","created":1,"model":"mistral-large-2411","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        r#"{"id":"m","object":"chat.completion.chunk","created":1,"model":"mistral-large-2411","choices":[{"index":0,"delta":{"content":"Oui"},"finish_reason":null}]}"#,
        r#"{"id":"m","object":"chat.completion.chunk","created":1,"model":"mistral-large-2411","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":16,"total_tokens":50,"completion_tokens":34}}"#,
        "[DONE]",
    ])
}

/// Usage under `x_groq`, and beside it a breakdown by model, which is a decoy.
fn groq() -> String {
    data_lines(&[
        r#"{"id":"g","object":"chat.completion.chunk","created":1,"model":"groq/compound","system_fingerprint":"fp","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"x_groq":{"id":"req_1"}}"#,
        r#"{"id":"g","object":"chat.completion.chunk","created":1,"model":"groq/compound","choices":[{"index":0,"delta":{"content":"Fast"},"logprobs":null,"finish_reason":null}]}"#,
        r#"{"id":"g","object":"chat.completion.chunk","created":1,"model":"groq/compound","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.01,"prompt_tokens":46,"prompt_time":0.002,"completion_tokens":15,"completion_time":0.06,"total_tokens":61,"total_time":0.07}},"usage_breakdown":{"models":[{"model":"llama-3.3-70b","usage":{"prompt_tokens":4000,"completion_tokens":1500,"total_tokens":5500}}]}}"#,
        "[DONE]",
    ])
}

const GROQ: &str = r#"{"id":"g","object":"chat.completion","created":1,"model":"llama-3.3-70b-versatile","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"logprobs":null,"finish_reason":"stop"}],"usage":{"queue_time":0.02,"prompt_tokens":36,"prompt_time":0.001,"completion_tokens":9,"completion_time":0.03,"total_tokens":45,"total_time":0.04},"usage_breakdown":{"models":[{"model":"other","usage":{"prompt_tokens":7777,"completion_tokens":7777}}]},"system_fingerprint":"fp","x_groq":{"id":"req_2"}}"#;

/// Comments while it waits, and the cost in the body.
fn openrouter() -> String {
    let events = data_lines(&[
        r#"{"id":"gen-1","provider":"OpenAI","model":"openai/gpt-4o","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"delta":{"role":"assistant","content":"Sure"},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]}"#,
        r#"{"id":"gen-1","provider":"OpenAI","model":"openai/gpt-4o","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop","native_finish_reason":"stop","logprobs":null}]}"#,
        r#"{"id":"gen-1","provider":"OpenAI","model":"openai/gpt-4o","object":"chat.completion.chunk","created":1,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":14,"completion_tokens":163,"total_tokens":177,"cost":0.00012345,"is_byok":false,"prompt_tokens_details":{"cached_tokens":0},"cost_details":{"upstream_inference_cost":99.5,"cost":42},"completion_tokens_details":{"reasoning_tokens":0}}}"#,
        "[DONE]",
    ]);
    format!(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n{events}")
}

/// A cost in scientific notation.
const OPENROUTER: &str = r#"{"id":"gen-2","provider":"Google","model":"google/gemini-2.5-flash","object":"chat.completion","created":1,"choices":[{"logprobs":null,"finish_reason":"stop","index":0,"message":{"role":"assistant","content":"x","refusal":null,"reasoning":null}}],"usage":{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11,"cost":9.6e-06,"is_byok":false}}"#;

/// Cache hits and misses of its own, and reasoning as content of its own.
fn deepseek() -> String {
    data_lines(&[
        r#"{"id":"d","object":"chat.completion.chunk","created":1,"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":""},"logprobs":null,"finish_reason":null}]}"#,
        r#"{"id":"d","object":"chat.completion.chunk","created":1,"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"Hmm"},"logprobs":null,"finish_reason":null}]}"#,
        r#"{"id":"d","object":"chat.completion.chunk","created":1,"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"No","reasoning_content":null},"logprobs":null,"finish_reason":null}]}"#,
        r#"{"id":"d","object":"chat.completion.chunk","created":1,"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":400,"completion_tokens":90,"total_tokens":490,"prompt_tokens_details":{"cached_tokens":320},"completion_tokens_details":{"reasoning_tokens":70},"prompt_cache_hit_tokens":320,"prompt_cache_miss_tokens":80}}"#,
        "[DONE]",
    ])
}

const PLAIN: &str = r#"{"id":"m","object":"chat.completion","created":1,"model":"mistral-small","choices":[{"index":0,"message":{"role":"assistant","tool_calls":null,"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":13,"total_tokens":33,"completion_tokens":20}}"#;

pub(super) fn samples() -> Vec<Sample> {
    let openrouter_path = "/api/v1/chat/completions";
    vec![
        Sample::new("Mistral", "mistral", PATH, PLAIN)
            .counts(13, 20, "mistral-small")
            .says("provider", "mistral_ai"),
        Sample::new("Mistral, streamed", "mistral", PATH, mistral())
            .counts(16, 34, "mistral-large-2411")
            .says("provider", "mistral_ai"),
        Sample::new("Groq", "groq", "/openai/v1/chat/completions", GROQ)
            .counts(36, 9, "llama-3.3-70b-versatile")
            .says("provider", "groq"),
        Sample::new("Groq, streamed", "groq", "/openai/v1/chat/completions", groq())
            .counts(46, 15, "groq/compound")
            .says("provider", "groq"),
        Sample::new("OpenRouter", "openrouter", openrouter_path, OPENROUTER)
            .counts(8, 3, "google/gemini-2.5-flash")
            .says("cost", json!({ "nano_usd": 9_600, "source": "body" })),
        Sample::new("OpenRouter, streamed", "openrouter", openrouter_path, openrouter())
            .counts(14, 163, "openai/gpt-4o")
            .says("cost", json!({ "nano_usd": 123_450, "source": "body" })),
        Sample::new(
            "OpenRouter, with a header that says otherwise",
            "openrouter",
            openrouter_path,
            OPENROUTER,
        )
        .header("x-litellm-response-cost", "1.5e-05")
        .counts(8, 3, "google/gemini-2.5-flash")
        .says("cost", json!({ "nano_usd": 15_000, "source": "header" })),
        Sample::new("DeepSeek, streamed", "deepseek", PATH, deepseek())
            .counts(400, 90, "deepseek-reasoner")
            .usage("cache_read_tokens", 320)
            .usage("reasoning_tokens", 70)
            .says("provider", "deepseek"),
    ]
}
