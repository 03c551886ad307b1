//! Texts put together from parts. The standard library's ways of doing so can panic: `format!` where a part
//! cannot be written, `concat` and `join` where the length overflows.

/// All parts, one behind the other.
pub(crate) fn concat<const N: usize>(parts: [&str; N]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}
