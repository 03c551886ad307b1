//! The checksum of gzip and of Amazon's frames (CRC-32, polynomial 0xEDB88320), eight bytes at a time.
//!
//! Ours, since a library's may check its bounds while it runs, and a check is a path to a panic.

/// `TABLES[n][byte]`: what `byte` does to the sum if `n` more bytes follow it.
static TABLES: [[u32; 256]; 8] = tables();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "runs in the compiler only")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut follow = 0;
        while follow < 8 {
            let mut bit = 0;
            while bit < 8 {
                sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
                bit += 1;
            }
            tables[follow][byte] = sum;
            follow += 1;
        }
        byte += 1;
    }
    tables
}

/// A checksum of what has come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crc32(u32);

impl Crc32 {
    /// Of nothing.
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Of `bytes`.
    pub fn of(bytes: &[u8]) -> u32 {
        let mut sum = Self::new();
        sum.update(bytes);
        sum.value()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let [one, two, three, four, five, six, seven, eight] = &TABLES;
        let mut sum = self.0;
        for word in words {
            let [a, b, c, d, e, f, g, h] = *word;
            let [i, j, k, l] = sum.to_le_bytes();
            sum = at(eight, a ^ i)
                ^ at(seven, b ^ j)
                ^ at(six, c ^ k)
                ^ at(five, d ^ l)
                ^ at(four, e)
                ^ at(three, f)
                ^ at(two, g)
                ^ at(one, h);
        }
        for byte in rest {
            let [low, ..] = sum.to_le_bytes();
            sum = sum >> 8 ^ at(one, low ^ byte);
        }
        self.0 = sum;
    }

    /// The checksum.
    pub const fn value(self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

fn at(table: &[u32; 256], byte: u8) -> u32 {
    table.get(usize::from(byte)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        fn known_sums_come_out_at_every_cut() {
            for (bytes, expected) in [(b"".as_slice(), 0), (b"123456789", 0xcbf4_3926), (&[0; 64], 0x758d_6336)] {
                for cut in 0..=bytes.len() {
                    let mut sum = Crc32::new();
                    sum.update(&bytes[..cut]);
                    sum.update(&bytes[cut..]);
                    assert_eq!(sum.value(), expected, "{bytes:?} cut at {cut}");
                }
            }
        }
    }
}
