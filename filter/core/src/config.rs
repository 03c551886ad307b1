//! The filter's configuration: one object, every key optional, unknown keys refused by name.

mod backend;
mod collector;
mod consumer;
mod dimension;
mod headers;
mod json;
mod limits;
mod protobuf;
mod section;
mod usage;
mod value;

pub use backend::{Backend, Backends};
pub use collector::Collector;
pub use consumer::Consumer;
pub use dimension::{Dimension, Source};
pub use headers::Headers;
pub use limits::Limits;
pub use usage::Usage;

use section::Section;
use value::Value;

use crate::words;

/// Why a configuration is refused. The message names the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The path of the key at fault.
    key: String,
    /// What is wrong, and what would be right.
    problem: String,
}

impl ConfigError {
    fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        let key = Some(key.into()).filter(|key| !key.is_empty());
        Self { key: key.unwrap_or_else(|| "the object".to_owned()), problem: problem.into() }
    }

    /// What the proxy's log gets.
    pub fn message(&self) -> String {
        words::concat(["weir-filter: bad configuration: ", &self.key, ": ", &self.problem])
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message())
    }
}

impl std::error::Error for ConfigError {}

/// A validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether anything is measured at all.
    pub enabled: bool,
    /// Where batches go.
    pub collector: Collector,
    /// Intervals and bounds.
    pub limits: Limits,
    /// Which headers carry what.
    pub headers: Headers,
    /// Who asks.
    pub consumer: Consumer,
    /// Labels of the operator's own, four at most.
    pub dimensions: Vec<Dimension>,
    /// What is known of each backend beforehand.
    pub backends: Backends,
    /// How bodies are scanned.
    pub usage: Usage,
}

impl Config {
    /// Reads a configuration, JSON or a `google.protobuf.Struct`; nothing at all is the default one.
    ///
    /// # Errors
    /// Names the key that is unknown or whose value will not do.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        const KEYS: &[&str] = &[
            "enabled",
            "collector",
            "flush_interval_ms",
            "max_batch_bytes",
            "max_buffer_bytes",
            "max_series",
            "headers",
            "consumer",
            "dimensions",
            "backends",
            "usage",
        ];
        let tree = tree(bytes).map_err(|problem| ConfigError::new("", problem))?;
        let top = Section::new("", &tree, KEYS)?;
        let part = |key: &str| top.get(key).unwrap_or(&Value::Null);
        Ok(Self {
            enabled: top.bool("enabled")?.unwrap_or(true),
            collector: Collector::read(part("collector"))?,
            limits: Limits::read(&top)?,
            headers: Headers::read(part("headers"))?,
            consumer: Consumer::read(part("consumer"))?,
            dimensions: Dimension::read_all(top.list("dimensions")?.unwrap_or_default())?,
            backends: Backends::read(part("backends"))?,
            usage: Usage::read(part("usage"))?,
        })
    }

    /// The names of the dimensions, in their order.
    pub fn dimension_names(&self) -> [Option<&str>; weir_wire::DIMENSIONS] {
        std::array::from_fn(|at| self.dimensions.get(at).map(|dimension| dimension.name.as_str()))
    }
}

/// The tree that the bytes hold. A `Struct` begins with the tag of its first field, which no JSON does but as
/// a line feed; so what begins with a brace behind white space is JSON.
fn tree(bytes: &[u8]) -> Result<Value, String> {
    match bytes.trim_ascii_start().first() {
        None => Ok(Value::Null),
        Some(b'{') => json::parse(bytes),
        Some(_) if bytes.first() == Some(&0x0a) => protobuf::parse(bytes),
        Some(_) => Err("must be one JSON object, in braces".to_owned()),
    }
}

