//! What the documents show is what the program takes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weir_filter_core::Config;
use weir_filter_core::host::MetricKind;

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
    let explained = rows(&document, "| key | meaning |")?;
    let explained: BTreeSet<&str> = explained.iter().flat_map(|cells| quoted(&cells[0])).collect();
    let mut keys = BTreeSet::new();
    for block in blocks(&document, "json") {
        gather_keys("", &serde_json::from_str(&block)?, &mut keys);
    }
    let words: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(words, explained);
    // A key that is neither among the defaults nor in the example would be missed above.
    for (text, known) in [("collector", 5), ("consumer", 2), ("usage", 2), ("dimensions[]", 3)] {
        let of = keys.iter().filter(|key| key.starts_with(&format!("{text}.")));
        assert_eq!(of.count(), known, "{text}");
    }
    Ok(())
}

/// The keys of a configuration as the table names them.
fn gather_keys(path: &str, value: &Value, keys: &mut BTreeSet<String>) {
    match (path, value) {
        ("headers", _) => _ = keys.insert("headers.*".to_owned()),
        ("backends", Value::Object(backends)) if backends.is_empty() => {}
        ("backends", _) => _ = keys.insert("backends.<cluster>".to_owned()),
        (_, Value::Object(entries)) => {
            for (key, value) in entries {
                let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                gather_keys(&key, value, keys);
            }
        }
        (_, Value::Array(items)) if items.iter().all(Value::is_object) => {
            for item in items {
                gather_keys(&format!("{path}[]"), item, keys);
            }
        }
        _ => _ = keys.insert(path.to_owned()),
    }
}

#[test]
fn the_numbers_that_the_filter_takes_are_those_in_the_document() -> Result<()> {
    let mut ranges = 0;
    for cells in rows(&read("docs/filter.md")?, "| key | meaning |")? {
        let [key, meaning] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
        let Some((least, most)) = range(meaning) else { continue };
        let key = quoted(key).next().context("no key")?;
        let takes = |number: u64| Config::parse(with_number(key, number).as_bytes()).is_ok();
        ensure!(takes(least) && takes(most), "{key} does not take {least} and {most}");
        ensure!(!takes(least - 1) && !takes(most + 1), "{key} takes more than {least} to {most}");
        ranges += 1;
    }
    ensure!(ranges == 4, "{ranges} ranges");
    Ok(())
}

/// The first two numbers with `to` between them.
fn range(text: &str) -> Option<(u64, u64)> {
    let number = |word: &str| word.replace([',', ';', '.'], "").parse().ok();
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(3).find_map(|words| match words {
        [least, "to", most] => Some((number(least)?, number(most)?)),
        _ => None,
    })
}

/// A configuration in which that key is that number.
fn with_number(key: &str, number: u64) -> String {
    let inner = format!(r#""{}": {number}"#, key.rsplit('.').next().unwrap_or(key));
    match key.split_once('.') {
        Some((section, _)) => format!(r#"{{"{section}": {{{inner}}}}}"#),
        None => format!("{{{inner}}}"),
    }
}

/// The rows of the table that begins with `head`, each as its cells.
fn rows(document: &str, head: &str) -> Result<Vec<Vec<String>>> {
    let table = document.split_once(head).with_context(|| format!("no table {head}"))?.1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    Ok(rows.map(cells).collect())
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn the_filters_metrics_are_those_in_the_document() -> Result<()> {
    let document = read("docs/filter.md")?;
    let (_, metrics) = document.split_once("### By series").context("no metrics by series")?;
    let (by_series, own) =
        metrics.split_once("### The filter itself").context("no metrics of the filter itself")?;
    let head = "| family | type | label | meaning |";
    let mut shown = BTreeSet::new();
    for (section, series) in [(by_series, true), (own, false)] {
        for cells in rows(section, head)? {
            let [family, kind, label, _] = cells.as_slice() else { anyhow::bail!("{cells:?}") };
            let name = quoted(family).next().unwrap_or_default().to_owned();
            let label: Vec<String> = quoted(label).map(str::to_owned).collect();
            ensure!(shown.insert((name, kind.clone(), series, label)), "{family} stands twice");
        }
    }
    let declared = weir_filter_core::families().into_iter().map(|family| {
        let kind = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let label = Some(family.key).filter(|key| !key.is_empty()).into_iter().chain(family.values);
        (family.name, kind.to_owned(), !family.series.is_empty(), label.collect())
    });
    let declared: BTreeSet<(String, String, bool, Vec<String>)> = declared.collect();
    let differing: Vec<_> = declared.symmetric_difference(&shown).collect();
    ensure!(differing.is_empty(), "only in the code or only in the document: {differing:#?}");
    for label in weir_filter_core::families().iter().flat_map(|family| family.series) {
        ensure!(by_series.contains(&format!("`{label}`")), "the label {label} is not named");
    }
    Ok(())
}

#[test]
fn a_hashed_consumer_can_be_looked_up_as_the_document_says() -> Result<()> {
    let document = read("docs/filter.md")?;
    let commands = blocks(&document, "sh");
    let command = commands.iter().find(|block| block.contains("openssl")).context("no command")?;
    let words: Vec<&str> = command.split_whitespace().collect();
    let after = |word: &str| words.iter().skip_while(|known| **known != word).nth(1).copied();
    let (name, key) = (after("%s").context("no name")?, after("-hmac").context("no key")?);
    let hash = weir_filter_core::keyed_hash::KeyedHash::new(key.as_bytes()).of(name.as_bytes());
    ensure!(document.contains(&format!("`{hash}`")), "it is {hash}");
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
    let mut files = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/decisions"] {
        for entry in std::fs::read_dir(root().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            files.extend(name.ends_with(".md").then(|| format!("{folder}/{name}")));
        }
    }
    ensure!(files.len() > 20, "only {files:?}");
    for file in files {
        let document = read(&file)?;
        let base = root().join(&file);
        let base = base.parent().context("no folder")?;
        for link in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") {
                ensure!(base.join(link).exists(), "{file} links to {link}, which is not there");
            }
        }
    }
    Ok(())
}
