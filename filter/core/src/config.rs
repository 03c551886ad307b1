//! The filter's configuration: one JSON object, every key optional, unknown keys refused by name.

mod backend;
mod collector;
mod headers;
mod limits;

use serde::Deserialize;

pub use backend::{Backend, Backends};
pub use collector::Collector;
pub use headers::Headers;
pub use limits::Limits;

/// Why a configuration is refused. The message names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("weir-filter: bad configuration: {key}: {problem}")]
pub struct ConfigError {
    /// The path of the key at fault.
    key: String,
    /// What is wrong, and what would be right.
    problem: String,
}

impl ConfigError {
    fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

/// A validated configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether anything is measured at all.
    pub enabled: bool,
    /// Where batches go.
    pub collector: Collector,
    /// Intervals and bounds.
    pub limits: Limits,
    /// Which headers carry what.
    pub headers: Headers,
    /// What is known of each backend beforehand.
    pub backends: Backends,
    /// The header that names who asks, in lower case.
    pub consumer_header: Option<String>,
    /// Whether response bodies are scanned for token usage.
    pub scan_usage: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    enabled: bool,
    collector: collector::Raw,
    flush_interval_ms: u64,
    max_batch_bytes: u64,
    max_buffer_bytes: u64,
    max_series: u64,
    headers: headers::Raw,
    consumer: RawConsumer,
    backends: Backends,
    usage: RawUsage,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawConsumer {
    header: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUsage {
    enabled: bool,
}

impl Default for RawUsage {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            enabled: true,
            collector: collector::Raw::default(),
            flush_interval_ms: 1_000,
            max_batch_bytes: 192 * 1024,
            max_buffer_bytes: 3 * 1024 * 1024,
            max_series: 1_000,
            headers: headers::Raw::default(),
            consumer: RawConsumer::default(),
            backends: Backends::default(),
            usage: RawUsage::default(),
        }
    }
}

impl Config {
    /// Reads a configuration; nothing at all is the default one.
    ///
    /// # Errors
    /// Names the key that is unknown or whose value will not do.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let raw = if text.trim_ascii().is_empty() { Raw::default() } else { read(text)? };
        Ok(Self {
            enabled: raw.enabled,
            collector: raw.collector.validate()?,
            limits: Limits::validate(
                raw.flush_interval_ms,
                raw.max_batch_bytes,
                raw.max_buffer_bytes,
                raw.max_series,
            )?,
            headers: raw.headers.validate()?,
            backends: raw.backends.validate()?,
            consumer_header: match raw.consumer.header {
                Some(name) => Some(headers::name("consumer.header", &name)?),
                None => None,
            },
            scan_usage: raw.usage.enabled,
        })
    }
}

fn read(text: &[u8]) -> Result<Raw, ConfigError> {
    // serde would read an array as the object's values in order.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(ConfigError::new("the object", "must be one JSON object, in braces"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let raw = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let key = error.path().to_string();
        ConfigError::new(if key == "." { "the object".to_owned() } else { key }, error.inner().to_string())
    })?;
    deserializer.end().map_err(|error| ConfigError::new("the object", error.to_string()))?;
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn refused(text: &str, words: &[&str]) {
        let message = Config::parse(text.as_bytes()).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    test! {
        fn nothing_is_the_default() {
            let config = Config::parse(b"").unwrap();
            assert_eq!(Config::parse(b"{}").unwrap(), config);
            assert!(config.enabled && config.scan_usage);
            assert_eq!(config.collector.cluster, "weir_collector");
            assert_eq!(config.headers.cost_usd, ["x-cost-usd", "x-litellm-response-cost"]);
        }

        fn every_key_is_understood() {
            let config = Config::parse(br#"{
                "enabled": true,
                "collector": {"cluster": "c", "authority": "a", "path": "/p", "token": "t", "timeout_ms": 500},
                "flush_interval_ms": 100, "max_batch_bytes": 65536, "max_buffer_bytes": 262144, "max_series": 10,
                "headers": {"cost_usd": ["X-Price"], "model": ["x-model"]},
                "consumer": {"header": "X-Team"},
                "backends": {"openai": {"type": "llm", "algorithm": "round_robin", "provider": "openai"}},
                "usage": {"enabled": false}
            }"#).unwrap();
            assert_eq!(config.headers.cost_usd, ["x-price"]);
            assert_eq!(config.consumer_header.as_deref(), Some("x-team"));
            assert_eq!(config.backends.get("openai").provider.as_deref(), Some("openai"));
            assert_eq!(config.backends.get("other"), &Backend::default());
            assert_eq!(config.limits.flush_interval_ms, 100);
            assert!(!config.scan_usage);
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
            refused("[]", &["the object"]);
            refused("{} x", &["the object"]);
            refused("not json", &["the object"]);
        }

        fn a_token_is_never_shown() {
            let config = Config::parse(br#"{"collector": {"token": "hush"}}"#).unwrap();
            assert!(!format!("{config:?}").contains("hush"));
        }
    }
}
