//! The ledgers side by side, as a table that fits 80 columns.

use std::collections::BTreeSet;
use std::fmt;

use super::figure::{Figure, Ledger};

/// The ledgers' names, in the order of the columns.
pub const NAMES: [&str; 5] = ["truth", "envoy", "filter", "metrics", "database"];

/// All ledgers of one run.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// One ledger a name of [`NAMES`].
    pub ledgers: [Ledger; 5],
}

struct Row {
    backend: String,
    figure: Figure,
    words: [Option<u128>; 5],
}

impl Row {
    fn agrees(&self) -> bool {
        let mut words = self.words.iter().flatten();
        words.next().is_none_or(|first| words.all(|word| word == first))
    }

    fn is_empty(&self) -> bool {
        self.words.iter().flatten().all(|word| *word == 0)
    }
}

impl Comparison {
    /// Every disagreement, in words.
    pub fn differences(&self) -> Vec<String> {
        let differing = self.rows().filter(|row| !row.agrees());
        differing.map(|row| format!("{}, {}: {}", row.backend, row.figure.name(), said(&row.words))).collect()
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let backends: BTreeSet<&str> = self.ledgers.iter().flat_map(Ledger::backends).collect();
        backends.into_iter().flat_map(move |backend| {
            Figure::all().map(move |figure| Row {
                backend: backend.to_owned(),
                figure,
                words: std::array::from_fn(|at| {
                    self.ledgers.get(at).and_then(|ledger| ledger.get(backend, figure))
                }),
            })
        })
    }

    fn sums(&self) -> impl Iterator<Item = Row> {
        Figure::all().map(|figure| Row {
            backend: "all".to_owned(),
            figure,
            words: std::array::from_fn(|at| self.ledgers.get(at).and_then(|ledger| ledger.sum(figure))),
        })
    }
}

fn said(words: &[Option<u128>; 5]) -> String {
    let said = NAMES.iter().zip(words).filter_map(|(name, word)| Some(format!("{name} {}", (*word)?)));
    said.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [truth, envoy, filter, metrics, database] = NAMES;
        let width = column_width(self);
        writeln!(
            out,
            "{:<17} {truth:>width$} {envoy:>8} {filter:>width$} {metrics:>width$} {database:>width$}",
            ""
        )?;
        let mut backend = String::new();
        for row in self.rows().chain(self.sums()).filter(|row| !row.is_empty()) {
            if row.backend != backend {
                backend.clone_from(&row.backend);
                writeln!(out, "{backend}")?;
            }
            let word = |at: usize| {
                row.words.get(at).copied().flatten().map_or_else(|| "-".to_owned(), |word| word.to_string())
            };
            let mark = if row.agrees() { "" } else { "  ✗" };
            let (name, envoy) = (row.figure.name(), word(1));
            write!(out, "  {name:<15} {:>width$} {envoy:>8} ", word(0))?;
            writeln!(out, "{:>width$} {:>width$} {:>width$}{mark}", word(2), word(3), word(4))?;
        }
        Ok(())
    }
}

/// As wide as the longest number, and no wider than 80 columns allow as long as that holds it.
fn column_width(comparison: &Comparison) -> usize {
    let words = comparison.sums().flat_map(|row| row.words).flatten();
    words.map(|word| word.to_string().len()).max().unwrap_or(0).max(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::TokenKind;
    use crate::truth::Outcome;

    fn agreeing() -> Comparison {
        let mut full = Ledger::covering(Figure::all());
        for (at, figure) in Figure::all().enumerate() {
            full.add("openai", figure, at as u128 + 1);
        }
        let requests = Figure::Requests(Outcome::Timeout);
        let mut envoy = Ledger::covering([requests]);
        envoy.add("openai", requests, full.get("openai", requests).unwrap());
        Comparison { ledgers: [full.clone(), envoy, full.clone(), full.clone(), full] }
    }

    #[test]
    fn ledgers_that_agree_show_no_difference() {
        assert_eq!(agreeing().differences(), Vec::<String>::new());
        assert!(!agreeing().to_string().contains('✗'));
    }

    #[test]
    fn any_number_off_by_one_in_any_ledger_is_found() {
        for (ledger, name) in NAMES.iter().enumerate() {
            for figure in Figure::all() {
                let mut planted = agreeing();
                if planted.ledgers[ledger].get("openai", figure).is_none() {
                    continue;
                }
                planted.ledgers[ledger].add("openai", figure, 1);
                let differences = planted.differences();
                assert_eq!(differences.len(), 1, "{name} {}", figure.name());
                assert!(differences[0].contains(&figure.name()));
                assert!(planted.to_string().contains('✗'));
            }
        }
    }

    #[test]
    fn a_backend_that_only_one_ledger_knows_is_found() {
        let mut planted = agreeing();
        planted.ledgers[4].add("ghost", Figure::Tokens(TokenKind::Input), 7);
        assert_eq!(planted.differences().len(), 1);
    }

    #[test]
    fn the_table_fits_80_columns() {
        let mut wide = agreeing();
        for ledger in [0, 2, 3, 4] {
            wide.ledgers[ledger].add("openai", Figure::CostNanoUsd, 9_999_999_999);
        }
        for line in wide.to_string().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
