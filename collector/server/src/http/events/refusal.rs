//! Batches that are not accepted: what the producer is told, and what is kept of them.

use std::net::SocketAddr;

use bytes::Bytes;
use weir_wire::{DecodeError, OLDEST_VERSION, VERSION};

use super::super::Api;
use super::super::body::BodyError;
use crate::clock::now_us;
use crate::metrics::BatchResult;
use crate::problem::Problem;
use crate::store::Refused;

/// Why a batch was not accepted.
pub(super) struct Refusal {
    pub(super) result: BatchResult,
    pub(super) problem: Problem,
    /// What the quarantine calls it, where it belongs there.
    pub(super) quarantine: Option<&'static str>,
}

/// What was seen of a body.
#[derive(Default)]
pub(super) struct Seen {
    /// Of the whole, where it is known.
    pub(super) length: Option<u64>,
    pub(super) bytes: Bytes,
}

impl Refusal {
    /// One that the producer brings again later.
    pub(super) fn for_now(result: BatchResult, problem: Problem) -> Self {
        Self { result, problem, quarantine: None }
    }
}

pub(super) fn of_batch(error: &DecodeError) -> Refusal {
    let detail = error.to_string();
    let problem = match error {
        DecodeError::Version { found } => {
            let accepted = format!("{found} is not one of the accepted {OLDEST_VERSION} and {VERSION}");
            let problem = Problem::unsupported(detail).field("version", accepted);
            return Refusal { result: BatchResult::Unsupported, problem, quarantine: None };
        }
        DecodeError::Malformed { part, problem } => Problem::malformed_batch(detail).field(part, problem),
        DecodeError::Truncated { part } => Problem::malformed_batch(detail).field(*part, "ends early"),
        DecodeError::NotABatch | DecodeError::Json(_) => Problem::malformed_batch(detail),
    };
    Refusal { result: BatchResult::Malformed, problem, quarantine: Some("malformed") }
}

/// For a summary of which `duplicates` events, but not all, had been accepted before.
pub(super) fn of_conflict(duplicates: u64) -> Refusal {
    let detail = format!(
        "the summary stands for {duplicates} events that have been accepted before and for others that have not"
    );
    let problem = Problem::malformed_batch(detail).field("summary.ranges", "are new in part");
    Refusal { result: BatchResult::Conflicting, problem, quarantine: Some("conflicting") }
}

pub(super) fn of_body(error: &BodyError, limit: u64) -> Refusal {
    match error {
        BodyError::TooLarge(length) => {
            let length = length.map_or_else(String::new, |length| format!(" of {length} bytes"));
            let detail =
                format!("the body{length} is larger than the {limit} bytes of server.limits.max_body_bytes");
            let (problem, quarantine) = (Problem::body_too_large(detail), Some("too_large"));
            Refusal { result: BatchResult::TooLarge, problem, quarantine }
        }
        BodyError::Overloaded => Refusal {
            result: BatchResult::Overloaded,
            problem: Problem::unavailable("too many batches are in flight").retry_after(1),
            quarantine: None,
        },
        BodyError::TooSlow => Refusal {
            result: BatchResult::Incomplete,
            problem: Problem::body_timeout("the body was not sent in time"),
            quarantine: None,
        },
        BodyError::Broken(problem) => Refusal::for_now(
            BatchResult::Incomplete,
            Problem::incomplete_body(format!("the body broke off: {problem}")),
        ),
        BodyError::Stopping => Refusal::for_now(
            BatchResult::Incomplete,
            Problem::unavailable("the collector is stopping").retry_after(1),
        ),
    }
}

/// Counts a refusal and, where the producer will not send the batch again, keeps it to be looked at. A
/// batch that could not be kept is asked for again.
pub(super) async fn refuse(api: &Api, peer: SocketAddr, refusal: Refusal, seen: Seen) -> Problem {
    let Some(reason) = refusal.quarantine else {
        api.metrics.ingest.count(refusal.result);
        return refusal.problem;
    };
    tracing::warn!(%peer, reason, detail = refusal.problem.detail(), "refused a batch");
    let most = usize::try_from(api.limits.quarantine_body_bytes).unwrap_or(usize::MAX);
    let kept = api.store.quarantine(Refused {
        received_us: now_us(),
        peer: peer.to_string(),
        reason,
        detail: refusal.problem.detail().to_owned(),
        body_bytes: seen.length,
        body: seen.bytes.iter().take(most).copied().collect(),
    });
    match kept.await {
        Ok(()) => {
            api.metrics.ingest.count(refusal.result);
            refusal.problem
        }
        Err(error) => {
            api.metrics.ingest.count(BatchResult::Unavailable);
            error.into()
        }
    }
}
