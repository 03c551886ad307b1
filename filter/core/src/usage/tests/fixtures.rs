//! Answers as the providers send them, with what must be found: shapes are real, numbers and texts are made up.

use super::Usage;

/// One answer.
pub(super) struct Fixture {
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) usage: Option<Usage>,
    /// What may be told of an answer that is cut: usage of the events before the last ones.
    pub(super) before: Vec<Usage>,
    pub(super) model: Option<&'static str>,
    pub(super) tier: Option<&'static str>,
    pub(super) cost: Option<u64>,
    /// Whether the counts are known to be the last once all has come.
    pub(super) is_final: bool,
    pub(super) content: bool,
    pub(super) error: bool,
    pub(super) provider: Option<&'static str>,
}

pub(super) fn usage(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

fn fixture(
    name: &'static str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    usage: Option<Usage>,
) -> Fixture {
    Fixture {
        name,
        content_type,
        body: body.into(),
        usage,
        before: Vec::new(),
        model: None,
        tier: None,
        cost: None,
        is_final: usage.is_some(),
        content: true,
        error: false,
        provider: None,
    }
}

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream; charset=utf-8";
const LINES: &str = "application/x-ndjson";
const FRAMES: &str = "application/vnd.amazon.eventstream";

/// Events as OpenAI sends them.
fn data(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// Events as Anthropic sends them.
fn named(events: &[(&str, &str)]) -> String {
    events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect()
}

/// Frames of Amazon's event stream: event type and payload.
pub(super) fn frames(events: &[(&str, &str)]) -> Vec<u8> {
    events.iter().flat_map(|(kind, payload)| frame(kind, payload.as_bytes())).collect()
}

/// Frames of an invoked model's events.
fn invoked(events: &[&str]) -> Vec<u8> {
    let payload =
        |event: &&str| format!("{{\"bytes\":\"{}\",\"p\":\"abcdefghij\"}}", base64(event.as_bytes()));
    events.iter().flat_map(|event| frame("chunk", payload(event).as_bytes())).collect()
}

pub(super) fn frame(kind: &str, payload: &[u8]) -> Vec<u8> {
    let kind_of = if kind.ends_with("Exception") { "exception" } else { "event" };
    let name = if kind_of == "event" { ":event-type" } else { ":exception-type" };
    let mut headers = Vec::new();
    for (name, value) in [(name, kind), (":content-type", "application/json"), (":message-type", kind_of)] {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut frame = Vec::new();
    frame.extend_from_slice(&u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&crate::usage::crc32::Crc32::of(&frame).to_be_bytes());
    frame.extend_from_slice(&headers);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crate::usage::crc32::Crc32::of(&frame).to_be_bytes());
    frame
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word =
            group.iter().enumerate().fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = DIGITS[usize::try_from(word >> (18 - 6 * at) & 63).unwrap()];
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

pub(super) fn all() -> Vec<Fixture> {
    [openai(), compatible(), anthropic(), google(), bedrock(), cohere(), rest()]
        .into_iter()
        .flatten()
        .collect()
}

fn openai() -> Vec<Fixture> {
    let chat_end = r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"obfuscation":"x{[}"}"#;
    let chat = Usage { cache_read: Some(8), reasoning: Some(0), audio: Some(0), ..usage(19, 10) };
    vec![
        Fixture {
            model: Some("gpt-4o-2024-08-06"),
            tier: Some("default"),
            ..fixture(
                "openai chat",
                JSON,
                r#"{"id":"chatcmpl-x","object":"chat.completion","created":1,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"\"usage\":{\"prompt_tokens\":9}","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
                "usage":{"prompt_tokens":1200,"completion_tokens":80,"total_tokens":1280,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":3},"completion_tokens_details":{"reasoning_tokens":32,"audio_tokens":4,"accepted_prediction_tokens":7,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp"}"#,
                Some(Usage {
                    cache_read: Some(1024),
                    reasoning: Some(32),
                    audio: Some(7),
                    ..usage(1200, 80)
                }),
            )
        },
        Fixture {
            model: Some("gpt-4o-mini"),
            ..fixture(
                "openai chat stream",
                SSE,
                data(&[
                    r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
                    r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"{\"usage\":{\"prompt_tokens\":9}}"},"finish_reason":null}],"usage":null}"#,
                    r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
                    chat_end,
                    "[DONE]",
                ]),
                Some(chat),
            )
        },
        Fixture {
            model: Some("gpt-4o-mini"),
            ..fixture(
                "azure chat stream: filter results first, an empty model, a tool call",
                SSE,
                data(&[
                    r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}"#,
                    r#"{"choices":[{"content_filter_results":{},"delta":{"content":null,"refusal":null,"role":"assistant","tool_calls":[{"function":{"arguments":"","name":"f"},"id":"call","index":0,"type":"function"}]},"finish_reason":null,"index":0}],"model":"gpt-4o-mini","usage":null}"#,
                    r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{\"usage\":{\"prompt_tokens\":1}}"},"index":0}]},"index":0}],"model":"gpt-4o-mini","usage":null}"#,
                    chat_end,
                    "[DONE]",
                ]),
                Some(chat),
            )
        },
        Fixture {
            model: Some("gpt-3.5-turbo-instruct"),
            ..fixture(
                "completions",
                JSON,
                r#"{"id":"cmpl","object":"text_completion","model":"gpt-3.5-turbo-instruct","choices":[{"text":"\n\nThis","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#,
                Some(usage(5, 7)),
            )
        },
        Fixture {
            content: false,
            model: Some("text-embedding-3-small"),
            ..fixture(
                "embeddings",
                JSON,
                format!(
                    r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[{}]}}],"model":"text-embedding-3-small","usage":{{"prompt_tokens":8,"total_tokens":8}}}}"#,
                    "-0.0123456789, 1.5e-3, ".repeat(40) + "0.1"
                ),
                Some(Usage { input: Some(8), ..Usage::default() }),
            )
        },
        Fixture {
            content: false,
            model: Some("gpt-5"),
            tier: Some("flex"),
            ..fixture(
                "responses",
                JSON,
                r#"{"id":"resp","object":"response","status":"completed","error":null,"incomplete_details":null,"model":"gpt-5","output":[{"type":"reasoning","summary":[]},{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"service_tier":"flex","tools":[{"type":"function","parameters":{"properties":{"usage":{"type":"object"}}}}],
                "usage":{"input_tokens":75,"input_tokens_details":{"cached_tokens":32},"output_tokens":1186,"output_tokens_details":{"reasoning_tokens":1024},"total_tokens":1261},"user":null,"metadata":{"usage":"{}"}}"#,
                Some(Usage { cache_read: Some(32), reasoning: Some(1024), ..usage(75, 1186) }),
            )
        },
        Fixture {
            model: Some("gpt-5"),
            tier: Some("default"),
            ..fixture(
                "responses stream",
                SSE,
                named(&[
                    (
                        "response.created",
                        r#"{"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress","error":null,"model":"gpt-5","service_tier":"auto","usage":null}}"#,
                    ),
                    (
                        "response.in_progress",
                        r#"{"type":"response.in_progress","response":{"id":"r","model":"gpt-5","service_tier":"auto","usage":null}}"#,
                    ),
                    (
                        "response.output_text.delta",
                        r#"{"type":"response.output_text.delta","item_id":"m","delta":"usage","logprobs":[],"obfuscation":"abc"}"#,
                    ),
                    (
                        "response.output_text.done",
                        r#"{"type":"response.output_text.done","text":"\"usage\":{\"input_tokens\":1}"}"#,
                    ),
                    (
                        "response.completed",
                        r#"{"type":"response.completed","response":{"id":"r","status":"completed","error":null,"model":"gpt-5","output":[{"content":[{"text":"x"}],"usage":{"input_tokens":1}}],"service_tier":"default","usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":48},"user":null}}"#,
                    ),
                ]),
                Some(Usage { cache_read: Some(0), reasoning: Some(0), ..usage(37, 11) }),
            )
        },
        Fixture {
            error: true,
            content: false,
            model: Some("gpt-5"),
            ..fixture(
                "a response that failed",
                SSE,
                named(&[
                    (
                        "response.created",
                        r#"{"type":"response.created","response":{"model":"gpt-5","error":null,"usage":null}}"#,
                    ),
                    (
                        "response.failed",
                        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"},"model":"gpt-5","usage":null}}"#,
                    ),
                ]),
                None,
            )
        },
        Fixture {
            content: false,
            ..fixture(
                "image generation",
                JSON,
                r#"{"created":1,"background":"opaque","data":[{"b64_json":"iVBORw0KGgo="}],"usage":{"input_tokens":50,"input_tokens_details":{"image_tokens":40,"text_tokens":10},"output_tokens":4160,"total_tokens":4210}}"#,
                Some(usage(50, 4160)),
            )
        },
        fixture(
            "transcription",
            JSON,
            r#"{"text":"Hello","usage":{"type":"tokens","total_tokens":27,"input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":13}}"#,
            Some(Usage { audio: Some(14), ..usage(14, 13) }),
        ),
        fixture(
            "transcription by duration",
            JSON,
            r#"{"text":"Hello","usage":{"type":"duration","seconds":3}}"#,
            None,
        ),
        fixture(
            "transcription stream",
            SSE,
            data(&[
                r#"{"type":"transcript.text.delta","delta":"Hel"}"#,
                r#"{"type":"transcript.text.done","text":"Hello","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":13,"total_tokens":27}}"#,
            ]),
            Some(Usage { audio: Some(14), ..usage(14, 13) }),
        ),
    ]
}

