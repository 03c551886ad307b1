//! The answers that a provider gives in a benchmark, made beforehand, and what they tell in sum.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::json;

/// The bytes of one server-sent event, its blank line included.
const EVENT_BYTES: usize = 256;

/// Answers that are given in turn, number 0 first and again after the last.
#[derive(Debug, Clone)]
pub(in crate::bench) struct Answers {
    all: Vec<Answer>,
}

#[derive(Debug, Clone)]
struct Answer {
    head: HeaderMap,
    /// One for a whole body, several for a stream.
    chunks: Arc<Vec<Bytes>>,
    told: Told,
}

/// What answers told, in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::bench) struct Told {
    pub(in crate::bench) answers: u128,
    pub(in crate::bench) input_tokens: u128,
    pub(in crate::bench) output_tokens: u128,
    pub(in crate::bench) cost_nano_usd: u128,
}

impl Told {
    fn add(&mut self, other: &Self, times: u128) {
        self.answers += other.answers * times;
        self.input_tokens += other.input_tokens * times;
        self.output_tokens += other.output_tokens * times;
        self.cost_nano_usd += other.cost_nano_usd * times;
    }
}

impl Answers {
    /// A completion of 0.8 KiB in one piece, from each of so many models, with every header that the filter reads.
    pub(in crate::bench) fn json(models: u32) -> Self {
        Self { all: (0..models).map(whole).collect() }
    }

    /// A completion as server-sent events of 256 bytes each, the last of them with the usage.
    pub(in crate::bench) fn stream(events: usize) -> Self {
        let told = Told { answers: 1, input_tokens: 120, output_tokens: 80, cost_nano_usd: 2_000_000 };
        let chunks = (1..=events).map(|number| event(number == events, &told)).collect();
        Self { all: vec![Answer { head: head("text/event-stream", &told), chunks: Arc::new(chunks), told }] }
    }

    /// The head and the body of answer `number`.
    pub(super) fn number(&self, number: u64) -> Option<(&HeaderMap, &Arc<Vec<Bytes>>)> {
        let turn = usize::try_from(number.checked_rem(self.all.len() as u64)?).ok()?;
        self.all.get(turn).map(|answer| (&answer.head, &answer.chunks))
    }

    /// What the first `given` answers have told.
    pub(super) fn told(&self, given: u64) -> Told {
        let mut sum = Told::default();
        for (number, answer) in (0_u64..).zip(&self.all) {
            let models = self.all.len() as u64;
            let times = given / models + u64::from(number < given % models);
            sum.add(&answer.told, times.into());
        }
        sum
    }
}

fn whole(model: u32) -> Answer {
    // Different for each model, so that no mistake can hide in a sum.
    let nano_usd = 2_000_000 + u128::from(model) * 1_000_003;
    let told = Told {
        answers: 1,
        input_tokens: u128::from(120 + model),
        output_tokens: u128::from(80 + model % 7),
        cost_nano_usd: nano_usd,
    };
    let body = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": format!("model-{model:03}"),
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": "the river keeps its own account ".repeat(18) },
            "finish_reason": "stop",
        }],
        "usage": {
            "prompt_tokens": told.input_tokens,
            "completion_tokens": told.output_tokens,
            "total_tokens": told.input_tokens + told.output_tokens,
        },
    });
    Answer { head: head("application/json", &told), chunks: Arc::new(vec![body.to_string().into()]), told }
}

fn head(content_type: &'static str, told: &Told) -> HeaderMap {
    let mut head = HeaderMap::new();
    for (name, value) in [
        ("content-type", content_type),
        ("x-lb-algorithm", "weighted_round_robin"),
        ("x-quality-score", "0.85"),
        ("x-quality-accuracy", "0.9"),
        ("x-quality-relevance", "0.8"),
        ("x-quality-completeness", "0.75"),
        ("x-user-satisfaction", "0.95"),
        ("x-cache", "miss"),
        ("x-circuit-breaker", "closed"),
        ("x-ratelimit-remaining-requests", "4999"),
        ("x-ratelimit-remaining-tokens", "159975"),
    ] {
        head.insert(name, HeaderValue::from_static(value));
    }
    let (whole, rest) = (told.cost_nano_usd / 1_000_000_000, told.cost_nano_usd % 1_000_000_000);
    if let Ok(cost) = HeaderValue::try_from(format!("{whole}.{rest:09}")) {
        head.insert("x-cost-usd", cost);
    }
    head
}

fn event(last: bool, told: &Told) -> Bytes {
    let usage = json!({
        "prompt_tokens": told.input_tokens,
        "completion_tokens": told.output_tokens,
        "total_tokens": told.input_tokens + told.output_tokens,
    });
    let framed = |content: &str| {
        let delta = json!({ "index": 0, "delta": { "content": content }, "finish_reason": null });
        let (id, object, model) = ("chatcmpl-1", "chat.completion.chunk", "model-000");
        let data = if last {
            json!({
                "id": id, "object": object, "created": 1, "model": model,
                "choices": [], "usage": usage, "padding": content,
            })
        } else {
            json!({ "id": id, "object": object, "created": 1, "model": model, "choices": [delta] })
        };
        let end = if last { "data: [DONE]\n\n" } else { "" };
        format!("data: {data}\n\n{end}")
    };
    let room = EVENT_BYTES.saturating_sub(framed("").len());
    framed(&"w".repeat(room)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_as_many_chunks_as_were_asked_for_each_of_one_size() {
        let answers = Answers::stream(200);
        let (_, chunks) = answers.number(5).unwrap();
        assert_eq!(chunks.len(), 200);
        assert!(chunks.iter().all(|chunk| chunk.len() == EVENT_BYTES));
        assert!(chunks[199].ends_with(b"data: [DONE]\n\n") && chunks[0].ends_with(b"}\n\n"));
    }

    #[test]
    fn a_whole_answer_is_of_the_size_that_it_is_said_to_be() {
        let answers = Answers::json(1_000);
        for number in [0, 999] {
            let length = answers.number(number).unwrap().1[0].len();
            assert!((800..860).contains(&length), "{length}");
        }
    }

    #[test]
    fn what_was_told_is_the_sum_over_all_turns() {
        let answers = Answers::json(3);
        let by_hand = |given: u64| {
            let mut sum = Told::default();
            (0..given).for_each(|number| sum.add(&answers.all[usize::try_from(number % 3).unwrap()].told, 1));
            sum
        };
        for given in [0, 1, 3, 7] {
            assert_eq!(answers.told(given), by_hand(given));
        }
        assert_eq!(answers.told(2).cost_nano_usd, 5_000_003);
    }
}
