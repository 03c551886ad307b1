//! The gateway that is measured: an Envoy with one worker, pinned to a core of its own, and one filter or none.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Plan;
use crate::stack::Envoy;

/// What stands in the gateway beside the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nothing.
    None,
    /// Envoy's own access log, JSON with 13 fields, to /dev/null.
    AccessLog,
    /// A filter on the SDK that does nothing.
    Noop,
    /// A filter on the SDK that reads each chunk.
    Chunks,
    /// The obvious first version of a metrics filter.
    Naive,
    /// Weir's.
    Weir,
}

impl Variant {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AccessLog => "access log",
            Self::Noop => "noop",
            Self::Chunks => "chunks",
            Self::Naive => "naive",
            Self::Weir => "weir",
        }
    }

    /// The filter's module, if there is one.
    fn module(self, plan: &Plan) -> Option<PathBuf> {
        match self {
            Self::None | Self::AccessLog => None,
            Self::Noop | Self::Chunks | Self::Naive => {
                Some(plan.others.join(format!("{}.wasm", self.name())))
            }
            Self::Weir => Some(plan.artifacts.filter.clone()),
        }
    }
}

/// A running gateway; dropping it ends it.
pub(super) struct Gateway {
    envoy: Envoy,
    // The process is ended before its directory goes.
    _directory: TempDir,
}

impl Gateway {
    pub(super) async fn start(
        plan: &Plan,
        variant: Variant,
        upstream: SocketAddr,
        collector: SocketAddr,
    ) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("envoy.json");
        std::fs::write(&file, bootstrap(plan, variant, upstream, collector).to_string())?;
        // It becomes Envoy, under the same process id.
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", &plan.gateway_core.to_string()]).arg(&plan.artifacts.envoy);
        let envoy = Envoy::run(pinned, directory.path(), &file, 1).await?;
        Ok(Self { envoy, _directory: directory })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.envoy.gateway()
    }

    pub(super) fn pid(&mut self) -> u32 {
        self.envoy.process().id()
    }

    pub(super) async fn stop(mut self) -> Result<()> {
        self.envoy.stop().await
    }
}

/// How Weir's filter is configured: the defaults, with what it can be told of this backend and its clients.
const CONFIGURATION: &str = r#"{
  "consumer": { "header": "x-team" },
  "backends": { "backend": { "type": "llm", "provider": "openai" } }
}"#;

fn bootstrap(plan: &Plan, variant: Variant, upstream: SocketAddr, collector: SocketAddr) -> Value {
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    });
    let filters: Vec<Value> = variant
        .module(plan)
        .map(|module| filter(&module.to_string_lossy(), variant == Variant::Weir))
        .into_iter()
        .chain([router])
        .collect();
    let access_log = if variant == Variant::AccessLog { vec![access_log()] } else { vec![] };
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "route_config": { "name": "routes", "virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{ "name": "chat", "match": { "prefix": "/" }, "route": { "cluster": "backend" } }],
        }] },
        "http_filters": filters,
        "access_log": access_log,
    });
    json!({
        "node": { "id": "bench", "cluster": "bench" },
        "admin": { "address": socket(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": {
            "listeners": [{
                "name": "gateway",
                "address": socket(SocketAddr::from(([127, 0, 0, 1], 0))),
                "filter_chains": [{ "filters": [{ "name": "manager", "typed_config": manager }] }],
            }],
            "clusters": [cluster("backend", upstream), cluster("weir_collector", collector)],
        },
    })
}

fn filter(module: &str, configured: bool) -> Value {
    let configuration = configured.then(
        || json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": CONFIGURATION }),
    );
    let config = json!({
        "name": "measured",
        "root_id": "measured",
        "failure_policy": "FAIL_RELOAD",
        "reload_config": { "backoff": { "base_interval": "0.1s" } },
        "vm_config": {
            "vm_id": "measured",
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module } },
        },
        "configuration": configuration,
    });
    let wasm = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
    json!({ "name": "measured", "typed_config": { "@type": wasm, "config": config } })
}

fn access_log() -> Value {
    let operators = [
        "START_TIME",
        "DURATION",
        "RESPONSE_CODE",
        "RESPONSE_FLAGS",
        "UPSTREAM_HOST",
        "UPSTREAM_CLUSTER",
        "BYTES_RECEIVED",
        "BYTES_SENT",
        "REQ(X-REQUEST-ID)",
        "REQ(:PATH)",
        "RESP(X-COST-USD)",
        "RESP(X-LB-ALGORITHM)",
        "RESPONSE_DURATION",
    ];
    let fields: serde_json::Map<String, Value> =
        operators.iter().map(|operator| ((*operator).to_owned(), json!(format!("%{operator}%")))).collect();
    json!({
        "name": "file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": "/dev/null",
            "log_format": { "json_format": fields },
        },
    })
}

fn cluster(name: &str, address: SocketAddr) -> Value {
    let endpoint = json!({ "endpoint": { "address": socket(address) } });
    json!({
        "name": name,
        "type": "STATIC",
        // On a machine that is busy with other things nothing may be refused for that.
        "connect_timeout": "10s",
        "circuit_breakers": { "thresholds": [{
            "max_connections": 16_384, "max_requests": 16_384, "max_pending_requests": 16_384,
        }] },
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] },
    })
}

fn socket(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}
