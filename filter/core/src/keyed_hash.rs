//! A consumer's name as something that cannot be read back: HMAC-SHA-256 (RFC 2104) under the operator's key,
//! the first 128 bits in hexadecimal.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key, ready for use.
#[derive(Clone)]
pub struct KeyedHash(Hmac<Sha256>);

impl KeyedHash {
    /// For that key, of any length.
    pub fn new(key: &[u8]) -> Self {
        // An HMAC takes keys of any length; the error is the interface's, not the algorithm's.
        Self(
            Hmac::new_from_slice(key)
                .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default())),
        )
    }

    /// The hash of `name`: 32 hexadecimal digits.
    pub fn of(&self, name: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(name);
        let code = mac.finalize().into_bytes();
        let mut text = String::with_capacity(32);
        for byte in code.iter().take(16) {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        // RFC 4231, test cases 1, 2 and 6.
        fn the_published_vectors_hold() {
            for (key, name, expected) in [
                (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b"),
                (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
                (&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f"),
            ] {
                assert_eq!(KeyedHash::new(key).of(name), expected);
            }
        }
    }
}
