//! Anthropic messages.
//!
//! Input tokens exclude both cache counts. A stream tells its input and a first output count at
//! its start and the cumulative counts at its end, which may correct the input.

use serde_json::{Value, json};

use super::json::with;
use super::piece::{Piece, document};
use super::text;
use crate::plan::{Plan, Tokens};

/// The events of a streamed answer.
pub(super) fn stream(plan: &Plan) -> Vec<Piece> {
    let first = first_count(plan);
    let start = message(plan, &json!([]), &usage(first), &Value::Null);
    let mut pieces = vec![
        event("message_start", json!({ "message": start })).telling_part(first),
        event("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
        event("ping", json!({})),
    ];
    for chunk in 0..plan.chunks {
        let delta = json!({"type": "text_delta", "text": text::words(plan, chunk, text::WORDS_PER_CHUNK)});
        pieces.push(event("content_block_delta", json!({"index": 0, "delta": delta})).paced());
    }
    let end = json!({
        "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": last_usage(plan),
    });
    pieces.extend([
        event("content_block_stop", json!({"index": 0})),
        event("message_delta", end).telling_all(plan.tokens),
        event("message_stop", json!({})),
    ]);
    pieces
}

/// The pieces of an answer in one document.
pub(super) fn whole(plan: &Plan) -> Vec<Piece> {
    let content = json!([{"type": "text", "text": text::whole(plan)}]);
    document(&message(plan, &content, &usage(plan.tokens), &json!("end_turn")), "usage", plan)
}

/// Whether the stream's end tells the input again, corrected.
fn corrects(plan: &Plan) -> bool {
    plan.chunks.is_multiple_of(2)
}

/// What `message_start` tells: the input, a little short if it will be corrected, and an output
/// count of the first tokens.
fn first_count(plan: &Plan) -> Tokens {
    let short = if corrects(plan) { plan.tokens.uncached_input().min(3) } else { 0 };
    Tokens { input: plan.tokens.input - short, output: plan.tokens.output.min(4), ..plan.tokens }
}

fn last_usage(plan: &Plan) -> Value {
    if corrects(plan) {
        return json!({
            "input_tokens": plan.tokens.uncached_input(),
            "cache_creation_input_tokens": plan.tokens.cache_write,
            "cache_read_input_tokens": plan.tokens.cache_read,
            "output_tokens": plan.tokens.output,
        });
    }
    json!({"output_tokens": plan.tokens.output})
}

fn usage(tokens: Tokens) -> Value {
    json!({
        "input_tokens": tokens.uncached_input(),
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": tokens.output,
        "service_tier": "standard",
    })
}

fn message(plan: &Plan, content: &Value, usage: &Value, stop_reason: &Value) -> Value {
    json!({
        "id": text::id("msg_", plan),
        "type": "message",
        "role": "assistant",
        "model": plan.model.name,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": usage,
    })
}

/// An event, its JSON padded with spaces as Anthropic pads it.
fn event(kind: &str, data: Value) -> Piece {
    let data = with(data, json!({ "type": kind }));
    Piece::silent(format!("event: {kind}\ndata: {data}{:pad$}\n\n", "", pad = kind.len() % 7))
}

#[cfg(test)]
mod tests {
    use super::super::reading::{self, Reader, events, tokens_at};
    use super::*;
    use crate::plan::Api;

    /// Counts by field, later ones overriding earlier ones.
    fn tokens<'a>(usages: impl Iterator<Item = &'a Value>) -> Option<Tokens> {
        let mut merged = Value::Null;
        for (key, value) in usages.filter_map(Value::as_object).flatten() {
            merged[key] = value.clone();
        }
        let count = |key: &str| tokens_at(&merged, key);
        let (read, write) = (count("/cache_read_input_tokens"), count("/cache_creation_input_tokens"));
        merged.is_object().then(|| Tokens {
            input: count("/input_tokens") + read + write,
            output: count("/output_tokens"),
            cache_read: read,
            cache_write: write,
            reasoning: 0,
        })
    }

    const DOCUMENT: Reader = Reader {
        tokens: |body| tokens(serde_json::from_str::<Value>(body).iter().map(|body| &body["usage"])),
        cost: |_| None,
    };
    const STREAM: Reader = Reader {
        tokens: |body| {
            let events = events(body);
            tokens(events.iter().flat_map(|event| [&event["message"]["usage"], &event["usage"]]))
        },
        cost: |_| None,
    };

    #[test]
    fn a_document_reads_back_as_planned() {
        reading::check(Api::Anthropic, whole, DOCUMENT, |_| true);
    }

    #[test]
    fn a_stream_tells_a_part_first_and_all_at_its_end() {
        reading::check(Api::Anthropic, stream, STREAM, |_| true);
    }
}
