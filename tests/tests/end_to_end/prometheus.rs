//! The filter's metrics as Prometheus gets them from Envoy: the families that the filter declares, every label
//! a label, the sample configuration's buckets, and nothing that Prometheus' own linter finds wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use weir_filter_core::host::MetricKind;
use weir_filter_core::{Family, families};
use weir_tests::reconcile::{Sample, samples};
use weir_tests::scripted::{Case, Gateway, Layout, Leave, Script};
use weir_tests::stack::{Artifacts, Collector, until};

const CHAT: &str = "/v1/chat/completions";
const PATIENCE: Duration = Duration::from_secs(30);

/// A model whose name looks like labels, and the label that it may become.
const MODEL: &str = "ft:gpt-4.1.outcome=x;é.slot=1";
const MODEL_LABEL: &str = "ft:gpt-4.1.outcome_x_é.slot_1";

/// Families that only show when something goes wrong that this test does not bring about.
const RARE: [&str; 6] = [
    "weir_events_lost_crash_total",
    "weir_events_summarised_total",
    "weir_outboxes_adopted_total",
    "weir_scans_skipped_total",
    "weir_series_overflow_total",
    "weir_streams_lost_crash_total",
];

/// Requests that fill every family but those.
fn cases() -> Vec<Case> {
    let chat = |name: &str, route: &str| Case::new(name, route, CHAT);
    let stream = |more: &[(&str, &str)]| {
        let headers: Vec<_> = [("content-type", "text/event-stream")].iter().chain(more).copied().collect();
        Script::answer(200, &headers).data(event(&json!({
            "model": MODEL, "choices": [{ "index": 0, "delta": { "content": "Hi" } }],
        })))
    };
    let told = [
        ("x-lb-algorithm", "least_request"),
        ("x-quality-score", "0.85"),
        ("x-cache", "HIT"),
        ("x-circuit-breaker", "half_open"),
        ("x-ratelimit-remaining-requests", "41"),
        ("x-ratelimit-remaining-tokens", "39999"),
        ("x-cost-usd", "0.25"),
    ];
    let usage = event(&json!({ "model": MODEL, "choices": [], "usage": {
        "prompt_tokens": 40, "completion_tokens": 9,
        "prompt_tokens_details": { "cached_tokens": 10 },
        "completion_tokens_details": { "reasoning_tokens": 4 },
    } }));
    let priced = json!({ "model": "m", "choices": [], "usage": { "prompt_tokens": 4, "completion_tokens": 2, "cost": 0.5 } });
    let beginning = stream(&[("x-cost-usd", "0.125")]).data(usage.clone());
    vec![
        chat("a stream of which all is told", "plain").upstream(stream(&told).data(usage.clone()).end()),
        chat("a priced answer", "openrouter").upstream(Script::json(200, &priced.to_string())),
        chat("an answer without usage", "plain").upstream(Script::json(200, "{}")),
        chat("a cost that is none", "plain").upstream(Script::answer(200, &[("x-cost-usd", "-1")]).end()),
        chat("nobody there", "nobody"),
        chat("no cluster", "direct"),
        chat("a client that leaves", "plain")
            .leaves(Leave::After(beginning.whole_body().map_or(0, |body| body.len())))
            .upstream(beginning.hold()),
    ]
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filters_metrics_are_prometheus_metrics() -> Result<()> {
    let mut layout = Layout::new(2);
    let headers = ["x-a", "x-b", "x-c", "x-d"];
    let dimensions = headers.map(|header| json!({ "name": header, "header": header }));
    layout.filter["dimensions"] = json!(dimensions);
    layout.filter["backends"]["plain"] = json!({ "provider": "openai" });
    let mut gateway = Gateway::start(&layout).await?;
    match check(&mut gateway).await {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(gateway.logs())),
    }
}

