//! Numbers of bytes as people write them.

/// Reads `8388608`, `8 MiB` or `8MiB`; units are B, KiB, MiB and GiB.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(parse_size(text), expected, "{text:?}");
        check("0", Some(0));
        check("512", Some(512));
        check(" 8 MiB ", Some(8 << 20));
        check("1GiB", Some(1 << 30));
        check("3 KiB", Some(3072));
        for bad in ["", "MiB", "8 MB", "-1", "1.5 MiB", "99999999999 GiB", "8 MiB x"] {
            check(bad, None);
        }
    }
}
