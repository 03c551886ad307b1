//! Names that come from outside, made fit to stand in a log line, a CSV cell, a metric's label or a key.

use std::borrow::Cow;

/// The longest name, in bytes.
pub const MAX_BYTES: usize = 128;

/// `raw` as a name: UTF-8, no control characters, no quotes, separators or invisible format characters,
/// at most [`MAX_BYTES`] bytes. What may not stand becomes an underscore. Empty is absent.
pub fn sanitise(raw: &[u8]) -> Option<Cow<'_, str>> {
    let raw = raw.trim_ascii();
    if let Some(name) = as_it_is(raw) {
        return (!name.is_empty()).then_some(Cow::Borrowed(name));
    }
    let raw = raw.get(..raw.len().min(MAX_BYTES.saturating_mul(2))).unwrap_or_default();
    let text = String::from_utf8_lossy(raw);
    let mut name = String::with_capacity(text.len().min(MAX_BYTES));
    for (at, character) in text.chars().enumerate() {
        let character = if is_allowed(character, at) { character } else { '_' };
        if name.len().saturating_add(character.len_utf8()) > MAX_BYTES {
            break;
        }
        name.push(character);
    }
    (!name.is_empty()).then_some(Cow::Owned(name))
}

/// The usual case, without a copy: short, and nothing in it that may not stand.
fn as_it_is(raw: &[u8]) -> Option<&str> {
    // Of ASCII alone: what else is a letter takes the longer way.
    let harmless = |byte: &u8| byte.is_ascii() && is_allowed(char::from(*byte), 1);
    let begins = !matches!(raw.first(), Some(b'=' | b'+' | b'-' | b'@'));
    if raw.len() > MAX_BYTES || !begins || !raw.iter().all(harmless) {
        return None;
    }
    std::str::from_utf8(raw).ok()
}

/// Spreadsheets read a cell that begins with one of `=+-@` as a formula.
fn is_allowed(character: char, at: usize) -> bool {
    match character {
        '=' | '+' | '-' | '@' => at > 0,
        '"' | '\'' | '`' | '\\' | ';' | ',' | '<' | '>' | '{' | '}' | '|' | '$' => false,
        ' '..='~' => true,
        other => other.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(raw: &[u8], expected: Option<&str>) {
        assert_eq!(sanitise(raw).as_deref(), expected, "{raw:?}");
    }

    test! {
        fn names_as_they_are_used_stay_as_they_are() {
            for name in ["gpt-4.1-mini", "10.0.0.1:443", "us.anthropic.claude-3:0", "größe", "a=b", "x/y@z", "a b"] {
                check(name.as_bytes(), Some(name));
            }
        }

        fn what_could_forge_something_becomes_an_underscore() {
            check(b"a\r\nset-cookie: x", Some("a__set-cookie: x"));
            check(b"=1+1", Some("_1+1"));
            check(b"-1", Some("_1"));
            check(b"a\";b,c", Some("a__b_c"));
            check("a\u{202e}b\u{85}c\u{200b}".as_bytes(), Some("a_b_c_"));
            check(&[0xff, b'a', 0xc3], Some("_a_"));
            check(b"", None);
            check(b"  ", None);
        }

        fn length_is_bounded_at_a_character() {
            check(&[b'x'; 1 << 20], Some(&"x".repeat(MAX_BYTES)));
            check("ö".repeat(100).as_bytes(), Some(&"ö".repeat(MAX_BYTES / 2)));
            check(&[0xff; 4096], Some(&"_".repeat(MAX_BYTES)));
        }
    }
}
