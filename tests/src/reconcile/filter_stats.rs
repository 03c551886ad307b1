//! The filter's word, from its counters among Envoy's stats.

use anyhow::Result;

use super::exposition::{Sample, samples};
use super::figure::{Figure, Ledger, OUTCOMES, TokenKind};

/// Reads Envoy's `/stats/prometheus`.
///
/// # Errors
/// When it is not what Prometheus would accept.
pub fn from_filter_stats(text: &str) -> Result<Ledger> {
    let mut ledger = Ledger::covering(Figure::all().filter(|figure| *figure != Figure::Answered2xx));
    for sample in samples(text)? {
        if let Some(figure) = figure(&sample) {
            ledger.add(sample.label("backend"), figure, sample.whole()?);
        }
    }
    Ok(ledger)
}

fn figure(sample: &Sample) -> Option<Figure> {
    match sample.name.as_str() {
        "weir_requests_total" => outcome(sample.label("outcome")).map(Figure::Requests),
        "weir_attempts_total" => Some(Figure::Attempts),
        "weir_usage_requests_total" => usage(sample.label("status")),
        "weir_tokens_total" => tokens(sample.label("type")),
        "weir_cost_nano_usd_total" => Some(Figure::CostNanoUsd),
        "weir_cost_unknown_requests_total" => Some(Figure::CostUnknown),
        _ => None,
    }
}

pub(super) fn outcome(name: &str) -> Option<crate::truth::Outcome> {
    OUTCOMES.into_iter().find(|outcome| outcome.to_string() == name)
}

pub(super) fn usage(name: &str) -> Option<Figure> {
    match name {
        "reported" => Some(Figure::UsageReported),
        "partial" => Some(Figure::UsagePartial),
        "missing" => Some(Figure::UsageMissing),
        _ => None,
    }
}

pub(super) fn tokens(name: &str) -> Option<Figure> {
    TokenKind::ALL.into_iter().find(|kind| kind.name() == name).map(Figure::Tokens)
}
