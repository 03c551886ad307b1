//! Who made an event, and which request it speaks of.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One producer's random identity: for the filter, one VM's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub [u8; 16]);

/// An instance and its epoch; sequence numbers count up under the pair.
///
/// The event key is (instance, epoch, sequence): a collector accepts each once. The epoch is a number that
/// grows whenever a producer's sequence starts anew; the filter uses its start in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Producer {
    /// The random identity.
    pub instance: InstanceId,
    /// Which of the instance's sequences.
    pub epoch: u64,
}

/// The proxy's `x-request-id`: 16 bytes where it is a UUID in canonical form, else its sanitised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RequestId<'a> {
    /// The request carried none.
    #[default]
    Absent,
    /// A lower-case hyphenated UUID, as Envoy makes them.
    Uuid([u8; 16]),
    /// Anything else that a client sent.
    Text(&'a str),
}

/// The parts of a W3C `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace's id; never all zeros in a valid header.
    pub trace_id: [u8; 16],
    /// The parent span's id.
    pub span_id: [u8; 8],
    /// The trace flags; bit 0 is "sampled".
    pub flags: u8,
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl<'a> RequestId<'a> {
    /// Takes `text` as 16 bytes if [`fmt::Display`] would give the very same text back.
    pub fn parse(text: &'a str) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        match parse_uuid(text.as_bytes()) {
            Some(bytes) => Self::Uuid(bytes),
            None => Self::Text(text),
        }
    }
}

fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 || HYPHENS.iter().any(|at| text.get(*at) != Some(&b'-')) {
        return None;
    }
    let mut digits = text.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at)).map(|(_, byte)| *byte);
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = (hex_digit(digits.next()?)? << 4) | hex_digit(digits.next()?)?;
    }
    Some(bytes)
}

impl fmt::Display for RequestId<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => out.write_str(text),
            Self::Uuid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        out.write_str("-")?;
                    }
                    write!(out, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl TraceContext {
    /// Parses a `traceparent` of version 00; anything else is `None`.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let (start, rest) = header.split_first_chunk::<3>()?;
        let (trace_id, rest) = rest.split_first_chunk::<32>()?;
        let (first_hyphen, rest) = rest.split_first_chunk::<1>()?;
        let (span_id, rest) = rest.split_first_chunk::<16>()?;
        let (second_hyphen, rest) = rest.split_first_chunk::<1>()?;
        let formed = start == b"00-" && [first_hyphen, second_hyphen] == [b"-", b"-"];
        let (trace_id, span_id) = (parse_hex::<16>(trace_id)?, parse_hex::<8>(span_id)?);
        let [flags] = parse_hex::<1>(rest)?;
        let whole = formed && trace_id != [0; 16] && span_id != [0; 8];
        whole.then_some(Self { trace_id, span_id, flags })
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("00-")?;
        write_hex(out, &self.trace_id)?;
        out.write_str("-")?;
        write_hex(out, &self.span_id)?;
        write!(out, "-{:02x}", self.flags)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(out, &self.0)
    }
}

impl std::str::FromStr for InstanceId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text.as_bytes()).map(Self).ok_or("an instance is 32 lower-case hexadecimal digits")
    }
}

impl Serialize for InstanceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InstanceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn write_hex(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

fn parse_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    let (pairs, _) = text.as_chunks::<2>();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (hex_digit(*high)? << 4) | hex_digit(*low)?;
    }
    Some(bytes)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn only_the_canonical_form_of_a_uuid_becomes_bytes() {
        let canonical = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
        assert!(matches!(RequestId::parse(canonical), RequestId::Uuid(_)));
        for text in
            [canonical, "7D444840-9DC0-11D1-B245-5FFDCE74FAD2", "7d4448409dc011d1b2455ffdce74fad2", "a", ""]
        {
            assert_eq!(RequestId::parse(text).to_string(), text);
        }
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn a_traceparent_is_taken_whole_or_not_at_all() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(
            TraceContext::parse(good.as_bytes()).map(|trace| trace.to_string()).as_deref(),
            Some(good)
        );
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
            "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-101",
        ] {
            assert_eq!(TraceContext::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
