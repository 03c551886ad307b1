//! Numbers and encodings of the proxy-wasm ABI 0.2.1.

/// What a host call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// It went well.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// An argument makes no sense.
    BadArgument = 2,
    /// An address outside the module's memory.
    InvalidMemoryAccess = 6,
    /// Somebody else has changed it.
    CasMismatch = 8,
    /// The host could not do it.
    InternalFailure = 10,
    /// The host has no such call.
    Unimplemented = 12,
}

/// Header maps, by their numbers.
pub mod map {
    /// Headers of the request.
    pub const REQUEST_HEADERS: u32 = 0;
    /// Headers of the response.
    pub const RESPONSE_HEADERS: u32 = 2;
    /// Headers of the answer to a callout.
    pub const CALLOUT_HEADERS: u32 = 6;
}

/// Buffers, by their numbers.
pub mod buffer {
    /// A chunk of the response's body.
    pub const RESPONSE_BODY: u32 = 1;
    /// The body of the answer to a callout.
    pub const CALLOUT_BODY: u32 = 4;
    /// The VM's configuration.
    pub const VM_CONFIGURATION: u32 = 6;
    /// The plugin's configuration.
    pub const PLUGIN_CONFIGURATION: u32 = 7;
}

/// Names and values of a header map.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A map as a module reads it: the number of pairs, the two lengths of each, then each name and value with a
/// zero byte behind.
pub fn encode_pairs(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for (name, value) in pairs {
        for text in [name, value] {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
    }
    bytes
}

/// A map as a module writes it; `None` if it is not one.
pub fn decode_pairs(bytes: &[u8]) -> Option<Pairs> {
    let number = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
    };
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let count = number(0)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    let mut text = |length: usize| {
        let end = at.checked_add(length)?;
        let text = bytes.get(at..end)?.to_vec();
        (bytes.get(end) == Some(&0)).then_some(())?;
        at = end.checked_add(1)?;
        Some(text)
    };
    (0..count)
        .map(|index| {
            let name = text(number(4 + index * 8)?)?;
            Some((name, text(number(8 + index * 8)?)?))
        })
        .collect()
}
