//! OpenAI chat completions.
//!
//! A stream tells its usage in a last chunk without choices, and only when it was asked to.

use serde_json::{Value, json};

use super::json::with;
use super::piece::{Piece, document};
use super::{sse, text};
use crate::plan::Plan;

/// The events of a streamed answer.
pub(super) fn stream(plan: &Plan) -> Vec<Piece> {
    let mut pieces = vec![event(plan, &json!({"role": "assistant", "content": "", "refusal": null}), None)];
    for chunk in 0..plan.chunks {
        let content = text::words(plan, chunk, text::WORDS_PER_CHUNK);
        pieces.push(event(plan, &json!({ "content": content }), None).paced());
    }
    pieces.push(event(plan, &json!({}), Some("stop")));
    if plan.include_usage {
        let end = json!({"choices": [], "usage": usage(plan)});
        let last = with(envelope(plan, "chat.completion.chunk"), end);
        pieces.push(sse::data(&last).telling_all(plan.tokens));
    }
    pieces.push(sse::done());
    pieces
}

/// The pieces of an answer in one document.
pub(super) fn whole(plan: &Plan) -> Vec<Piece> {
    let message =
        json!({"role": "assistant", "content": text::whole(plan), "refusal": null, "annotations": []});
    let content = json!({
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": "stop"}],
        "usage": usage(plan),
    });
    document(&with(envelope(plan, "chat.completion"), content), "usage", plan)
}

/// The usage object, as OpenRouter sends it too.
pub(super) fn usage(plan: &Plan) -> Value {
    let tokens = plan.tokens;
    json!({
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn event(plan: &Plan, delta: &Value, finish_reason: Option<&str>) -> Piece {
    let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
    let chunk = with(envelope(plan, "chat.completion.chunk"), json!({ "choices": [choice] }));
    let no_usage_yet = if plan.include_usage { json!({"usage": null}) } else { json!({}) };
    sse::data(&with(chunk, no_usage_yet))
}

fn envelope(plan: &Plan, object: &str) -> Value {
    json!({
        "id": text::id("chatcmpl-", plan),
        "object": object,
        "created": 1_750_000_000_u64 + plan.number,
        "model": plan.model.name,
        "service_tier": "default",
        "system_fingerprint": "fp_weir",
    })
}

#[cfg(test)]
mod tests {
    use super::super::reading::{self, Reader, events, tokens_at};
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

    const DOCUMENT: Reader = Reader {
        tokens: |body| serde_json::from_str::<Value>(body).ok().map(|body| tokens(&body["usage"])),
        cost: |_| None,
    };
    const STREAM: Reader = Reader {
        tokens: |body| {
            events(body).iter().rev().find(|e| e["usage"].is_object()).map(|e| tokens(&e["usage"]))
        },
        cost: |_| None,
    };

    #[test]
    fn a_document_reads_back_as_planned() {
        reading::check(Api::OpenAiChat, whole, DOCUMENT, |_| true);
    }

    #[test]
    fn a_stream_tells_its_usage_only_when_asked() {
        reading::check(Api::OpenAiChat, stream, STREAM, |plan| plan.include_usage);
    }
}
