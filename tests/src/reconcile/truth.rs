//! The ledger of what really was.

use super::figure::{Figure, Ledger, TokenKind};
use crate::truth::{Outcome, Truth, Usage};

/// Adds up the joined books.
pub fn from_truth(truths: &[Truth]) -> Ledger {
    let mut ledger = Ledger::covering(Figure::all());
    for truth in truths {
        let mut add = |figure, by: u64| ledger.add(truth.backend, figure, by.into());
        add(Figure::Requests(truth.outcome), 1);
        add(Figure::Answered2xx, truth.status.is_some_and(|status| (200..300).contains(&status)).into());
        add(Figure::Attempts, attempts(truth));
        match truth.usage {
            Usage::Reported(_) => add(Figure::UsageReported, 1),
            Usage::Partial(_) => add(Figure::UsagePartial, 1),
            Usage::Missing => add(Figure::UsageMissing, 1),
            Usage::NotExpected => {}
        }
        let tokens = truth.usage.tokens().unwrap_or_default();
        for (kind, count) in [
            (TokenKind::Input, tokens.input),
            (TokenKind::Output, tokens.output),
            (TokenKind::CacheRead, tokens.cache_read),
            (TokenKind::CacheWrite, tokens.cache_write),
            (TokenKind::Reasoning, tokens.reasoning),
        ] {
            add(Figure::Tokens(kind), count);
        }
        add(Figure::CostNanoUsd, truth.cost_nano_usd.unwrap_or(0));
        add(Figure::CostUnknown, truth.cost_nano_usd.is_none().into());
    }
    ledger
}

/// Attempts that the providers saw. Of a request that no provider saw, the client's word is all there is: the
/// gateway turned it away or got no connection, which it counts as an attempt.
fn attempts(truth: &Truth) -> u64 {
    match (truth.attempts, truth.outcome) {
        (0, Outcome::Rejected | Outcome::Error) => 1,
        (seen, _) => seen.into(),
    }
}
