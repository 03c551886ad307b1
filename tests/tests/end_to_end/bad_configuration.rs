//! A configuration that will not do: Envoy refuses it, at its start and when it only validates, and our message
//! says which key. Every sample does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use weir_tests::deployment::any_port;
use weir_tests::stack::{Artifacts, Bootstrap, FilterConfig, Process};

/// An Envoy that ends by itself, and what it says.
async fn run(arguments: &[&str], configuration: &Path, at: &Path) -> Result<(bool, String)> {
    let artifacts = Artifacts::find()?;
    let directory = TempDir::with_prefix("weir-")?;
    let mut command = Command::new(&artifacts.envoy);
    command.arg("-c").arg(configuration).args(["--disable-hot-restart", "-l", "warn"]).args(arguments);
    let mut envoy = Process::start("envoy", command.current_dir(at), directory.path())?;
    let status = envoy.ended(Duration::from_secs(20)).await?;
    Ok((status.success(), envoy.log()))
}

/// The filter's configuration in a whole one for Envoy, which is in the directory.
fn written(configuration: &str) -> Result<(TempDir, PathBuf)> {
    let artifacts = Artifacts::find()?;
    let directory = TempDir::with_prefix("weir-")?;
    let bootstrap = Bootstrap {
        sample: artifacts.sample,
        module: artifacts.filter,
        filter: FilterConfig::Text(configuration.to_owned()),
        collector: any_port(),
        backends: Vec::new(),
    };
    let file = bootstrap.write(directory.path())?;
    Ok((directory, file))
}

async fn refused(configuration: &str, words: &[&str]) -> Result<()> {
    let (directory, file) = written(configuration)?;
    for arguments in [&["--mode", "validate"][..], &[]] {
        let (taken, log) = run(arguments, &file, directory.path()).await?;
        ensure!(!taken, "Envoy took {configuration} {arguments:?}");
        let said = log.lines().find(|line| line.contains("weir-filter: bad configuration"));
        let said = said.unwrap_or_default();
        ensure!(words.iter().all(|word| said.contains(word)), "{configuration}: {said}\n{log}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_refuses_a_bad_configuration_with_our_message() -> Result<()> {
    refused(r#"{"colector": {}}"#, &["colector", "is not a key"]).await?;
    refused(r#"{"collector": {"clutser": "x"}}"#, &["collector", "clutser"]).await?;
    refused(r#"{"collector": {"timeout_ms": "soon"}}"#, &["collector.timeout_ms"]).await?;
    refused(r#"{"flush_interval_ms": 0}"#, &["flush_interval_ms", "between 10 and 60000"]).await?;
    refused(r#"{"backends": {"openai": {"kind": "llm"}}}"#, &["backends.openai", "kind"]).await?;
    refused(r#"{"headers": {"cost_usd": ["a b"]}}"#, &["headers.cost_usd", "a b"]).await?;
    refused("flush_interval_ms: 1000", &["must be one JSON object"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_takes_a_good_configuration() -> Result<()> {
    for configuration in ["", "{}", r#"{"usage": {"enabled": false}, "consumer": {"header": "x-team"}}"#] {
        let (directory, file) = written(configuration)?;
        let (taken, log) = run(&["--mode", "validate"], &file, directory.path()).await?;
        ensure!(taken, "{configuration:?}: {log}");
    }
    Ok(())
}

/// The YAML documents under `directory`, with the names of their files.
fn documents(directory: &Path) -> Result<Vec<(PathBuf, Value)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(documents(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path)?;
            for document in text.split("\n---\n") {
                let value = serde_saphyr::from_str(document).with_context(|| path.display().to_string())?;
                found.push((path.clone(), value));
            }
        }
    }
    Ok(found)
}

/// The filter's configurations in a resource of a control plane: Istio's and Envoy Gateway's.
fn for_control_planes(document: &Value) -> Vec<String> {
    let istio = document.pointer("/spec/pluginConfig").into_iter();
    let extensions = document.pointer("/spec/wasm").and_then(Value::as_array).into_iter().flatten();
    istio.chain(extensions.filter_map(|extension| extension.get("config"))).map(Value::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_takes_every_sample_as_it_stands() -> Result<()> {
    let root =
        Artifacts::find()?.sample.parent().and_then(Path::parent).context("no root")?.canonicalize()?;
    let mut whole = 0;
    for (file, document) in documents(&root.join("envoy"))? {
        if document.get("static_resources").is_some() {
            let (taken, log) = run(&["--mode", "validate"], &file, &root).await?;
            ensure!(taken, "{}: {log}", file.display());
            whole += 1;
        }
        for configuration in for_control_planes(&document) {
            let (directory, written) = written(&configuration)?;
            let (taken, log) = run(&["--mode", "validate"], &written, directory.path()).await?;
            ensure!(taken, "{}: {configuration}: {log}", file.display());
        }
    }
    ensure!(whole > 0, "no sample is a whole configuration");
    Ok(())
}
