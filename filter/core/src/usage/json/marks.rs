//! Where what is of no interest ends, many bytes at a time.

use memchr::memchr2;

/// What ended the way to a string's end.
pub(super) enum TextEnd {
    /// The string's own quote.
    Quote,
    /// The input, behind a backslash.
    Backslash,
    /// The input.
    None,
}

/// Skips to behind the quote that ends a string, over what is escaped; `Backslash` if the input ends with one.
pub(super) fn to_end_of_text(mut input: &[u8]) -> (&[u8], TextEnd) {
    loop {
        let Some(at) = memchr2(b'"', b'\\', input) else { return (&[], TextEnd::None) };
        let (_, rest) = input.split_at_checked(at).unwrap_or((&[], &[]));
        match rest.split_first() {
            Some((b'"', rest)) => return (rest, TextEnd::Quote),
            Some((_, rest)) => match rest.split_first() {
                Some((_, rest)) => input = rest,
                None => return (rest, TextEnd::Backslash),
            },
            None => return (&[], TextEnd::None),
        }
    }
}

/// Where the next quote, brace or bracket is; the length if there is none. Eight bytes at a time: vectors of
/// numbers are long.
pub(super) fn next_mark(input: &[u8]) -> usize {
    let (words, tail) = input.as_chunks::<8>();
    let mut at = 0usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // A bracket differs from its brace by one bit.
        let folded = word | repeated(0x20);
        let marks =
            zeros(word ^ repeated(b'"')) | zeros(folded ^ repeated(b'{')) | zeros(folded ^ repeated(b'}'));
        if marks != 0 {
            return at.saturating_add(usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0));
        }
        at = at.saturating_add(8);
    }
    let in_tail = tail.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'));
    at.saturating_add(in_tail.unwrap_or(tail.len()))
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte that is zero. Exact up to the first.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word & repeated(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        fn the_next_mark_is_found_wherever_it_stands_and_nothing_else_is_one() {
            let others: Vec<u8> = (0..=255).filter(|byte| !b"\"{}[]".contains(byte)).collect();
            for at in 0..40 {
                for mark in b"\"{}[]" {
                    let mut input: Vec<u8> = others.iter().copied().cycle().skip(at * 7).take(40).collect();
                    assert_eq!(next_mark(&input), 40);
                    input[at] = *mark;
                    assert_eq!(next_mark(&input), at, "{mark}");
                }
            }
        }
    }
}
