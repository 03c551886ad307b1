//! OpenRouter: OpenAI chat with `usage.cost`.
//!
//! A stream has comment lines while it waits, and its usage on the last chunk, which has a choice.

use serde_json::{Value, json};

use super::json::with;
use super::piece::{Piece, body_cost, cost_number, document};
use super::{openai_chat, sse, text};
use crate::plan::Plan;

/// The events of a streamed answer.
pub(super) fn stream(plan: &Plan) -> Vec<Piece> {
    let mut pieces = vec![sse::comment("OPENROUTER PROCESSING")];
    for chunk in 0..plan.chunks {
        let content = text::words(plan, chunk, text::WORDS_PER_CHUNK);
        pieces.push(sse::data(&event(plan, &content, None)).paced());
    }
    pieces.push(sse::comment("OPENROUTER PROCESSING"));
    let last = with(event(plan, "", Some("stop")), json!({ "usage": usage(plan) }));
    pieces.push(sse::data(&last).telling_all(plan.tokens).telling_cost(body_cost(plan)));
    pieces.push(sse::done());
    pieces
}

/// The pieces of an answer in one document.
pub(super) fn whole(plan: &Plan) -> Vec<Piece> {
    let choice = json!({
        "index": 0,
        "message": {"role": "assistant", "content": text::whole(plan), "refusal": null, "reasoning": null},
        "finish_reason": "stop",
        "native_finish_reason": "stop",
    });
    let content = json!({"choices": [choice], "usage": usage(plan)});
    let mut pieces = document(&with(envelope(plan, "chat.completion"), content), "usage", plan);
    if let Some(last) = pieces.pop() {
        pieces.push(last.telling_cost(body_cost(plan)));
    }
    pieces
}

fn usage(plan: &Plan) -> Value {
    let usage = openai_chat::usage(plan);
    match body_cost(plan) {
        Some(cost) => with(usage, json!({"cost": cost_number(cost), "is_byok": false})),
        None => usage,
    }
}

fn event(plan: &Plan, content: &str, finish_reason: Option<&str>) -> Value {
    let choice = json!({
        "index": 0,
        "delta": {"role": "assistant", "content": content},
        "finish_reason": finish_reason,
        "native_finish_reason": finish_reason,
        "logprobs": null,
    });
    with(envelope(plan, "chat.completion.chunk"), json!({ "choices": [choice] }))
}

fn envelope(plan: &Plan, object: &str) -> Value {
    json!({
        "id": text::id("gen-", plan),
        "provider": "Weir Simulations",
        "model": plan.model.name,
        "object": object,
        "created": 1_750_000_000_u64 + plan.number,
    })
}

#[cfg(test)]
mod tests {
    use super::super::reading::{self, Reader, events, nano_usd, tokens_at};
    use super::*;
    use crate::plan::{Api, Tokens};

    fn tokens(usage: &Value) -> Tokens {
        Tokens {
            input: tokens_at(usage, "/prompt_tokens"),
            output: tokens_at(usage, "/completion_tokens"),
            cache_read: tokens_at(usage, "/prompt_tokens_details/cached_tokens"),
            cache_write: 0,
            reasoning: tokens_at(usage, "/completion_tokens_details/reasoning_tokens"),
        }
    }

    fn told(body: &str) -> Option<Value> {
        events(body).into_iter().map(|event| event["usage"].clone()).find(Value::is_object)
    }

    fn told_whole(body: &str) -> Option<Value> {
        serde_json::from_str::<Value>(body).ok().map(|body| body["usage"].clone())
    }

    const DOCUMENT: Reader = Reader {
        tokens: |body| told_whole(body).map(|usage| tokens(&usage)),
        cost: |body| told_whole(body).and_then(|usage| nano_usd(&usage["cost"])),
    };
    const STREAM: Reader = Reader {
        tokens: |body| told(body).map(|usage| tokens(&usage)),
        cost: |body| told(body).and_then(|usage| nano_usd(&usage["cost"])),
    };

    #[test]
    fn a_document_reads_back_as_planned() {
        reading::check(Api::OpenRouter, whole, DOCUMENT, |_| true);
    }

    #[test]
    fn a_stream_tells_usage_and_cost_on_its_last_choice() {
        reading::check(Api::OpenRouter, stream, STREAM, |_| true);
    }
}
