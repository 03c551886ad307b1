//! `scripts/bench filter`: what the filter costs Envoy, beside what other filters cost it.

mod cpu;
mod gateway;
mod json;
mod latency;
mod memory;
mod series;
mod size;
mod stream;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use super::report::{Report, progress};
use crate::stack::Artifacts;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Bytes of the module.
    Size,
    /// CPU a request, a JSON answer of 0.8 KiB.
    Json,
    /// CPU a request, server-sent events in 200 and 2,000 chunks.
    Stream,
    /// CPU a request with 1 series and with 1,000.
    Series,
    /// Latency at a fixed rate.
    Latency,
    /// Linear memory and exact totals over an outage of the collector.
    Memory,
}

/// What the filter costs Envoy: CPU, latency, memory, size.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// What to measure; all of it, unless named.
    scenarios: Vec<Scenario>,
    /// How often each variant is measured, in turn with the others; the lower quartile counts.
    #[arg(long)]
    rounds: Option<u32>,
    /// Requests a measurement (streams of 200 chunks: a 40th of it; of 2,000 chunks: a 400th).
    #[arg(long, value_parser = clap::value_parser!(u64).range(5_000..))]
    requests: Option<u64>,
    /// Less exact, in a fraction of the time: 3 rounds of 30,000 requests, one minute of outage.
    #[arg(long)]
    quick: bool,
    /// The filter's module.
    #[arg(long, value_name = "PATH")]
    module: Option<PathBuf>,
    /// The core that the gateway has for itself.
    #[arg(long, default_value_t = 0)]
    gateway_core: u32,
}

/// What all scenarios go by.
#[derive(Debug)]
struct Plan {
    artifacts: Artifacts,
    /// The filters to compare with.
    others: PathBuf,
    gateway_core: u32,
    rounds: u32,
    requests: u64,
    /// How long the collector is down, and at how many requests a second.
    outage: Duration,
    /// How long each measurement of latency lasts.
    latency_run: Duration,
}

impl Options {
    fn plan(self) -> Result<Plan> {
        let mut artifacts = Artifacts::find()?;
        if let Some(module) = self.module {
            artifacts.filter = std::path::absolute(module)?;
        }
        let others = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        ensure!(others.join("noop.wasm").exists(), "the filters to compare with are built by scripts/bench");
        let (rounds, requests, outage, latency_run) =
            if self.quick { (3, 30_000, 60, 3) } else { (11, 60_000, 600, 10) };
        Ok(Plan {
            artifacts,
            others,
            gateway_core: self.gateway_core,
            rounds: self.rounds.unwrap_or(rounds).max(1),
            requests: self.requests.unwrap_or(requests),
            outage: Duration::from_secs(outage),
            latency_run: Duration::from_secs(latency_run),
        })
    }
}

/// Measures what was asked for; returns whether every bound was kept.
///
/// # Errors
/// When something could not be measured.
pub(super) async fn run(options: Options) -> Result<bool> {
    let named = options.scenarios.clone();
    let wanted = if named.is_empty() { Scenario::value_variants() } else { &named };
    let plan = options.plan()?;
    let mut report = Report::default();
    report.line(&format!("module    {}", plan.artifacts.filter.canonicalize()?.display()));
    report.line(&format!("rounds    {} of {} requests", plan.rounds, plan.requests));
    for scenario in wanted {
        progress(&format!("{scenario:?}"));
        let measured = match scenario {
            Scenario::Size => size::measure(&plan, &mut report),
            Scenario::Json => json::measure(&plan, &mut report).await,
            Scenario::Stream => stream::measure(&plan, &mut report).await,
            Scenario::Series => series::measure(&plan, &mut report).await,
            Scenario::Latency => latency::measure(&plan, &mut report).await,
            Scenario::Memory => memory::measure(&plan, &mut report).await,
        };
        measured.with_context(|| format!("measuring {scenario:?}"))?;
    }
    Ok(report.end())
}
