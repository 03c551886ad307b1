//! `POST /api/v1/events`: takes one batch and answers when it is on disk.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::Serialize;
use weir_wire::{Batch, DecodeError, Measure, OLDEST_VERSION, VERSION, binary, json};

use super::body::{self, BodyError};
use super::{Api, Peer, Shared};
use crate::clock::now_us;
use crate::metrics::BatchResult;
use crate::problem::Problem;
use crate::store::{Delivery, Receipt, Refused};

/// An event that ends later than this after its batch came has a clock that is off.
const FUTURE_US: u64 = 5 * 60 * 1_000_000;

/// Says up to which number a batch is committed, so that no other server's 200 is taken for an
/// acknowledgement.
const COMMITTED: HeaderName = HeaderName::from_static("x-weir-committed");

/// What became of the batch's events.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    accepted: u64,
    duplicates: u64,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Binary,
    Json,
}

/// Why a batch was not accepted.
struct Refusal {
    result: BatchResult,
    problem: Problem,
    /// What the quarantine calls it, where it belongs there.
    quarantine: Option<&'static str>,
}

/// What was seen of a body.
#[derive(Default)]
struct Seen {
    /// Of the whole, where it is known.
    length: Option<u64>,
    bytes: Bytes,
}

/// What a batch comes down to.
struct Prepared {
    delivery: Delivery,
    future: u64,
}

/// What came of a batch that is committed.
struct Taken {
    receipt: Receipt,
    /// The number of its last event; of the event before it, where it has none.
    last_sequence: u64,
}

pub(super) async fn post(
    State(api): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let (parts, body) = request.into_parts();
    let form = match form_of(&parts.headers) {
        Ok(form) => form,
        Err(refusal) => return Err(refuse(&api, peer, refusal, Seen::default()).await),
    };
    let whole = match body::read(&parts.headers, body, &api.limits, &api.inflight).await {
        Ok(whole) => whole,
        Err(error) => {
            let seen = Seen { length: error.length(), ..Seen::default() };
            return Err(refuse(&api, peer, refuse_body(&error, api.limits.max_body_bytes), seen).await);
        }
    };
    api.metrics.ingest.count_bytes(whole.bytes.len());
    let seen = Seen { length: u64::try_from(whole.bytes.len()).ok(), bytes: whole.bytes.clone() };
    match take(&api, form, whole).await {
        Ok(Taken { receipt: Receipt { accepted, duplicates }, last_sequence }) => {
            let committed = [(COMMITTED, HeaderValue::from(last_sequence))];
            Ok((committed, Json(Answer { accepted, duplicates })))
        }
        Err(refusal) => Err(refuse(&api, peer, refusal, seen).await),
    }
}

fn form_of(headers: &HeaderMap) -> Result<Form, Refusal> {
    let stated = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let essence = stated.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(weir_wire::CONTENT_TYPE) {
        Ok(Form::Binary)
    } else if essence.eq_ignore_ascii_case(json::CONTENT_TYPE) {
        Ok(Form::Json)
    } else {
        let detail = format!(
            "content type {essence:?} is not accepted; {} and {} are",
            weir_wire::CONTENT_TYPE,
            json::CONTENT_TYPE
        );
        let problem = Problem::unsupported(detail).field("content-type", "is not accepted");
        Err(Refusal { result: BatchResult::Unsupported, problem, quarantine: None })
    }
}

async fn take(api: &Api, form: Form, whole: body::Whole) -> Result<Taken, Refusal> {
    let received_us = now_us();
    // The place in memory is held until the commit: the block that was made of the body still takes it.
    let prepare = move || (prepare(form, &whole.bytes, received_us), whole);
    let (prepared, _whole) = api.tasks.spawn_blocking(prepare).await.map_err(|error| Refusal {
        result: BatchResult::Unavailable,
        problem: Problem::internal(format!("the batch could not be taken apart: {error}")),
        quarantine: None,
    })?;
    let Prepared { delivery, future } = prepared?;
    let last_sequence = delivery.last_sequence();
    let receipt = api.store.deliver(delivery).await.map_err(|error| Refusal {
        result: BatchResult::Unavailable,
        problem: error.into(),
        quarantine: None,
    })?;
    let Receipt { accepted, duplicates } = receipt;
    let result = if accepted == 0 && duplicates > 0 { BatchResult::Duplicate } else { BatchResult::Accepted };
    api.metrics.ingest.count(result);
    api.metrics.ingest.count_events(accepted, duplicates);
    if accepted > 0 {
        api.metrics.ingest.count_future(future);
    }
    Ok(Taken { receipt, last_sequence })
}

/// Everything that can be done without the database, away from the threads that serve connections.
fn prepare(form: Form, bytes: &Bytes, received_us: u64) -> Result<Prepared, Refusal> {
    let (batch, encoded) = match form {
        Form::Binary => (binary::decode(bytes).map_err(|error| refuse_batch(&error))?, bytes.clone()),
        Form::Json => {
            let batch = json::decode(bytes).map_err(|error| refuse_batch(&error))?;
            let encoded = binary::encode(&batch).into();
            (batch, encoded)
        }
    };
    let delivery = Delivery::of(&batch, &encoded, received_us).map_err(|error| Refusal {
        result: BatchResult::Unavailable,
        problem: Problem::unavailable(format!("the batch could not be packed: {error}")).retry_after(5),
        quarantine: None,
    })?;
    Ok(Prepared { delivery, future: count_future(&batch, received_us) })
}

fn count_future(batch: &Batch, received_us: u64) -> u64 {
    let limit = received_us.saturating_add(FUTURE_US);
    let ended = batch.column(Measure::EndedUs);
    let count = (0..batch.len()).filter(|at| ended.get(*at).is_some_and(|ended| ended > limit)).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn refuse_batch(error: &DecodeError) -> Refusal {
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

fn refuse_body(error: &BodyError, limit: u64) -> Refusal {
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
        BodyError::Broken(problem) => Refusal {
            result: BatchResult::Incomplete,
            problem: Problem::incomplete_body(format!("the body broke off: {problem}")),
            quarantine: None,
        },
    }
}

/// Counts a refusal and, where the producer will not send the batch again, keeps it to be looked at. A
/// batch that could not be kept is asked for again.
async fn refuse(api: &Api, peer: std::net::SocketAddr, refusal: Refusal, seen: Seen) -> Problem {
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
