//! `headers`: which headers carry what.

use super::ConfigError;
use super::section::Section;
use super::value::Value;
use crate::words;

/// Declares the lists with their default names.
macro_rules! header_lists {
    ($($(#[doc = $doc:literal])+ $field:ident = [$($default:literal),*],)+) => {
        /// Names of headers in lower case; of several, the first that is present counts.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Headers {
            $($(#[doc = $doc])+ pub $field: Vec<String>,)+
        }

        impl Headers {
            pub(super) fn read(value: &Value) -> Result<Self, ConfigError> {
                const KEYS: &[&str] = &[$(stringify!($field)),+];
                let section = Section::new("headers", value, KEYS)?;
                Ok(Self {
                    $($field: match section.texts(stringify!($field))? {
                        Some(names) => self::names(concat!("headers.", stringify!($field)), &names)?,
                        None => vec![$($default.to_owned()),*],
                    },)+
                })
            }
        }
    };
}

header_lists! {
    /// The request's cost in US dollars, a decimal number.
    cost_usd = ["x-cost-usd", "x-litellm-response-cost"],
    /// The load-balancing algorithm that chose the backend.
    algorithm = ["x-lb-algorithm"],
    /// Overall quality, usually 0 to 1, at most 1000.
    quality_score = ["x-quality-score"],
    /// Accuracy, usually 0 to 1, at most 1000.
    quality_accuracy = ["x-quality-accuracy"],
    /// Relevance, usually 0 to 1, at most 1000.
    quality_relevance = ["x-quality-relevance"],
    /// Completeness, usually 0 to 1, at most 1000.
    quality_completeness = ["x-quality-completeness"],
    /// The user's satisfaction, usually 0 to 1, at most 1000.
    satisfaction = ["x-user-satisfaction"],
    /// `hit` or `miss`.
    cache_status = ["x-cache"],
    /// `open`, `half_open` or `closed`.
    breaker_state = ["x-circuit-breaker"],
    /// The model that answered, where the body does not say.
    model = [],
}

fn names(key: &str, names: &[&str]) -> Result<Vec<String>, ConfigError> {
    names.iter().map(|name| self::name(key, name)).collect()
}

/// `text` as a header's name in lower case.
pub(super) fn name(key: &str, text: &str) -> Result<String, ConfigError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || text.len() > 128 || !text.bytes().all(allowed) {
        return Err(ConfigError::new(key, words::concat([text, " is not the name of a header"])));
    }
    Ok(text.to_ascii_lowercase())
}

/// Headers that hold credentials, which must not become names of anybody.
const CREDENTIALS: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-amz-security-token",
];

/// The same for a header whose value leaves the gateway as it is.
pub(super) fn shown_name(key: &str, text: &str) -> Result<String, ConfigError> {
    let name = name(key, text)?;
    if CREDENTIALS.contains(&name.as_str()) {
        return Err(ConfigError::new(
            key,
            words::concat([&name, " holds credentials, which must not leave the gateway"]),
        ));
    }
    Ok(name)
}
