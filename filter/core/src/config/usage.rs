//! `usage`: whether bodies are scanned, and how much memory that may take.

use super::ConfigError;
use super::limits::{size, within};
use super::section::Section;
use super::value::Value;

/// How response bodies are scanned for token usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Whether they are.
    pub enabled: bool,
    /// The most bytes that all scans of one VM may hold at a time.
    pub max_scan_bytes: usize,
}

impl Usage {
    pub(super) fn read(value: &Value) -> Result<Self, ConfigError> {
        let section = Section::new("usage", value, &["enabled", "max_scan_bytes"])?;
        let most = section.whole("max_scan_bytes")?.unwrap_or(16 * 1024 * 1024);
        Ok(Self {
            enabled: section.bool("enabled")?.unwrap_or(true),
            max_scan_bytes: size(within("usage.max_scan_bytes", most, 0, 1 << 30)?),
        })
    }
}
