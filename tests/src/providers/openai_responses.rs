//! OpenAI responses.
//!
//! A stream is made of typed events; the usage stands in the response that the last one carries,
//! and is null in the responses of the first ones.

use serde_json::{Value, json};

use super::json::with;
use super::piece::{Piece, document};
use super::{sse, text};
use crate::plan::Plan;

/// The events of a streamed answer.
pub(super) fn stream(plan: &Plan) -> Vec<Piece> {
    let begun = response(plan, "in_progress", &json!([]), &Value::Null);
    let mut events = Sequence::default();
    let mut pieces = vec![
        events.next("response.created", json!({ "response": begun })),
        events.next("response.in_progress", json!({ "response": begun })),
        events.next(
            "response.output_item.added",
            json!({"output_index": 0, "item": item(plan, "in_progress", None)}),
        ),
        events.next("response.content_part.added", at_part(plan, "part", &part(""))),
    ];
    for chunk in 0..plan.chunks {
        let delta = text::words(plan, chunk, text::WORDS_PER_CHUNK);
        pieces.push(events.next("response.output_text.delta", at_part(plan, "delta", &json!(delta))).paced());
    }
    let whole = text::whole(plan);
    let item = item(plan, "completed", Some(&whole));
    let ended = response(plan, "completed", &json!([item]), &usage(plan));
    pieces.extend([
        events.next("response.output_text.done", at_part(plan, "text", &json!(whole))),
        events.next("response.content_part.done", at_part(plan, "part", &part(&whole))),
        events.next("response.output_item.done", json!({"output_index": 0, "item": item})),
        events.next("response.completed", json!({ "response": ended })).telling_all(plan.tokens),
    ]);
    pieces
}

/// The pieces of an answer in one document.
pub(super) fn whole(plan: &Plan) -> Vec<Piece> {
    let output = json!([item(plan, "completed", Some(&text::whole(plan)))]);
    document(&response(plan, "completed", &output, &usage(plan)), "usage", plan)
}

/// Numbers the events of a stream.
#[derive(Default)]
struct Sequence {
    number: u64,
}

impl Sequence {
    fn next(&mut self, kind: &str, event: Value) -> Piece {
        let event = with(event, json!({"type": kind, "sequence_number": self.number}));
        self.number += 1;
        sse::named(kind, &event)
    }
}

fn response(plan: &Plan, status: &str, output: &Value, usage: &Value) -> Value {
    json!({
        "id": text::id("resp_", plan),
        "object": "response",
        "created_at": 1_750_000_000_u64 + plan.number,
        "status": status,
        "error": null,
        "incomplete_details": null,
        "model": plan.model.name,
        "output": output,
        "parallel_tool_calls": true,
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "usage": usage,
    })
}

fn item(plan: &Plan, status: &str, text: Option<&str>) -> Value {
    let content: Vec<Value> = text.map(part).into_iter().collect();
    json!({
        "id": text::id("msg_", plan),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn at_part(plan: &Plan, key: &str, value: &Value) -> Value {
    json!({"item_id": text::id("msg_", plan), "output_index": 0, "content_index": 0, key: value})
}

fn usage(plan: &Plan) -> Value {
    let tokens = plan.tokens;
    json!({
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    })
}

#[cfg(test)]
mod tests {
    use super::super::reading::{self, Reader, events, tokens_at};
    use super::*;
    use crate::plan::{Api, Tokens};

    fn tokens(usage: &Value) -> Tokens {
        Tokens {
            input: tokens_at(usage, "/input_tokens"),
            output: tokens_at(usage, "/output_tokens"),
            cache_read: tokens_at(usage, "/input_tokens_details/cached_tokens"),
            cache_write: 0,
            reasoning: tokens_at(usage, "/output_tokens_details/reasoning_tokens"),
        }
    }

    const DOCUMENT: Reader = Reader {
        tokens: |body| serde_json::from_str::<Value>(body).ok().map(|body| tokens(&body["usage"])),
        cost: |_| None,
    };
    const STREAM: Reader = Reader {
        tokens: |body| {
            let events = events(body);
            let last = events.iter().find(|event| event["type"] == "response.completed")?;
            Some(tokens(&last["response"]["usage"]))
        },
        cost: |_| None,
    };

    #[test]
    fn a_document_reads_back_as_planned() {
        reading::check(Api::OpenAiResponses, whole, DOCUMENT, |_| true);
    }

    #[test]
    fn a_stream_tells_its_usage_when_it_is_completed() {
        reading::check(Api::OpenAiResponses, stream, STREAM, |_| true);
    }
}
