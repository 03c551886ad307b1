//! A small input must not become a large batch: what a decoder holds at once is bounded by the input's length.
//!
//! Alone in its binary, since it counts every allocation.
#![cfg(not(target_arch = "wasm32"))]
#![expect(unsafe_code, reason = "an allocator that counts can only be declared so")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use weir_wire::{MAX_EVENTS, binary, json};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), SeqCst) + layout.size();
        MOST.fetch_max(now, SeqCst);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), SeqCst);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes held at once for each byte of input, and what any input may take.
const A_BYTE: usize = 96;
const ANY: usize = 256 * 1024;

fn check(what: &str, input: &[u8], decode: impl Fn(&[u8]) -> bool, expected: bool) {
    let before = NOW.load(SeqCst);
    MOST.store(before, SeqCst);
    assert_eq!(decode(input), expected, "{what}");
    let held = MOST.load(SeqCst) - before;
    assert!(held <= ANY + A_BYTE * input.len(), "{what}: {held} bytes for {}", input.len());
}

fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.extend(u8::try_from(value & 0x7f).map(|low| low | 0x80));
        value >>= 7;
    }
    out.extend(u8::try_from(value));
}

fn head(first_sequence: usize, strings: usize) -> Vec<u8> {
    let mut out = b"WEIR\x03".to_vec();
    out.extend([7; 16]);
    out.push(1);
    number(&mut out, first_sequence);
    out.extend([1, 1, b'g']);
    number(&mut out, strings);
    out
}

fn sealed(mut out: Vec<u8>) -> Vec<u8> {
    out.extend(crc32fast::hash(&out).to_le_bytes());
    out
}

/// The most rows for the fewest bytes: ids that are absent, and columns that all share one presence and one
/// value, a bit a row for all of them together.
fn shared_presence(events: usize) -> Vec<u8> {
    let bits: Vec<u8> = (0..events / 8).map(|byte| if byte == 0 { 0xfe } else { 0xff }).collect();
    let mut out = head(1, 1);
    out.extend([2, b'x']);
    number(&mut out, events);
    out.push(2);
    out.extend(std::iter::repeat_n(0, events));
    out.push(0);
    number(&mut out, events);
    out.push(9);
    out.extend([0, 5]);
    out.extend(&bits);
    out.push(0);
    (1..9).for_each(|id| out.extend([id, 6, 0, 0]));
    number(&mut out, events);
    out.push(5);
    out.extend([0, 4, 1, 1, 5]);
    out.extend(&bits);
    out.push(0);
    out.extend([2, 6, 1, 0, 3, 6, 1, 1, 5, 6, 1, 1]);
    out.push(4 + 25);
    out.extend([0, 4, 0, 1, 4, 0, 2, 5]);
    out.extend(&bits);
    out.push(0);
    out.extend([3, 6, 2, 0]);
    (0..26).filter(|id| *id != 17).for_each(|id| match id {
        0 => out.extend([32, 4, 1]),
        _ => out.extend([32 + id, 6, 2, 5]),
    });
    out.extend([0, 0]);
    sealed(out)
}

/// A summary of which the columns of cells, and those of one timing's buckets, are given.
fn summary(cells: usize, columns: &[&[u8]], buckets: &[u8]) -> Vec<u8> {
    let mut out = head(cells, 1);
    // One string, no events, no ids of the kind that has tags, no traces, tables, columns or health.
    out.extend([2, b'x', 0, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
    out.extend([1, 0]);
    number(&mut out, cells);
    number(&mut out, cells);
    number(&mut out, columns.len());
    out.extend(columns.concat());
    out.extend(buckets);
    out.extend([0, 0, 0]);
    sealed(out)
}

/// A summary's columns with one value for all of its cells.
const ONE_FOR_ALL: [&[u8]; 4] = [&[6, 4, 1], &[8, 4, 0], &[9, 4, 60], &[10, 4, 1]];

#[test]
fn no_input_takes_more_memory_than_its_length_allows() {
    let binary = |input: &[u8]| binary::decode(input).is_ok();
    let json = |input: &[u8]| json::decode(input).is_ok();
    for events in [8, 40_000, MAX_EVENTS] {
        check("shared presence", &shared_presence(events), binary, true);
    }
    for byte in [0, 31] {
        let mut strings = head(1, 1 << 22);
        strings.extend(std::iter::repeat_n(byte, 1 << 22));
        check("strings", &sealed(strings), binary, false);
    }
    let mut claims = head(1, 0);
    number(&mut claims, MAX_EVENTS);
    claims.extend([1, 1, 1]);
    check("a claim", &sealed(claims), binary, false);
    for cells in [2, 40_000, MAX_EVENTS] {
        check("cells", &summary(cells, &ONE_FOR_ALL, &[0]), binary, true);
        let with_bucket = [&ONE_FOR_ALL[..], &[&[32, 4, 1]]].concat();
        check("cells with a bucket", &summary(cells, &with_bucket, &[2, 0, 4, 7, 1, 4, 1]), binary, true);
        let with_buckets = [&ONE_FOR_ALL[..], &[&[32, 4, 0xe0, 3]]].concat();
        check(
            "cells with equal buckets",
            &summary(cells, &with_buckets, &[2, 0, 4, 7, 1, 4, 1]),
            binary,
            false,
        );
        check(
            "cells that claim buckets",
            &summary(cells, &with_buckets, &[2, 0, 8, 0, 1, 4, 1]),
            binary,
            false,
        );
    }

    let begin = r#"{"version":3,"instance":"07070707070707070707070707070707","epoch":1,"first_sequence":1,"sent_us":1,"#;
    let rows = |name: &str, item: &str| {
        format!("{begin}\"{name}\":[{}{item}]}}", format!("{item},").repeat((1 << 21) / item.len()))
    };
    for (name, item) in [
        ("targets", "{}"),
        ("results", r#"{"outcome":"error"}"#),
        ("strings", "\"\""),
        ("request_ids", "\"\""),
        ("request_ids", "null"),
        ("traces", "null"),
    ] {
        check(name, rows(name, item).as_bytes(), json, false);
    }
    let cell = r#"{"window":{"start_s":1,"width_s":1},"outcome":"error","requests":1}"#;
    let cells = format!("{cell},").repeat((1 << 21) / cell.len());
    let whole = |ranges: usize, cells: &str| {
        let ranges = r#"{"first":1,"count":1},"#.repeat(ranges);
        format!(
            r#"{begin}"request_ids":[],"summary":{{"ranges":[{ranges}{{"first":0,"count":1}}],"cells":[{cells}{cell}]}}}}"#
        )
    };
    check("cells in JSON", whole(0, &cells).as_bytes(), json, false);
    check("ranges in JSON", whole(1 << 16, "").as_bytes(), json, false);
    check("one cell", whole(0, "").as_bytes(), json, true);
    let column =
        format!("{begin}\"request_ids\":[],\"measures\":{{\"ended_us\":[{}0]}}}}", "0,".repeat(1 << 20));
    check("a column", column.as_bytes(), json, false);
    let deep = format!("{begin}\"x\":{}", "[".repeat(1 << 20));
    check("depth", deep.as_bytes(), json, false);
}
