//! What requests add up to, from the store's totals.
//!
//! A family has a sample only where something is known: no sample is not zero.

use std::collections::BTreeMap;

use weir_core::totals::{Counters, Sum, Summed};
use weir_wire::{HealthCounter, UsageStatus};

use super::families as f;
use super::text::{NanoUsd, Text};
use crate::store::Accounts;

const TOKEN_TYPES: [(Summed, &str); 7] = [
    (Summed::InputTokens, "input"),
    (Summed::OutputTokens, "output"),
    (Summed::CacheReadTokens, "cache_read"),
    (Summed::CacheWriteTokens, "cache_write"),
    (Summed::CacheWrite1hTokens, "cache_write_1h"),
    (Summed::ReasoningTokens, "reasoning"),
    (Summed::AudioTokens, "audio"),
];

const DROP_REASONS: [(HealthCounter, &str); 3] = [
    (HealthCounter::EventsDroppedOverflow, "overflow"),
    (HealthCounter::EventsDroppedRefused, "refused"),
    (HealthCounter::EventsDroppedOversize, "oversize"),
];

pub(super) fn render(text: &mut Text, accounts: &Accounts) {
    let mut requests: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    let mut attempts: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    let mut backends: BTreeMap<&str, Counters> = BTreeMap::new();
    for (key, counters) in accounts.totals.iter() {
        let backend = key.backend.as_deref().unwrap_or_default();
        let algorithm = key.algorithm.as_deref().unwrap_or_default();
        let outcome = key.outcome.name();
        *requests.entry((backend, algorithm, outcome)).or_default() += counters.requests;
        let sum = counters.sum(Summed::Attempts);
        attempts.entry((backend, outcome)).or_default().add(sum.total, sum.known);
        backends.entry(backend).or_default().merge(counters);
    }
    for ((backend, algorithm, outcome), requests) in requests {
        text.sample(&f::REQUESTS, &[backend, algorithm, outcome], requests);
    }
    for ((backend, outcome), attempts) in attempts.into_iter().filter(|(_, attempts)| attempts.known > 0) {
        text.sample(&f::ATTEMPTS, &[backend, outcome], attempts.total);
    }
    for (backend, counters) in backends {
        render_backend(text, backend, &counters);
    }
    render_gateways(text, accounts);
    text.sample(&f::STORE_QUARANTINED, &[], accounts.quarantined);
}

fn render_backend(text: &mut Text, backend: &str, counters: &Counters) {
    let known = |summed| Some(counters.sum(summed)).filter(|sum| sum.known > 0).map(|sum| sum.total);
    if let Some(bytes) = known(Summed::RequestBytes) {
        text.sample(&f::REQUEST_BYTES, &[backend], bytes);
    }
    if let Some(bytes) = known(Summed::ResponseBytes) {
        text.sample(&f::RESPONSE_BYTES, &[backend], bytes);
    }
    for (summed, kind) in TOKEN_TYPES {
        if let Some(tokens) = known(summed) {
            text.sample(&f::TOKENS, &[backend, kind], tokens);
        }
    }
    if let Some(nano_usd) = known(Summed::CostNanoUsd) {
        text.sample(&f::TOTAL_COST, &[backend], NanoUsd(nano_usd));
    }
    for status in UsageStatus::ALL {
        text.sample(&f::USAGE, &[backend, status.name()], counters.usage(*status));
    }
    text.sample(&f::COST_UNKNOWN, &[backend], counters.unknown(Summed::CostNanoUsd));
    text.sample(&f::ATTEMPTS_UNKNOWN, &[backend], counters.unknown(Summed::Attempts));
}

fn render_gateways(text: &mut Text, accounts: &Accounts) {
    const PLAIN: [(HealthCounter, &f::Family); 13] = [
        (HealthCounter::EventsRecorded, &f::PRODUCER_RECORDED),
        (HealthCounter::DeliveriesRetried, &f::PRODUCER_RETRIED),
        (HealthCounter::ParseFailures, &f::PRODUCER_PARSE_FAILURES),
        (HealthCounter::SeriesOverflow, &f::PRODUCER_SERIES_OVERFLOW),
        (HealthCounter::EventsSummarised, &f::PRODUCER_SUMMARISED),
        (HealthCounter::EventsLostCrash, &f::PRODUCER_EVENTS_LOST),
        (HealthCounter::StreamsLostCrash, &f::PRODUCER_STREAMS_LOST),
        (HealthCounter::SlotsAdopted, &f::PRODUCER_SLOTS_ADOPTED),
        (HealthCounter::ScansSkipped, &f::PRODUCER_SCANS_SKIPPED),
        (HealthCounter::StreamsOpened, &f::PRODUCER_STREAMS_OPENED),
        (HealthCounter::RequestsFailed, &f::PRODUCER_FAILED),
        (HealthCounter::InputTokens, &f::PRODUCER_INPUT_TOKENS),
        (HealthCounter::OutputTokens, &f::PRODUCER_OUTPUT_TOKENS),
    ];
    for (name, gateway) in accounts.gateways.iter() {
        text.sample(&f::EVENTS_MISSING, &[name], gateway.missing);
        text.sample(&f::EVENTS_SUMMARISED, &[name], gateway.summarised);
        let value = |counter: HealthCounter| gateway.health.get(counter as usize).copied().flatten();
        for (counter, family) in PLAIN {
            if let Some(value) = value(counter) {
                text.sample(family, &[name], value);
            }
        }
        if let Some(nano_usd) = value(HealthCounter::CostNanoUsd) {
            text.sample(&f::PRODUCER_COST, &[name], NanoUsd(nano_usd));
        }
        for (counter, reason) in DROP_REASONS {
            if let Some(value) = value(counter) {
                text.sample(&f::PRODUCER_DROPPED, &[name, reason], value);
            }
        }
    }
}
