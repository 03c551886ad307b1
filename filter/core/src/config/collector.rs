//! `collector`: where batches go.

use std::fmt;

use super::ConfigError;
use super::limits::within;
use super::section::Section;
use super::value::Value;
use crate::words;

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

impl Collector {
    pub(super) fn read(value: &Value) -> Result<Self, ConfigError> {
        const KEYS: &[&str] = &["cluster", "authority", "path", "token", "timeout_ms"];
        let section = Section::new("collector", value, KEYS)?;
        let text = |key: &str, default: &str| {
            let text = section.text(key)?.unwrap_or(default);
            visible(&section.path_of(key), text)?;
            Ok::<String, ConfigError>(text.to_owned())
        };
        let path = text("path", "/api/v1/events")?;
        if !path.starts_with('/') {
            return Err(ConfigError::new("collector.path", "must begin with a slash"));
        }
        let token = section.text("token")?;
        if let Some(token) = token {
            visible("collector.token", token)?;
        }
        let timeout_ms = section.whole("timeout_ms")?.unwrap_or(5_000);
        let timeout_ms = within("collector.timeout_ms", timeout_ms, 100, 60_000)?;
        Ok(Self {
            cluster: text("cluster", "weir_collector")?,
            authority: text("authority", "weir")?,
            path,
            authorization: token.map(|token| words::concat(["Bearer ", token])),
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
