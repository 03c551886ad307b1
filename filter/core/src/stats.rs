//! The filter's counters in the proxy's own stats.
//!
//! The proxy's metrics have no labels: they stand in the name as `.key=value;` and the `stats_tags` in
//! `envoy/` turn them back into labels. Each name is defined once and its id kept: defining costs a lookup
//! and mints another id every time.

use std::collections::HashMap;

use weir_wire::{CostSource, Event, Measure, Outcome, UsageStatus};

use crate::host::{Host, MetricId};

/// The backend label of requests that no cluster took.
pub const NO_BACKEND: &str = "none";
/// That of backends beyond the table's bound.
const OVERFLOW: &str = "other";

/// A counter of one backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counter {
    Requests(Outcome),
    Attempts(Outcome),
    Tokens(TokenKind),
    CostNanoUsd,
    CostUnknown,
    Usage(UsageStatus),
}

/// The kinds of tokens, which overlap: cache reads and writes are input, reasoning is output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum TokenKind {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    Reasoning,
}

const TOKENS: [(TokenKind, Measure, &str); 5] = [
    (TokenKind::Input, Measure::InputTokens, "input"),
    (TokenKind::Output, Measure::OutputTokens, "output"),
    (TokenKind::CacheRead, Measure::CacheReadTokens, "cache_read"),
    (TokenKind::CacheWrite, Measure::CacheWriteTokens, "cache_write"),
    (TokenKind::Reasoning, Measure::ReasoningTokens, "reasoning"),
];

impl Counter {
    fn name(self, backend: &str) -> String {
        let (family, key, value) = match self {
            Self::Requests(outcome) => ("requests_total", "outcome", outcome.name()),
            Self::Attempts(outcome) => ("attempts_total", "outcome", outcome.name()),
            Self::Tokens(kind) => ("tokens_total", "type", token_name(kind)),
            Self::CostNanoUsd => ("cost_nano_usd_total", "", ""),
            Self::CostUnknown => ("cost_unknown_requests_total", "", ""),
            Self::Usage(status) => ("usage_requests_total", "status", status.name()),
        };
        // What could end a label or begin another.
        let backend = backend.replace([';', '='], "_");
        if key.is_empty() {
            format!("weir_{family}.backend={backend};")
        } else {
            format!("weir_{family}.backend={backend};.{key}={value};")
        }
    }
}

fn token_name(kind: TokenKind) -> &'static str {
    TOKENS.iter().find(|(known, _, _)| *known == kind).map_or("", |(_, _, name)| name)
}

/// The ids of all counters that have been used.
#[derive(Debug, Default)]
pub struct Stats {
    backends: HashMap<String, HashMap<Counter, MetricId>>,
}

impl Stats {
    /// Counts one event. Returns whether it went under `other`, the table being full.
    pub fn record(&mut self, host: &impl Host, event: &Event<'_>, max_series: usize) -> bool {
        let backend = event.target.backend.unwrap_or(NO_BACKEND);
        let full = !self.backends.contains_key(backend) && self.backends.len() >= max_series;
        let backend = if full { OVERFLOW } else { backend };
        let ids = match self.backends.get_mut(backend) {
            Some(ids) => ids,
            None => self.backends.entry(backend.to_owned()).or_default(),
        };
        let mut add = |counter: Counter, by: u64| add(ids, host, backend, counter, by);
        let outcome = event.result.outcome;
        add(Counter::Requests(outcome), 1);
        add(Counter::Attempts(outcome), event.result.attempts.unwrap_or(0).into());
        for (kind, measure, _) in TOKENS {
            add(Counter::Tokens(kind), event.measures.get(measure).unwrap_or(0));
        }
        if let Some(status) = event.result.usage_status {
            add(Counter::Usage(status), 1);
        }
        match (event.measures.get(Measure::CostNanoUsd), event.result.cost_source) {
            (Some(nano_usd), Some(CostSource::Header | CostSource::Body)) => {
                add(Counter::CostNanoUsd, nano_usd)
            }
            _ => add(Counter::CostUnknown, 1),
        }
        full
    }
}

fn add(ids: &mut HashMap<Counter, MetricId>, host: &impl Host, backend: &str, counter: Counter, by: u64) {
    // The proxy refuses an increment by nothing.
    if by == 0 {
        return;
    }
    let id = match ids.get(&counter) {
        Some(id) => *id,
        None => {
            let Some(id) = host.define_counter(&counter.name(backend)) else { return };
            ids.insert(counter, id);
            id
        }
    };
    host.increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX));
}