/// A name of the operator's own, which must be fit to stand as it is.
fn label(section: &Section<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(text) = section.text(key)? else { return Ok(None) };
    if crate::label::sanitise(text.as_bytes()).as_deref() == Some(text) {
        return Ok(Some(text.to_owned()));
    }
    let problem = "must be a short name without control characters, quotes or separators";
    Err(ConfigError::new(section.path_of(key), problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn refused(text: &str, words: &[&str]) {
        let message = Config::parse(text.as_bytes()).unwrap_err().message();
        for word in words {
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    test! {
        fn nothing_is_the_default() {
            let config = Config::parse(b"").unwrap();
            assert_eq!(format!("{:?}", Config::parse(b"{}").unwrap()), format!("{config:?}"));
            assert!(config.enabled && config.usage.enabled);
            assert_eq!(config.collector.cluster, "weir_collector");
            assert_eq!(config.headers.cost_usd, ["x-cost-usd", "x-litellm-response-cost"]);
        }

        fn every_key_is_understood() {
            let config = Config::parse(br#"{
                "enabled": true,
                "collector": {"cluster": "c", "authority": "a", "path": "/p", "token": "t", "timeout_ms": 500},
                "flush_interval_ms": 100, "max_batch_bytes": 65536, "max_buffer_bytes": 262144, "max_series": 10,
                "headers": {"cost_usd": ["X-Price"], "model": ["x-model"]},
                "consumer": {"header": "X-Team", "hash": "0123456789abcdef"},
                "dimensions": [{"name": "tenant", "header": "X-Tenant"}, {"name": "plan", "metadata": ["envoy.filters.http.jwt_authn", "plan"]}],
                "backends": {"openai": {"type": "llm", "algorithm": "round_robin", "provider": "openai"}},
                "usage": {"enabled": false, "max_scan_bytes": 65536}
            }"#).unwrap();
            assert_eq!(config.headers.cost_usd, ["x-price"]);
            assert_eq!(config.consumer.header.as_deref(), Some("x-team"));
            assert!(config.consumer.hash.is_some());
            assert_eq!(config.dimension_names(), [Some("tenant"), Some("plan"), None, None]);
            assert_eq!(config.dimensions[0].source, Source::Header("x-tenant".into()));
            assert_eq!(config.dimensions[1].source, Source::Metadata("metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0plan".into()));
            assert_eq!(config.backends.get("openai").provider.as_deref(), Some("openai"));
            assert_eq!(config.backends.get("other"), &Backend::default());
            assert_eq!(config.limits.flush_interval_ms, 100);
            assert_eq!(config.usage, Usage { enabled: false, max_scan_bytes: 65_536 });
        }

        fn a_bad_configuration_names_its_key() {
            refused(r#"{"colector": {}}"#, &["colector", "collector"]);
            refused(r#"{"collector": {"clutser": "x"}}"#, &["collector", "clutser"]);
            refused(r#"{"collector": {"path": "events"}}"#, &["collector.path", "slash"]);
            refused(r#"{"collector": {"cluster": ""}}"#, &["collector.cluster"]);
            refused(r#"{"collector": {"token": "a\nb"}}"#, &["collector.token"]);
            refused(r#"{"collector": {"timeout_ms": 0}}"#, &["collector.timeout_ms", "100"]);
            refused(r#"{"flush_interval_ms": 1}"#, &["flush_interval_ms", "10"]);
            refused(r#"{"max_batch_bytes": 1000000}"#, &["max_batch_bytes", "262144"]);
            refused(r#"{"max_batch_bytes": 65536, "max_buffer_bytes": 1}"#, &["max_buffer_bytes"]);
            refused(r#"{"max_series": -1}"#, &["max_series"]);
            refused(r#"{"headers": {"cost_usd": ["a b"]}}"#, &["headers.cost_usd", "a b"]);
            refused(r#"{"headers": {"cost_usd": "x"}}"#, &["headers.cost_usd"]);
            refused(r#"{"backends": {"a": {"kind": "x"}}}"#, &["backends.a", "kind"]);
            refused(r#"{"backends": {"a": {"type": "x\ny"}}}"#, &["backends.a.type"]);
            refused(r#"{"consumer": {"header": "Authorization"}}"#, &["consumer.header", "credentials"]);
            refused(r#"{"dimensions": [{"name": "a", "header": "cookie"}]}"#, &["dimensions[0].header", "credentials"]);
            assert!(Config::parse(br#"{"consumer": {"header": "authorization", "hash": "0123456789abcdef"}}"#).is_ok());
            refused(r#"{"consumer": {"hash": "short"}}"#, &["consumer.hash", "16"]);
            refused(r#"{"dimensions": [{"name": "a"}]}"#, &["dimensions[0]", "header"]);
            refused(r#"{"dimensions": [{"name": "a", "header": "x"}, {"name": "a", "header": "y"}]}"#, &["dimensions[1].name", "twice"]);
            refused(r#"{"dimensions": [{"name": "a", "metadata": ["x"]}]}"#, &["dimensions[0].metadata"]);
            refused(r#"{"dimensions": [{"name":"a","header":"a"},{"name":"b","header":"b"},{"name":"c","header":"c"},{"name":"d","header":"d"},{"name":"e","header":"e"}]}"#, &["dimensions", "4"]);
            refused(r#"{"usage": {"max_scan_bytes": 1e3}}"#, &["usage.max_scan_bytes", "whole"]);
            refused(r#"{"enabled": "yes"}"#, &["enabled", "a text"]);
            refused("[]", &["the object"]);
            refused("{} x", &["the object"]);
            refused("not json", &["the object"]);
        }

        fn a_token_is_never_shown() {
            let config = Config::parse(br#"{"collector": {"token": "hush"}, "consumer": {"hash": "hush-hush-hush-hush"}}"#).unwrap();
            assert!(!format!("{config:?}").contains("hush"));
        }
    }
}
