//! Any bytes as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (cuts, body) = weir_filter_fuzz::split(input);
    weir_filter_fuzz::scan_both_ways("application/json", None, cuts, body);
    weir_filter_fuzz::scan_both_ways("application/x-ndjson", None, cuts, body);
});
