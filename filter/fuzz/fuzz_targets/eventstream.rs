//! Any bytes as Amazon's event stream, and any bytes as the headers and payloads of frames that are whole.
#![no_main]

const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (cuts, body) = weir_filter_fuzz::split(input);
    weir_filter_fuzz::scan_both_ways(CONTENT_TYPE, None, cuts, body);
    // With the checksums that belong to them, or no input would get past those.
    let frames: Vec<u8> = body.split(|byte| *byte == 0).flat_map(frame).collect();
    weir_filter_fuzz::scan_both_ways(CONTENT_TYPE, None, cuts, &frames);
});

fn frame(content: &[u8]) -> Vec<u8> {
    let headers = content.first().map_or(0, |length| usize::from(*length).min(content.len()));
    let mut frame = Vec::new();
    frame.extend(u32::try_from(16 + content.len()).unwrap_or(0).to_be_bytes());
    frame.extend(u32::try_from(headers).unwrap_or(0).to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(content);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}
