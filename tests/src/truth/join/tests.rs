//! The rules of the join, as data.

use std::time::Duration;

use super::*;
use crate::plan::Tokens;
use crate::truth::totals;
use ClientEnd::{Aborted, Complete, ConnectFailed, Cut};

const TOKENS: Tokens = Tokens { input: 100, output: 20, cache_read: 30, cache_write: 10, reasoning: 5 };

fn sent(number: u64, status: Option<u16>, end: ClientEnd, response_bytes: u64) -> Sent {
    Sent {
        request_id: format!("id-{number}"),
        number,
        backend: "b",
        at: Duration::ZERO,
        took: Duration::ZERO,
        status,
        overloaded: false,
        response_bytes,
        end,
    }
}

fn attempt(ordinal: u32, status: Option<u16>, end: AttemptEnd, usage: Usage, cost: Option<u64>) -> Attempt {
    Attempt {
        request_id: "id-1".to_owned(),
        number: 1,
        backend: "b",
        ordinal,
        status,
        pieces: 1,
        response_bytes: if status.is_some() { 10 } else { 0 },
        usage,
        cost_nano_usd: cost,
        end,
    }
}

fn error(ordinal: u32, status: u16) -> Attempt {
    attempt(ordinal, Some(status), AttemptEnd::Complete, Usage::NotExpected, None)
}

fn truth(sent: Sent, attempts: &[Attempt]) -> Truth {
    join(&[sent], attempts).unwrap().remove(0)
}

#[track_caller]
fn check(sent: Sent, attempts: &[Attempt], outcome: Outcome, usage: Usage, cost: Option<u64>) {
    let truth = truth(sent, attempts);
    assert_eq!((truth.outcome, truth.usage, truth.cost_nano_usd), (outcome, usage, cost));
    assert_eq!(truth.attempts as usize, attempts.len());
    assert!(truth.certain, "{truth:?}");
}

#[test]
fn what_came_through_whole_counts_with_what_it_told() {
    use AttemptEnd::Complete as Done;
    let reported = Usage::Reported(TOKENS);
    let answered = |usage, cost| [attempt(1, Some(200), Done, usage, cost)];
    let whole = || sent(1, Some(200), Complete, 10);
    check(whole(), &answered(reported, Some(7)), Outcome::Success, reported, Some(7));
    check(whole(), &answered(Usage::Missing, None), Outcome::Success, Usage::Missing, None);

    let retried = [error(1, 503), error(2, 503), attempt(3, Some(200), Done, reported, Some(7))];
    check(whole(), &retried, Outcome::Success, reported, Some(7));
}

#[test]
fn errors_expect_no_usage() {
    let none = Usage::NotExpected;
    let reset = |ordinal| attempt(ordinal, None, AttemptEnd::Reset, none, None);
    for status in [429, 500, 502, 503] {
        check(sent(1, Some(status), Complete, 10), &[error(1, status)], Outcome::Error, none, None);
    }
    check(sent(1, Some(404), Complete, 10), &[error(1, 404)], Outcome::Error, none, None);
    // The gateway answers in the provider's stead: after a reset, and when the connection is refused.
    check(sent(1, Some(503), Complete, 90), &[reset(1), reset(2)], Outcome::Error, none, None);
    check(sent(1, Some(503), Complete, 90), &[], Outcome::Error, none, None);
}

#[test]
fn the_gateways_own_answers_are_told_apart() {
    let none = Usage::NotExpected;
    let overflow = || Sent { overloaded: true, ..sent(1, Some(503), Complete, 81) };
    check(overflow(), &[], Outcome::Rejected, none, None);
    let stalled = attempt(1, None, AttemptEnd::Deserted, none, None);
    check(sent(1, Some(504), Complete, 24), &[stalled], Outcome::Timeout, none, None);
    // An answer that came after the timeout was seen by nobody.
    let late = attempt(1, Some(200), AttemptEnd::Deserted, Usage::Missing, Some(7));
    check(sent(1, Some(504), Complete, 24), &[late], Outcome::Timeout, none, None);
}

#[test]
fn cut_answers_keep_what_they_had_told() {
    let partial = Usage::Partial(TOKENS);
    let held = attempt(1, Some(200), AttemptEnd::Deserted, partial, Some(7));
    check(sent(1, Some(200), Aborted, 10), &[held], Outcome::Aborted, partial, Some(7));
    let reset = attempt(1, Some(200), AttemptEnd::Reset, Usage::Missing, None);
    check(sent(1, Some(200), Cut, 10), &[reset], Outcome::Error, Usage::Missing, None);
    let stalled = attempt(1, None, AttemptEnd::Deserted, Usage::NotExpected, None);
    check(sent(1, None, Aborted, 0), &[stalled], Outcome::Aborted, Usage::NotExpected, None);
}

#[test]
fn what_the_ledgers_cannot_tell_is_said_to_be_uncertain() {
    let reported = Usage::Reported(TOKENS);
    let answered = |end| [attempt(1, Some(200), end, reported, None)];
    for (sent, attempts) in [
        (sent(1, Some(200), Cut, 9), answered(AttemptEnd::Complete).to_vec()),
        (sent(1, Some(200), Cut, 10), answered(AttemptEnd::Deserted).to_vec()),
        (sent(1, Some(200), Complete, 9), answered(AttemptEnd::Complete).to_vec()),
        (sent(1, None, Cut, 0), Vec::new()),
        (sent(1, None, ConnectFailed, 0), Vec::new()),
    ] {
        assert!(!truth(sent.clone(), &attempts).certain, "{sent:?} {attempts:?}");
    }
}

#[test]
fn ledgers_that_do_not_fit_are_refused() {
    let whole = || sent(1, Some(500), Complete, 10);
    let astray = Attempt { backend: "c", ..error(1, 500) };
    for (client, providers, complaint) in [
        (vec![], vec![error(1, 500)], "never sent"),
        (vec![whole(), whole()], vec![error(1, 500)], "twice"),
        (vec![whole()], vec![astray], "reached c"),
    ] {
        let message = join(&client, &providers).unwrap_err().to_string();
        assert!(message.contains(complaint), "{message}");
    }
}

#[test]
fn totals_keep_unknown_apart_from_zero() {
    let base = truth(sent(1, Some(200), Complete, 10), &[]);
    let usages = [Usage::Reported(TOKENS), Usage::Partial(TOKENS), Usage::Missing, Usage::NotExpected];
    let truths: Vec<Truth> = usages
        .into_iter()
        .map(|usage| {
            let cost_nano_usd = matches!(usage, Usage::Reported(_)).then_some(7);
            Truth { usage, cost_nano_usd, attempts: 2, ..base.clone() }
        })
        .collect();
    let sum = totals(&truths)[&("b", Outcome::Success)];
    assert_eq!((sum.requests, sum.attempts), (4, 8));
    assert_eq!((sum.usage_reported, sum.usage_partial, sum.usage_missing), (1, 1, 1));
    assert_eq!((sum.input_tokens, sum.output_tokens), (200, 40));
    assert_eq!((sum.cache_read_tokens, sum.cache_write_tokens, sum.reasoning_tokens), (60, 20, 10));
    assert_eq!((sum.cost_nano_usd, sum.cost_told, sum.cost_unknown), (7, 1, 2));
}
