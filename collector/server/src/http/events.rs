//! `POST /api/v1/events`: takes one batch and answers when it is on disk.

mod prepare;
mod refusal;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::Serialize;
use weir_wire::json;

use self::prepare::{Form, Prepared, prepare};
use self::refusal::{Refusal, Seen, of_body, of_conflict, refuse};
use super::body::{self, Whole};
use super::{Api, Peer, Shared};
use crate::clock::now_us;
use crate::metrics::BatchResult;
use crate::problem::Problem;
use crate::store::Receipt;

/// Says up to which number a batch is committed, for a producer that wants to tell a collector's 200 from
/// another server's. The filter takes any 2xx (docs/delivery.md).
const COMMITTED: HeaderName = HeaderName::from_static("x-weir-committed");

/// What became of the batch's events.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    accepted: u64,
    duplicates: u64,
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
    let whole = match body::read(&parts.headers, body, &api).await {
        Ok(whole) => whole,
        Err(error) => {
            let seen = Seen { length: error.length(), ..Seen::default() };
            return Err(refuse(&api, peer, of_body(&error, api.limits.max_body_bytes), seen).await);
        }
    };
    let task = api.tasks.spawn(finish(Arc::clone(&api), peer, form, whole));
    let failed = |error| Problem::internal(format!("the batch was given up: {error}"));
    let Taken { receipt: Receipt { accepted, duplicates, .. }, last_sequence } =
        task.await.map_err(failed)??;
    let committed = [(COMMITTED, HeaderValue::from(last_sequence))];
    Ok((committed, Json(Answer { accepted, duplicates })))
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
        Err(Refusal::for_now(BatchResult::Unsupported, problem))
    }
}

/// What is left when the body is there. A task of its own, since a client that goes away ends its request
/// but not what its batch takes in memory.
async fn finish(api: Shared, peer: SocketAddr, form: Form, whole: Whole) -> Result<Taken, Problem> {
    api.metrics.ingest.count_bytes(whole.bytes.len());
    match take(&api, form, whole.bytes.clone()).await {
        Ok(taken) => Ok(taken),
        Err(refusal) => {
            let length = u64::try_from(whole.bytes.len()).ok();
            Err(refuse(&api, peer, refusal, Seen { length, bytes: whole.bytes.clone() }).await)
        }
    }
}

async fn take(api: &Api, form: Form, bytes: Bytes) -> Result<Taken, Refusal> {
    let overloaded = || {
        let problem = Problem::unavailable("too many batches are in flight").retry_after(1);
        Refusal::for_now(BatchResult::Overloaded, problem)
    };
    let received_us = now_us();
    let place = api.memory.for_decoding(bytes.len()).await.ok_or_else(overloaded)?;
    let prepared = api.tasks.spawn_blocking(move || prepare(form, &bytes, received_us)).await;
    let Prepared { delivery, future } = prepared.map_err(|error| {
        let problem = Problem::internal(format!("the batch could not be taken apart: {error}"));
        Refusal::for_now(BatchResult::Unavailable, problem)
    })??;
    // The next batch is taken apart only when there is room for what was made of this one.
    let _prepared = api.memory.for_prepared(delivery.weight()).await.ok_or_else(overloaded)?;
    drop(place);
    let last_sequence = delivery.last_sequence();
    let delivered = api.store.deliver(delivery).await;
    let receipt = delivered.map_err(|error| Refusal::for_now(BatchResult::Unavailable, error.into()))?;
    let Receipt { accepted, duplicates, conflict } = receipt;
    if conflict {
        return Err(of_conflict(duplicates));
    }
    let result = if accepted == 0 && duplicates > 0 { BatchResult::Duplicate } else { BatchResult::Accepted };
    api.metrics.ingest.count(result);
    api.metrics.ingest.count_events(accepted, duplicates);
    if accepted > 0 {
        api.metrics.ingest.count_future(future);
    }
    Ok(Taken { receipt, last_sequence })
}
