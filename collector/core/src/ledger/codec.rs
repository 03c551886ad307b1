//! The ledger as bytes: how it is kept between two lives of the collector.
//!
//! `format:u8 = 1`, then LEB128 varints: accepted, known, and for each range its distance from the one
//! before and its length.

use super::Ledger;
use super::ranges::{Range, RangeSet};

const FORMAT: u8 = 1;

/// The bytes are no ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a delivery ledger")]
pub struct CorruptLedger;

impl Ledger {
    /// The ledger as bytes, two to twenty a range.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        put(&mut out, self.count);
        put(&mut out, self.known);
        let mut at = 0;
        for range in self.accepted.ranges() {
            put(&mut out, range.start - at);
            put(&mut out, range.len());
            at = range.end;
        }
        out
    }

    /// The inverse of [`Ledger::encode`].
    ///
    /// # Errors
    /// For anything that `encode` does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptLedger> {
        let (format, mut rest) = bytes.split_first().ok_or(CorruptLedger)?;
        if *format != FORMAT {
            return Err(CorruptLedger);
        }
        let count = take(&mut rest)?;
        let known = take(&mut rest)?;
        let mut ranges = Vec::new();
        let mut at = 0u64;
        while !rest.is_empty() {
            let start = at.checked_add(take(&mut rest)?).ok_or(CorruptLedger)?;
            at = start.checked_add(take(&mut rest)?).ok_or(CorruptLedger)?;
            ranges.push(Range { start, end: at });
        }
        let covered: u64 = ranges.iter().map(Range::len).sum();
        if at > known || count > covered {
            return Err(CorruptLedger);
        }
        let accepted = RangeSet::from_sorted(ranges).ok_or(CorruptLedger)?;
        Ok(Self { accepted, count, known })
    }
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = (value & 0x7f).to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Result<u64, CorruptLedger> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first().ok_or(CorruptLedger)?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return Err(CorruptLedger);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(CorruptLedger)
}
