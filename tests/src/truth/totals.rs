//! Sums of the truth by backend and outcome.

use std::collections::BTreeMap;

use super::join::{Outcome, Truth};
use super::provider::Usage;

/// Sums over the requests of one backend and outcome. Everything is exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests.
    pub requests: u64,
    /// Attempts that reached a provider.
    pub attempts: u64,
    /// Requests whose final usage was told.
    pub usage_reported: u64,
    /// Requests that told a part of their usage.
    pub usage_partial: u64,
    /// Requests that were answered with a 2xx and told no usage.
    pub usage_missing: u64,
    /// Input tokens told, cache reads and writes included.
    pub input_tokens: u64,
    /// Output tokens told, reasoning included.
    pub output_tokens: u64,
    /// Cache reads among the input tokens.
    pub cache_read_tokens: u64,
    /// Cache writes among the input tokens.
    pub cache_write_tokens: u64,
    /// Reasoning among the output tokens.
    pub reasoning_tokens: u64,
    /// Cost told, in nano-USD.
    pub cost_nano_usd: u64,
    /// Requests that told a cost.
    pub cost_told: u64,
    /// Requests that were answered with a 2xx and told no cost.
    pub cost_unknown: u64,
}

impl Totals {
    /// Adds one request.
    pub fn add(&mut self, truth: &Truth) {
        self.requests += 1;
        self.attempts += u64::from(truth.attempts);
        match truth.usage {
            Usage::Reported(_) => self.usage_reported += 1,
            Usage::Partial(_) => self.usage_partial += 1,
            Usage::Missing => self.usage_missing += 1,
            Usage::NotExpected => {}
        }
        let tokens = truth.usage.tokens().unwrap_or_default();
        self.input_tokens += tokens.input;
        self.output_tokens += tokens.output;
        self.cache_read_tokens += tokens.cache_read;
        self.cache_write_tokens += tokens.cache_write;
        self.reasoning_tokens += tokens.reasoning;
        match truth.cost_nano_usd {
            Some(cost) => {
                self.cost_told += 1;
                self.cost_nano_usd += cost;
            }
            None if truth.usage != Usage::NotExpected => self.cost_unknown += 1,
            None => {}
        }
    }
}

/// The sums by backend and outcome.
pub fn totals(truths: &[Truth]) -> BTreeMap<(&'static str, Outcome), Totals> {
    let mut sums: BTreeMap<_, Totals> = BTreeMap::new();
    for truth in truths {
        sums.entry((truth.backend, truth.outcome)).or_default().add(truth);
    }
    sums
}
