//! The load client's ledger: one entry for each request that it sent.

use std::time::Duration;

/// One request, as its sender saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its `x-request-id`.
    pub request_id: String,
    /// Its number in the run.
    pub number: u64,
    /// The backend that it was meant for.
    pub backend: &'static str,
    /// When it was sent, from the run's start.
    pub at: Duration,
    /// From sending to the end.
    pub took: Duration,
    /// The status, if an answer began.
    pub status: Option<u16>,
    /// Whether the answer carried `x-envoy-overloaded`.
    pub overloaded: bool,
    /// Body bytes that arrived.
    pub response_bytes: u64,
    /// How it ended.
    pub end: ClientEnd,
}

/// How a request ended for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientEnd {
    /// The answer arrived whole.
    Complete,
    /// The client left.
    Aborted,
    /// The other side broke off, before the answer or within it.
    Cut,
    /// The request could not be sent at all.
    ConnectFailed,
}
