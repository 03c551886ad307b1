//! `dimensions`: labels of the operator's own, for showback.

use weir_wire::DIMENSIONS;

use super::section::Section;
use super::value::Value;
use super::{ConfigError, headers, label};
use crate::words;

/// Where a dimension's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A request header, in lower case.
    Header(String),
    /// A value in the stream's dynamic metadata: the property's path, parts separated by zero bytes.
    Metadata(String),
}

/// One label of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: Source,
}

impl Dimension {
    pub(super) fn read_all(items: &[Value]) -> Result<Vec<Self>, ConfigError> {
        if items.len() > DIMENSIONS {
            return Err(ConfigError::new("dimensions", "are at most 4"));
        }
        let mut all: Vec<Self> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let path = words::concat(["dimensions[", &at.to_string(), "]"]);
            let dimension = Self::read(&path, item)?;
            if all.iter().any(|known| known.name == dimension.name) {
                return Err(ConfigError::new(words::concat([path.as_str(), ".name"]), "stands twice"));
            }
            all.push(dimension);
        }
        Ok(all)
    }

    fn read(path: &str, value: &Value) -> Result<Self, ConfigError> {
        let section = Section::new(path, value, &["name", "header", "metadata"])?;
        let name = label(&section, "name")?;
        let name = name.ok_or_else(|| ConfigError::new(section.path_of("name"), "must be given"))?;
        let source = match (section.text("header")?, section.texts("metadata")?) {
            (Some(header), None) => Source::Header(headers::shown_name(&section.path_of("header"), header)?),
            (None, Some(parts)) => Source::Metadata(metadata(&section.path_of("metadata"), &parts)?),
            _ => return Err(ConfigError::new(path, "must have either header or metadata")),
        };
        Ok(Self { name, source })
    }
}

fn metadata(key: &str, parts: &[&str]) -> Result<String, ConfigError> {
    let bad = |part: &&str| part.is_empty() || part.contains('\0');
    if parts.len() < 2 || parts.iter().any(bad) {
        let problem = "must be a list of texts: the metadata's namespace, then its key or keys";
        return Err(ConfigError::new(key, problem));
    }
    let mut path = String::from("metadata\0filter_metadata");
    for part in parts {
        path.push('\0');
        path.push_str(part);
    }
    Ok(path)
}