fn compatible() -> Vec<Fixture> {
    let groq = Usage { ..usage(4096, 20) };
    vec![
        Fixture {
            model: Some("groq/compound"),
            tier: Some("on_demand"),
            provider: Some("groq"),
            content: true,
            ..fixture(
                "groq, with a usage of each model beside the whole",
                JSON,
                r#"{"id":"c","model":"groq/compound","choices":[{"index":0,"message":{"role":"assistant","content":"x","executed_tools":[{"arguments":"{}","usage":{"prompt_tokens":2}}]}}],"usage_breakdown":{"models":[{"model":"a","usage":{"queue_time":0.1,"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}]},"usage":{"queue_time":0.044,"prompt_tokens":4096,"prompt_time":0.01,"completion_tokens":20,"completion_time":0.2,"total_tokens":4116,"total_time":0.3},"system_fingerprint":null,"x_groq":{"id":"req","usage":{"prompt_tokens":4096,"completion_tokens":20}},"service_tier":"on_demand"}"#,
                Some(groq),
            )
        },
        Fixture {
            model: Some("groq/compound"),
            provider: Some("groq"),
            ..fixture(
                "groq stream",
                SSE,
                data(&[
                    r#"{"model":"groq/compound","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"x_groq":{"id":"req"}}"#,
                    r#"{"model":"groq/compound","choices":[{"index":0,"delta":{"reasoning":"User","channel":"analysis"},"finish_reason":null}]}"#,
                    r#"{"model":"groq/compound","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage_breakdown":{"models":[{"usage":{"prompt_tokens":1,"completion_tokens":2}}]},"x_groq":{"id":"req","usage":{"queue_time":0.05,"prompt_tokens":4096,"completion_tokens":20,"total_tokens":4116}}}"#,
                    "[DONE]",
                ]),
                Some(groq),
            )
        },
        Fixture {
            model: Some("openai/gpt-4o-mini"),
            cost: Some(4_441_050),
            before: vec![],
            ..fixture(
                "openrouter stream: comments, and the usage on a chunk with a choice",
                SSE,
                format!(
                    ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n{}",
                    data(&[
                        r#"{"model":"openai/gpt-4o-mini","provider":"OpenAI","choices":[{"index":0,"delta":{"role":"assistant","content":"I"},"finish_reason":null}]}"#,
                        r#"{"model":"openai/gpt-4o-mini","provider":"OpenAI","service_tier":null,"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":571,"completion_tokens":59,"total_tokens":630,"cost":0.00444105,"is_byok":false,"prompt_tokens_details":{"cached_tokens":100,"cache_write_tokens":200,"audio_tokens":0,"video_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"image_tokens":0},"cost_details":{"upstream_inference_cost":0.00012104999999999999}}}"#,
                        "[DONE]",
                    ])
                ),
                Some(Usage { cache_read: Some(100), cache_write: Some(200), reasoning: Some(0), audio: Some(0), ..usage(571, 59) }),
            )
        },
        fixture(
            "openrouter, where the customer pays the provider",
            JSON,
            r#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11,"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":0.0001}}}"#,
            Some(usage(5, 6)),
        ),
        Fixture {
            cost: Some(0),
            error: true,
            ..fixture(
                "openrouter, free of charge, with an error",
                JSON,
                r#"{"choices":[{"message":{"content":"x"}}],"error":{"code":400},"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11,"cost":0,"is_byok":false}}"#,
                Some(usage(5, 6)),
            )
        },
        Fixture {
            model: Some("deepseek-reasoner"),
            ..fixture(
                "deepseek stream",
                SSE,
                data(&[
                    r#"{"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":"I"},"finish_reason":null}],"usage":null}"#,
                    r#"{"model":"deepseek-reasoner","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":30,"total_tokens":230,"prompt_tokens_details":{"cached_tokens":128},"completion_tokens_details":{"reasoning_tokens":20},"prompt_cache_hit_tokens":128,"prompt_cache_miss_tokens":72}}"#,
                    "[DONE]",
                ]),
                Some(Usage { cache_read: Some(128), reasoning: Some(20), ..usage(200, 30) }),
            )
        },
        fixture(
            "moonshot: the cached tokens beside the prompt",
            JSON,
            r#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":300,"completion_tokens":7,"total_tokens":307,"cached_tokens":256}}"#,
            Some(Usage { cache_read: Some(256), ..usage(300, 7) }),
        ),
        fixture(
            "moonshot stream: the usage in the choice",
            SSE,
            data(&[
                r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}"#,
                r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":8,"completion_tokens":262,"total_tokens":270}}]}"#,
                "[DONE]",
            ]),
            Some(usage(8, 262)),
        ),
        fixture(
            "mistral stream: thinking in lists",
            SSE,
            data(&[
                r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
                r#"{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Okay"}]}]},"finish_reason":null}]}"#,
                r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"total_tokens":30,"completion_tokens":20,"num_cached_tokens":4,"prompt_tokens_details":{"cached_tokens":4}}}"#,
                "[DONE]",
            ]),
            Some(Usage { cache_read: Some(4), ..usage(10, 20) }),
        ),
        Fixture {
            provider: Some("x_ai"),
            cost: Some(31_831_900),
            ..fixture(
                "xai counts reasoning apart from the completion",
                JSON,
                r#"{"choices":[{"message":{"content":"x","reasoning_content":"y"}}],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"prompt_tokens_details":{"text_tokens":32,"audio_tokens":0,"image_tokens":0,"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":94,"audio_tokens":0},"num_sources_used":0,"cost_in_usd_ticks":318319000}}"#,
                Some(Usage { cache_read: Some(6), reasoning: Some(94), audio: Some(0), ..usage(32, 103) }),
            )
        },
        Fixture {
            before: vec![usage(14, 1), usage(14, 2)],
            ..fixture(
                "vllm stream with counts on each chunk",
                SSE,
                data(&[
                    r#"{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":14,"total_tokens":15,"completion_tokens":1}}"#,
                    r#"{"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":14,"total_tokens":16,"completion_tokens":2}}"#,
                    r#"{"choices":[],"usage":{"prompt_tokens":14,"total_tokens":17,"completion_tokens":3}}"#,
                    "[DONE]",
                ]),
                Some(usage(14, 3)),
            )
        },
        Fixture {
            is_final: false,
            cost: Some(6_010_000),
            before: vec![usage(6, 1)],
            ..fixture(
                "perplexity stream: the cost item by item, no end mark",
                SSE,
                data(&[
                    r#"{"choices":[{"index":0,"finish_reason":null,"message":{"role":"assistant","content":"a"},"delta":{"content":"a"}}],"usage":{"prompt_tokens":6,"completion_tokens":1,"total_tokens":7}}"#,
                    r#"{"choices":[{"index":0,"finish_reason":"stop","delta":{"content":""}}],"usage":{"prompt_tokens":6,"completion_tokens":2,"total_tokens":8,"search_context_size":"low","cost":{"input_tokens_cost":0.000006,"output_tokens_cost":0.000004,"request_cost":0.006,"total_cost":0.00601}},"search_results":[{"title":"usage","usage":{"prompt_tokens":1}}]}"#,
                ]).replace('\n', "\r\n"),
                Some(usage(6, 2)),
            )
        },
        Fixture {
            is_final: true,
            before: vec![],
            ..fixture(
                "zeros behind the counts, and the other API's names at zero",
                SSE,
                data(&[
                    r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#,
                    r#"{"choices":[],"usage":{"prompt_tokens":6,"completion_tokens":2,"total_tokens":8,"input_tokens":0,"output_tokens":0,"input_tokens_details":null}}"#,
                    r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
                    "[DONE]",
                ]),
                Some(usage(6, 2)),
            )
        },
    ]
}

