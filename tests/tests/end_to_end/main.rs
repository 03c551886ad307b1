//! Everything for real: Envoy with the filter, the collector with its database, traffic that goes wrong in
//! every way, and at the end books that must agree to the last request, token and nano-dollar.
//!
//! `scripts/test end-to-end` builds what these need and runs them.

mod authenticated;
mod bad_configuration;
mod collector_down;
mod collector_killed;
mod compatibility;
mod ends;
mod happy_path;
mod measured;
mod outage;
mod planted_fault;
mod prometheus;
mod protocols;
mod providers;
mod vm_reload;

use anyhow::{Result, ensure};
use weir_tests::deployment::{Deployment, Settings};
use weir_tests::plan::demo_backends;
use weir_tests::scripted::{Case, Gateway, Layout};
use weir_tests::truth::Sent;

/// The demo's backends, with batches often enough for a short test.
fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        backends: demo_backends(),
        module: None,
        token: None,
        flush_interval_ms: 200,
        workers: 2,
        filter: serde_json::Map::new(),
    }
}

/// Runs a scenario on a deployment of its own; a failure shows every log.
async fn scenario(settings: Settings, play: impl AsyncFnOnce(&mut Deployment) -> Result<()>) -> Result<()> {
    let mut deployment = Deployment::start(settings).await?;
    match play(&mut deployment).await {
        Ok(()) => deployment.stop().await.map(|_| ()),
        Err(error) => Err(error.context(deployment.logs())),
    }
}

/// Waits until all has arrived, and demands that all books agree.
async fn agree(deployment: &mut Deployment, sent: &[Sent]) -> Result<()> {
    deployment.settle(sent.len()).await?;
    let reconciliation = deployment.reconcile(sent).await?;
    let differences = reconciliation.comparison.differences();
    let uncertain = &reconciliation.uncertain;
    ensure!(
        uncertain.is_empty(),
        "this machine was too slow: {} uncertain requests: {uncertain:?}",
        uncertain.len()
    );
    ensure!(
        differences.is_empty(),
        "the books differ:\n{}\n{}",
        differences.join("\n"),
        reconciliation.comparison
    );
    Ok(())
}

/// The value of the only series of `page` whose name and labels are, or begin with, `series`; 0 without any.
fn value(page: &str, series: &str) -> Result<u64> {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.split(' ').next_back());
    Ok(line.map(str::parse).transpose()?.unwrap_or(0))
}

/// Plays single exchanges through a gateway of their own; a failure names every case and shows every log.
async fn exchanges(layout: &Layout, cases: &[Case]) -> Result<()> {
    let mut gateway = Gateway::start(layout).await?;
    match gateway.check(cases).await {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(gateway.logs())),
    }
}
