//! The samples for Istio and Envoy Gateway: their parts fit each other, the plain sample, and the filter.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use weir_filter_core::Config;

fn read(file: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy").join(file);
    std::fs::read_to_string(path).with_context(|| file.to_owned())
}

/// The objects of a manifest, each with what the API server wants of any object.
fn objects(file: &str) -> Result<Vec<Value>> {
    let manifest = read(file)?;
    let objects = manifest.split("\n---\n").map(|text| Ok(serde_saphyr::from_str(text)?));
    let objects = objects.collect::<Result<Vec<Value>>>().context(file.to_owned())?;
    for object in &objects {
        for place in ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"] {
            text(object, place)?;
        }
        only(object, "", &["apiVersion", "kind", "metadata", "spec"])?;
    }
    Ok(objects)
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Result<Vec<&'a Value>> {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    ensure!(!found.is_empty(), "no {kind}");
    Ok(found)
}

fn at<'a>(value: &'a Value, place: &str) -> Result<&'a Value> {
    value.pointer(place).with_context(|| format!("nothing at {place} in {value}"))
}

fn text<'a>(value: &'a Value, place: &str) -> Result<&'a str> {
    at(value, place)?.as_str().with_context(|| format!("no text at {place} in {value}"))
}

/// An API server drops the keys that it does not know, or refuses them.
fn only(value: &Value, place: &str, known: &[&str]) -> Result<()> {
    let keys = at(value, place)?.as_object().with_context(|| format!("no object at {place}"))?;
    let unknown: Vec<&String> = keys.keys().filter(|key| !known.contains(&key.as_str())).collect();
    ensure!(unknown.is_empty(), "{place} has unknown keys: {unknown:?}");
    Ok(())
}

/// Both gateways hand the object to the filter as JSON text.
fn filter_takes(config: &Value) -> Result<Config> {
    Config::parse(config.to_string().as_bytes()).with_context(|| config.to_string())
}

fn stats_tags_of_the_plain_sample() -> Result<Value> {
    let sample: Value = serde_saphyr::from_str(&read("envoy.yaml")?)?;
    at(&sample, "/stats_config").cloned()
}

/// The collector's host and port, from its Service.
fn collector(objects: &[Value]) -> Result<(String, u64)> {
    let service = *of_kind(objects, "Service")?.first().context("no Service")?;
    let (name, namespace) = (text(service, "/metadata/name")?, text(service, "/metadata/namespace")?);
    let port = at(service, "/spec/ports/0/port")?.as_u64().context("no port")?;
    assert_eq!(text(service, "/spec/ports/0/appProtocol")?, "http", "or Istio takes it for plain TCP");
    Ok((format!("{name}.{namespace}.svc.cluster.local"), port))
}

#[test]
fn istios_parts_fit_each_other() -> Result<()> {
    let objects = objects("istio-wasmplugin.yaml")?;
    let plugin = of_kind(&objects, "WasmPlugin")?[0];
    assert_eq!(plugin["apiVersion"], "extensions.istio.io/v1alpha1");
    let known = [
        "selector",
        "targetRefs",
        "url",
        "sha256",
        "imagePullPolicy",
        "imagePullSecret",
        "pluginName",
        "pluginConfig",
        "phase",
        "priority",
        "failStrategy",
        "vmConfig",
        "match",
        "type",
    ];
    only(plugin, "/spec", &known)?;
    assert!(text(plugin, "/spec/url")?.starts_with("oci://"));
    assert!(["IfNotPresent", "Always"].contains(&text(plugin, "/spec/imagePullPolicy")?));
    assert!(["AUTHN", "AUTHZ", "STATS"].contains(&text(plugin, "/spec/phase")?));
    assert_eq!(plugin["spec"]["failStrategy"], "FAIL_RELOAD");

    let config = filter_takes(at(plugin, "/spec/pluginConfig")?)?;
    let (host, port) = collector(&objects)?;
    assert_eq!(config.collector.cluster, format!("outbound|{port}||{host}"));
    let entry = of_kind(&objects, "ServiceEntry")?[0];
    let backend =
        format!("outbound|{}||{}", at(entry, "/spec/ports/0/number")?, text(entry, "/spec/hosts/0")?);
    assert_eq!(config.backends.get(&backend).kind.as_deref(), Some("llm"));

    let filter = of_kind(&objects, "EnvoyFilter")?[0];
    assert_eq!(filter["spec"]["workloadSelector"]["labels"], plugin["spec"]["selector"]["matchLabels"]);
    let patch = at(filter, "/spec/configPatches/0")?;
    assert_eq!((&patch["applyTo"], &patch["patch"]["operation"]), (&json!("BOOTSTRAP"), &json!("MERGE")));
    assert_eq!(patch["patch"]["value"], json!({ "stats_config": stats_tags_of_the_plain_sample()? }));
    Ok(())
}

#[test]
fn envoy_gateways_parts_fit_each_other() -> Result<()> {
    let objects = objects("envoy-gateway-extensionpolicy.yaml")?;
    let proxy = of_kind(&objects, "EnvoyProxy")?[0];
    only(proxy, "/spec", &["filterOrder", "bootstrap"])?;
    assert_eq!(text(proxy, "/spec/bootstrap/type")?, "JSONPatch");
    let patches = at(proxy, "/spec/bootstrap/jsonPatches")?;
    assert_eq!(patches[1]["path"], "/stats_config");
    assert_eq!(patches[1]["value"], stats_tags_of_the_plain_sample()?);
    assert_eq!((&patches[0]["op"], &patches[1]["op"]), (&json!("add"), &json!("add")));
    assert_eq!(patches[0]["path"], "/static_resources/clusters/-");
    let cluster = &patches[0]["value"];
    let (host, port) = collector(&objects)?;
    let endpoint = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
    assert_eq!(at(cluster, endpoint)?, &json!({ "address": host, "port_value": port }));
    assert_eq!(cluster["load_assignment"]["cluster_name"], cluster["name"]);

    let mut types = Vec::new();
    for policy in of_kind(&objects, "EnvoyExtensionPolicy")? {
        assert_eq!(policy["apiVersion"], proxy["apiVersion"]);
        only(policy, "/spec", &["targetRefs", "wasm"])?;
        assert_eq!(text(policy, "/spec/targetRefs/0/group")?, "gateway.networking.k8s.io");
        only(policy, "/spec/wasm/0", &["name", "rootID", "code", "config", "failOpen", "env"])?;
        types.push(code_type(at(policy, "/spec/wasm/0/code")?)?);
        let config = filter_takes(at(policy, "/spec/wasm/0/config")?)?;
        assert_eq!(cluster["name"], config.collector.cluster);
    }
    assert_eq!(types, ["Image", "HTTP"]);
    Ok(())
}

/// The type of the code's source, which must have what that type needs.
fn code_type(code: &Value) -> Result<String> {
    only(code, "", &["type", "pullPolicy", "image", "http"])?;
    match text(code, "/type")? {
        "Image" => {
            only(code, "/image", &["url", "sha256", "pullSecretRef"])?;
            ensure!(!text(code, "/image/url")?.contains("://"), "an image has no scheme");
        }
        "HTTP" => {
            only(code, "/http", &["url", "sha256"])?;
            let digest = text(code, "/http/sha256")?;
            ensure!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
        }
        other => anyhow::bail!("no type {other}"),
    }
    Ok(text(code, "/type")?.to_owned())
}
