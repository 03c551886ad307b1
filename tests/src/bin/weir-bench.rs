//! What `scripts/bench` starts.

use std::process::ExitCode;

use clap::Parser;
use weir_tests::bench::{Bench, run};

// One thread: what makes load has one core, and the gateway the other.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    Ok(if run(Bench::parse()).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
