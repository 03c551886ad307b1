//! One series: its names, what it has counted since the proxy was last told, and its metrics there.

use weir_wire::index::Hash;
use weir_wire::{Measure, Measures};

use super::NO_BACKEND;
use super::counter::{COUNTERS, Counter};
use crate::host::{Host, MetricId, MetricKind};
use crate::words;

/// The labels that every series has.
pub(super) const LABELS: [&str; 4] = ["backend", "route", "model", "algorithm"];

/// Distributions, each with its family. Times are microseconds.
pub(super) const HISTOGRAMS: [(&str, Measure); 5] = [
    ("request_duration_micros", Measure::DurationUs),
    ("first_byte_micros", Measure::TtfbUs),
    ("first_token_micros", Measure::TtftUs),
    ("output_token_micros", Measure::TpotUs),
    ("quality_score_millionths", Measure::QualityScore),
];

/// The family of the provider's rate limits, which are gauges.
pub(super) const RATE_LIMITS: &str = "ratelimit_remaining";
/// What is limited.
pub(super) const LIMITS: [&str; 2] = ["requests", "tokens"];

/// A metric that has not been defined yet.
const UNDEFINED: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Series {
    names: [Option<Box<str>>; 4],
    pending: [u64; Counter::COUNT],
    counters: [u32; Counter::COUNT],
    histograms: [u32; HISTOGRAMS.len()],
    limits: [Option<u64>; LIMITS.len()],
    gauges: [u32; LIMITS.len()],
    /// Whether it has counts for the proxy.
    pub(super) dirty: bool,
}

impl Series {
    pub(super) fn new(names: [Option<&str>; 4]) -> Self {
        Self {
            names: names.map(|name| name.map(Into::into)),
            pending: [0; Counter::COUNT],
            counters: [UNDEFINED; Counter::COUNT],
            histograms: [UNDEFINED; HISTOGRAMS.len()],
            limits: [None; LIMITS.len()],
            gauges: [UNDEFINED; LIMITS.len()],
            dirty: false,
        }
    }

    /// Whether these are its names.
    pub(super) fn is(&self, names: [Option<&str>; 4]) -> bool {
        self.names.iter().zip(names).all(|(own, name)| own.as_deref() == name)
    }

    pub(super) fn hash(&self, seed: u64) -> Hash {
        self.names.iter().fold(Hash::new(seed), |hash, name| hash.name(name.as_deref()))
    }

    pub(super) fn add(&mut self, counter: Counter, by: u64) {
        if let Some(pending) = self.pending.get_mut(counter.0) {
            *pending = pending.saturating_add(by);
        }
    }

    pub(super) fn set_limits(&mut self, requests: Option<u64>, tokens: Option<u64>) {
        for (own, value) in self.limits.iter_mut().zip([requests, tokens]) {
            *own = value.or(*own);
        }
    }

    /// Records one request's times. These do not wait for the tick: a distribution cannot be added up here.
    pub(super) fn time(&mut self, host: &impl Host, measures: &Measures) {
        for (id, (family, measure)) in self.histograms.iter_mut().zip(HISTOGRAMS) {
            if let Some(value) = measures.get(measure)
                && let Some(metric) =
                    define(id, host, MetricKind::Histogram, || name(&self.names, family, "", ""))
            {
                host.record_metric(metric, value);
            }
        }
    }

    pub(super) fn flush(&mut self, host: &impl Host) {
        let Self { names, pending, counters, limits, gauges, .. } = self;
        for ((pending, id), (family, key, value)) in pending.iter_mut().zip(counters).zip(COUNTERS) {
            if *pending == 0 {
                continue;
            }
            // The proxy takes signed steps; what is more stays for the next time.
            let by = i64::try_from(*pending).unwrap_or(i64::MAX);
            if let Some(metric) = define(id, host, MetricKind::Counter, || name(names, family, key, value)) {
                host.increment_metric(metric, by);
                *pending = pending.saturating_sub(by.unsigned_abs());
            }
        }
        for ((limit, id), value) in limits.iter_mut().zip(gauges).zip(LIMITS) {
            if let Some(remaining) = limit.take()
                && let Some(metric) =
                    define(id, host, MetricKind::Gauge, || name(names, RATE_LIMITS, "type", value))
            {
                host.record_metric(metric, remaining);
            }
        }
    }
}

/// The metric of `id`, defined if it is not yet.
pub(super) fn define(
    id: &mut u32,
    host: &impl Host,
    kind: MetricKind,
    name: impl FnOnce() -> String,
) -> Option<MetricId> {
    if *id == UNDEFINED {
        *id = host.define_metric(kind, &name())?.0;
    }
    Some(MetricId(*id))
}

fn name(names: &[Option<Box<str>>; 4], family: &str, key: &str, value: &str) -> String {
    let mut text = words::concat(["weir_", family]);
    for (label, name) in LABELS.iter().zip(names) {
        let name = name.as_deref().or((*label == "backend").then_some(NO_BACKEND));
        if let Some(name) = name {
            push_label(&mut text, label, name);
        }
    }
    if !key.is_empty() {
        push_label(&mut text, key, value);
    }
    text
}

fn push_label(text: &mut String, key: &str, value: &str) {
    for part in [".", key, "="] {
        text.push_str(part);
    }
    // What could end a label or begin another must not stand in its value.
    text.extend(value.chars().map(|character| if matches!(character, ';' | '=') { '_' } else { character }));
    text.push(';');
}
