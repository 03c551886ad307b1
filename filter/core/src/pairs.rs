//! The encoding in which a proxy hands over maps and lists of texts, and takes them.
//!
//! A count, then the lengths of every name and value, then their bytes, each behind it a zero byte; numbers
//! are 32 bits, little-endian. What does not fit its own lengths ends the reading: nothing is believed.

/// Names and values, read in place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pairs<'a> {
    lengths: &'a [u8],
    data: &'a [u8],
}

/// Bytes that the lengths of one pair take.
const ENTRY: usize = 8;

impl<'a> Pairs<'a> {
    /// Reads what a proxy has written; what is not that encoding is empty.
    pub fn new(encoded: &'a [u8]) -> Self {
        let Some((count, rest)) = number(encoded) else { return Self::default() };
        let table = usize::try_from(count).ok().and_then(|count| count.checked_mul(ENTRY));
        match table.and_then(|table| rest.split_at_checked(table)) {
            Some((lengths, data)) => Self { lengths, data },
            None => Self::default(),
        }
    }

    /// How many pairs there should be.
    pub fn len(&self) -> usize {
        self.lengths.len() / ENTRY
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The value of the first pair of that name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let mut pairs = *self;
        pairs.find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = number(self.lengths)?;
        let (value, rest) = number(rest)?;
        self.lengths = rest;
        Some((self.take(name)?, self.take(value)?))
    }
}

impl<'a> Pairs<'a> {
    #[inline]
    fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let taken = self.data.split_at_checked(usize::try_from(length).ok()?);
        let Some((text, rest)) = taken else {
            self.lengths = &[];
            return None;
        };
        self.data = rest.get(1..).unwrap_or_default();
        Some(text)
    }
}

#[inline]
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk::<4>().map(|(number, rest)| (u32::from_le_bytes(*number), rest))
}

/// Writes names and values as a proxy reads them.
pub fn encode(pairs: &[(&str, &str)]) -> Vec<u8> {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = Vec::new();
    out.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
    for (name, value) in pairs {
        out.extend_from_slice(&length(name));
        out.extend_from_slice(&length(value));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn read(encoded: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        Pairs::new(encoded).map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    }

    test! {
        fn what_is_written_is_read() {
            let pairs = [(":status", "200"), ("a", ""), ("", "b"), ("x-team", "search")];
            let encoded = encode(&pairs);
            let expected: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
            assert_eq!(read(&encoded), expected);
            assert_eq!(Pairs::new(&encoded).get("x-team"), Some(b"search".as_slice()));
            assert_eq!(Pairs::new(&encoded).get("x-tea"), None);
            assert_eq!((Pairs::new(&encoded).len(), Pairs::new(&encode(&[])).is_empty()), (4, true));
        }

        fn what_does_not_fit_its_lengths_is_not_believed() {
            let encoded = encode(&[("ab", "cd"), ("ef", "gh")]);
            for end in 0..encoded.len() - 1 {
                assert!(read(&encoded[..end]).len() < 2, "{end}");
            }
            assert_eq!(read(&[255; 64]), []);
            assert_eq!(read(&[1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 65]), []);
        }
    }
}
