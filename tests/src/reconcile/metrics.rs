//! The collector's word, from its `/metrics`.

use anyhow::Result;

use super::exposition::{Sample, samples};
use super::figure::{Figure, Ledger};
use super::filter_stats::{outcome, tokens, usage};

/// Reads the collector's `/metrics`.
///
/// # Errors
/// When it is not what Prometheus would accept, or an amount of money has more than nine decimals.
pub fn from_metrics(text: &str) -> Result<Ledger> {
    let mut ledger = Ledger::covering(Figure::all().filter(|figure| *figure != Figure::Answered2xx));
    for sample in samples(text)? {
        let backend = sample.label("backend");
        if sample.name == "load_balancer_total_cost_usd" {
            ledger.add(backend, Figure::CostNanoUsd, sample.scaled(9)?);
        } else if let Some(figure) = figure(&sample) {
            ledger.add(backend, figure, sample.whole()?);
        }
    }
    Ok(ledger)
}

fn figure(sample: &Sample) -> Option<Figure> {
    match sample.name.as_str() {
        "load_balancer_requests_total" => outcome(sample.label("status")).map(Figure::Requests),
        "load_balancer_attempts_total" => Some(Figure::Attempts),
        "load_balancer_usage_requests_total" => usage(sample.label("status")),
        "load_balancer_tokens_total" => tokens(sample.label("type")),
        "load_balancer_cost_unknown_requests_total" => Some(Figure::CostUnknown),
        _ => None,
    }
}
