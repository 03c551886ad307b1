//! Writes Prometheus' text format, version 0.0.4.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use super::families::{Family, Kind};

/// Samples gathered by family; [`Text::finish`] writes them under their heads.
#[derive(Debug, Default)]
pub(super) struct Text(HashMap<&'static str, String>);

/// 10⁻⁹ US dollars, written in dollars with all their digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct NanoUsd(pub(super) u128);

/// A number that can stand in a sample.
pub(super) trait Number: Copy {
    fn write(self, out: &mut String);
}

/// Writing to a string cannot fail, so that what it returns says nothing.
macro_rules! put {
    ($out:expr, $($format:tt)+) => { let _ = write!($out, $($format)+); };
}

impl Number for u64 {
    fn write(self, out: &mut String) {
        put!(out, "{self}");
    }
}

impl Number for u128 {
    fn write(self, out: &mut String) {
        put!(out, "{self}");
    }
}

impl Number for Duration {
    fn write(self, out: &mut String) {
        NanoUsd(self.as_nanos()).write(out);
    }
}

impl Number for NanoUsd {
    fn write(self, out: &mut String) {
        put!(out, "{}", self.0 / 1_000_000_000);
        let fraction = self.0 % 1_000_000_000;
        if fraction > 0 {
            let digits = format!("{fraction:09}");
            put!(out, ".{}", digits.trim_end_matches('0'));
        }
    }
}

impl Text {
    /// Adds one sample; `labels` are the values of the family's labels, in their order.
    pub(super) fn sample(&mut self, family: &'static Family, labels: &[&str], value: impl Number) {
        debug_assert_eq!(labels.len(), family.labels.len(), "{}", family.name);
        let pairs = family.labels.iter().copied().zip(labels.iter().copied());
        self.line(family, "", pairs, value);
    }

    /// Adds one histogram: the upper bound of each bucket with how many fell in it or below, then all.
    pub(super) fn histogram(
        &mut self,
        family: &'static Family,
        buckets: impl Iterator<Item = (Duration, u64)>,
        count: u64,
        sum: Duration,
    ) {
        for (bound, below) in buckets {
            let mut le = String::new();
            bound.write(&mut le);
            self.line(family, "_bucket", [("le", le.as_str())].into_iter(), below);
        }
        self.line(family, "_bucket", [("le", "+Inf")].into_iter(), count);
        self.line(family, "_sum", std::iter::empty(), sum);
        self.line(family, "_count", std::iter::empty(), count);
    }

    fn line<'a>(
        &mut self,
        family: &'static Family,
        suffix: &str,
        labels: impl Iterator<Item = (&'a str, &'a str)>,
        value: impl Number,
    ) {
        let out = self.0.entry(family.name).or_default();
        put!(out, "{}{suffix}", family.name);
        let mut separator = '{';
        for (name, value) in labels {
            put!(out, "{separator}{name}=\"");
            escape(out, value);
            out.push('"');
            separator = ',';
        }
        if separator == ',' {
            out.push('}');
        }
        out.push(' ');
        value.write(out);
        out.push('\n');
    }

    /// The page: each of `families` with its head, and its samples if it has any.
    pub(super) fn finish(self, families: &[&'static Family]) -> String {
        let mut page = String::new();
        for family in families {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            put!(page, "# HELP {} {}\n# TYPE {} {kind}\n", family.name, family.help, family.name);
            page.push_str(self.0.get(family.name).map_or("", String::as_str));
        }
        page
    }
}

fn escape(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_every_digit() {
        let check = |nano: u128, expected: &str| {
            let mut out = String::new();
            NanoUsd(nano).write(&mut out);
            assert_eq!(out, expected);
        };
        check(0, "0");
        check(1, "0.000000001");
        check(2_000_001, "0.002000001");
        check(1_500_000_000, "1.5");
        check(u128::MAX, "340282366920938463463374607431.768211455");
    }

    #[test]
    fn labels_are_escaped() {
        static FAMILY: Family =
            Family { name: "x_total", kind: Kind::Counter, help: "X.", labels: &["a", "b"] };
        let mut text = Text::default();
        text.sample(&FAMILY, &["a \"quoted\" \\ name", "two\nlines"], 7u64);
        let expected = "# HELP x_total X.\n# TYPE x_total counter\nx_total{a=\"a \\\"quoted\\\" \\\\ name\",b=\"two\\nlines\"} 7\n";
        assert_eq!(text.finish(&[&FAMILY]), expected);
    }
}
