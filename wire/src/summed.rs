//! Which numbers of a request are summed.

use crate::{Event, Measure};

/// Declares [`Summed`] with the name that its columns and rows bear; the position is part of the format of
/// summaries: append only.
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

impl Summed {
    /// What one event adds; a cost counts only with its source, as it does in a batch.
    pub fn of(self, event: &Event<'_>) -> Option<u64> {
        match self.measure() {
            None => event.result.attempts.map(u64::from),
            Some(Measure::CostNanoUsd) if event.result.cost_source.is_none() => None,
            Some(measure) => event.measures.get(measure),
        }
    }
}
