//! Prometheus' text form, read without rounding: values stay the text that they are.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// One line of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    value: String,
}

impl Sample {
    /// A label's value; empty if there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The value times ten to the power of `scale`, which must be a whole number.
    pub(super) fn scaled(&self, scale: usize) -> Result<u128> {
        let wrong = || format!("{} has the value {}", self.name, self.value);
        let (whole, fraction) = self.value.split_once('.').unwrap_or((&self.value, ""));
        ensure!(fraction.len() <= scale, wrong());
        let digits = format!("{whole}{fraction:0<scale$}");
        digits.parse().with_context(wrong)
    }

    /// The value, a whole number.
    pub(super) fn whole(&self) -> Result<u128> {
        self.scaled(0)
    }
}

/// Reads a scrape; comments are passed over.
///
/// # Errors
/// Shows the line that is no sample.
pub fn samples(text: &str) -> Result<Vec<Sample>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| sample(line).with_context(|| format!("not a sample: {line}"))).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let (head, value) = line.rsplit_once(' ')?;
    let Some((name, labels)) = head.split_once('{') else {
        return Some(Sample { name: head.to_owned(), labels: BTreeMap::new(), value: value.to_owned() });
    };
    let mut rest = labels.strip_suffix('}')?;
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"")?;
        let (text, after) = quoted(after)?;
        labels.insert(label.to_owned(), text);
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(Sample { name: name.to_owned(), labels, value: value.to_owned() })
}

/// A label's value up to its closing quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_to_the_last_digit() {
        let text = "# HELP a b\na 5\nb_total{x=\"1,\\\"2\\\"\",y=\"\"} 12.345678901\nc{} 9007199254740993\n";
        let found = samples(text).unwrap();
        assert_eq!(found[0].whole().unwrap(), 5);
        assert_eq!((found[1].label("x"), found[1].label("y"), found[1].label("z")), ("1,\"2\"", "", ""));
        assert_eq!(found[1].scaled(9).unwrap(), 12_345_678_901);
        assert_eq!(found[2].whole().unwrap(), 9_007_199_254_740_993);
        assert!(found[1].scaled(8).is_err() && samples("nonsense").is_err());
    }
}
