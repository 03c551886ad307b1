//! Where the things under test are: built by `scripts/build`, found by `scripts/setup/envoy.sh`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Paths of what is run.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// The collector's binary.
    pub collector: PathBuf,
    /// The filter's module.
    pub filter: PathBuf,
    /// The filter's test build, which panics when a request asks for it.
    pub planted_panic: PathBuf,
    /// Envoy.
    pub envoy: PathBuf,
    /// The sample configuration that users get.
    pub sample: PathBuf,
}

impl Artifacts {
    /// What `scripts/build` left, and the Envoy that `$ENVOY` names.
    ///
    /// # Errors
    /// Names what is absent and which script makes it.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let Some(envoy) = std::env::var_os("ENVOY") else {
            bail!("ENVOY does not name an Envoy: run scripts/test or scripts/demo, which find one");
        };
        let artifacts = Self {
            collector: root.join("dist/weir"),
            filter: root.join("dist/weir-filter.wasm"),
            planted_panic: root.join("target/planted-panic.wasm"),
            envoy: envoy.into(),
            sample: root.join("envoy/envoy.yaml"),
        };
        for path in [&artifacts.collector, &artifacts.filter, &artifacts.envoy, &artifacts.sample] {
            if !path.exists() {
                bail!("{} is not there: run scripts/build first", path.display());
            }
        }
        Ok(artifacts)
    }
}
