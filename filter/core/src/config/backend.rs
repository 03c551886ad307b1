//! `backends`: what is known of each cluster beforehand.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ConfigError;
use crate::label;

/// What is known of one backend.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backend {
    /// Its kind, in the operator's own words.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The algorithm that chooses it, where no header says so.
    pub algorithm: Option<String>,
    /// Its provider, by OpenTelemetry's names.
    pub provider: Option<String>,
}

/// What is known of all backends, by the cluster's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Backends(BTreeMap<String, Backend>);

impl Backends {
    /// What is known of `cluster`.
    pub fn get(&self, cluster: &str) -> &Backend {
        static UNKNOWN: Backend = Backend { kind: None, algorithm: None, provider: None };
        self.0.get(cluster).unwrap_or(&UNKNOWN)
    }

    pub(super) fn validate(self) -> Result<Self, ConfigError> {
        for (cluster, backend) in &self.0 {
            let names =
                [("type", &backend.kind), ("algorithm", &backend.algorithm), ("provider", &backend.provider)];
            for (key, name) in names {
                if name.as_ref().is_some_and(|name| label::sanitise(name.as_bytes()).as_ref() != Some(name)) {
                    let problem = "must be a short name without control characters, quotes or separators";
                    return Err(ConfigError::new(format!("backends.{cluster}.{key}"), problem));
                }
            }
        }
        Ok(self)
    }
}
