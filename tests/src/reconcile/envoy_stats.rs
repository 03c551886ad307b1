//! Envoy's own word, from the stats it keeps of each cluster whatever filter it runs.

use anyhow::Result;

use super::exposition::samples;
use super::figure::{Figure, Ledger};
use crate::truth::Outcome;

/// Reads Envoy's `/stats/prometheus`.
///
/// # Errors
/// When it is not what Prometheus would accept.
pub fn from_envoy_stats(text: &str) -> Result<Ledger> {
    let timeout = Figure::Requests(Outcome::Timeout);
    let rejected = Figure::Requests(Outcome::Rejected);
    let mut ledger = Ledger::covering([timeout, rejected, Figure::Attempts, Figure::Answered2xx]);
    for sample in samples(text)? {
        let figures: &[Figure] = match sample.name.as_str() {
            // Attempts on a connection, those that a breaker turned away, and those that got no connection.
            "envoy_cluster_upstream_rq_total" | "envoy_cluster_upstream_rq_pending_failure_eject" => {
                &[Figure::Attempts]
            }
            "envoy_cluster_upstream_rq_pending_overflow" | "envoy_cluster_upstream_rq_active_overflow" => {
                &[Figure::Attempts, rejected]
            }
            "envoy_cluster_upstream_rq_timeout" => &[timeout],
            "envoy_cluster_upstream_rq_xx" if sample.label("envoy_response_code_class") == "2" => {
                &[Figure::Answered2xx]
            }
            _ => continue,
        };
        let backend = sample.label("envoy_cluster_name");
        if backend == "weir_collector" {
            continue;
        }
        for figure in figures {
            ledger.add(backend, *figure, sample.whole()?);
        }
    }
    Ok(ledger)
}
