//! What is left of an input, read piece by piece; every piece may be the last.

use crate::DecodeError;
use crate::message::message;

/// What is left to read.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    pub(super) fn take(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self, part: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(part).map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self, part: &'static str) -> Result<bool, DecodeError> {
        match self.byte(part)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::malformed(part, message!("{other} is neither 0 nor 1"))),
        }
    }

    pub(super) fn number(&mut self, part: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(part)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::malformed(part, "a number exceeds 64 bits"))
    }

    pub(super) fn count(&mut self, part: &'static str) -> Result<usize, DecodeError> {
        let count = self.number(part)?;
        usize::try_from(count).map_err(|_| DecodeError::malformed(part, message!("{count} are too many")))
    }

    pub(super) fn text(&mut self, part: &'static str) -> Result<&'a str, DecodeError> {
        let length = self.count(part)?;
        self.text_of(length, part)
    }

    pub(super) fn text_of(&mut self, length: usize, part: &'static str) -> Result<&'a str, DecodeError> {
        let bytes = self.take(length, part)?;
        std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed(part, "a string is not UTF-8"))
    }
}
