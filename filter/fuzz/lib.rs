//! What every target checks: a body means the same whole and cut up, and its counts stay within their limits.

use weir_filter_core::usage::{BodyScanner, Counts};

/// Scans `body` whole and cut up as its own first bytes say, and compares.
pub fn scan_both_ways(content_type: &str, encoding: Option<&str>, cuts: &[u8], body: &[u8]) {
    let whole = scan(content_type, encoding, &[body]);
    let mut rest = body;
    let mut chunks = Vec::new();
    for length in cuts.iter().cycle().take(body.len()) {
        let (chunk, after) = rest.split_at(usize::from(*length).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    let cut_up = scan(content_type, encoding, &chunks);
    assert_eq!(said(&whole), said(&cut_up));
    let usage = whole.usage(None).unwrap_or_default();
    // A sum may be of five counts, each within its limit.
    assert!([usage.input, usage.output].into_iter().flatten().all(|count| count < 1 << 60));
}

fn scan(content_type: &str, encoding: Option<&str>, chunks: &[&[u8]]) -> Counts {
    let scanner = BodyScanner::new(Some(content_type.as_bytes()), encoding.map(str::as_bytes));
    let mut scanner = scanner.expect("the targets name kinds that are scanned");
    assert!(scanner.memory() <= 64 * 1024);
    for chunk in chunks {
        scanner.feed(chunk);
    }
    scanner.finish();
    scanner.counts().clone()
}

fn said(counts: &Counts) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {} {} {} {} {}",
        counts.usage(None),
        counts.model(),
        counts.tier(),
        counts.cost_nano_usd(),
        counts.provider(),
        counts.has_content(),
        counts.is_final(),
        counts.is_damaged(),
        counts.is_error(),
        counts.refused(),
    )
}

/// The first bytes as lengths of chunks, and the body behind them.
pub fn split(input: &[u8]) -> (&[u8], &[u8]) {
    input.split_at(input.len().min(4))
}
