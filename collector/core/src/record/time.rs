//! Times and fractions as the API writes and reads them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Microseconds, written as milliseconds with up to three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millis(
    /// Microseconds.
    pub u64,
);

/// Millionths, written as a decimal fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millionths(
    /// Millionths.
    pub u64,
);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_quotient(self.0, 1e3, serializer)
    }
}

impl Serialize for Millionths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_quotient(self.0, 1e6, serializer)
    }
}

fn serialize_quotient<S: Serializer>(value: u64, divisor: f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_precision_loss, reason = "exact below 2⁵³, in microseconds 285 years")]
    let value = value as f64;
    serializer.serialize_f64(value / divisor)
}

/// RFC 3339 in UTC with microseconds; `None` beyond the year 9999, which has no such form.
pub fn format_time(us: u64) -> Option<String> {
    let time = Timestamp::from_microsecond(i64::try_from(us).ok()?).ok()?;
    Some(format!("{time:.6}"))
}

/// Microseconds since 1970 UTC from RFC 3339 or from Unix seconds, whose fraction is cut to microseconds.
pub fn parse_time(text: &str) -> Option<u64> {
    if let Some(us) = parse_seconds(text) {
        return Some(us);
    }
    u64::try_from(text.parse::<Timestamp>().ok()?.as_microsecond()).ok()
}

fn parse_seconds(text: &str) -> Option<u64> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.is_empty() || fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_keep_their_microseconds() {
        let check = |us: u64, expected: &str| {
            assert_eq!(serde_json::to_string(&Millis(us)).unwrap(), expected);
        };
        check(0, "0.0");
        check(1, "0.001");
        check(812_345, "812.345");
        check(86_400_000_001, "86400000.001");
    }

    #[test]
    fn times_read_and_write() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(parse_time(text), expected, "{text:?}");
        check("1790000000", Some(1_790_000_000_000_000));
        check("1790000000.25", Some(1_790_000_000_250_000));
        check("0.1234567", Some(123_456));
        check("2026-09-21T14:13:20Z", Some(1_790_000_000_000_000));
        check("2026-09-21T16:13:20.5+02:00", Some(1_790_000_000_500_000));
        for bad in [
            "",
            "-1",
            "yesterday",
            "2026-09-21",
            "1e9",
            "1.",
            ".5",
            "99999999999999999999",
            "1969-12-31T00:00:00Z",
        ] {
            check(bad, None);
        }
        assert_eq!(format_time(1_790_000_000_000_001).as_deref(), Some("2026-09-21T14:13:20.000001Z"));
        assert_eq!(format_time(u64::MAX >> 2), None);
    }
}
