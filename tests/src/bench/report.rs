//! How figures are shown, and what bounds they must keep to. Lines are at most 80 columns wide.

use std::io::Write as _;

/// Figures of one benchmark, as they come.
#[derive(Debug, Default)]
pub(super) struct Report {
    broken: Vec<String>,
    kept: usize,
}

impl Report {
    /// Begins a section.
    pub(super) fn title(&self, title: &str) {
        show(&format!("\n{title}"));
    }

    /// Shows a line as it is.
    pub(super) fn line(&self, line: &str) {
        show(line);
    }

    /// Shows a figure that must be at most `bound`, and remembers whether it is.
    pub(super) fn at_most(&mut self, what: &str, measured: f64, bound: f64) {
        let holds = measured <= bound;
        self.verdict(&format!("{what:<44} {measured:>9.2}  at most {bound:>8.2}"), what, holds);
    }

    /// Shows a figure that must be exactly `expected`, and remembers whether it is.
    pub(super) fn exactly(&mut self, what: &str, measured: u128, expected: u128) {
        let line = format!("{what:<34} {measured:>19}  of {expected:>13}");
        self.verdict(&line, what, measured == expected);
    }

    fn verdict(&mut self, line: &str, what: &str, holds: bool) {
        if holds {
            self.kept += 1;
        } else {
            self.broken.push(what.to_owned());
        }
        show(&format!("  {line}  {}", if holds { "ok" } else { "BROKEN" }));
    }

    /// The last line; returns whether every bound was kept.
    pub(super) fn end(self) -> bool {
        if self.broken.is_empty() {
            show(&format!("\nAll {} bounds kept.", self.kept));
        } else {
            show(&format!("\nBroken bounds ({} of {}):", self.broken.len(), self.kept + self.broken.len()));
            self.broken.iter().for_each(|what| show(&format!("  {what}")));
        }
        self.broken.is_empty()
    }
}

fn show(line: &str) {
    // Whoever closed stdout does not want the figures.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Says on stderr how far a run is.
pub(super) fn progress(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The first quartile, by the exclusive method: noise on a shared machine only ever adds.
pub(super) fn lower_quartile(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let whole = (sorted.len() + 1) / 4;
    let rest = [0.0, 0.25, 0.5, 0.75].into_iter().nth((sorted.len() + 1) % 4).unwrap_or(0.0);
    let at = |rank: usize| sorted.get(rank.saturating_sub(1)).or(sorted.last()).copied().unwrap_or(f64::NAN);
    if whole == 0 {
        return at(1);
    }
    at(whole) + (at(whole + 1) - at(whole)) * rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_quartile_is_that_of_the_exclusive_method() {
        for (values, expected) in [
            (vec![5.0], 5.0),
            (vec![3.0, 1.0, 2.0], 1.0),
            (vec![4.0, 3.0, 2.0, 1.0], 1.25),
            (vec![1.0, 2.0, 3.0, 4.0, 5.0], 1.5),
            (vec![7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], 2.0),
        ] {
            assert_eq!(lower_quartile(&values).to_bits(), f64::to_bits(expected), "{values:?}");
        }
    }

    #[test]
    fn a_broken_bound_is_remembered() {
        let mut report = Report::default();
        report.at_most("low", 1.0, 1.0);
        report.exactly("same", 3, 3);
        assert!(report.end());
        let mut report = Report::default();
        report.at_most("not measured", f64::NAN, 1.0);
        assert!(!report.end());
        let mut report = Report::default();
        report.exactly("one less", 2, 3);
        assert!(!report.end());
    }
}
