//! `backends`: what is known of each cluster beforehand.

use super::section::Section;
use super::value::Value;
use super::{ConfigError, label};

/// What is known of one backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backend {
    /// Its kind, in the operator's own words.
    pub kind: Option<String>,
    /// The algorithm that chooses it, where no header says so.
    pub algorithm: Option<String>,
    /// Its provider, by OpenTelemetry's names.
    pub provider: Option<String>,
}

/// What is known of all backends, by the cluster's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backends(Vec<(String, Backend)>);

impl Backends {
    /// What is known of `cluster`.
    pub fn get(&self, cluster: &str) -> &Backend {
        static UNKNOWN: Backend = Backend { kind: None, algorithm: None, provider: None };
        self.0.iter().find(|(name, _)| name == cluster).map_or(&UNKNOWN, |(_, backend)| backend)
    }

    pub(super) fn read(value: &Value) -> Result<Self, ConfigError> {
        let all = Section::open("backends", value)?;
        let read = |(cluster, backend): &(String, Value)| {
            let path = all.path_of(cluster);
            let section = Section::new(&path, backend, &["type", "algorithm", "provider"])?;
            let backend = Backend {
                kind: label(&section, "type")?,
                algorithm: label(&section, "algorithm")?,
                provider: label(&section, "provider")?,
            };
            Ok((cluster.clone(), backend))
        };
        all.entries().iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}
