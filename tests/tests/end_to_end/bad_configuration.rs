//! A configuration that will not do: Envoy refuses to start, and our message says which key. The sample does.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use weir_tests::deployment::any_port;
use weir_tests::stack::{Artifacts, Bootstrap, FilterConfig, Process};

async fn refused(configuration: &str, words: &[&str]) -> Result<()> {
    let artifacts = Artifacts::find()?;
    let directory = TempDir::with_prefix("weir-")?;
    let bootstrap = Bootstrap {
        sample: artifacts.sample.clone(),
        module: artifacts.filter.clone(),
        filter: FilterConfig::Text(configuration.to_owned()),
        collector: any_port(),
        backends: Vec::new(),
    };
    let mut command = Command::new(&artifacts.envoy);
    command.arg("-c").arg(bootstrap.write(directory.path())?).args(["--disable-hot-restart", "-l", "warn"]);
    let mut envoy = Process::start("envoy", &mut command, directory.path())?;
    let status = envoy.ended(Duration::from_secs(20)).await?;
    ensure!(!status.success(), "Envoy took {configuration}");
    let log = envoy.log();
    let said = log.lines().find(|line| line.contains("weir-filter: bad configuration"));
    let said = said.unwrap_or_default();
    ensure!(words.iter().all(|word| said.contains(word)), "{configuration}: {said}\n{}", envoy.tail());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_refuses_a_bad_configuration_with_our_message() -> Result<()> {
    refused(r#"{"colector": {}}"#, &["colector", "unknown field"]).await?;
    refused(r#"{"collector": {"timeout_ms": "soon"}}"#, &["collector.timeout_ms"]).await?;
    refused(r#"{"flush_interval_ms": 0}"#, &["flush_interval_ms", "between 10 and 60000"]).await?;
    refused("flush_interval_ms: 1000", &["must be one JSON object"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_takes_the_sample_as_it_stands() -> Result<()> {
    let artifacts = Artifacts::find()?;
    let directory = TempDir::with_prefix("weir-")?;
    let root = artifacts.sample.parent().and_then(Path::parent).context("no root")?.canonicalize()?;
    let mut command = Command::new(&artifacts.envoy);
    command.args(["--mode", "validate", "-c", "envoy/envoy.yaml", "-l", "warn"]).current_dir(root);
    let mut envoy = Process::start("envoy", &mut command, directory.path())?;
    let status = envoy.ended(Duration::from_secs(20)).await?;
    ensure!(status.success(), "{}", envoy.tail());
    Ok(())
}
