//! What was found in a body, and what it means: input with cache reads and writes, output with reasoning.

use weir_wire::Measure;

use super::shape::{Field, Node, Value};
use crate::decimal;
use crate::label;

/// The values found, by the providers' own names. A later value takes the place of an earlier one: streams
/// report cumulative counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    fields: [Option<u64>; Field::COUNT],
    model: Option<String>,
    tier: Option<String>,
    content: bool,
    last: bool,
    finished: bool,
    refused: u32,
}

/// A response's usage, the same for all providers. Unknown is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Input, cache reads and writes included.
    pub input: Option<u64>,
    /// Output, reasoning included.
    pub output: Option<u64>,
    /// Of the input, read from a cache.
    pub cache_read: Option<u64>,
    /// Of the input, written to a cache.
    pub cache_write: Option<u64>,
    /// Of the writes, those that live for an hour.
    pub cache_write_1h: Option<u64>,
    /// Of the output, reasoning.
    pub reasoning: Option<u64>,
    /// Audio, in and out.
    pub audio: Option<u64>,
}

impl Counts {
    pub(super) fn take(&mut self, node: Node, value: Value<'_>) {
        match (node, value) {
            (Node::Field(field), Value::Number(digits)) => self.set(field, digits),
            (Node::Content | Node::Delta, Value::Text { text, whole }) => {
                self.content |= !text.is_empty() || !whole
            }
            (Node::Model, Value::Text { text, whole: true }) if self.model.is_none() => {
                self.model = label::sanitise(text);
            }
            (Node::Tier, Value::Text { text, whole: true }) => {
                self.tier = label::sanitise(text).or(self.tier.take())
            }
            (Node::Usage, Value::End) => self.last = true,
            (Node::FinishReason, Value::Text { .. }) => self.finished = true,
            _ => {}
        }
    }

    fn set(&mut self, field: Field, digits: &[u8]) {
        let value = match field {
            Field::Cost => decimal::parse_scaled(digits, 9, Measure::CostNanoUsd.limit()),
            _ => decimal::parse_scaled(digits, 0, Measure::InputTokens.limit()),
        };
        match (value, self.fields.get_mut(field as usize)) {
            (Ok(value), Some(slot)) => *slot = Some(value),
            _ => self.refused = self.refused.saturating_add(1),
        }
    }

    fn get(&self, field: Field) -> Option<u64> {
        self.fields.get(field as usize).copied().flatten()
    }

    /// Whether any piece of the answer's own text has gone by.
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// Whether the counts are the provider's last word, even if the stream was cut behind them.
    pub fn is_final(&self) -> bool {
        self.last || (self.finished && self.get(Field::GeminiTotal).is_some())
    }

    /// Values that were found and could not be believed.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// The model that answered.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The service tier.
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    /// What the body says that the request cost, 10⁻⁹ US dollars.
    pub fn cost_nano_usd(&self) -> Option<u64> {
        self.get(Field::Cost)
    }

    /// The usage, or `None` if the body says nothing of it.
    pub fn usage(&self) -> Option<Usage> {
        let usage = if self.get(Field::GeminiPrompt).or(self.get(Field::GeminiTotal)).is_some() {
            self.gemini()
        } else if self.get(Field::Prompt).or(self.get(Field::Completion)).is_some() {
            self.chat()
        } else if self.get(Field::Input).or(self.get(Field::Output)).is_some() {
            self.responses_or_anthropic()
        } else {
            return None;
        };
        Some(usage)
    }

    fn chat(&self) -> Usage {
        Usage {
            input: self.get(Field::Prompt),
            output: self.get(Field::Completion),
            cache_read: self.get(Field::CachedDetail),
            reasoning: self.get(Field::Reasoning),
            audio: sum([self.get(Field::AudioIn), self.get(Field::AudioOut)]),
            ..Usage::default()
        }
    }

    /// The two share their names; only Anthropic counts the caches apart from the input.
    fn responses_or_anthropic(&self) -> Usage {
        let cache_read = self.get(Field::CacheRead);
        let cache_write = self.get(Field::CacheCreation);
        let input = self.get(Field::Input);
        Usage {
            input: input.and_then(|input| sum([Some(input), cache_read, cache_write])),
            output: self.get(Field::Output),
            cache_read: cache_read.or(self.get(Field::CachedDetail)),
            cache_write,
            cache_write_1h: self.get(Field::CacheCreation1h),
            reasoning: self.get(Field::Reasoning),
            audio: sum([self.get(Field::AudioIn), self.get(Field::AudioOut)]),
        }
    }

    /// Thoughts stand inside the candidates only if the total says so.
    fn gemini(&self) -> Usage {
        let candidates = self.get(Field::GeminiCandidates);
        let thoughts = self.get(Field::GeminiThoughts);
        let input = self.get(Field::GeminiPrompt);
        let input = input.and_then(|input| sum([Some(input), self.get(Field::GeminiToolUse)]));
        let inside =
            self.get(Field::GeminiTotal).is_some_and(|total| sum([input, candidates]) == Some(total));
        Usage {
            input,
            output: if inside { candidates } else { sum([candidates, thoughts]) },
            cache_read: self.get(Field::GeminiCached),
            reasoning: thoughts,
            ..Usage::default()
        }
    }
}

/// The sum of what is known; `None` if nothing is.
fn sum<const N: usize>(values: [Option<u64>; N]) -> Option<u64> {
    values.into_iter().flatten().reduce(u64::saturating_add)
}
