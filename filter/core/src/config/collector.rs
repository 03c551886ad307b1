//! `collector`: where batches go.

use std::fmt;

use serde::Deserialize;

use super::ConfigError;
use super::limits::within;

/// Where batches go.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    /// The proxy's cluster for the collector.
    pub cluster: String,
    /// The `:authority` of each request.
    pub authority: String,
    /// The `:path` of each request.
    pub path: String,
    /// The `authorization` header's value, complete.
    pub authorization: Option<String>,
    /// When an answer is given up, milliseconds.
    pub timeout_ms: u32,
}

impl fmt::Debug for Collector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Collector")
            .field("cluster", &self.cluster)
            .field("authority", &self.authority)
            .field("path", &self.path)
            .field("authorization", &self.authorization.as_ref().map(|_| "(set)"))
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    cluster: String,
    authority: String,
    path: String,
    token: Option<String>,
    timeout_ms: u64,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            cluster: "weir_collector".to_owned(),
            authority: "weir".to_owned(),
            path: "/api/v1/events".to_owned(),
            token: None,
            timeout_ms: 5_000,
        }
    }
}

impl Raw {
    pub(super) fn validate(self) -> Result<Collector, ConfigError> {
        visible("collector.cluster", &self.cluster)?;
        visible("collector.authority", &self.authority)?;
        visible("collector.path", &self.path)?;
        if !self.path.starts_with('/') {
            return Err(ConfigError::new("collector.path", "must begin with a slash"));
        }
        if let Some(token) = &self.token {
            visible("collector.token", token)?;
        }
        let timeout_ms = within("collector.timeout_ms", self.timeout_ms, 100, 60_000)?;
        Ok(Collector {
            cluster: self.cluster,
            authority: self.authority,
            path: self.path,
            authorization: self.token.map(|token| format!("Bearer {token}")),
            timeout_ms: u32::try_from(timeout_ms).unwrap_or(u32::MAX),
        })
    }
}

fn visible(key: &str, text: &str) -> Result<(), ConfigError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::new(key, "must be one or more visible ASCII characters, without spaces"));
    }
    Ok(())
}
