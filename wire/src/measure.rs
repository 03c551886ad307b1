//! What is measured of one request: every number of an event, in one list that both encodings walk.

use crate::column::NULL;

/// Declares [`Measure`] with its binary id (the position, which is part of the format: append only), its
/// JSON name and what it is.
macro_rules! measures {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One number that an event may carry. A measure that is not known is absent, never zero.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Measure {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Measure {
            /// All measures in the order of their ids.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in JSON, with its unit.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

measures! {
    /// When the stream ended, microseconds since 1970 UTC, by the producer's clock. Every event has it.
    EndedUs = "ended_us",
    /// From the first byte of the request to the end of the stream, microseconds.
    DurationUs = "duration_us",
    /// Until a connection to the backend was ready, microseconds.
    PoolWaitUs = "pool_wait_us",
    /// From the start until the response's headers came from the backend, microseconds.
    TtfbUs = "ttfb_us",
    /// The backend's own share of the duration, microseconds.
    BackendUs = "backend_us",
    /// From the start until the first content token, microseconds.
    TtftUs = "ttft_us",
    /// Mean time per output token after the first, microseconds.
    TpotUs = "tpot_us",
    /// The longest gap between two chunks of the response's body, microseconds.
    MaxChunkGapUs = "max_chunk_gap_us",
    /// Bytes of the request's body.
    RequestBytes = "request_bytes",
    /// Bytes of the response's body that went through the proxy.
    ResponseBytes = "response_bytes",
    /// Input tokens, cache reads and writes included.
    InputTokens = "input_tokens",
    /// Output tokens, reasoning included.
    OutputTokens = "output_tokens",
    /// Those input tokens that were read from a provider's cache.
    CacheReadTokens = "cache_read_tokens",
    /// Those input tokens that were written to a provider's cache.
    CacheWriteTokens = "cache_write_tokens",
    /// Those cache writes that live for an hour.
    CacheWrite1hTokens = "cache_write_1h_tokens",
    /// Those output tokens that were reasoning.
    ReasoningTokens = "reasoning_tokens",
    /// Audio tokens, in and out.
    AudioTokens = "audio_tokens",
    /// What the backend or the gateway says that the request cost, 10⁻⁹ US dollars.
    CostNanoUsd = "cost_nano_usd",
    /// The provider's remaining requests in its rate-limit window.
    RemainingRequests = "remaining_requests",
    /// The provider's remaining tokens in its rate-limit window.
    RemainingTokens = "remaining_tokens",
    /// The provider's `retry-after`, seconds.
    RetryAfterS = "retry_after_s",
    /// Overall quality score, millionths.
    QualityScore = "quality_score_millionths",
    /// Accuracy score, millionths.
    QualityAccuracy = "quality_accuracy_millionths",
    /// Relevance score, millionths.
    QualityRelevance = "quality_relevance_millionths",
    /// Completeness score, millionths.
    QualityCompleteness = "quality_completeness_millionths",
    /// The user's satisfaction score, millionths.
    Satisfaction = "satisfaction_millionths",
}

/// How a measure's value is foretold, so that only the (small) difference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prediction {
    /// Nothing is known of it: the value itself is written.
    Nothing,
    /// It is near the same measure of the event before.
    Previous,
    /// It is near another measure (of a lower id) of the same event.
    Measure(Measure),
}

impl Measure {
    /// How many measures there are.
    pub const COUNT: usize = Self::ALL.len();

    /// No measure's value is greater.
    pub const MAX: u64 = (1 << 62) - 1;

    /// The greatest value that can be believed; decoders refuse what is beyond.
    pub const fn limit(self) -> u64 {
        match self {
            // A million dollars for one request.
            Self::CostNanoUsd => 1_000_000_000_000_000,
            Self::InputTokens
            | Self::OutputTokens
            | Self::CacheReadTokens
            | Self::CacheWriteTokens
            | Self::CacheWrite1hTokens
            | Self::ReasoningTokens
            | Self::AudioTokens => 1 << 40,
            Self::QualityScore
            | Self::QualityAccuracy
            | Self::QualityRelevance
            | Self::QualityCompleteness
            | Self::Satisfaction => 1_000_000_000,
            _ => Self::MAX,
        }
    }

    /// The id in the binary form.
    pub const fn id(self) -> u8 {
        self as u8
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    pub(crate) const fn prediction(self) -> Prediction {
        match self {
            Self::EndedUs => Prediction::Previous,
            Self::TtfbUs | Self::BackendUs => Prediction::Measure(Self::DurationUs),
            Self::TtftUs => Prediction::Measure(Self::TtfbUs),
            _ => Prediction::Nothing,
        }
    }
}

/// The measures of one event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Measures([u64; Measure::COUNT]);

impl Measures {
    /// No measure known.
    pub const fn new() -> Self {
        Self([NULL; Measure::COUNT])
    }

    /// The value, if known.
    pub fn get(&self, measure: Measure) -> Option<u64> {
        self.0.get(measure.index()).copied().filter(|value| *value != NULL)
    }

    /// Sets a value; `None`, and what is above [`Measure::limit`], makes it unknown.
    pub fn set(&mut self, measure: Measure, value: Option<u64>) {
        if let Some(slot) = self.0.get_mut(measure.index()) {
            *slot = value.filter(|value| *value <= measure.limit()).unwrap_or(NULL);
        }
    }

    /// The same with one measure set, for building literals.
    #[must_use]
    pub fn with(mut self, measure: Measure, value: u64) -> Self {
        self.set(measure, Some(value));
        self
    }

    /// Every measure with its value, if known.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Measure, Option<u64>)> + '_ {
        Measure::ALL.iter().map(|measure| (*measure, self.get(*measure)))
    }
}

impl Default for Measures {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Measures {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = self.all().filter_map(|(measure, value)| Some((measure.name(), value?)));
        out.debug_map().entries(known).finish()
    }
}
