//! Base64 that comes in pieces. What is no digit of it, padding above all, is passed over.

/// Bytes given at a time.
const SLICE: usize = 96;

/// Where between two digits the last piece left us.
#[derive(Debug, Default)]
pub struct Decoder {
    bits: u32,
    digits: u8,
}

impl Decoder {
    /// Takes the next digits and gives the bytes that they make.
    pub fn feed(&mut self, input: &[u8], mut give: impl FnMut(&[u8])) {
        // Three bytes of room and less than a slice's worth of digits: none can be lost.
        for digits in input.chunks(SLICE) {
            let mut bytes = [0u8; SLICE];
            let mut length = 0usize;
            for digit in digits {
                let Some(value) = value(*digit) else { continue };
                self.bits = self.bits << 6 | u32::from(value);
                self.digits = self.digits.saturating_add(1);
                if self.digits == 4 {
                    let [_, a, b, c] = self.bits.to_be_bytes();
                    for (place, byte) in bytes.iter_mut().skip(length).zip([a, b, c]) {
                        *place = byte;
                    }
                    length = length.saturating_add(3);
                    self.bits = 0;
                    self.digits = 0;
                }
            }
            give(bytes.get(..length).unwrap_or_default());
        }
    }

    /// Gives what the last digits make, and begins anew.
    pub fn end(&mut self, mut give: impl FnMut(&[u8])) {
        match self.digits {
            2 => {
                let [_, _, _, a] = (self.bits >> 4).to_be_bytes();
                give(&[a]);
            }
            3 => {
                let [_, _, a, b] = (self.bits >> 2).to_be_bytes();
                give(&[a, b]);
            }
            _ => {}
        }
        *self = Self::default();
    }
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(digit.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0').wrapping_add(52)),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn decode(text: &str, cut: usize) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut bytes = Vec::new();
        for piece in text.as_bytes().chunks(cut) {
            decoder.feed(piece, |piece| bytes.extend_from_slice(piece));
        }
        decoder.end(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    test! {
        fn pieces_make_the_same_bytes_as_the_whole() {
            let long = "QUJD".repeat(100);
            for (text, expected) in [
                ("", b"".as_slice()),
                ("QQ==", b"A"),
                ("QUI=", b"AB"),
                ("QUI", b"AB"),
                ("QUJD", b"ABC"),
                ("-_+/", &[0xfb, 0xff, 0xbf]),
                (&long, "ABC".repeat(100).as_bytes()),
            ] {
                for cut in 1..=text.len().max(1) {
                    assert_eq!(decode(text, cut), expected, "{text} cut every {cut}");
                }
            }
        }
    }
}
