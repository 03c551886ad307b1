//! The same counts in every framing that a stream or a body may have, and bodies that are not what they say.

use serde_json::json;
use weir_tests::scripted::{Case, Leave, Script, cut};

use super::{JSON, SSE, Sample};

const PATH: &str = "/v1/chat/completions";
const CONTENT: &str = r#"{"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
const USAGE: &str = r#"{"model":"m","choices":[],"usage":{"prompt_tokens":123456,"completion_tokens":789}}"#;

/// Streams that any reader of server-sent events must take alike.
pub(super) fn samples() -> Vec<Sample> {
    let (first, second) =
        (r#"{"model":"m","choices":[],"usage":{"prompt_tokens":123456,"#, r#""completion_tokens":789}}"#);
    let streams = [
        ("several data lines", format!("data: {CONTENT}\n\ndata: {first}\ndata: {second}\n\n")),
        (
            "data before the event's name",
            format!("data: {CONTENT}\nevent: chunk\n\ndata: {USAGE}\nevent: chunk\n\n"),
        ),
        ("no space behind the colon", format!("data:{CONTENT}\n\ndata:{USAGE}\n\ndata:[DONE]\n\n")),
        (
            "ids, retries and comments",
            format!(": hi\nid: 1\nretry: 5\ndata: {CONTENT}\n\n:\n\nid: 2\ndata: {USAGE}\n\n"),
        ),
        ("line ends of all kinds", format!("data: {CONTENT}\r\n\r\ndata: {USAGE}\r\r: bye\n\n")),
        ("no empty line at its end", format!("data: {CONTENT}\n\ndata: {USAGE}\n")),
        (
            "another field with the same beginning",
            format!("data: {CONTENT}\n\ndatabase: {{\"usage\":{{\"prompt_tokens\":1}}}}\ndata: {USAGE}\n\n"),
        ),
    ];
    let mut samples: Vec<Sample> = streams
        .into_iter()
        .map(|(name, body)| {
            Sample::new(name, "openai", PATH, body).counts(123_456, 789, "m").typed(SSE, true)
        })
        .collect();
    let documents = [
        ("spaces everywhere", " {\n\t\"usage\" : {\r\n \"completion_tokens\" :\t789 , \"prompt_tokens\":123456 } , \"model\" : \"m\" } \n".to_owned()),
        ("usage before the answer", format!("{{\"usage\":{{\"prompt_tokens\":123456,\"completion_tokens\":789}},\"model\":\"m\",\"x\":\"{}\"}}", "\\\"".repeat(5_000))),
        ("deep decoys", format!("{{\"model\":\"m\",\"a\":{}{{\"usage\":{{\"prompt_tokens\":1}}}}{},\"usage\":{{\"prompt_tokens\":123456,\"completion_tokens\":789}}}}", "[".repeat(60), "]".repeat(60))),
    ];
    samples.extend(documents.into_iter().map(|(name, body)| {
        Sample::new(name, "openai", PATH, body).counts(123_456, 789, "m").typed(JSON, false)
    }));
    samples
}

/// Bodies that cannot be read, or not to their end: their usage is missing, and never wrong.
pub(super) fn unreadable() -> Vec<Case> {
    let document = r#"{"model":"m","choices":[],"usage":{"prompt_tokens":123456,"completion_tokens":789}}"#;
    let missing = json!({
        "outcome": "success", "usage": { "status": "missing", "input_tokens": null, "output_tokens": null },
    });
    let case = |name: &str, headers: &[(&str, &str)], body: &[u8]| {
        let script = Script::answer(200, headers).pieces(cut(body), 0).end();
        Case::new(name, "openai", PATH).upstream(script).gets(200).record(missing.clone())
    };
    let json = ("content-type", JSON);
    let not_a_number = r#"{"model":"m","usage":{"prompt_tokens":"many","completion_tokens":-3}}"#;
    vec![
        case("said to be gzip, and is not", &[json, ("content-encoding", "gzip")], document.as_bytes()),
        case("an encoding that nobody knows", &[json, ("content-encoding", "x-own")], document.as_bytes()),
        case(
            "said to be events of Amazon's, and is not",
            &[("content-type", "application/vnd.amazon.eventstream")],
            document.as_bytes(),
        ),
        case("not JSON", &[json], b"<html>\"usage\":{\"prompt_tokens\":1}</html>"),
        case("no usage", &[json], br#"{"model":"m","choices":[]}"#),
        case("usage that is null", &[json], br#"{"model":"m","choices":[],"usage":null}"#),
        case("counts that are none", &[json], not_a_number.as_bytes()),
        case("text", &[("content-type", "text/plain")], document.as_bytes()),
        Case::new("too short", "openai", PATH)
            .leaves(Leave::After(40))
            .upstream(
                Script::answer(200, &[json, ("content-length", "400")])
                    .data(document.as_bytes().iter().copied().take(40).collect::<Vec<u8>>())
                    .hold(),
            )
            .record(json!({ "outcome": "aborted", "usage": { "status": "missing", "input_tokens": null } })),
    ]
}
