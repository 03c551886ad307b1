//! What the documents show is what the program takes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weir_filter_core::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> Result<String> {
    std::fs::read_to_string(root().join(file)).with_context(|| file.to_owned())
}

/// The fenced blocks of `language` in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = document.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

fn yaml(text: &str) -> Result<Value> {
    Ok(serde_saphyr::from_str(text)?)
}

#[test]
fn the_readmes_snippets_are_those_of_the_sample() -> Result<()> {
    let sample = yaml(&read("envoy/envoy.yaml")?)?;
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0";
    let filter = sample.pointer(manager).context("the sample has no filter")?;
    let clusters =
        sample.pointer("/static_resources/clusters").and_then(Value::as_array).context("no clusters")?;
    let collector = clusters.iter().find(|cluster| cluster.get("name") == Some(&"weir_collector".into()));
    let shown: Vec<Value> =
        blocks(&read("README.md")?, "yaml").iter().map(|block| yaml(block)).collect::<Result<_>>()?;
    let written = |value: &Value| {
        let place = "/typed_config/config/configuration/value";
        value.pointer(place).and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok())
    };
    let (first, second) =
        (shown.first().context("no filter shown")?, shown.get(1).context("no cluster shown")?);
    assert_eq!(written(first), written(filter));
    assert_eq!(without_text(first.clone()), without_text(filter.clone()));
    assert_eq!(Some(second), collector);
    Ok(())
}

/// The filter's configuration may be wrapped differently.
fn without_text(mut filter: Value) -> Value {
    if let Some(text) = filter.pointer_mut("/typed_config/config/configuration/value") {
        *text = Value::Null;
    }
    filter
}

#[test]
fn the_filters_configurations_are_taken_and_the_defaults_are_the_defaults() -> Result<()> {
    let shown = blocks(&read("docs/filter.md")?, "json");
    ensure!(shown.len() == 2, "{} blocks", shown.len());
    let parsed: Vec<Config> =
        shown.iter().map(|block| Config::parse(block.as_bytes())).collect::<Result<_, _>>()?;
    let default = format!("{:?}", Config::parse(b"")?);
    assert_eq!(parsed.first().map(|config| format!("{config:?}")), Some(default));
    Ok(())
}

#[test]
fn every_key_of_the_filter_is_explained() -> Result<()> {
    let document = read("docs/filter.md")?;
    let table = document.split("| key | meaning |").nth(1).context("no table of keys")?;
    let table = table.split("A complete example").next().unwrap_or_default();
    let defaults: Value = serde_json::from_str(blocks(&document, "json").first().context("no defaults")?)?;
    let keys: BTreeSet<&String> = defaults.as_object().context("not an object")?.keys().collect();
    for key in keys {
        ensure!(table.contains(&format!("`{key}")), "{key} is not explained");
    }
    Ok(())
}

#[test]
fn the_collectors_configurations_pass_its_own_check() -> Result<()> {
    let shown = blocks(&read("docs/collector.md")?, "yaml");
    ensure!(shown.len() == 2, "{} blocks", shown.len());
    let defaults = weir_core::config::Config::from_value(yaml(shown.first().context("no defaults")?)?);
    ensure!(
        defaults.ok() == weir_core::config::Config::from_value(Value::Null).ok(),
        "those are not the defaults"
    );
    for block in shown {
        let tree: Value = yaml(&block)?;
        let checked = weir_core::config::Config::from_value(tree);
        ensure!(checked.is_ok(), "{block}: {:?}", checked.err());
    }
    Ok(())
}

#[test]
fn the_batches_in_the_documents_are_some() -> Result<()> {
    let shown = blocks(&read("docs/wire.md")?, "json");
    let batches: Vec<_> =
        shown.iter().map(|block| weir_wire::json::decode(block.as_bytes())).collect::<Result<_, _>>()?;
    let [events, summary] = batches.as_slice() else { anyhow::bail!("{} blocks", batches.len()) };
    ensure!(events.len() == 2 && events.events().count() == 2);
    ensure!(summary.summary().is_some_and(|summary| summary.requests() == 42));
    for batch in batches {
        ensure!(batch.version() == weir_wire::VERSION, "an old version is shown");
    }
    Ok(())
}

#[test]
fn links_between_documents_lead_somewhere() -> Result<()> {
    for file in [
        "README.md",
        "docs/architecture.md",
        "docs/filter.md",
        "docs/collector.md",
        "docs/delivery.md",
        "docs/gateways.md",
        "docs/performance.md",
        "docs/reconciliation.md",
        "docs/wire.md",
    ] {
        let document = read(file)?;
        let base = root().join(file);
        let base = base.parent().context("no folder")?;
        for link in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") {
                ensure!(base.join(link).exists(), "{file} links to {link}, which is not there");
            }
        }
    }
    Ok(())
}
