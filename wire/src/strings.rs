//! The dictionary of a batch: every name once.

/// The longest string that a batch may carry, in bytes.
pub const MAX_STRING_BYTES: usize = 256;

/// Why a string may not stand in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than [`MAX_STRING_BYTES`].
    TooLong,
    /// Holds a control character: it could forge a log line or a CSV row.
    ControlCharacter,
}

impl Refusal {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::TooLong => "longer than 256 bytes",
            Self::ControlCharacter => "holds a control character",
        }
    }
}

/// Whether a string may stand in a batch.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_string(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_STRING_BYTES {
        Err(Refusal::TooLong)
    } else if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) || text.chars().any(char::is_control) {
        Err(Refusal::ControlCharacter)
    } else {
        Ok(())
    }
}
