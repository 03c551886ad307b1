//! The counters of one key.

use weir_wire::{Measure, UsageStatus};

/// Declares [`Summed`] with the name that its columns and rows bear.
macro_rules! summed {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal from $measure:expr,)+) => {
        /// One number of a request that is summed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Summed {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Summed {
            /// All of them, in the order in which they are stored.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, with its unit.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The measure that it sums; none for attempts, which are part of the result.
            pub const fn measure(self) -> Option<Measure> {
                match self { $(Self::$variant => $measure,)+ }
            }
        }
    };
}

summed! {
    /// Attempts made upstream.
    Attempts = "attempts" from None,
    /// Bytes of request bodies.
    RequestBytes = "request_bytes" from Some(Measure::RequestBytes),
    /// Bytes of response bodies.
    ResponseBytes = "response_bytes" from Some(Measure::ResponseBytes),
    /// Input tokens, cache reads and writes included.
    InputTokens = "input_tokens" from Some(Measure::InputTokens),
    /// Output tokens, reasoning included.
    OutputTokens = "output_tokens" from Some(Measure::OutputTokens),
    /// Input tokens read from a cache.
    CacheReadTokens = "cache_read_tokens" from Some(Measure::CacheReadTokens),
    /// Input tokens written to a cache.
    CacheWriteTokens = "cache_write_tokens" from Some(Measure::CacheWriteTokens),
    /// Cache writes that live for an hour.
    CacheWrite1hTokens = "cache_write_1h_tokens" from Some(Measure::CacheWrite1hTokens),
    /// Output tokens that were reasoning.
    ReasoningTokens = "reasoning_tokens" from Some(Measure::ReasoningTokens),
    /// Audio tokens, in and out.
    AudioTokens = "audio_tokens" from Some(Measure::AudioTokens),
    /// Cost, 10⁻⁹ US dollars.
    CostNanoUsd = "cost_nano_usd" from Some(Measure::CostNanoUsd),
}

/// The sum of what is known, and of how many requests it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// The sum over those requests.
    pub total: u128,
    /// How many requests had a value.
    pub known: u64,
}

impl Sum {
    /// Adds `requests` values whose sum is `total`.
    pub fn add(&mut self, total: u128, requests: u64) {
        self.total = self.total.saturating_add(total);
        self.known = self.known.saturating_add(requests);
    }
}

/// What the requests of one key add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// How many requests.
    pub requests: u64,
    /// How many of them stated their usage this way; see [`Counters::usage`].
    pub usages: [u64; UsageStatus::ALL.len()],
    /// See [`Counters::sum`].
    pub sums: [Sum; Summed::ALL.len()],
}

impl Counters {
    /// The sum of one number.
    pub fn sum(&self, summed: Summed) -> Sum {
        self.sums.get(summed as usize).copied().unwrap_or_default()
    }

    /// How many requests have no value for it: those are in no sum.
    pub fn unknown(&self, summed: Summed) -> u64 {
        self.requests.saturating_sub(self.sum(summed).known)
    }

    /// How many requests have this usage status. Those of which no usage is to be expected have none.
    pub fn usage(&self, status: UsageStatus) -> u64 {
        self.usages.get(status as usize).copied().unwrap_or_default()
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        for (own, other) in self.usages.iter_mut().zip(&other.usages) {
            *own = own.saturating_add(*other);
        }
        for (own, other) in self.sums.iter_mut().zip(&other.sums) {
            own.add(other.total, other.known);
        }
    }
}
