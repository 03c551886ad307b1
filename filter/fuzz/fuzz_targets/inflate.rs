//! Any bytes as packed ones, against the library that the rest of the world uses; and any bytes packed by it.
#![no_main]

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::{DeflateEncoder, GzEncoder};
use weir_filter_core::usage::inflate::{Inflate, Packing};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (cuts, body) = weir_filter_fuzz::split(input);
    weir_filter_fuzz::scan_both_ways("application/json", Some("gzip"), cuts, body);
    weir_filter_fuzz::scan_both_ways("text/event-stream", Some("deflate"), cuts, body);

    // Where both can read it, both read the same. What looks like zlib is not taken for bare deflate.
    let (ours, complete) = unpack(Packing::Deflate, cuts, body);
    let mut theirs = Vec::new();
    let read = DeflateDecoder::new(body).take(1 << 20).read_to_end(&mut theirs);
    if read.is_ok() && complete && body.first().is_some_and(|byte| byte & 15 != 8) && theirs.len() < 1 << 20 {
        assert!(ours == theirs);
    }

    let level = Compression::new(u32::from(cuts.first().copied().unwrap_or(0) % 10));
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(body).expect("a vector takes all");
    let packed = encoder.finish().expect("a vector takes all");
    assert!(unpack(Packing::Gzip, cuts, &packed) == (body.to_vec(), true));
    let mut encoder = DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(body).expect("a vector takes all");
    let packed = encoder.finish().expect("a vector takes all");
    assert!(unpack(Packing::Deflate, cuts, &packed) == (body.to_vec(), true));
});

fn unpack(packing: Packing, cuts: &[u8], packed: &[u8]) -> (Vec<u8>, bool) {
    let mut inflate = Inflate::new(packing).expect("there is memory");
    let mut bytes = Vec::new();
    let mut rest = packed;
    for length in cuts.iter().cycle().take(packed.len()) {
        let (chunk, after) = rest.split_at(usize::from(*length).min(rest.len()));
        inflate.feed(chunk, |piece| bytes.extend_from_slice(piece));
        rest = after;
    }
    inflate.feed(rest, |piece| bytes.extend_from_slice(piece));
    (bytes, inflate.is_complete())
}