async fn check(gateway: &mut Gateway) -> Result<()> {
    for case in cases() {
        let id = gateway.new_id();
        gateway.ask(&case, &id).await.with_context(|| case.name().to_owned())?;
    }
    refuse_one(gateway).await?;
    let mut absent = BTreeSet::new();
    let stats = until("every family in Envoy's stats", PATIENCE, async || {
        let text = gateway.envoy.stats().await?;
        absent = absent_families(&text)?;
        Ok(absent.is_empty().then_some(text))
    });
    let stats = stats.await.with_context(|| format!("{absent:?}"))?;
    ensure!(absent_families("")?.len() + RARE.len() == families().len(), "RARE names what is no family");
    declared(&stats)?;
    bucketed(&stats)?;
    linted(&stats)
}

/// Has the collector away for a moment, and then refuse what comes: its batches may not be longer than one
/// request with many names makes them.
async fn refuse_one(gateway: &mut Gateway) -> Result<()> {
    let directory = tempfile::TempDir::with_prefix("weir-")?;
    let configuration = json!({ "server": { "limits": { "max_body_bytes": 1024 } } }).to_string();
    std::fs::write(directory.path().join("weir.json"), configuration)?;
    let address = gateway.collector.address();
    gateway.collector.stop().await?;
    let name = |at: char| at.to_string().repeat(128);
    let mut case = Case::new("many names", "plain", CHAT).upstream(Script::json(200, "{}"));
    for header in ["x-a", "x-b", "x-c", "x-d", "x-team"] {
        case = case.header(header, &name(header.chars().last().unwrap_or('e')));
    }
    let large = Script::answer(200, &[("x-lb-algorithm", &name('f')), ("content-type", "application/json")])
        .data(json!({ "model": name('g') }).to_string())
        .end();
    gateway.ask(&case.upstream(large), &name('h')).await?;
    until("a delivery that is tried again", PATIENCE, async || {
        let samples = samples(&gateway.envoy.stats().await?)?;
        Ok(samples.iter().any(|sample| sample.name == "weir_deliveries_retried_total").then_some(()))
    })
    .await?;
    let binary = Artifacts::find()?.collector;
    let arguments = ["--config", "weir.json"];
    gateway.collector = Collector::start(&binary, directory.path(), address, &arguments).await?;
    until("a batch that is refused", PATIENCE, async || {
        let samples = samples(&gateway.envoy.stats().await?)?;
        Ok(samples.iter().any(|sample| sample.name == "weir_events_dropped_total").then_some(()))
    })
    .await
}

/// The families, but the rare ones, of which the stats show nothing.
fn absent_families(stats: &str) -> Result<BTreeSet<String>> {
    let shown: BTreeSet<String> = kinds(stats).into_keys().collect();
    let absent = families().into_iter().map(|family| family.name);
    let expected = |name: &String| !shown.contains(name) && !RARE.contains(&name.as_str());
    Ok(absent.filter(expected).collect())
}

