//! One object of the configuration, its keys known and its values asked for by type.

use super::ConfigError;
use super::value::Value;
use crate::words;

/// An object whose keys are all known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    path: &'a str,
    entries: &'a [(String, Value)],
}

impl<'a> Section<'a> {
    /// The object at `path` (empty for the outermost one); refuses a key that is not in `known`.
    pub(super) fn new(path: &'a str, value: &'a Value, known: &[&str]) -> Result<Self, ConfigError> {
        let section = Self::open(path, value)?;
        match section.entries.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(section),
            Some((key, _)) => {
                let mut problem = String::from("is not a key; those known here are");
                for (at, key) in known.iter().enumerate() {
                    problem.push_str(if at == 0 { " " } else { ", " });
                    problem.push_str(key);
                }
                Err(ConfigError::new(section.path_of(key), problem))
            }
        }
    }

    /// The object at `path`, whatever its keys.
    pub(super) fn open(path: &'a str, value: &'a Value) -> Result<Self, ConfigError> {
        match value {
            Value::Object(entries) => Ok(Self { path, entries }),
            Value::Null => Ok(Self { path, entries: &[] }),
            other => Err(ConfigError::new(path, words::concat(["must be an object, not ", other.kind()]))),
        }
    }

    /// All keys with their values.
    pub(super) fn entries(&self) -> &'a [(String, Value)] {
        self.entries
    }

    /// The whole path of a key here.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { words::concat([self.path, ".", key]) }
    }

    /// The value of a key; absent and `null` are the same.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        let found = self.entries.iter().find(|(found, _)| found == key);
        found.map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    pub(super) fn bool(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(key, "true or false", other)),
        }
    }

    pub(super) fn whole(&self, key: &str) -> Result<Option<u64>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Whole(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(key, "a whole number, not negative", other)),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(other) => Err(self.wrong(key, "a text", other)),
        }
    }

    pub(super) fn list(&self, key: &str) -> Result<Option<&'a [Value]>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong(key, "a list", other)),
        }
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>, ConfigError> {
        let Some(items) = self.list(key)? else { return Ok(None) };
        let text = |item: &'a Value| match item {
            Value::Text(text) => Ok(text.as_str()),
            other => Err(self.wrong(key, "a list of texts", other)),
        };
        items.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value) -> ConfigError {
        ConfigError::new(self.path_of(key), words::concat(["must be ", expected, ", not ", found.kind()]))
    }
}
