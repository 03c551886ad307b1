//! The counters that every series has: their families and labels.

use weir_wire::{Breaker, Cache, EventResult, Measure, Outcome, UsageStatus};

use crate::outcome::flag;

/// One counter of a series, by its place in [`COUNTERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter(pub(super) usize);

/// Family, the key of its own label and that label's value.
pub(super) const COUNTERS: [(&str, &str, &str); 38] = [
    ("requests_total", "outcome", "success"),
    ("requests_total", "outcome", "error"),
    ("requests_total", "outcome", "timeout"),
    ("requests_total", "outcome", "rejected"),
    ("requests_total", "outcome", "aborted"),
    ("attempts_total", "outcome", "success"),
    ("attempts_total", "outcome", "error"),
    ("attempts_total", "outcome", "timeout"),
    ("attempts_total", "outcome", "rejected"),
    ("attempts_total", "outcome", "aborted"),
    ("tokens_total", "type", "input"),
    ("tokens_total", "type", "output"),
    ("tokens_total", "type", "cache_read"),
    ("tokens_total", "type", "cache_write"),
    ("tokens_total", "type", "cache_write_1h"),
    ("tokens_total", "type", "reasoning"),
    ("tokens_total", "type", "audio"),
    ("usage_requests_total", "status", "reported"),
    ("usage_requests_total", "status", "partial"),
    ("usage_requests_total", "status", "missing"),
    ("cost_nano_usd_total", "source", "header"),
    ("cost_nano_usd_total", "source", "body"),
    ("cost_unknown_requests_total", "", ""),
    ("wasted_requests_total", "", ""),
    ("wasted_tokens_total", "type", "input"),
    ("wasted_tokens_total", "type", "output"),
    ("wasted_cost_nano_usd_total", "", ""),
    ("breaker_events_total", "event", "overflow"),
    ("breaker_events_total", "event", "no_healthy_upstream"),
    ("breaker_events_total", "event", "retries_exhausted"),
    ("breaker_events_total", "event", "open"),
    ("breaker_events_total", "event", "half_open"),
    ("breaker_events_total", "event", "closed"),
    ("cache_requests_total", "result", "hit"),
    ("cache_requests_total", "result", "miss"),
    ("request_bytes_total", "", ""),
    ("response_bytes_total", "", ""),
    ("streamed_requests_total", "", ""),
];

impl Counter {
    pub(super) const COUNT: usize = COUNTERS.len();

    /// The kinds of tokens, which overlap: cache reads and writes are input, reasoning is output.
    pub(super) const TOKENS: [(Self, Measure); 7] = [
        (Self(10), Measure::InputTokens),
        (Self(11), Measure::OutputTokens),
        (Self(12), Measure::CacheReadTokens),
        (Self(13), Measure::CacheWriteTokens),
        (Self(14), Measure::CacheWrite1hTokens),
        (Self(15), Measure::ReasoningTokens),
        (Self(16), Measure::AudioTokens),
    ];
    pub(super) const COST_HEADER: Self = Self(20);
    pub(super) const COST_BODY: Self = Self(21);
    pub(super) const COST_UNKNOWN: Self = Self(22);
    pub(super) const WASTED_REQUESTS: Self = Self(23);
    pub(super) const WASTED_INPUT: Self = Self(24);
    pub(super) const WASTED_OUTPUT: Self = Self(25);
    pub(super) const WASTED_COST: Self = Self(26);
    pub(super) const REQUEST_BYTES: Self = Self(35);
    pub(super) const RESPONSE_BYTES: Self = Self(36);
    pub(super) const STREAMED: Self = Self(37);

    pub(super) fn requests(outcome: Outcome) -> Self {
        Self(match outcome {
            Outcome::Success => 0,
            Outcome::Error => 1,
            Outcome::Timeout => 2,
            Outcome::Rejected => 3,
            Outcome::Aborted => 4,
        })
    }

    pub(super) fn attempts(outcome: Outcome) -> Self {
        Self(Self::requests(outcome).0.saturating_add(5))
    }

    pub(super) fn usage(status: UsageStatus) -> Self {
        Self(match status {
            UsageStatus::Reported => 17,
            UsageStatus::Partial => 18,
            UsageStatus::Missing => 19,
        })
    }

    /// What a request shows of a breaker: the proxy's flags go before a header.
    pub(super) fn breaker(result: &EventResult<&str>) -> Option<Self> {
        let has = |bit: u64| result.response_flags & bit != 0;
        Some(Self(match result.breaker {
            Some(Breaker::Overflow) => 27,
            _ if has(flag::NO_HEALTHY_UPSTREAM) => 28,
            _ if has(flag::RETRIES_EXHAUSTED) => 29,
            Some(Breaker::Open) => 30,
            Some(Breaker::HalfOpen) => 31,
            Some(Breaker::Closed) => 32,
            None => return None,
        }))
    }

    pub(super) fn cache(cache: Cache) -> Self {
        Self(match cache {
            Cache::Hit => 33,
            Cache::Miss => 34,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(counter: Counter, family: &str, value: &str) {
        let (found, _, label) = COUNTERS[counter.0];
        assert_eq!((found, label), (family, value));
    }

    test! {
        fn each_counter_stands_in_its_place() {
            for outcome in Outcome::ALL {
                check(Counter::requests(*outcome), "requests_total", outcome.name());
                check(Counter::attempts(*outcome), "attempts_total", outcome.name());
            }
            for status in UsageStatus::ALL {
                check(Counter::usage(*status), "usage_requests_total", status.name());
            }
            for cache in Cache::ALL {
                check(Counter::cache(*cache), "cache_requests_total", cache.name());
            }
            for breaker in Breaker::ALL {
                let result = EventResult { breaker: Some(*breaker), ..EventResult::new(Outcome::Success) };
                check(Counter::breaker(&result).unwrap(), "breaker_events_total", breaker.name());
            }
            for (flags, event) in [(1 << 1, "no_healthy_upstream"), (1 << 15, "retries_exhausted")] {
                let result = EventResult { response_flags: flags, ..EventResult::new(Outcome::Error) };
                check(Counter::breaker(&result).unwrap(), "breaker_events_total", event);
            }
            for (counter, measure) in Counter::TOKENS {
                check(counter, "tokens_total", measure.name().trim_end_matches("_tokens"));
            }
            check(Counter::COST_HEADER, "cost_nano_usd_total", "header");
            check(Counter::COST_BODY, "cost_nano_usd_total", "body");
            check(Counter::COST_UNKNOWN, "cost_unknown_requests_total", "");
            check(Counter::WASTED_REQUESTS, "wasted_requests_total", "");
            check(Counter::WASTED_INPUT, "wasted_tokens_total", "input");
            check(Counter::WASTED_OUTPUT, "wasted_tokens_total", "output");
            check(Counter::WASTED_COST, "wasted_cost_nano_usd_total", "");
            check(Counter::REQUEST_BYTES, "request_bytes_total", "");
            check(Counter::RESPONSE_BYTES, "response_bytes_total", "");
            check(Counter::STREAMED, "streamed_requests_total", "");
        }
    }
}
