//! Any bytes as server-sent events.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (cuts, body) = weir_filter_fuzz::split(input);
    weir_filter_fuzz::scan_both_ways("text/event-stream", None, cuts, body);
});
