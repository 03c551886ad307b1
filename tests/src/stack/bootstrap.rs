//! Envoy's configuration: the sample that users get, with the backends and ports of a test put in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::plan::BackendSpec;

/// How the filter is configured.
#[derive(Debug, Clone)]
pub enum FilterConfig {
    /// As that text.
    Text(String),
    /// No filter at all.
    Off,
}

/// What is put into the sample.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The sample, `envoy/envoy.yaml`.
    pub sample: PathBuf,
    /// The filter's module.
    pub module: PathBuf,
    /// The filter's configuration.
    pub filter: FilterConfig,
    /// Where the collector listens.
    pub collector: SocketAddr,
    /// The backends and where they listen.
    pub backends: Vec<(BackendSpec, SocketAddr)>,
}

/// Where in the sample things stand.
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

impl Bootstrap {
    /// Writes the configuration into `directory` and returns the file.
    ///
    /// # Errors
    /// When the sample is not what this module expects.
    pub fn write(&self, directory: &Path) -> Result<PathBuf> {
        let file = directory.join("envoy.json");
        std::fs::write(&file, serde_json::to_vec_pretty(&self.build()?)?)?;
        Ok(file)
    }

    fn build(&self) -> Result<Value> {
        let sample = std::fs::read_to_string(&self.sample)?;
        let mut bootstrap: Value = serde_saphyr::from_str(&sample).context("envoy/envoy.yaml")?;
        put(&mut bootstrap, "/admin/address/socket_address/port_value", json!(0))?;
        put(&mut bootstrap, "/static_resources/listeners/0/address/socket_address/port_value", json!(0))?;
        let clusters = self.clusters(&bootstrap)?;
        put(&mut bootstrap, "/static_resources/clusters", clusters)?;
        let manager = bootstrap.pointer_mut(MANAGER).context("the sample has no connection manager")?;
        put(manager, "/route_config/virtual_hosts/0/routes", self.routes())?;
        match &self.filter {
            FilterConfig::Text(text) => {
                let wasm = "/http_filters/0/typed_config/config";
                put(manager, &format!("{wasm}/configuration/value"), json!(text))?;
                put(manager, &format!("{wasm}/vm_config/code/local/filename"), json!(self.module))?;
            }
            FilterConfig::Off => {
                let filters = manager.pointer_mut("/http_filters").and_then(Value::as_array_mut);
                filters.context("the sample has no HTTP filters")?.remove(0);
            }
        }
        Ok(bootstrap)
    }

    /// The sample's cluster for the collector with our address, and one cluster a backend.
    fn clusters(&self, bootstrap: &Value) -> Result<Value> {
        let sample = bootstrap.pointer("/static_resources/clusters").and_then(Value::as_array);
        let sample = sample.context("the sample has no clusters")?;
        let collector = sample.iter().find(|cluster| cluster.get("name") == Some(&json!("weir_collector")));
        let mut collector = collector.context("the sample has no cluster weir_collector")?.clone();
        put(&mut collector, "/load_assignment", assignment("weir_collector", self.collector))?;
        let backends = self.backends.iter().map(|(spec, address)| backend_cluster(spec, *address));
        Ok(std::iter::once(collector).chain(backends).collect())
    }

    fn routes(&self) -> Value {
        self.backends.iter().map(|(spec, _)| route(spec)).collect()
    }
}

fn backend_cluster(spec: &BackendSpec, address: SocketAddr) -> Value {
    let (requests, pending) =
        spec.breaker.map_or((16_384, 16_384), |breaker| (breaker.max_requests, breaker.max_pending));
    json!({
        "name": spec.name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": assignment(spec.name, address),
        "circuit_breakers": { "thresholds": [{
            "max_connections": 16_384, "max_requests": requests, "max_pending_requests": pending, "max_retries": 4_096,
        }] },
    })
}

fn route(spec: &BackendSpec) -> Value {
    let retries = (spec.retries > 0).then(|| json!({ "retry_on": "5xx,reset", "num_retries": spec.retries }));
    json!({
        "name": spec.name,
        "match": { "prefix": "/", "headers": [{ "name": "x-sim-backend", "string_match": { "exact": spec.name } }] },
        "route": {
            "cluster": spec.name,
            "timeout": format!("{:.3}s", spec.route_timeout.as_secs_f64()),
            "retry_policy": retries,
        },
    })
}

/// A cluster's one endpoint.
pub(crate) fn assignment(cluster: &str, address: SocketAddr) -> Value {
    let socket = json!({ "address": address.ip().to_string(), "port_value": address.port() });
    let endpoint = json!({ "endpoint": { "address": { "socket_address": socket } } });
    json!({ "cluster_name": cluster, "endpoints": [{ "lb_endpoints": [endpoint] }] })
}

/// Puts `value` in the place of what the sample has there.
pub(crate) fn put(document: &mut Value, place: &str, value: Value) -> Result<()> {
    let slot = document.pointer_mut(place).with_context(|| format!("the sample has nothing at {place}"))?;
    *slot = value;
    Ok(())
}
