//! Envoy's configuration for single exchanges: the sample that users get, with a route for each kind of end.
//!
//! The request header `x-case-route` chooses the route. A route is named as its cluster, but for those that
//! do something of their own ([`SPECIAL`]).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::expect::with;
use super::upstream::Upstreams;
use crate::stack::{Artifacts, assignment, put};

/// Clusters that lead to the HTTP/1.1 upstream: one for itself, the others with a provider's name.
const HTTP1: [&str; 12] = [
    "plain",
    "openai",
    "azure",
    "anthropic",
    "gemini",
    "vertex",
    "bedrock",
    "cohere",
    "mistral",
    "groq",
    "openrouter",
    "deepseek",
];

/// Where the filter is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// For the whole connection manager, and switched off by the routes `off` and `off-http2`.
    Manager,
    /// Not for the connection manager, but by every route but those.
    Routes,
}

/// What differs between gateways.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Envoy's worker threads.
    pub workers: u32,
    /// Where the filter is switched on.
    pub scope: Scope,
    /// The filter's configuration.
    pub filter: Value,
    /// The filter's module; `dist/weir-filter.wasm` if absent.
    pub module: Option<PathBuf>,
}

impl Layout {
    /// With that many workers; batches go every tenth of a second, and providers are known where a path
    /// alone does not tell them.
    pub fn new(workers: u32) -> Self {
        let backends: Map<String, Value> =
            [("mistral", "mistral_ai"), ("groq", "groq"), ("deepseek", "deepseek")]
                .into_iter()
                .map(|(cluster, provider)| {
                    (cluster.to_owned(), json!({ "type": "llm", "provider": provider }))
                })
                .collect();
        let filter = json!({
            "flush_interval_ms": 100,
            "collector": { "timeout_ms": 2_000 },
            "consumer": { "header": "x-team" },
            "backends": backends,
        });
        Self { workers, scope: Scope::Manager, filter, module: None }
    }

    /// The same with the filter switched on elsewhere.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Writes the configuration into `directory` and returns the file.
    pub(super) fn write(
        &self,
        artifacts: &Artifacts,
        directory: &Path,
        collector: SocketAddr,
        upstreams: &Upstreams,
    ) -> Result<PathBuf> {
        let sample = std::fs::read_to_string(&artifacts.sample)?;
        let mut bootstrap: Value = serde_saphyr::from_str(&sample).context("envoy/envoy.yaml")?;
        put(&mut bootstrap, "/admin/address/socket_address/port_value", json!(0))?;
        put(&mut bootstrap, "/static_resources/listeners/0/address/socket_address/port_value", json!(0))?;
        let clusters = clusters(&bootstrap, collector, upstreams)?;
        put(&mut bootstrap, "/static_resources/clusters", clusters)?;
        let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
        let module = self.module.as_deref().unwrap_or(&artifacts.filter);
        self.manage(bootstrap.pointer_mut(manager).context("no connection manager")?, module)?;
        let file = directory.join("envoy.json");
        std::fs::write(&file, serde_json::to_vec_pretty(&bootstrap)?)?;
        Ok(file)
    }

    fn manage(&self, manager: &mut Value, module: &Path) -> Result<()> {
        put(manager, "/route_config/virtual_hosts/0/routes", self.routes())?;
        let wasm = "/http_filters/0/typed_config/config";
        put(manager, &format!("{wasm}/configuration/value"), json!(self.filter.to_string()))?;
        put(manager, &format!("{wasm}/vm_config/code/local/filename"), json!(module))?;
        let filters = manager.get_mut("http_filters").and_then(Value::as_array_mut).context("no filters")?;
        if let Some(weir) = filters.first_mut().and_then(Value::as_object_mut) {
            weir.insert("disabled".to_owned(), json!(self.scope == Scope::Routes));
        }
        filters.splice(1..1, [buffer(), rate_limit()]);
        let manager = manager.as_object_mut().context("the connection manager is no object")?;
        manager.insert("upgrade_configs".to_owned(), json!([{ "upgrade_type": "websocket" }]));
        manager.insert("http2_protocol_options".to_owned(), json!({ "max_concurrent_streams": 2_000 }));
        // HTTP/1.1 trailers are only passed on where that is asked for.
        manager.insert("http_protocol_options".to_owned(), json!({ "enable_trailers": true }));
        Ok(())
    }

    fn routes(&self) -> Value {
        let others = ["http2", "tight", "nobody", "refusing"];
        let plain =
            HTTP1.iter().chain(&others).map(|cluster| (*cluster, json!({ "route": { "cluster": cluster } })));
        let routes = plain.chain(special()).map(|(name, action)| self.route(name, action));
        routes.collect()
    }

