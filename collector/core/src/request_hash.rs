//! The 64-bit hash under which a request id is indexed.
//!
//! The hash is written to disk, so it is a published function (XXH3, seed 0) and not whatever the standard
//! library uses today. Two ids may share one: whoever looks a request up compares the ids themselves.

use twox_hash::XxHash3_64;
use weir_wire::RequestId;

/// The hash of `id`, or none where there is no id to look for.
///
/// A UUID is hashed as its 16 bytes, any other id as its text: [`RequestId::parse`] makes one of the two
/// from a text, always the same.
pub fn request_hash(id: RequestId<'_>) -> Option<u64> {
    match id {
        RequestId::Absent => None,
        RequestId::Uuid(bytes) => Some(XxHash3_64::oneshot(&bytes)),
        RequestId::Text(text) => Some(XxHash3_64::oneshot(text.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Databases hold these numbers: a change here needs a migration.
    #[test]
    fn the_hash_never_changes() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(request_hash(RequestId::parse(text)), expected, "{text:?}");
        };
        check("", None);
        check("7d444840-9dc0-41d1-b245-5ffdce74fad2", Some(6_776_067_626_475_512_637));
        check("order-4711", Some(16_960_172_012_904_434_784));
    }
}
