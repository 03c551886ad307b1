//! Takes a section's keys one by one, and refuses those that nobody took.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::problem::Problem;
use super::size::parse_size;

/// The keys of one object that have not been taken yet.
pub(super) struct Fields<'p> {
    path: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
    problems: &'p mut Vec<Problem>,
}

impl<'p> Fields<'p> {
    pub(super) fn root(tree: Value, problems: &'p mut Vec<Problem>) -> Self {
        Self::open(String::new(), tree, problems)
    }

    fn open(path: String, value: Value, problems: &'p mut Vec<Problem>) -> Self {
        let map = match value {
            Value::Null => Map::new(),
            Value::Object(map) => map,
            other => {
                let problem = format!("must be an object, not {}", describe(&other));
                problems.push(Problem { path: path.clone(), problem });
                Map::new()
            }
        };
        Self { path, map, known: Vec::new(), problems }
    }

    /// The object under `key`; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Fields<'_> {
        let value = self.take(key).unwrap_or_default();
        Fields::open(self.path_of(key), value, self.problems)
    }

    /// Calls `each` with every object of the list under `key`.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        mut each: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let items = match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.refuse(key, format!("must be a list, not {}", describe(&other)));
                Vec::new()
            }
        };
        let path = self.path_of(key);
        let items = items.into_iter().enumerate();
        items
            .filter_map(|(at, item)| each(&mut Fields::open(format!("{path}[{at}]"), item, self.problems)))
            .collect()
    }

    /// The text under `key`.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                self.refuse(key, format!("must be a text, not {}", describe(&other)));
                None
            }
        }
    }

    /// The number of bytes under `key`: a whole number, or a text such as `8 MiB`.
    pub(super) fn size(&mut self, key: &'static str, default: u64, range: &RangeInclusive<u64>) -> u64 {
        let Some(value) = self.take(key) else { return default };
        let size = match &value {
            Value::String(text) => parse_size(text),
            other => other.as_u64(),
        };
        match size {
            Some(size) if range.contains(&size) => size,
            Some(size) => {
                self.refuse(key, format!("{size} is not between {} and {}", range.start(), range.end()));
                default
            }
            None => {
                self.refuse(key, format!("{value} is not a number of bytes such as 8388608 or 8 MiB"));
                default
            }
        }
    }

    /// The whole number under `key`. The environment can say only texts, so a text of digits will do.
    pub(super) fn number(&mut self, key: &'static str, default: u64, range: &RangeInclusive<u64>) -> u64 {
        let Some(value) = self.take(key) else { return default };
        let number = match &value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        };
        match number {
            Some(number) if range.contains(&number) => number,
            _ => {
                let (least, most) = (range.start(), range.end());
                self.refuse(key, format!("{value} is not a whole number from {least} to {most}"));
                default
            }
        }
    }

    /// Refuses the keys that were not taken.
    pub(super) fn refuse_the_rest(&mut self) {
        for key in std::mem::take(&mut self.map).into_iter().map(|(key, _)| key) {
            let hint = match nearest(&key, &self.known) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known are: {}", self.known.join(", ")),
            };
            let path = self.path_of(&key);
            self.problems.push(Problem { path, problem: format!("is not a known key; {hint}") });
        }
    }

    /// Notes that `key` is wrong.
    pub(super) fn refuse(&mut self, key: &str, problem: impl Into<String>) {
        let path = self.path_of(key);
        self.problems.push(Problem { path, problem: problem.into() });
    }

    /// Notes that the object itself is wrong.
    pub(super) fn refuse_whole(&mut self, problem: impl Into<String>) {
        self.problems.push(Problem { path: self.path.clone(), problem: problem.into() });
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.map.remove(key).filter(|value| !value.is_null())
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |known: &str| strsim::jaro_winkler(&key.to_lowercase(), known);
    let best = known.iter().map(|known| (likeness(known), *known)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then_some(best.1)
}

/// What `value` is. Not what it holds: it may be a secret at the wrong place.
fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
