//! What `scripts/demo` starts.

use std::process::ExitCode;

use clap::Parser;
use weir_tests::demo::{Options, run};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    Ok(if run(Options::parse()).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
