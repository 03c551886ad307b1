use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn unpack(packing: Packing, chunks: &[&[u8]]) -> (Vec<u8>, bool) {
    let mut inflate = Inflate::new(packing).unwrap();
    let mut bytes = Vec::new();
    for chunk in chunks {
        inflate.feed(chunk, |piece| bytes.extend_from_slice(piece));
    }
    (bytes, inflate.is_complete())
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes of every kind: noise, repetition near and far, long runs.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..400),
        (any::<u8>(), 0usize..70_000).prop_map(|(byte, length)| vec![byte; length]),
        (vec(any::<u8>(), 1..2000), 1usize..40).prop_map(|(bytes, times)| bytes.repeat(times)),
        "[a-z {}\":,0-9]{0,2000}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn split<'a>(body: &'a [u8], at: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = at.iter().map(|at| at.index(body.len() + 1)).collect();
    ends.extend([0, body.len()]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn what_was_packed_comes_out(data in data(), level in 0u32..10, at in vec(any::<Index>(), 0..20)) {
        prop_assert!(unpack(Packing::Gzip, &split(&gzip(&data, level), &at)) == (data.clone(), true));
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&data).unwrap();
        prop_assert!(unpack(Packing::Deflate, &split(&encoder.finish().unwrap(), &at)) == (data.clone(), true));
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&data).unwrap();
        prop_assert!(unpack(Packing::Deflate, &split(&encoder.finish().unwrap(), &at)) == (data.clone(), true));
    }

    #[test]
    fn what_is_cut_off_gives_a_beginning(data in data(), level in 0u32..10, end in any::<Index>()) {
        let packed = gzip(&data, level);
        let (bytes, complete) = unpack(Packing::Gzip, &[&packed[..end.index(packed.len())]]);
        prop_assert!(!complete && data.starts_with(&bytes));
    }

    #[test]
    fn one_wrong_bit_is_noticed(data in data(), level in 0u32..10, at in any::<Index>()) {
        let mut packed = gzip(&data, level);
        let at = at.index(packed.len() * 8);
        packed[at / 8] ^= 1 << (at % 8);
        let (bytes, complete) = unpack(Packing::Gzip, &[&packed]);
        // Flags and times in the header are not checked by anything.
        prop_assert!(!complete || bytes == data);
    }

    #[test]
    fn noise_does_no_harm(noise in vec(any::<u8>(), 0..2000), at in vec(any::<Index>(), 0..8)) {
        for packing in [Packing::Gzip, Packing::Deflate] {
            prop_assert_eq!(unpack(packing, &split(&noise, &at)), unpack(packing, &[&noise]));
        }
        let behind_a_header = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &noise].concat();
        unpack(Packing::Gzip, &[&behind_a_header]);
    }
}

#[test]
fn every_part_of_a_gzip_header_is_passed_over_at_every_cut() {
    let mut encoder = GzBuilder::new()
        .filename("name")
        .comment("comment")
        .extra(vec![7; 300])
        .write(Vec::new(), Compression::best());
    encoder.write_all(b"hello hello hello").unwrap();
    let packed = encoder.finish().unwrap();
    for at in 0..packed.len() {
        let (first, second) = packed.split_at(at);
        assert_eq!(unpack(Packing::Gzip, &[first, second]), (b"hello hello hello".to_vec(), true));
    }
    let with_checksum = [&packed[..3], &[packed[3] | 2], &packed[4..10], &[]].concat();
    let header_end = 10 + 2 + 300 + 5 + 8;
    let with_checksum = [&with_checksum, &packed[10..header_end], &[1, 2], &packed[header_end..]].concat();
    assert_eq!(unpack(Packing::Gzip, &[&with_checksum]), (b"hello hello hello".to_vec(), true));
}

#[test]
fn members_follow_one_another_and_zeros_may_pad_the_end() {
    let two = [gzip(b"one ", 6), gzip(b"two", 0), vec![0; 9]].concat();
    for cut in 1..two.len() {
        let chunks: Vec<&[u8]> = two.chunks(cut).collect();
        assert_eq!(unpack(Packing::Gzip, &chunks), (b"one two".to_vec(), true));
    }
    assert!(!unpack(Packing::Gzip, &[&[gzip(b"one", 6), b"rest".to_vec()].concat()]).1);
}

#[test]
fn a_bomb_is_unpacked_in_slices() {
    let bomb = gzip(&vec![0; 64 << 20], 9);
    let mut inflate = Inflate::new(Packing::Gzip).unwrap();
    let (mut total, mut longest) = (0, 0);
    inflate.feed(&bomb, |piece| {
        total += piece.len();
        longest = longest.max(piece.len());
    });
    assert_eq!((total, inflate.is_complete()), (64 << 20, true));
    assert!(longest <= WINDOW);
}
