//! What is compared, and one ledger's word on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::truth::Outcome;

/// The kinds of tokens. They overlap: cache reads and writes are input, reasoning is output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Input.
    Input,
    /// Output.
    Output,
    /// Input read from a cache.
    CacheRead,
    /// Input written to a cache.
    CacheWrite,
    /// Output that was reasoning.
    Reasoning,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Input, Self::Output, Self::CacheRead, Self::CacheWrite, Self::Reasoning];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::Reasoning => "reasoning",
        }
    }
}

/// One number that ledgers must agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Requests that came to that end.
    Requests(Outcome),
    /// Answers whose status was 2xx, whole or cut.
    Answered2xx,
    /// Attempts: those that reached a provider, and one for each that a breaker or a refused connection ended.
    Attempts,
    /// Requests whose final usage is known.
    UsageReported,
    /// Requests of whose usage a part is known.
    UsagePartial,
    /// Answers of a model without usage.
    UsageMissing,
    /// Tokens of that kind.
    Tokens(TokenKind),
    /// Cost told, in nano-USD.
    CostNanoUsd,
    /// Requests that told no cost.
    CostUnknown,
}

pub(super) const OUTCOMES: [Outcome; 5] =
    [Outcome::Success, Outcome::Error, Outcome::Timeout, Outcome::Rejected, Outcome::Aborted];

impl Figure {
    /// All figures, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        let requests = OUTCOMES.into_iter().map(Self::Requests);
        let counts =
            [Self::Answered2xx, Self::Attempts, Self::UsageReported, Self::UsagePartial, Self::UsageMissing];
        let tokens = TokenKind::ALL.into_iter().map(Self::Tokens);
        requests.chain(counts).chain(tokens).chain([Self::CostNanoUsd, Self::CostUnknown])
    }

    /// Its name in the table.
    pub fn name(self) -> String {
        match self {
            Self::Requests(outcome) => format!("requests {outcome}"),
            Self::Answered2xx => "answered 2xx".to_owned(),
            Self::Attempts => "attempts".to_owned(),
            Self::UsageReported => "usage reported".to_owned(),
            Self::UsagePartial => "usage partial".to_owned(),
            Self::UsageMissing => "usage missing".to_owned(),
            Self::Tokens(kind) => format!("tokens {}", kind.name()),
            Self::CostNanoUsd => "cost nano-USD".to_owned(),
            Self::CostUnknown => "cost unknown".to_owned(),
        }
    }
}

/// One ledger: numbers by backend and figure. A figure that it covers and has no number for is zero; one that
/// it does not cover it has no word on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    covered: BTreeSet<Figure>,
    numbers: BTreeMap<(String, Figure), u128>,
}

impl Ledger {
    /// An empty ledger that covers those figures.
    pub fn covering(figures: impl IntoIterator<Item = Figure>) -> Self {
        Self { covered: figures.into_iter().collect(), numbers: BTreeMap::new() }
    }

    /// Adds to a number.
    pub fn add(&mut self, backend: &str, figure: Figure, by: u128) {
        *self.numbers.entry((backend.to_owned(), figure)).or_default() += by;
    }

    /// Its word on a figure, if it has one.
    pub fn get(&self, backend: &str, figure: Figure) -> Option<u128> {
        self.covered
            .contains(&figure)
            .then(|| self.numbers.get(&(backend.to_owned(), figure)).copied().unwrap_or(0))
    }

    /// All backends that it knows.
    pub fn backends(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(|(backend, _)| backend.as_str())
    }

    /// The sum over all backends.
    pub fn sum(&self, figure: Figure) -> Option<u128> {
        let all = self.numbers.iter().filter(|((_, found), _)| *found == figure);
        self.covered.contains(&figure).then(|| all.map(|(_, number)| number).sum())
    }

    /// All requests, however they ended.
    pub fn requests(&self) -> u128 {
        OUTCOMES.into_iter().filter_map(|outcome| self.sum(Figure::Requests(outcome))).sum()
    }
}
