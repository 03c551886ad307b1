//! What Weir costs, measured: the benchmarks behind `scripts/bench`.
//!
//! A benchmark prints its figures to stdout, beside the bounds that they must keep to, and its progress to
//! stderr. It starts everything that it needs on loopback and ends it again.

mod filter;
mod load;
mod machine;
mod report;
mod upstream;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Benchmarks, each with the bounds that it must keep to.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench")]
pub struct Bench {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// What the filter costs Envoy: CPU, latency, memory, size.
    Filter(filter::Options),
}

/// Runs a benchmark; returns whether every bound was kept.
///
/// # Errors
/// When something could not be measured.
pub async fn run(bench: Bench) -> Result<bool> {
    match bench.part {
        Part::Filter(options) => filter::run(options).await,
    }
}
