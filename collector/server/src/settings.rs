//! The configuration as it is in force: the file, over it the environment, over that the flags.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use weir_core::config::{Config, overlay_environment};

/// The largest configuration file, bytes.
const MAX_FILE_BYTES: usize = 4 << 20;

/// What flags say of the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) database: Option<String>,
}

/// Reads the configuration.
///
/// # Errors
/// Says what is wrong, with the path of the key or the place in the file.
pub(crate) fn load(file: Option<&Path>, overrides: Overrides) -> anyhow::Result<Config> {
    let mut tree = file.map_or(Ok(Value::Null), read_file)?;
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    overlay_environment(&mut tree, variables).context("the environment does not fit the configuration")?;
    if let Some(listen) = overrides.listen {
        lay(&mut tree, "server", "listen", json!(listen.to_string()));
    }
    if let Some(database) = overrides.database {
        let url = if database.starts_with("sqlite:") { database } else { format!("sqlite:{database}") };
        lay(&mut tree, "storage", "url", json!(url));
    }
    let source = file.map_or_else(|| "the configuration".to_owned(), |file| file.display().to_string());
    Config::from_value(tree).with_context(|| format!("{source} is not valid"))
}

fn lay(tree: &mut Value, section: &str, key: &str, value: Value) {
    if tree.is_null() {
        *tree = json!({});
    }
    // Where the file has something else in the section's place, that is refused when it is read.
    let Some(section) = tree.as_object_mut().map(|tree| tree.entry(section).or_insert(Value::Null)) else {
        return;
    };
    if section.is_null() {
        *section = json!({});
    }
    if let Some(section) = section.as_object_mut() {
        section.insert(key.to_owned(), value);
    }
}

/// JSON is YAML too, so that one parser reads both.
fn read_file(file: &Path) -> anyhow::Result<Value> {
    let name = file.display();
    let text = std::fs::read(file).with_context(|| format!("cannot read the configuration file {name}"))?;
    if text.len() > MAX_FILE_BYTES {
        bail!("the configuration file {name} is larger than {MAX_FILE_BYTES} bytes");
    }
    let text = String::from_utf8(text).with_context(|| format!("{name} is not UTF-8"))?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    // A snippet of the file in the message could show a secret.
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(&text, options)
        .map_err(|error| anyhow::anyhow!("{name} is not YAML or JSON: {error}"))
}
