//! The module, compiled once for any number of VMs.

use std::path::Path;

use anyhow::{Context, Result};
use wasmtime::{Config, Engine, Module};

/// A compiled module.
#[derive(Clone)]
pub struct Filter {
    pub(super) engine: Engine,
    pub(super) module: Module,
}

impl Filter {
    /// Compiles a module, text or binary.
    ///
    /// # Errors
    ///
    /// A module that is not valid.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, bytes)?;
        Ok(Self { engine, module })
    }

    /// Compiles the module in a file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a module that is not valid.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::new(&std::fs::read(path).with_context(|| format!("reading {}", path.display()))?)
    }
}
