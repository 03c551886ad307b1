//! Bedrock: Converse and InvokeModel, whole and as binary frames.

use super::{Sample, event_stream};

const FRAMES: &str = "application/vnd.amazon.eventstream";

/// The input leaves the caches out; the cache counts stand there under two names each.
const CONVERSE: &str = r#"{"metrics":{"latencyMs":1275},"output":{"message":{"content":[{"text":"It says \"usage\":{\"inputTokens\":1}"}],"role":"assistant"}},"stopReason":"end_turn","usage":{"cacheReadInputTokenCount":100,"cacheReadInputTokens":100,"cacheWriteInputTokenCount":50,"cacheWriteInputTokens":50,"inputTokens":125,"outputTokens":60,"totalTokens":335}}"#;

/// Anthropic's own answer, passed through.
const INVOKE: &str = r#"{"id":"msg_bdrk_1","type":"message","role":"assistant","model":"claude-3-5-sonnet-20241022","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":6}}"#;

fn converse_stream() -> Vec<u8> {
    let frames = [
        event_stream::event("messageStart", br#"{"p":"abcd","role":"assistant"}"#),
        event_stream::event("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"text":"Hello"},"p":"abcdefgh"}"#),
        event_stream::event("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"text":" \"usage\":{\"inputTokens\":9}"},"p":"ab"}"#),
        event_stream::event("contentBlockStop", br#"{"contentBlockIndex":0,"p":"abcdefghijklmnopqrstuvwxyz"}"#),
        event_stream::event("messageStop", br#"{"p":"abc","stopReason":"end_turn"}"#),
        event_stream::event("metadata", br#"{"metrics":{"latencyMs":903},"p":"abcdefgh","usage":{"cacheReadInputTokenCount":0,"cacheReadInputTokens":0,"cacheWriteInputTokenCount":0,"cacheWriteInputTokens":0,"inputTokens":17,"outputTokens":23,"totalTokens":40}}"#),
    ];
    frames.concat()
}

/// One that an exception ends before the counts have come.
fn throttled() -> Vec<u8> {
    let frames = [
        event_stream::event("messageStart", br#"{"p":"abcd","role":"assistant"}"#),
        event_stream::event(
            "contentBlockDelta",
            br#"{"contentBlockIndex":0,"delta":{"text":"Hel"},"p":"a"}"#,
        ),
        event_stream::exception("throttlingException", br#"{"message":"Too many tokens"}"#),
    ];
    frames.concat()
}

/// InvokeModel's stream: each payload holds a chunk in Base64, the last with the invocation's metrics.
fn invoke_stream_of_anthropic() -> Vec<u8> {
    let chunk = |json: &str| {
        let payload = format!(r#"{{"bytes":"{}","p":"abcdefghijk"}}"#, base64(json.as_bytes()));
        event_stream::event("chunk", payload.as_bytes())
    };
    let frames = [
        chunk(
            r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude-3-5-sonnet-20241022","content":[],"usage":{"input_tokens":31,"output_tokens":1}}}"#,
        ),
        chunk(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#),
        chunk(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":19}}"#),
        chunk(
            r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":31,"outputTokenCount":19,"invocationLatency":812,"firstByteLatency":401}}"#,
        ),
    ];
    frames.concat()
}

/// Another model family, which has nothing but the invocation's metrics.
fn invoke_stream_of_another() -> Vec<u8> {
    let chunk = |json: &str| {
        let payload = format!(r#"{{"bytes":"{}"}}"#, base64(json.as_bytes()));
        event_stream::event("chunk", payload.as_bytes())
    };
    let frames = [
        chunk(r#"{"generation":"Hi","prompt_token_count":14,"generation_token_count":1,"stop_reason":null}"#),
        chunk(
            r#"{"generation":"","prompt_token_count":null,"generation_token_count":2,"stop_reason":"stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":14,"outputTokenCount":2,"invocationLatency":300,"firstByteLatency":100}}"#,
        ),
    ];
    frames.concat()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let padded =
            [three.first(), three.get(1), three.get(2)].map(|byte| u32::from(byte.copied().unwrap_or(0)));
        let word = padded.iter().fold(0, |word, byte| word << 8 | byte);
        for at in 0..4_usize {
            let digit = usize::try_from(word >> (18 - 6 * at) & 63).unwrap_or_default();
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'=');
            text.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[test]
fn base64_is_base64() {
    for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
    {
        assert_eq!(base64(bytes.as_bytes()), expected);
    }
}

pub(super) fn samples() -> Vec<Sample> {
    let model = "/model/us.anthropic.claude-3-5-sonnet-20241022-v2%3A0";
    let path = |verb: &str| -> &'static str { Box::leak(format!("{model}/{verb}").into_boxed_str()) };
    let bedrock = |sample: Sample| sample.says("provider", "aws.bedrock");
    // The path names the model, which a template leaves out; Converse's body does not name it.
    let converse = bedrock(Sample::new("Bedrock Converse", "bedrock", path("converse"), CONVERSE))
        .usage("input_tokens", 275)
        .usage("output_tokens", 60)
        .usage("cache_read_tokens", 100)
        .usage("cache_write_tokens", 50)
        .says("endpoint", "/model/{}/converse");
    let converse_stream =
        bedrock(Sample::new("Bedrock ConverseStream", "bedrock", path("converse-stream"), converse_stream()))
            .usage("input_tokens", 17)
            .usage("output_tokens", 23)
            .usage("cache_read_tokens", 0);
    let invoke_stream = |name, body: Vec<u8>| {
        bedrock(Sample::new(name, "bedrock", path("invoke-with-response-stream"), body)).typed(FRAMES, true)
    };
    let throttled = bedrock(Sample::new(
        "Bedrock ConverseStream, throttled",
        "bedrock",
        path("converse-stream"),
        throttled(),
    ));
    vec![
        converse,
        throttled
            .typed(FRAMES, true)
            .usage("status", "missing")
            .usage("input_tokens", None::<u64>)
            .says("outcome", "error")
            .says("error_type", "error_in_body"),
        converse_stream.typed(FRAMES, true),
        bedrock(Sample::new("Bedrock InvokeModel", "bedrock", path("invoke"), INVOKE)).counts(
            12,
            6,
            "claude-3-5-sonnet-20241022",
        ),
        invoke_stream("Bedrock InvokeModel, streamed", invoke_stream_of_anthropic())
            .usage("input_tokens", 31)
            .usage("output_tokens", 19),
        invoke_stream("Bedrock InvokeModel of another family, streamed", invoke_stream_of_another())
            .usage("input_tokens", 14)
            .usage("output_tokens", 2),
    ]
}
