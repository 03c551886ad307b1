//! Gemini generateContent.
//!
//! Every chunk tells the counts so far, the last one the final ones. Lines end in CRLF. Thoughts
//! stand beside the candidates, except with one model, as on Vertex: only the total tells which.

use serde_json::{Value, json};

use super::json::with;
use super::piece::{Piece, document};
use super::{sse, text};
use crate::plan::{Plan, Tokens};

/// The chunks of a streamed answer.
pub(super) fn stream(plan: &Plan) -> Vec<Piece> {
    let last = plan.chunks.saturating_sub(1);
    let chunk = |index: u32| {
        let words = text::words(plan, index, text::WORDS_PER_CHUNK);
        if index == last {
            return sse::data_crlf(&answer(plan, &words, true, plan.tokens)).telling_all(plan.tokens);
        }
        let tokens = count_after(plan, index + 1);
        sse::data_crlf(&answer(plan, &words, false, tokens)).telling_part(tokens)
    };
    (0..plan.chunks).map(|index| chunk(index).paced()).collect()
}

/// The pieces of an answer in one document.
pub(super) fn whole(plan: &Plan) -> Vec<Piece> {
    document(&answer(plan, &text::whole(plan), true, plan.tokens), "usageMetadata", plan)
}

/// The counts after so many chunks: all thoughts, and a share of the rest.
fn count_after(plan: &Plan, chunks: u32) -> Tokens {
    let said = plan.tokens.output.saturating_sub(plan.tokens.reasoning);
    let share = said * u64::from(chunks) / u64::from(plan.chunks);
    Tokens { output: plan.tokens.reasoning + share, ..plan.tokens }
}

fn thoughts_inside(plan: &Plan) -> bool {
    plan.model.name == "gemini-2.5-pro"
}

fn answer(plan: &Plan, text: &str, ended: bool, tokens: Tokens) -> Value {
    let candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
    let candidate = if ended { with(candidate, json!({"finishReason": "STOP"})) } else { candidate };
    json!({
        "candidates": [candidate],
        "modelVersion": plan.model.name,
        "responseId": text::id("", plan),
        "usageMetadata": usage(plan, tokens),
    })
}

fn usage(plan: &Plan, tokens: Tokens) -> Value {
    let outside = if thoughts_inside(plan) { 0 } else { tokens.reasoning };
    let usage = json!({
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - outside,
        "totalTokenCount": tokens.input + tokens.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.input}],
    });
    let unless_zero = |key: &str, count: u64| if count > 0 { json!({ key: count }) } else { json!({}) };
    let usage = with(usage, unless_zero("cachedContentTokenCount", tokens.cache_read));
    with(usage, unless_zero("thoughtsTokenCount", tokens.reasoning))
}

#[cfg(test)]
mod tests {
    use super::super::reading::{self, Reader, events, tokens_at};
    use super::*;
    use crate::plan::Api;

    fn tokens(usage: &Value) -> Tokens {
        let count = |key: &str| tokens_at(usage, key);
        let (input, candidates) = (count("/promptTokenCount"), count("/candidatesTokenCount"));
        let thoughts = count("/thoughtsTokenCount");
        let inside = input + candidates == count("/totalTokenCount");
        Tokens {
            input,
            output: if inside { candidates } else { candidates + thoughts },
            cache_read: count("/cachedContentTokenCount"),
            cache_write: 0,
            reasoning: thoughts,
        }
    }

    const DOCUMENT: Reader = Reader {
        tokens: |body| serde_json::from_str::<Value>(body).ok().map(|body| tokens(&body["usageMetadata"])),
        cost: |_| None,
    };
    const STREAM: Reader = Reader {
        tokens: |body| events(body).last().map(|event| tokens(&event["usageMetadata"])),
        cost: |_| None,
    };

    #[test]
    fn a_document_reads_back_as_planned() {
        reading::check(Api::Gemini, whole, DOCUMENT, |_| true);
    }

    #[test]
    fn a_stream_tells_its_counts_so_far_with_every_chunk() {
        reading::check(Api::Gemini, stream, STREAM, |_| true);
    }
}
