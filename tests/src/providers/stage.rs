//! One attempt at one request, from its headers to the answer's last byte.
//!
//! It performs what [`Act`] says and keeps the ledger; it decides nothing by itself.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;

use super::answer::Act;
use super::script::{BrokenOff, Script};
use crate::plan::{BackendSpec, Plan};
use crate::rendezvous::Meetings;
use crate::truth::{AttemptEnd, Ledger};

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, BrokenOff>;

/// Where one backend's provider plays.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) seed: u64,
    pub(super) backend: BackendSpec,
    pub(super) ledger: Arc<Ledger>,
    pub(super) meetings: Arc<Meetings>,
}

impl Stage {
    /// Answers one attempt. An error makes the connection end without an answer.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, BrokenOff> {
        let (head, body) = request.into_parts();
        let Some(cue) = Cue::read(&head.headers) else {
            return Ok(refusal(
                StatusCode::BAD_REQUEST,
                "x-request-id, x-sim-backend or x-sim-number is missing",
            ));
        };
        if cue.backend != self.backend.name {
            return Ok(refusal(StatusCode::MISDIRECTED_REQUEST, "x-sim-backend names another backend"));
        }
        let attempt = self.ledger.open(cue.request_id, cue.number, self.backend.name);
        let meeting = self.meetings.find(cue.request_id);
        body.collect().await.map_err(|_| BrokenOff)?;
        if let Some(meeting) = &meeting {
            meeting.request_seen();
        }

        let plan = Plan::of(self.seed, &self.backend, cue.number);
        let answer = match Act::of(&plan, attempt.ordinal()) {
            Act::Answer(answer) => answer,
            Act::Silence => return std::future::pending().await,
            Act::BreakOff => {
                tokio::time::sleep(plan.first_byte).await;
                attempt.end(AttemptEnd::Reset);
                return Err(BrokenOff);
            }
        };
        tokio::time::sleep(answer.wait).await;
        attempt.head(answer.head.status.as_u16(), answer.head.told);
        let script = Script::new(answer.pieces, plan.chunk_gap, answer.ending, attempt, meeting);
        let mut response = Response::new(UnsyncBoxBody::new(StreamBody::new(script.into_frames())));
        *response.status_mut() = answer.head.status;
        *response.headers_mut() = answer.head.headers;
        if let Some(length) = answer.length {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(response)
    }
}

/// What an attempt's headers say about it.
struct Cue<'a> {
    request_id: &'a str,
    backend: &'a str,
    number: u64,
}

impl<'a> Cue<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Some(Self {
            request_id: text("x-request-id")?,
            backend: text("x-sim-backend")?,
            number: text("x-sim-number")?.parse().ok()?,
        })
    }
}

/// The answer to what is no part of any plan; the ledger does not know it, so that the join fails.
fn refusal(status: StatusCode, reason: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from_static(reason.as_bytes())).map_err(|never| match never {});
    let mut response = Response::new(UnsyncBoxBody::new(body));
    *response.status_mut() = status;
    response
}