    fn route(&self, name: &str, action: Value) -> Value {
        let header = json!({ "name": "x-case-route", "string_match": { "exact": name } });
        let route = json!({ "name": name, "match": { "prefix": "/", "headers": [header] } });
        let switch = match self.scope {
            _ if name.starts_with("off") => json!({ "disabled": true }),
            Scope::Manager => return with(route, action),
            Scope::Routes => json!({ "config": {} }),
        };
        let kind = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig" });
        let switch = json!({ "typed_per_filter_config": { "weir": with(kind, switch) } });
        with(with(route, action), switch)
    }
}

/// Routes that do something of their own.
fn special() -> Vec<(&'static str, Value)> {
    let plain = |more: Value| json!({ "route": with(json!({ "cluster": "plain" }), more) });
    let retry = |more: Value| {
        let pauses = json!({ "base_interval": "0.01s", "max_interval": "0.02s" });
        let policy = json!({ "retry_on": "5xx,reset", "retry_back_off": pauses });
        plain(json!({ "retry_policy": with(policy, more) }))
    };
    let limited = json!({ "envoy.filters.http.buffer": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        "buffer": { "max_request_bytes": 1_024 },
    } });
    let bucket = json!({ "envoy.filters.http.local_ratelimit": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "limit",
        "token_bucket": { "max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "3600s" },
        "filter_enabled": { "default_value": { "numerator": 100 } },
        "filter_enforced": { "default_value": { "numerator": 100 } },
    } });
    let filtered = |filters: Value| with(plain(json!({})), json!({ "typed_per_filter_config": filters }));
    vec![
        ("off", plain(json!({}))),
        ("off-http2", json!({ "route": { "cluster": "http2", "timeout": "0s" } })),
        ("timeout", plain(json!({ "timeout": "0.4s" }))),
        ("idle", plain(json!({ "timeout": "0s", "idle_timeout": "0.4s" }))),
        (
            "longest",
            plain(json!({ "timeout": "0s", "max_stream_duration": { "max_stream_duration": "0.4s" } })),
        ),
        ("retry", retry(json!({ "num_retries": 2 }))),
        ("each-try", retry(json!({ "num_retries": 1, "per_try_timeout": "0.3s" }))),
        ("redirect", plain(json!({ "internal_redirect_policy": { "max_internal_redirects": 1 } }))),
        ("direct", json!({ "direct_response": { "status": 418, "body": { "inline_string": "no coffee" } } })),
        ("moved", json!({ "redirect": { "path_redirect": "/elsewhere" } })),
        ("limited", filtered(limited)),
        ("bucket", filtered(bucket)),
        ("patient", plain(json!({ "timeout": "0s" }))),
        ("patient-http2", json!({ "route": { "cluster": "http2", "timeout": "0s" } })),
    ]
}

fn buffer() -> Value {
    json!({ "name": "envoy.filters.http.buffer", "disabled": true, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
        "max_request_bytes": 1_024,
    } })
}

fn rate_limit() -> Value {
    json!({ "name": "envoy.filters.http.local_ratelimit", "disabled": true, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "limit",
    } })
}

/// The sample's cluster for the collector with our address, and one for every kind of upstream.
fn clusters(bootstrap: &Value, collector: SocketAddr, upstreams: &Upstreams) -> Result<Value> {
    let sample = bootstrap.pointer("/static_resources/clusters").and_then(Value::as_array);
    let sample = sample.context("the sample has no clusters")?;
    let named = |cluster: &&Value| cluster.get("name") == Some(&json!("weir_collector"));
    let mut own = sample.iter().find(named).context("the sample has no cluster weir_collector")?.clone();
    put(&mut own, "/load_assignment", assignment("weir_collector", collector))?;
    let mut clusters = vec![own];
    clusters.extend(HTTP1.iter().map(|name| cluster(name, upstreams.http1, json!({}))));
    let http2 = json!({ "typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http2_protocol_options": {} },
        },
    } });
    clusters.push(cluster("http2", upstreams.http2, http2));
    clusters.push(cluster(
        "tight",
        upstreams.http1,
        json!({
            "circuit_breakers": { "thresholds": [{ "max_requests": 1 }] },
        }),
    ));
    clusters.push(cluster("refusing", upstreams.refusing, json!({})));
    let empty = json!({ "load_assignment": { "cluster_name": "nobody", "endpoints": [] } });
    clusters.push(cluster("nobody", upstreams.refusing, empty));
    Ok(clusters.into())
}

fn cluster(name: &str, address: SocketAddr, more: Value) -> Value {
    let most = 30_000;
    let cluster = json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": assignment(name, address),
        "circuit_breakers": { "thresholds": [{
            "max_connections": most, "max_requests": most, "max_pending_requests": most, "max_retries": most,
        }] },
    });
    with(cluster, more)
}
