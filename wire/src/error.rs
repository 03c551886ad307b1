//! Why an input is not a batch. The messages reach people through problem documents.

use crate::{OLDEST_VERSION, VERSION};

/// Why a decoder refused its input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input does not begin like a batch at all.
    #[error("not a Weir batch: it does not begin with the bytes \"WEIR\"")]
    NotABatch,
    /// A version that this decoder does not speak.
    #[error("batch version {found} is not supported: this collector accepts {OLDEST_VERSION} and {VERSION}")]
    Version {
        /// The version that the input states.
        found: u64,
    },
    /// The input ends inside something.
    #[error("the batch ends early, inside {part}")]
    Truncated {
        /// What was being read.
        part: &'static str,
    },
    /// A field holds what it must not.
    #[error("{part}: {problem}")]
    Malformed {
        /// Which field or column.
        part: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The JSON form is not the JSON that was expected.
    #[error("not a batch in JSON: {0}")]
    Json(String),
}

impl DecodeError {
    pub(crate) fn malformed(part: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed { part: cut(part.into()), problem: cut(problem.into()) }
    }

    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self::Json(cut(error.to_string()))
    }
}

/// The longest part of a message, in bytes: what is refused may echo in it.
const MOST_BYTES: usize = 200;

fn cut(text: String) -> String {
    if text.len() <= MOST_BYTES {
        return text;
    }
    let mut short = String::new();
    for letter in text.chars() {
        if short.len().saturating_add(letter.len_utf8()) > MOST_BYTES {
            break;
        }
        short.push(letter);
    }
    short.push('…');
    short
}
