//! How long a scan of a body takes: `cargo run --release --package weir-filter-core --example scan`.
//!
//! Prints nanoseconds for one body, the best of some rounds. Natively; in the proxy the same code is wasm.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints, and reads the clock"
)]

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use weir_filter_core::usage::BodyScanner;

const ROUNDS: u32 = 30;

fn main() -> std::io::Result<()> {
    let json = answer("All the king's horses and all the king's men couldn't put it together again. ", 6);
    let long = answer("All the king's horses and all the king's men said \\\"usage\\\": no.\\n", 1000);
    let events = stream();
    let embedding = embedding();
    report("JSON answer", "application/json", None, &[json.as_bytes()]);
    report(
        "long JSON answer",
        "application/json",
        None,
        &long.as_bytes().chunks(16 * 1024).collect::<Vec<_>>(),
    );
    report("embedding", "application/json", None, &[embedding.as_bytes()]);
    let chunks: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    report("stream of events", "text/event-stream", None, &chunks);
    report("JSON answer, gzip", "application/json", Some(b"gzip"), &[&gzip(&json)?]);
    let packed = gzip(&events.concat())?;
    report(
        "stream of events, gzip",
        "text/event-stream",
        Some(b"gzip"),
        &packed.chunks(300).collect::<Vec<_>>(),
    );
    Ok(())
}

fn report(name: &str, content_type: &str, encoding: Option<&[u8]>, chunks: &[&[u8]]) {
    let bytes: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let times = u32::try_from(2_000_000 / bytes.max(1)).unwrap_or(1).max(1);
    let best = (0..ROUNDS).map(|_| time(times, content_type, encoding, chunks)).min().unwrap_or_default();
    let nanos = best.as_nanos();
    println!("{name:24} {bytes:7} bytes {:4} chunks {nanos:8} ns", chunks.len());
}

fn time(times: u32, content_type: &str, encoding: Option<&[u8]>, chunks: &[&[u8]]) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        let Some(mut scanner) = BodyScanner::new(Some(content_type.as_bytes()), encoding) else { continue };
        for chunk in chunks {
            scanner.feed(black_box(chunk));
        }
        scanner.finish();
        black_box(scanner.counts().usage(None));
    }
    start.elapsed().checked_div(times).unwrap_or_default()
}

fn answer(text: &str, times: usize) -> String {
    format!(
        r#"{{"id":"chatcmpl-BxK2vN3mQ9","object":"chat.completion","created":1760000000,"model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":120,"completion_tokens":80,"total_tokens":200,"prompt_tokens_details":{{"cached_tokens":64,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},"service_tier":"default","system_fingerprint":"fp_44add55e8c"}}"#,
        text.repeat(times)
    )
}

fn stream() -> Vec<String> {
    let mut events: Vec<String> = (0..199)
        .map(|at| {
            format!("data: {{\"id\":\"chatcmpl-BxK2vN3mQ9\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_44add55e8c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word{at}\"}},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null}}\n\n")
        })
        .collect();
    events.push("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":199,\"total_tokens\":319}}\n\ndata: [DONE]\n\n".to_owned());
    events
}

fn embedding() -> String {
    let numbers: Vec<String> = (0..1536).map(|at| format!("-0.0{:08}", at * 54_321)).collect();
    format!(
        r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[{}]}}],"model":"text-embedding-3-small","usage":{{"prompt_tokens":8,"total_tokens":8}}}}"#,
        numbers.join(",")
    )
}

fn gzip(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}
