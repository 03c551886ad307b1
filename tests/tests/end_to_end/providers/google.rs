//! Gemini and Vertex: the same counts on every chunk, as events or as the elements of one array.

use super::{Sample, data_lines, with_crlf};

const GEMINI: &str = "/v1beta/models/gemini-2.5-pro:generateContent?key=AIza-secret";
const GEMINI_STREAM: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
const GEMINI_ARRAY: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
const VERTEX: &str =
    "/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent";
const VERTEX_STREAM: &str =
    "/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-flash:streamGenerateContent";

/// Thoughts outside of the candidates: 20 + 30 + 100 = 150.
const ANSWER: &str = r#"{
  "candidates": [{"content": {"parts": [{"text": "Answer with \"usageMetadata\": {\"promptTokenCount\": 1}"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
  "usageMetadata": {"promptTokenCount": 20, "candidatesTokenCount": 30, "totalTokenCount": 150, "cachedContentTokenCount": 16,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}], "thoughtsTokenCount": 100},
  "modelVersion": "gemini-2.5-pro", "responseId": "r"
}"#;

/// Thoughts inside of the candidates (20 + 130 = 150), and a tool's prompt that belongs to the input.
const INSIDE: &str = r#"{"candidates":[{"content":{"parts":[{"text":"x"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":130,"totalTokenCount":150,"thoughtsTokenCount":100},"modelVersion":"gemini-2.5-flash"}"#;
const TOOLS: &str = r#"{"candidates":[{"content":{"parts":[{"text":"x"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":20,"toolUsePromptTokenCount":500,"candidatesTokenCount":30,"totalTokenCount":550},"modelVersion":"gemini-2.5-flash"}"#;

const CHUNKS: [&str; 3] = [
    r#"{"candidates": [{"content": {"parts": [{"text": "One"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"totalTokenCount": 60,"thoughtsTokenCount": 51},"modelVersion": "gemini-2.5-flash"}"#,
    r#"{"candidates": [{"content": {"parts": [{"text": " two"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 2,"totalTokenCount": 62,"thoughtsTokenCount": 51},"modelVersion": "gemini-2.5-flash"}"#,
    r#"{"candidates": [{"content": {"parts": [{"text": " three"}],"role": "model"},"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 4,"totalTokenCount": 64,"thoughtsTokenCount": 51},"modelVersion": "gemini-2.5-flash"}"#,
];

pub(super) fn samples() -> Vec<Sample> {
    let array = format!("[{}\n]\n", CHUNKS.join("\n,\r\n"));
    let thoughtful = |sample: Sample| sample.counts(9, 55, "gemini-2.5-flash").usage("reasoning_tokens", 51);
    vec![
        Sample::new("Gemini", "gemini", GEMINI, ANSWER)
            .counts(20, 130, "gemini-2.5-pro")
            .usage("cache_read_tokens", 16)
            .usage("reasoning_tokens", 100)
            .says("provider", "gcp.gemini")
            .says("endpoint", "/v1beta/models/{}:generateContent"),
        Sample::new("Gemini, thoughts inside of the candidates", "gemini", GEMINI, INSIDE)
            .counts(20, 130, "gemini-2.5-flash")
            .usage("reasoning_tokens", 100),
        Sample::new("Gemini, with a tool", "gemini", GEMINI, TOOLS).counts(520, 30, "gemini-2.5-flash"),
        thoughtful(Sample::new("Gemini, streamed", "gemini", GEMINI_STREAM, with_crlf(&data_lines(&CHUNKS))))
            .says("provider", "gcp.gemini"),
        thoughtful(Sample::new("Gemini, streamed as an array", "gemini", GEMINI_ARRAY, array)),
        Sample::new("Vertex", "vertex", VERTEX, ANSWER)
            .counts(20, 130, "gemini-2.5-pro")
            .says("provider", "gcp.vertex_ai"),
        thoughtful(Sample::new("Vertex, streamed", "vertex", VERTEX_STREAM, data_lines(&CHUNKS)))
            .says("provider", "gcp.vertex_ai"),
    ]
}
