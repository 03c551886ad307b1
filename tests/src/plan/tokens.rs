//! Token counts in the one normal form that providers' different counts are compared in.

use super::{Api, Dice, Model};

/// Tokens of one request; `input` and `output` are wholes, the others are parts of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All input tokens, cache reads and writes included.
    pub input: u64,
    /// All output tokens, reasoning included.
    pub output: u64,
    /// Input tokens that were read from a prompt cache.
    pub cache_read: u64,
    /// Input tokens that were written to a prompt cache.
    pub cache_write: u64,
    /// Output tokens that were spent on reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// Counts for one answer: parts only where this API and model report them, and not always.
    pub(super) fn thrown(dice: &mut Dice, api: Api, model: Model) -> Self {
        let input = dice.between(24, 4_000);
        let output = dice.between(12, 900);
        let cache_read = if dice.chance(350) { dice.between(1, input / 2) } else { 0 };
        let writes = api.reports_cache_writes() && dice.chance(300);
        let cache_write = if writes { dice.between(1, input / 3) } else { 0 };
        let reasoning = if model.reasons && dice.chance(700) { dice.between(1, output / 2) } else { 0 };
        Self { input, output, cache_read, cache_write, reasoning }
    }

    /// Input tokens that are in neither cache count.
    pub fn uncached_input(self) -> u64 {
        self.input.saturating_sub(self.cache_read).saturating_sub(self.cache_write)
    }
}
