//! The counts of one usage object under the providers' own names, without their meaning.

/// A count or amount as providers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Slot {
    /// OpenAI chat and Gemini: input, cache reads included.
    Prompt,
    /// OpenAI chat: output, mostly with reasoning. Gemini: the answer, thoughts included or not.
    Completion,
    /// OpenAI responses, Anthropic, Bedrock and Cohere: input, for some without the caches.
    Input,
    /// OpenAI responses, Anthropic, Bedrock and Cohere: output.
    Output,
    /// The provider's own sum, which tells what is inside what.
    Total,
    /// Anthropic: read from the cache.
    CacheRead,
    /// Bedrock: read from the cache, under either of two names.
    BedrockRead,
    /// Anthropic: written to the cache.
    CacheWrite,
    /// Bedrock: written to the cache, under either of two names.
    BedrockWrite,
    /// Of the writes, those for five minutes.
    Write5m,
    /// Of the writes, those for an hour.
    Write1h,
    /// Part of the input that came from a cache.
    Cached,
    /// The same under the name of `DeepSeek`, Moonshot, Mistral or Cohere.
    CachedAgain,
    /// Part of the input that was written to a cache.
    WriteInside,
    /// Part of the output that was reasoning.
    Reasoning,
    /// The same, beside the output and not among its details.
    ReasoningAgain,
    /// Part of the input that was audio.
    AudioIn,
    /// Part of the output that was audio.
    AudioOut,
    /// Gemini: tool results, which belong to the input.
    ToolUse,
    /// Cohere: input that is paid for, where the tokens are not told.
    BilledInput,
    /// Cohere: output that is paid for.
    BilledOutput,
    /// What the request cost, 10⁻⁹ US dollars.
    Cost,
    /// What the request cost, 10⁻¹⁰ US dollars.
    Ticks,
}

const SLOTS: usize = Slot::Ticks as usize + 1;
const UNKNOWN: u64 = u64::MAX;

/// One count that may be unknown, in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(u64);

impl Count {
    pub(super) const NONE: Self = Self(UNKNOWN);

    pub(super) fn get(self) -> Option<u64> {
        Some(self.0).filter(|value| *value != UNKNOWN)
    }

    pub(super) fn or(self, other: Self) -> Self {
        if self == Self::NONE { other } else { self }
    }

    /// The sum; `more` must be known.
    pub(super) fn plus(self, more: Self) -> Self {
        more.get().map_or(Self::NONE, |more| Self(self.get().unwrap_or(0).saturating_add(more)))
    }
}

impl From<Option<u64>> for Count {
    fn from(value: Option<u64>) -> Self {
        Self(value.unwrap_or(UNKNOWN))
    }
}

/// The counts of one usage object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers([u64; SLOTS]);

impl Numbers {
    pub(super) const NONE: Self = Self([UNKNOWN; SLOTS]);

    pub(super) fn get(&self, slot: Slot) -> Option<u64> {
        self.0.get(slot as usize).copied().filter(|value| *value != UNKNOWN)
    }

    pub(super) fn set(&mut self, slot: Slot, value: u64) {
        if let Some(place) = self.0.get_mut(slot as usize) {
            *place = value;
        }
    }

    pub(super) fn add(&mut self, slot: Slot, value: u64) {
        let sum = self.get(slot).unwrap_or(0).saturating_add(value);
        self.set(slot, sum);
    }

    /// Takes over what `later` knows.
    pub(super) fn update(&mut self, later: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(later.0) {
            if theirs != UNKNOWN {
                *mine = theirs;
            }
        }
    }

    /// Whether any of `slots` is known.
    pub(super) fn any(&self, slots: &[Slot]) -> bool {
        slots.iter().any(|slot| self.get(*slot).is_some())
    }

    /// Whether any of `slots` is known and not zero.
    pub(super) fn any_above_zero(&self, slots: &[Slot]) -> bool {
        slots.iter().any(|slot| self.get(*slot).is_some_and(|value| value > 0))
    }
}
