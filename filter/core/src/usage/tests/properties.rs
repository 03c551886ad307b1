//! Whatever splits, packs or breaks a body.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

fn packings(body: &[u8], level: u32) -> [(&'static str, Vec<u8>); 3] {
    let level = Compression::new(level);
    let mut gzip = GzEncoder::new(Vec::new(), level);
    let mut zlib = ZlibEncoder::new(Vec::new(), level);
    let mut raw = DeflateEncoder::new(Vec::new(), level);
    // Flushed now and then, as a server does that streams.
    for chunk in body.chunks(700) {
        for writer in [&mut gzip as &mut dyn Write, &mut zlib, &mut raw] {
            writer.write_all(chunk).unwrap();
            writer.flush().unwrap();
        }
    }
    [
        ("gzip", gzip.finish().unwrap()),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", raw.finish().unwrap()),
    ]
}

fn split<'a>(body: &'a [u8], at: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = at.iter().map(|at| at.index(body.len() + 1)).collect();
    ends.extend([0, body.len()]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| &body[pair[0]..pair[1]]).collect()
}

fn fixture() -> impl Strategy<Value = Fixture> {
    (0..fixtures::all().len()).prop_map(|at| fixtures::all().swap_remove(at))
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

proptest! {
    #[test]
    fn any_split_tells_the_same(fixture in fixture(), at in vec(any::<Index>(), 0..12)) {
        let scanner = scan(fixture.content_type, None, &split(&fixture.body, &at));
        prop_assert_eq!(found(&scanner), expected(&fixture));
    }

    #[test]
    fn packed_and_split_it_tells_the_same(fixture in fixture(), level in 0u32..10, at in vec(any::<Index>(), 0..12)) {
        for (encoding, packed) in packings(&fixture.body, level) {
            let scanner = scan(fixture.content_type, Some(encoding), &split(&packed, &at));
            prop_assert_eq!(found(&scanner), expected(&fixture), "{}", encoding);
        }
    }

    #[test]
    fn packed_and_cut_off_it_tells_nothing_else(fixture in fixture(), level in 0u32..10, end in any::<Index>()) {
        for (encoding, packed) in packings(&fixture.body, level) {
            let scanner = scan(fixture.content_type, Some(encoding), &[&packed[..end.index(packed.len())]]);
            let told = scanner.counts().usage(None);
            if let Some(told) = told.filter(|told| Some(*told) != fixture.usage) {
                prop_assert!(fixture.before.contains(&told), "{:?}", told);
                prop_assert!(!scanner.counts().is_final());
            }
        }
    }

    #[test]
    fn any_bytes_are_scanned_without_harm(bytes in vec(any::<u8>(), 0..300), at in vec(any::<Index>(), 0..8)) {
        for content_type in ["application/json", "text/event-stream", "application/vnd.amazon.eventstream"] {
            for encoding in [None, Some("gzip"), Some("deflate")] {
                let whole = scan(content_type, encoding, &[&bytes]);
                prop_assert_eq!(found(&scan(content_type, encoding, &split(&bytes, &at))), found(&whole));
            }
        }
    }

    #[test]
    fn json_like_bytes_mean_the_same_however_they_are_cut(
        pieces in vec(select(vec![
            "{", "}", "[", "]", ",", ":", "\"usage\"", "\"prompt_tokens\"", "\"choices\"", "12", "null", "true",
            "\"a\\\"b\"", " ", "\n", "data: ", "\r\n\r\n", "-1e3", "\"\\u12", "\"", "\"cost\"", "\"x\":",
            "{\"usage\":{\"prompt_tokens\":", "[DONE]", "\"delta\":", "event: x\n", ": x\n\n",
        ]), 0..60),
        at in vec(any::<Index>(), 0..8),
    ) {
        let bytes = pieces.concat().into_bytes();
        for content_type in ["application/json", "text/event-stream"] {
            let whole = scan(content_type, None, &[&bytes]);
            prop_assert_eq!(found(&scan(content_type, None, &split(&bytes, &at))), found(&whole));
        }
    }

    #[test]
    fn a_usage_told_in_the_users_text_is_none(text in "[\\PC\"{}:\\\\,0-9]{0,60}", number in 0u64..1000) {
        let decoy = format!("{text}\"usage\":{{\"prompt_tokens\":{number}}}}}]{text}");
        let text = serde_json::Value::String(decoy).to_string();
        let body = format!("{{\"id\":{text},\"choices\":[{{\"message\":{{\"content\":{text},\"tool_calls\":[{{\"function\":{{\"arguments\":{text}}}}}]}}}}],{text}:1,\
            \"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":2}}}}");
        prop_assert_eq!(json(&body).usage(None), Some(usage(1, 2)));
    }
}
