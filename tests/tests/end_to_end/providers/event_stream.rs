//! Frames of `application/vnd.amazon.eventstream`: a prelude with its checksum, headers, payload, checksum.

/// One frame of an event of that type with that payload.
pub(super) fn event(kind: &str, payload: &[u8]) -> Vec<u8> {
    frame(
        &[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    )
}

/// One frame of an exception, as it comes in the middle of a stream.
pub(super) fn exception(kind: &str, payload: &[u8]) -> Vec<u8> {
    let headers =
        [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    frame(&headers, payload)
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    /// A header's value is a string: type 7.
    const STRING: u8 = 7;
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        block.extend_from_slice(name.as_bytes());
        block.push(STRING);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = Vec::new();
    frame.extend_from_slice(&length(block.len() + payload.len() + 16));
    frame.extend_from_slice(&length(block.len()));
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&block);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// The empty frame as the format's description has it.
#[test]
fn the_frames_checksums_are_those_of_the_format() {
    assert_eq!(frame(&[], b""), [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff]);
}
