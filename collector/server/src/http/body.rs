//! Reads a request's body within its limits of size, memory and time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_core::config::Limits;

/// How long a request waits for others to let go of their memory.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client whose body is too large is listened to, so that it reads the answer.
const DRAIN: Duration = Duration::from_secs(2);

/// A body, and the place in memory that it takes for as long as this lives.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) _place: OwnedSemaphorePermit,
}

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// Larger than the limit; the length where the client said it.
    TooLarge(Option<u64>),
    /// No place in memory became free.
    Overloaded,
    TooSlow,
    /// The connection broke.
    Broken(String),
}

impl BodyError {
    /// The body's length, where it is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::TooLarge(length) => *length,
            Self::Overloaded | Self::TooSlow | Self::Broken(_) => None,
        }
    }
}

/// Reads `body`. Never holds more of it than the limit.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
    inflight: &Arc<Semaphore>,
) -> Result<Whole, BodyError> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length| length > limits.max_body_bytes) {
        drain(body, limits.max_body_bytes).await;
        return Err(BodyError::TooLarge(stated));
    }
    let kibibytes = stated.unwrap_or(limits.max_body_bytes).div_ceil(1024).max(1);
    let place = Arc::clone(inflight).acquire_many_owned(u32::try_from(kibibytes).unwrap_or(u32::MAX));
    let place = tokio::time::timeout(PATIENCE, place).await.map_err(|_| BodyError::Overloaded)?;
    let place = place.map_err(|_| BodyError::Overloaded)?;
    let bytes = collect(body, stated, limits.max_body_bytes);
    let bytes = tokio::time::timeout(Duration::from_secs(limits.body_timeout_seconds), bytes)
        .await
        .map_err(|_| BodyError::TooSlow)??;
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
