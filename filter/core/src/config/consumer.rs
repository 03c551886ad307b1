//! `consumer`: who asks, and whether the name itself leaves the gateway.

use std::fmt;

use super::section::Section;
use super::value::Value;
use super::{ConfigError, headers};
use crate::keyed_hash::KeyedHash;

/// The shortest key that a hash is worth anything with, bytes.
const LEAST_KEY_BYTES: usize = 16;

/// How the consumer of a request is told.
#[derive(Clone, Default)]
pub struct Consumer {
    /// The request header that names who asks, in lower case.
    pub header: Option<String>,
    /// Puts a keyed hash in the name's place.
    pub hash: Option<KeyedHash>,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Consumer")
            .field("header", &self.header)
            .field("hash", &self.hash.as_ref().map(|_| "(set)"))
            .finish()
    }
}

impl Consumer {
    pub(super) fn read(value: &Value) -> Result<Self, ConfigError> {
        let section = Section::new("consumer", value, &["header", "hash"])?;
        let key = section.text("hash")?;
        let name = if key.is_some() { headers::name } else { headers::shown_name };
        let header = section.text("header")?.map(|text| name("consumer.header", text)).transpose()?;
        if key.is_some_and(|key| key.len() < LEAST_KEY_BYTES) {
            let problem = "is the hash's secret key: at least 16 characters";
            return Err(ConfigError::new("consumer.hash", problem));
        }
        Ok(Self { header, hash: key.map(|key| KeyedHash::new(key.as_bytes())) })
    }
}