/// The filter's families in Envoy's stats with their types.
fn kinds(stats: &str) -> BTreeMap<String, String> {
    let types = stats.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let own = types.filter(|(name, _)| name.starts_with("weir_"));
    own.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// Nothing is there but what the filter declares, and every label is one.
fn declared(stats: &str) -> Result<()> {
    let families: BTreeMap<String, Family> =
        families().into_iter().map(|family| (family.name.clone(), family)).collect();
    for (name, kind) in kinds(stats) {
        let family = families.get(&name).with_context(|| format!("{name} is not declared"))?;
        let expected = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        ensure!(kind == expected, "{name} is a {kind}");
    }
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sample in samples(stats)?.iter().filter(|sample| sample.name.starts_with("weir_")) {
        let family = family_of(sample, &families).with_context(|| format!("{sample:?} is not declared"))?;
        labelled(sample, family).with_context(|| format!("{sample:?}"))?;
        for (key, value) in &sample.labels {
            seen.entry(key.clone()).or_default().insert(value.clone());
        }
    }
    let has = |key: &str, value: &str| seen.get(key).is_some_and(|values| values.contains(value));
    for (key, value) in [
        ("backend", "none"),
        ("route", "plain"),
        ("model", MODEL_LABEL),
        ("algorithm", "least_request"),
        ("outcome", "aborted"),
        ("type", "reasoning"),
        ("status", "missing"),
        ("source", "body"),
        ("event", "no_healthy_upstream"),
        ("result", "hit"),
        ("reason", "refused"),
    ] {
        ensure!(has(key, value), "no {key}=\"{value}\" in {seen:?}");
    }
    let slots = seen.get("slot").context("no slot")?;
    ensure!(slots.iter().all(|slot| slot.parse::<u16>().is_ok()), "{slots:?}");
    Ok(())
}

fn family_of<'a>(sample: &Sample, families: &'a BTreeMap<String, Family>) -> Option<&'a Family> {
    let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| sample.name.strip_suffix(part));
    let histogram =
        parts.filter_map(|name| families.get(name)).find(|family| family.kind == MetricKind::Histogram);
    histogram.or_else(|| families.get(&sample.name).filter(|family| family.kind != MetricKind::Histogram))
}

fn labelled(sample: &Sample, family: &Family) -> Result<()> {
    for (key, value) in &sample.labels {
        let of_series = family.series.contains(&key.as_str());
        let own = *key == family.key && (family.values.is_empty() || family.values.contains(value));
        let bucket = key == "le" && sample.name.ends_with("_bucket");
        ensure!(of_series || own || bucket, "{key} does not belong there");
    }
    ensure!(family.key.is_empty() || sample.labels.contains_key(&family.key), "no {}", family.key);
    let nameless = family.series.contains(&"backend") && !sample.labels.contains_key("backend");
    ensure!(!nameless, "no backend");
    Ok(())
}

/// Histograms have the buckets that the sample configuration gives them.
fn bucketed(stats: &str) -> Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/envoy.yaml");
    let sample: Value = serde_saphyr::from_str(&std::fs::read_to_string(sample)?)?;
    let place = "/stats_config/histogram_bucket_settings";
    let settings = sample.pointer(place).and_then(Value::as_array).context("no settings of buckets")?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in samples(stats)? {
        if let Some(name) = line.name.strip_suffix("_bucket").filter(|name| name.starts_with("weir_")) {
            found.entry(name.to_owned()).or_default().insert(line.label("le").to_owned());
        }
    }
    let mut used = BTreeSet::new();
    for (name, bounds) in found {
        let fits = |setting: &&Value| {
            let prefix = setting.pointer("/match/prefix").and_then(Value::as_str);
            prefix.is_some_and(|prefix| format!("wasmcustom.{name}").starts_with(prefix))
        };
        let setting = settings.iter().find(fits).with_context(|| format!("no buckets for {name}"))?;
        used.insert(setting.to_string());
        let wanted = setting.get("buckets").and_then(Value::as_array).context("no list of buckets")?;
        let wanted: BTreeSet<String> =
            wanted.iter().map(Value::to_string).chain(["+Inf".to_owned()]).collect();
        ensure!(bounds == wanted, "{name} has the buckets {bounds:?}");
    }
    ensure!(used.len() == settings.len(), "a setting of buckets is for no histogram");
    Ok(())
}

/// Prometheus' linter has nothing to say of the filter's metrics but that Envoy writes no help.
fn linted(stats: &str) -> Result<()> {
    let promtool = std::env::var_os("PROMTOOL").context("PROMTOOL names no promtool: run scripts/test")?;
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no stdin")?.write_all(stats.as_bytes())?;
    let output = child.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let without_help = said.lines().filter(|line| *line == "weir_requests_total no help text").count();
    ensure!(without_help == 1, "promtool has not read the stats:\n{said}");
    let complaint = |line: &&str| line.starts_with("weir_") && !line.ends_with(" no help text");
    let complaints: Vec<&str> = said.lines().filter(complaint).collect();
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}
