//! The two ledgers joined: what each request was, and what an honest measurement says of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use anyhow::{Result, bail};

use super::client::{ClientEnd, Sent};
use super::provider::{Attempt, AttemptEnd, Usage};

/// How a request ended, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A 2xx that arrived whole.
    Success,
    /// An error of the provider, a broken answer, or no connection.
    Error,
    /// The gateway's route timeout ended it.
    Timeout,
    /// A circuit breaker refused it.
    Rejected,
    /// The client left.
    Aborted,
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Outcome::Success => "success",
            Outcome::Error => "error",
            Outcome::Timeout => "timeout",
            Outcome::Rejected => "rejected",
            Outcome::Aborted => "aborted",
        })
    }
}

/// The truth about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Its `x-request-id`.
    pub request_id: String,
    /// Its number in the run, from which its plan can be had.
    pub number: u64,
    /// The backend that it was meant for.
    pub backend: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// The status that the client got.
    pub status: Option<u16>,
    /// Attempts that reached the provider. Envoy's own count is one for a request that a breaker
    /// rejected, and also has the attempts whose connection was refused.
    pub attempts: u32,
    /// What the answer that went through to the client told of its usage.
    pub usage: Usage,
    /// What it told of its cost, in nano-USD.
    pub cost_nano_usd: Option<u64>,
    /// Body bytes that arrived at the client.
    pub response_bytes: u64,
    /// False where the two ledgers alone can't tell what the gateway saw (an answer that it broke
    /// off of its own accord, a request that it may never have got). A clean run has none.
    pub certain: bool,
}

/// Joins the ledgers: one truth for each request sent, in the order of their numbers.
///
/// # Errors
/// When an id was sent twice, an attempt belongs to no request, or one reached another backend
/// than it was sent to.
pub fn join(client: &[Sent], providers: &[Attempt]) -> Result<Vec<Truth>> {
    let mut attempts: HashMap<&str, Vec<&Attempt>> = HashMap::new();
    for attempt in providers {
        attempts.entry(&attempt.request_id).or_default().push(attempt);
    }
    let mut truths = BTreeMap::new();
    for sent in client {
        let tried = attempts.remove(sent.request_id.as_str()).unwrap_or_default();
        if let Some(astray) = tried.iter().find(|attempt| attempt.backend != sent.backend) {
            bail!("request {} was sent to {}, and reached {}", sent.request_id, sent.backend, astray.backend);
        }
        if truths.insert(sent.number, truth_of(sent, &tried)).is_some() {
            bail!("request number {} was sent twice", sent.number);
        }
    }
    if let Some(stray) = attempts.keys().next() {
        bail!("{} request ids reached a provider and were never sent, among them {stray}", attempts.len());
    }
    Ok(truths.into_values().collect())
}

fn truth_of(sent: &Sent, tried: &[&Attempt]) -> Truth {
    let delivered = delivered(sent, tried);
    Truth {
        request_id: sent.request_id.clone(),
        number: sent.number,
        backend: sent.backend,
        outcome: outcome(sent, tried),
        status: sent.status,
        attempts: u32::try_from(tried.len()).unwrap_or(u32::MAX),
        usage: delivered.map_or(Usage::NotExpected, |attempt| attempt.usage),
        cost_nano_usd: delivered.and_then(|attempt| attempt.cost_nano_usd),
        response_bytes: sent.response_bytes,
        certain: certain(sent, tried, delivered),
    }
}

/// The attempt whose answer the client got: the last, unless the gateway answered in its stead.
fn delivered<'a>(sent: &Sent, tried: &[&'a Attempt]) -> Option<&'a Attempt> {
    let last = tried.iter().max_by_key(|attempt| attempt.ordinal)?;
    (last.status.is_some() && last.status == sent.status && !sent.overloaded).then_some(*last)
}

fn outcome(sent: &Sent, tried: &[&Attempt]) -> Outcome {
    match (sent.end, sent.status) {
        (ClientEnd::Aborted, _) => Outcome::Aborted,
        (ClientEnd::Complete, Some(200..=299)) => Outcome::Success,
        (ClientEnd::Complete, Some(503)) if sent.overloaded && tried.is_empty() => Outcome::Rejected,
        // No provider here sends a 504: it is the route's timeout.
        (ClientEnd::Complete, Some(504)) => Outcome::Timeout,
        (ClientEnd::Complete | ClientEnd::Cut | ClientEnd::ConnectFailed, _) => Outcome::Error,
    }
}

fn certain(sent: &Sent, tried: &[&Attempt], delivered: Option<&Attempt>) -> bool {
    let every_byte = delivered.is_none_or(|attempt| attempt.response_bytes == sent.response_bytes);
    match sent.end {
        ClientEnd::Complete | ClientEnd::Aborted => every_byte,
        ClientEnd::Cut => every_byte && tried.last().is_some_and(|last| last.end == AttemptEnd::Reset),
        ClientEnd::ConnectFailed => false,
    }
}

#[cfg(test)]
mod tests;
