//! Reads a request's body within its limits of size, memory and time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::Api;
use super::memory::Place;

/// How long a client whose body is too large is listened to, so that it reads the answer.
const DRAIN: Duration = Duration::from_secs(2);

/// How long the rest of a body is waited for when the process stops: what is not whole cannot be kept.
const LAST_CALL: Duration = Duration::from_secs(2);

/// A body, and the place in memory that it takes for as long as this lives.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) _place: Place,
}

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// Larger than the limit; the length where the client said it.
    TooLarge(Option<u64>),
    /// No place in memory became free.
    Overloaded,
    TooSlow,
    /// The process stops, and the rest did not come in time.
    Stopping,
    /// The connection broke.
    Broken(String),
}

impl BodyError {
    /// The body's length, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::TooLarge(length) => *length,
            Self::Overloaded | Self::TooSlow | Self::Stopping | Self::Broken(_) => None,
        }
    }
}

/// Reads `body`. Never holds more of it than the limit.
pub(super) async fn read(headers: &HeaderMap, body: Body, api: &Api) -> Result<Whole, BodyError> {
    let limits = &api.limits;
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length| length > limits.max_body_bytes) {
        drain(body, limits.max_body_bytes).await;
        return Err(BodyError::TooLarge(stated));
    }
    let place = api.memory.for_body(stated.unwrap_or(limits.max_body_bytes)).await;
    let place = place.ok_or(BodyError::Overloaded)?;
    let bytes = collect(body, stated, limits.max_body_bytes);
    let bytes = tokio::time::timeout(Duration::from_secs(limits.body_timeout_seconds), bytes);
    let last_call = async {
        api.stop.cancelled().await;
        tokio::time::sleep(LAST_CALL).await;
    };
    let bytes = tokio::select! {
        biased;
        bytes = bytes => bytes.map_err(|_| BodyError::TooSlow)??,
        () = last_call => return Err(BodyError::Stopping),
    };
    Ok(Whole { bytes, _place: place })
}

async fn collect(mut body: Body, stated: Option<u64>, limit: u64) -> Result<Bytes, BodyError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut whole =
        BytesMut::with_capacity(stated.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len().saturating_add(data.len()) > limit {
            drain(body, u64::try_from(limit).unwrap_or(u64::MAX)).await;
            return Err(BodyError::TooLarge(None));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Takes and forgets some more of a body: a client that is still sending when the connection closes would
/// see a reset and not the answer.
async fn drain(mut body: Body, most: u64) {
    let drain = async {
        let mut drained = 0u64;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            drained = drained.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            if drained > most {
                break;
            }
        }
    };
    // Whether it came to its end or ran out of time is all the same.
    let _ = tokio::time::timeout(DRAIN, drain).await;
}