fn anthropic() -> Vec<Fixture> {
    let start = r#"{"type":"message_start","message":{"model":"claude-sonnet-4-5-20250929","id":"msg","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":60,"ephemeral_1h_input_tokens":40},"output_tokens":1,"service_tier":"standard"}}          }"#;
    let started =
        Usage { cache_read: Some(1000), cache_write: Some(100), cache_write_1h: Some(40), ..usage(1125, 1) };
    let (block, text) = (
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}      }"#,
    );
    vec![
        Fixture {
            model: Some("claude-sonnet-4-5-20250929"),
            tier: Some("standard"),
            content: false,
            ..fixture(
                "anthropic",
                JSON,
                r#"{"model":"claude-sonnet-4-5-20250929","id":"msg","type":"message","role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"usage":{"input_tokens":7}}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":60,"ephemeral_1h_input_tokens":40},"output_tokens":503,"output_tokens_details":{"thinking_tokens":47},"service_tier":"standard","server_tool_use":{"web_search_requests":1},"iterations":[{"input_tokens":5,"output_tokens":6,"type":"message"}]}}"#,
                Some(Usage { output: Some(503), reasoning: Some(47), ..started }),
            )
        },
        Fixture {
            model: Some("claude-sonnet-4-5-20250929"),
            tier: Some("standard"),
            provider: Some("anthropic"),
            before: vec![started],
            ..fixture(
                "anthropic stream",
                SSE,
                named(&[
                    ("message_start", start),
                    ("ping", r#"{"type": "ping"}"#),
                    ("content_block_start", block),
                    ("content_block_delta", text),
                    ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15} }"#),
                    ("message_stop", r#"{"type":"message_stop"   }"#),
                ]),
                Some(Usage { output: Some(15), ..started }),
            )
        },
        Fixture {
            model: Some("claude-sonnet-4-5-20250929"),
            tier: Some("standard"),
            provider: Some("anthropic"),
            before: vec![started],
            ..fixture(
                "anthropic stream that corrects its input and caches, data before event, counts it does not know null",
                SSE,
                [start, block, text, r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":2411,"cache_creation_input_tokens":null,"cache_read_input_tokens":0,"output_tokens":145,"iterations":[{"input_tokens":1128,"output_tokens":135}]}}"#, r#"{"type":"message_stop"}"#]
                    .map(|event| format!("data:{event}\r\nevent: x\r\n\r\n")).concat(),
                Some(Usage { cache_read: Some(0), cache_write: Some(100), cache_write_1h: Some(40), ..usage(2511, 145) }),
            )
        },
        Fixture {
            model: Some("claude-sonnet-4-5-20250929"),
            tier: Some("standard"),
            provider: Some("anthropic"),
            is_final: false,
            content: false,
            error: true,
            ..fixture(
                "anthropic stream that fails",
                SSE,
                named(&[("message_start", start), ("error", r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)]),
                Some(started),
            )
        },
        Fixture {
            model: Some("glm-4.6"),
            provider: Some("anthropic"),
            ..fixture(
                "anthropic's API with nothing counted at first",
                SSE,
                named(&[
                    ("message_start", r#"{"type":"message_start","message":{"model":"glm-4.6","content":[],"usage":{"input_tokens":0,"output_tokens":0}}}"#),
                    ("content_block_delta", text),
                    ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":14,"output_tokens":20,"cache_read_input_tokens":5,"server_tool_use":{"web_search_requests":0},"service_tier":null}}"#),
                    ("message_stop", r#"{"type":"message_stop"}"#),
                ]),
                Some(Usage { cache_read: Some(5), ..usage(19, 20) }),
            )
        },
        Fixture { content: false, ..fixture("anthropic's count of tokens is no usage", JSON, r#"{"input_tokens":403}"#, None) },
    ]
}

fn google() -> Vec<Fixture> {
    let answer = |total: u64| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"x"}}],"role":"model"}},"finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":10,"candidatesTokenCount":20,"totalTokenCount":{total},"cachedContentTokenCount":4,"promptTokensDetails":[{{"modality":"TEXT","tokenCount":7}},{{"tokenCount":3,"modality":"AUDIO"}}],"thoughtsTokenCount":7}},"modelVersion":"gemini-2.5-pro"}}"#
        )
    };
    let expected =
        |output| Usage { cache_read: Some(4), reasoning: Some(7), audio: Some(3), ..usage(10, output) };
    let pro =
        |fixture: Fixture| Fixture { model: Some("gemini-2.5-pro"), provider: Some("gcp.gemini"), ..fixture };
    let stream: Vec<String> = [
        r#"{"candidates": [{"content": {"parts": [{"text": "","thoughtSignature":"a"}]}}],"usageMetadata": {"promptTokenCount": 10,"totalTokenCount": 15,"thoughtsTokenCount": 5},"modelVersion": "gemini-2.5-pro"}"#,
        r#"{"candidates": [{"content": {"parts": [{"functionCall": {"name":"f","args":{"usageMetadata":{"promptTokenCount":1}}}}]}}],"usageMetadata": {"trafficType": "ON_DEMAND"},"modelVersion": "gemini-2.5-pro"}"#,
        r#"{"candidates": [{"content": {"parts": [{"text": ""}]},"finishReason": "STOP"}],"usageMetadata": {"promptTokenCount": 10,"candidatesTokenCount": 3,"totalTokenCount": 58,"toolUsePromptTokenCount":40,"thoughtsTokenCount": 5},"modelVersion": "gemini-2.5-pro"}"#,
    ].map(str::to_owned).into();
    let begun = Usage { reasoning: Some(5), ..usage(10, 5) };
    let ended = Usage { reasoning: Some(5), ..usage(50, 8) };
    vec![
        pro(fixture("gemini, thoughts apart", JSON, answer(37), Some(expected(27)))),
        pro(fixture("gemini, thoughts inside", JSON, answer(30), Some(expected(20)))),
        pro(Fixture {
            before: vec![begun],
            is_final: false,
            ..fixture(
                "gemini stream",
                SSE,
                stream.iter().map(|event| format!("data: {event}\r\n\r\n")).collect::<String>(),
                Some(ended),
            )
        }),
        pro(Fixture {
            before: vec![begun],
            ..fixture(
                "gemini stream as one array",
                JSON,
                format!("[{}\n]\n", stream.join("\n,\r\n")),
                Some(ended),
            )
        }),
        Fixture {
            content: false,
            ..fixture(
                "gemini's count of tokens is no usage",
                JSON,
                r#"{"totalTokens":31,"promptTokensDetails":[{"modality":"TEXT","tokenCount":31}]}"#,
                None,
            )
        },
        Fixture {
            content: false,
            ..fixture(
                "vertex embeddings",
                JSON,
                r#"{"predictions":[{"embeddings":{"values":[0.1,-0.2],"statistics":{"truncated":false,"token_count":4}}},{"embeddings":{"statistics":{"token_count":5,"truncated":false},"values":[0.1,-0.2]}}],"metadata":{"billableCharacterCount":11}}"#,
                Some(Usage { input: Some(9), ..Usage::default() }),
            )
        },
        Fixture {
            error: true,
            content: false,
            ..fixture(
                "gemini error in an array",
                JSON,
                r#"[{"error":{"code":429,"message":"usageMetadata"}}]"#,
                None,
            )
        },
    ]
}

