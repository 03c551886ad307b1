//! What is wrong with a configuration.

use std::fmt;

/// One thing that is wrong, with the path of the key at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Such as `auth.tokens[0].role`; empty for the whole.
    pub path: String,
    /// What is wrong and what would be right. Never holds a secret's value.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the configuration" } else { &self.path };
        write!(out, "{path}: {}", self.problem)
    }
}

/// All that is wrong with a configuration; at least one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(
    /// In the order of the sections.
    pub Vec<Problem>,
);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(out, "{separator}{problem}")?;
        }
        Ok(())
    }
}
