//! Decimal numbers in text, exactly: no floating point between a provider's digits and our integers.

/// Why a text is not the number that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not a decimal number.
    NotANumber,
    /// Below zero.
    Negative,
    /// Above the limit that was given.
    TooLarge,
}

/// `text` as a whole number in plain digits, white space around it aside.
pub fn whole(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii();
    let add = |sum: u64, digit: &u8| match digit {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(digit.saturating_sub(b'0'))),
        _ => None,
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

/// More exponent than any text of a header's length needs; keeps the arithmetic small.
const MAX_EXPONENT: i64 = 1 << 40;

/// `text` times ten to the power of `scale`, rounded half to even, if at most `limit`.
///
/// Accepts what JSON accepts, besides a leading plus and digits missing on one side of the point, with
/// white space around it.
///
/// # Errors
/// Says why the text is refused.
pub fn parse_scaled(text: &[u8], scale: u8, limit: u64) -> Result<u64, Refusal> {
    let text = text.trim_ascii();
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = split_exponent(text)?;
    let (whole, fraction) = split_at_byte(mantissa, b'.');
    let fraction = fraction.unwrap_or_default();
    if whole.is_empty() && fraction.is_empty() {
        return Err(Refusal::NotANumber);
    }
    let digits = || whole.iter().chain(fraction);
    if !digits().all(u8::is_ascii_digit) {
        return Err(Refusal::NotANumber);
    }
    if digits().all(|digit| *digit == b'0') {
        return Ok(0);
    }
    if negative {
        return Err(Refusal::Negative);
    }
    // The position of the point, counted in digits from the left, once the value is scaled.
    let point = i64::try_from(whole.len()).map_err(|_| Refusal::TooLarge)?;
    let point = point.saturating_add(exponent).saturating_add(i64::from(scale));
    round_at(digits().copied(), point, limit)
}

/// The integer left of the point, rounded half to even by what stands right of it.
fn round_at(digits: impl Iterator<Item = u8>, point: i64, limit: u64) -> Result<u64, Refusal> {
    let mut value = 0u64;
    let mut at = 0i64;
    // What is cut off, against a half: its first digit, and whether anything but zeros follows.
    let mut first_cut = 0;
    let mut more_cut = false;
    for digit in digits {
        let digit = digit.saturating_sub(b'0');
        if at < point {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit)))
                .filter(|value| *value <= limit)
                .ok_or(Refusal::TooLarge)?;
        } else if at == point {
            first_cut = digit;
        } else {
            more_cut |= digit != 0;
        }
        at = at.saturating_add(1);
    }
    while at < point && value != 0 {
        value = value.checked_mul(10).filter(|value| *value <= limit).ok_or(Refusal::TooLarge)?;
        at = at.saturating_add(1);
    }
    let up = first_cut > 5 || (first_cut == 5 && (more_cut || value % 2 == 1));
    let value = value.saturating_add(u64::from(up));
    if value > limit { Err(Refusal::TooLarge) } else { Ok(value) }
}

fn split_exponent(text: &[u8]) -> Result<(&[u8], i64), Refusal> {
    let Some(at) = text.iter().position(|byte| matches!(byte, b'e' | b'E')) else { return Ok((text, 0)) };
    let (mantissa, exponent) = text.split_at_checked(at).ok_or(Refusal::NotANumber)?;
    let exponent = exponent.get(1..).ok_or(Refusal::NotANumber)?;
    let (negative, digits) = match exponent.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, exponent),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::NotANumber);
    }
    let size = digits.iter().fold(0i64, |size, digit| {
        size.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0'))).min(MAX_EXPONENT)
    });
    Ok((mantissa, if negative { size.saturating_neg() } else { size }))
}

fn split_at_byte(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|candidate| *candidate == byte) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at.saturating_add(1)..)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(text: &str, expected: Result<u64, Refusal>) {
        assert_eq!(parse_scaled(text.as_bytes(), 9, 1_000_000_000_000_000), expected, "{text:?}");
    }

    test! {
        fn amounts_are_exact_to_the_nano() {
            for (text, expected) in [
                ("0.002", 2_000_000),
                ("2e-3", 2_000_000),
                ("1.2345E-05", 12_345),
                (" 1 ", 1_000_000_000),
                ("+.5", 500_000_000),
                ("3.", 3_000_000_000),
                ("0", 0),
                ("-0.0", 0),
                ("0e99", 0),
                ("0.123456789", 123_456_789),
                ("0.00000000000000000000001", 0),
                ("1000000", 1_000_000_000_000_000),
                ("00000000000000000000000000000.1", 100_000_000),
                ("1e5", 100_000_000_000_000),
                ("0e99999999999999999999", 0),
                ("1e-99999999999999999999", 0),
            ] {
                check(text, Ok(expected));
            }
        }

        fn a_half_goes_to_the_even_neighbour() {
            check("0.0000000005", Ok(0));
            check("0.0000000015", Ok(2));
            check("0.0000000025", Ok(2));
            check("0.00000000250000001", Ok(3));
            check("0.0000000026", Ok(3));
            check("5e-10", Ok(0));
            check("6e-10", Ok(1));
            check("9e-11", Ok(0));
        }

        fn what_is_no_amount_is_refused() {
            for text in ["", " ", ".", "None", "nan", "inf", "1,5", "0x10", "1e", "1e1.5", "--1", "1 2", "e5", "$1"] {
                check(text, Err(Refusal::NotANumber));
            }
            check("-0.01", Err(Refusal::Negative));
            check(&format!("0.{}1e77", "0".repeat(76)), Ok(1_000_000_000));
            check("1e99999999999999999999", Err(Refusal::TooLarge));
            for text in ["1000000.000000001", "1e7", "1e60", "1e2147483647", "99999999999999999999999999"] {
                check(text, Err(Refusal::TooLarge));
            }
        }
    }
}