fn bedrock() -> Vec<Fixture> {
    let caches =
        Usage { cache_read: Some(1322), cache_write: Some(10), cache_write_1h: Some(10), ..usage(1334, 5) };
    let start = r#"{"type":"message_start","message":{"model":"claude-3-haiku","content":[],"usage":{"input_tokens":3,"cache_creation_input_tokens":70,"cache_read_input_tokens":0,"output_tokens":1}}}"#;
    let started = Usage { cache_read: Some(0), cache_write: Some(70), ..usage(73, 1) };
    let metrics = r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":3,"outputTokenCount":13,"invocationLatency":3037,"firstByteLatency":2635,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":70}"#;
    let stop = format!(r#"{{"type":"message_stop",{metrics}}}"#);
    let aws = |fixture: Fixture| Fixture { provider: Some("aws.bedrock"), ..fixture };
    vec![
        Fixture {
            content: false,
            tier: Some("default"),
            ..fixture(
                "converse, its caches under two names",
                JSON,
                r#"{"metrics":{"latencyMs":1912},"output":{"message":{"content":[{"text":"21"}],"role":"assistant"}},"serviceTier":{"type":"default"},"stopReason":"end_turn","usage":{"cacheDetails":[{"inputTokens":10,"ttl":"1h"}],"cacheReadInputTokenCount":1322,"cacheReadInputTokens":1322,"cacheWriteInputTokenCount":10,"cacheWriteInputTokens":10,"inputTokens":2,"outputTokens":5,"serverToolUsage":{},"totalTokens":1339}}"#,
                Some(caches),
            )
        },
        fixture(
            "converse stream",
            FRAMES,
            frames(&[
                ("messageStart", r#"{"p":"abcd","role":"assistant"}"#),
                ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abc"}"#),
                ("contentBlockStop", r#"{"contentBlockIndex":0,"p":"a"}"#),
                ("messageStop", r#"{"p":"ab","stopReason":"end_turn"}"#),
                (
                    "metadata",
                    r#"{"metrics":{"latencyMs":536},"p":"abcdef","usage":{"cacheReadInputTokenCount":0,"cacheReadInputTokens":0,"inputTokens":13,"outputTokens":82,"totalTokens":95}}"#,
                ),
            ]),
            Some(Usage { cache_read: Some(0), ..usage(13, 82) }),
        ),
        Fixture {
            error: true,
            ..fixture(
                "converse stream with an exception",
                FRAMES,
                frames(&[
                    ("messageStart", r#"{"role":"assistant"}"#),
                    (
                        "contentBlockDelta",
                        r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"a\""}}}"#,
                    ),
                    ("modelStreamErrorException", r#"{"message":"usage"}"#),
                ]),
                None,
            )
        },
        aws(Fixture {
            model: Some("claude-3-haiku"),
            provider: Some("aws.bedrock"),
            before: vec![started],
            ..fixture(
                "invoked anthropic stream",
                FRAMES,
                invoked(&[
                    start,
                    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Größe"}}"#,
                    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":13}}"#,
                    &stop,
                ]),
                Some(Usage { output: Some(13), ..started }),
            )
        }),
        aws(fixture(
            "invoked nova stream",
            FRAMES,
            invoked(&[
                r#"{"messageStart":{"role":"assistant"}}"#,
                r#"{"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}"#,
                &format!(
                    r#"{{"metadata":{{"usage":{{"inputTokens":3,"outputTokens":13,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":70}},"metrics":{{}},"trace":{{}}}},{metrics}}}"#
                ),
            ]),
            Some(Usage { output: Some(13), ..started }),
        )),
        aws(Fixture {
            before: vec![usage(6, 1), usage(6, 2)],
            ..fixture(
                "invoked llama stream",
                FRAMES,
                invoked(&[
                    r#"{"generation":"Hi","prompt_token_count":6,"generation_token_count":1,"stop_reason":null}"#,
                    r#"{"generation":"!","prompt_token_count":null,"generation_token_count":2,"stop_reason":null}"#,
                    r#"{"generation":"","prompt_token_count":null,"generation_token_count":3,"stop_reason":"stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":6,"outputTokenCount":3,"invocationLatency":1,"firstByteLatency":1}}"#,
                ]),
                Some(usage(6, 3)),
            )
        }),
        fixture(
            "invoked llama",
            JSON,
            r#"{"generation":"x","prompt_token_count":6,"generation_token_count":3,"stop_reason":"stop"}"#,
            Some(usage(6, 3)),
        ),
        Fixture {
            content: false,
            ..fixture(
                "invoked titan",
                JSON,
                r#"{"inputTextTokenCount":5,"results":[{"tokenCount":12,"outputText":"x","completionReason":"FINISH"},{"tokenCount":13,"outputText":"y"}]}"#,
                Some(usage(5, 25)),
            )
        },
        Fixture {
            content: false,
            ..fixture(
                "invoked titan embedding",
                JSON,
                r#"{"embedding":[0.1,0.2],"inputTextTokenCount":5}"#,
                Some(Usage { input: Some(5), ..Usage::default() }),
            )
        },
        Fixture {
            content: false,
            ..fixture("invoked mistral", JSON, r#"{"outputs":[{"text":"x","stop_reason":"stop"}]}"#, None)
        },
    ]
}

fn cohere() -> Vec<Fixture> {
    let cohere = |fixture: Fixture| Fixture { provider: Some("cohere"), ..fixture };
    vec![
        cohere(fixture(
            "cohere chat",
            JSON,
            r#"{"id":"x","message":{"role":"assistant","content":[{"type":"text","text":"x"}]},"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":18},"tokens":{"input_tokens":71,"output_tokens":19},"cached_tokens":64}}"#,
            Some(Usage { cache_read: Some(64), ..usage(71, 19) }),
        )),
        cohere(fixture(
            "cohere chat stream",
            SSE,
            named(&[
                (
                    "message-start",
                    r#"{"id":"x","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
                ),
                (
                    "content-start",
                    r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
                ),
                (
                    "content-delta",
                    r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}"#,
                ),
                (
                    "message-end",
                    r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":18},"tokens":{"input_tokens":71,"output_tokens":19}}}}"#,
                ),
            ]),
            Some(usage(71, 19)),
        )),
        cohere(fixture(
            "cohere v1 chat",
            JSON,
            r#"{"text":"x","generation_id":"g","chat_history":[{"role":"USER","message":"{\"meta\":{}}"}],"meta":{"api_version":{"version":"1"},"billed_units":{"input_tokens":5,"output_tokens":18},"tokens":{"input_tokens":71,"output_tokens":19}}}"#,
            Some(usage(71, 19)),
        )),
        cohere(Fixture {
            is_final: false,
            ..fixture(
                "cohere v1 chat stream",
                "application/stream+json",
                "{\"is_finished\":false,\"event_type\":\"stream-start\",\"generation_id\":\"g\"}\n{\"is_finished\":false,\"event_type\":\"text-generation\",\"text\":\"Hi\"}\n\
                {\"is_finished\":true,\"event_type\":\"stream-end\",\"response\":{\"text\":\"Hi\",\"meta\":{\"billed_units\":{\"input_tokens\":5,\"output_tokens\":18},\"tokens\":{\"input_tokens\":71,\"output_tokens\":19}}},\"finish_reason\":\"COMPLETE\"}\n",
                Some(usage(71, 19)),
            )
        }),
        cohere(Fixture {
            content: false,
            ..fixture(
                "cohere embed",
                JSON,
                r#"{"id":"x","embeddings":{"float":[[0.1,0.2]]},"texts":["a"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":2.0}},"response_type":"embeddings_by_type"}"#,
                Some(Usage { input: Some(2), ..Usage::default() }),
            )
        }),
        Fixture {
            content: false,
            ..fixture(
                "cohere rerank",
                JSON,
                r#"{"id":"x","results":[{"index":3,"relevance_score":0.99}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}"#,
                None,
            )
        },
    ]
}

fn rest() -> Vec<Fixture> {
    vec![
        Fixture {
            model: Some("llama3.2"),
            ..fixture(
                "ollama stream",
                LINES,
                "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}\n{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"prompt_eval_count\":26,\"eval_count\":298}\n",
                Some(usage(26, 298)),
            )
        },
        Fixture { content: false, ..fixture("a batch counts other requests", JSON, r#"{"id":"batch","object":"batch","model":"gpt","usage":{"input_tokens":9,"output_tokens":9,"total_tokens":18}}"#, None) }.with_model("gpt"),
        Fixture { content: false, ..fixture("a list counts other requests", JSON, r#"{"object":"list","data":[{"id":"resp","usage":{"input_tokens":9,"output_tokens":9}}],"has_more":false}"#, None) },
        Fixture { error: true, content: false, ..fixture("an error", JSON, r#"{"error":{"message":"usage","type":"x"}}"#, None) },
        Fixture { content: false, ..fixture("moderation", JSON, r#"{"id":"m","model":"omni","results":[{"flagged":false,"categories":{"a":false},"category_scores":{"a":0.1}}]}"#, None) }.with_model("omni"),
    ]
}

impl Fixture {
    fn with_model(self, model: &'static str) -> Self {
        Self { model: Some(model), ..self }
    }
}
