//! What end a stream came to, judged from the proxy's flags, its words and the status.
//!
//! Flags go before the status: a stream that was cut after its headers keeps status 200.

use weir_wire::{Breaker, Outcome};

/// Envoy's response flags that decide something here, as bits.
pub mod flag {
    /// No healthy host.
    pub const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
    /// The upstream did not answer in time.
    pub const UPSTREAM_TIMEOUT: u64 = 1 << 2;
    /// A circuit breaker's limit was reached.
    pub const UPSTREAM_OVERFLOW: u64 = 1 << 7;
    /// Rejected by the rate-limit service or filter.
    pub const RATE_LIMITED: u64 = 1 << 11;
    /// Rejected by the authorisation service.
    pub const UNAUTHORIZED: u64 = 1 << 12;
    /// The client closed its connection.
    pub const DOWNSTREAM_DISCONNECT: u64 = 1 << 14;
    /// No more attempts were left.
    pub const RETRIES_EXHAUSTED: u64 = 1 << 15;
    /// The client sent nothing for too long.
    pub const STREAM_IDLE_TIMEOUT: u64 = 1 << 16;
    /// The stream lived longer than it may.
    pub const MAX_DURATION: u64 = 1 << 22;
    /// The proxy itself is overloaded.
    pub const OVERLOAD: u64 = 1 << 27;
    /// The client reset its stream.
    pub const DOWNSTREAM_RESET: u64 = 1 << 28;

    /// All flags that mean that the answer did not come whole from upstream.
    pub(super) const UPSTREAM_FAILURES: u64 = (1 << 0)
        | (1 << 3)
        | (1 << 4)
        | (1 << 5)
        | (1 << 6)
        | (1 << 8)
        | (1 << 15)
        | (1 << 19)
        | (1 << 23)
        | (1 << 24)
        | (1 << 25)
        | (1 << 26);
}

/// The error type of an answer that said 200 and then that it failed.
pub const ERROR_IN_BODY: &str = "error_in_body";

/// What is known of a stream's end.
#[derive(Debug, Clone, Copy, Default)]
pub struct End<'a> {
    /// The status sent to the client, if a response began.
    pub status: Option<u16>,
    /// Response flags.
    pub flags: u64,
    /// The proxy's own words.
    pub details: &'a str,
    /// Whether the response carries `x-envoy-overloaded`.
    pub overloaded: bool,
    /// Whether the response came from a backend.
    pub answered: bool,
}

/// The end and, where it is not a success, its kind in one word.
pub fn classify(end: &End<'_>) -> (Outcome, Option<&'static str>) {
    let has = |flags: u64| end.flags & flags != 0;
    if has(flag::DOWNSTREAM_DISCONNECT | flag::DOWNSTREAM_RESET) {
        return (Outcome::Aborted, Some("client_disconnected"));
    }
    if has(flag::UPSTREAM_TIMEOUT) {
        return (Outcome::Timeout, Some("response_timeout"));
    }
    if has(flag::STREAM_IDLE_TIMEOUT) {
        return (Outcome::Timeout, Some("stream_idle_timeout"));
    }
    // Envoy sets no flag for a stream that has lived for too long.
    if has(flag::MAX_DURATION) || end.details.ends_with("max_duration_timeout") {
        return (Outcome::Timeout, Some("max_duration"));
    }
    // A retry that a breaker forbids leaves the backend's own answer standing.
    if (has(flag::UPSTREAM_OVERFLOW) && !end.answered) || end.overloaded {
        return (Outcome::Rejected, Some("overflow"));
    }
    if has(flag::NO_HEALTHY_UPSTREAM) {
        return (Outcome::Rejected, Some("no_healthy_upstream"));
    }
    if has(flag::RATE_LIMITED) {
        return (Outcome::Rejected, Some("rate_limited"));
    }
    if has(flag::UNAUTHORIZED) {
        return (Outcome::Rejected, Some("unauthorized"));
    }
    if has(flag::OVERLOAD) {
        return (Outcome::Rejected, Some("proxy_overloaded"));
    }
    by_status(end)
}

fn by_status(end: &End<'_>) -> (Outcome, Option<&'static str>) {
    let failed = end.flags & flag::UPSTREAM_FAILURES != 0;
    match end.status {
        None => (Outcome::Error, Some("no_response")),
        Some(429) => (Outcome::Error, Some("rate_limited_by_backend")),
        Some(400..=499) => (Outcome::Error, Some("client_error")),
        Some(..100) => (Outcome::Error, Some("no_response")),
        Some(500..) if !failed => (Outcome::Error, Some("backend_error")),
        Some(_) if failed => (Outcome::Error, Some(failure(end))),
        Some(_) => (Outcome::Success, None),
    }
}

fn failure(end: &End<'_>) -> &'static str {
    let has = |bit: u32| end.flags & (1 << bit) != 0;
    if has(5) {
        "connection_failed"
    } else if has(15) {
        "retries_exhausted"
    } else if has(8) || has(24) {
        "no_route"
    } else if has(26) {
        "dns_failed"
    } else if has(6) || has(4) || has(23) || end.details.as_bytes().windows(5).any(|part| part == b"reset") {
        "upstream_reset"
    } else {
        "upstream_failed"
    }
}

/// What one request shows of a circuit breaker: an overflow that the proxy reports goes before a header.
pub fn breaker(end: &End<'_>, header: Option<Breaker>) -> Option<Breaker> {
    if end.flags & flag::UPSTREAM_OVERFLOW != 0 || end.overloaded { Some(Breaker::Overflow) } else { header }
}

/// The state that a breaker's header names; anything else is unknown.
pub fn breaker_state(value: &[u8]) -> Option<Breaker> {
    let value = value.trim_ascii();
    let is = |names: &[&str]| names.iter().any(|name| value.eq_ignore_ascii_case(name.as_bytes()));
    if is(&["open"]) {
        Some(Breaker::Open)
    } else if is(&["half_open", "half-open", "halfopen"]) {
        Some(Breaker::HalfOpen)
    } else if is(&["closed"]) {
        Some(Breaker::Closed)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn check(status: Option<u16>, bits: &[u32], outcome: Outcome, kind: Option<&str>) {
        let flags = bits.iter().fold(0, |flags, bit| flags | (1 << bit));
        let end = End { status, flags, ..End::default() };
        assert_eq!(classify(&end), (outcome, kind), "{status:?} {bits:?}");
    }

    test! {
        fn flags_go_before_the_status() {
            check(Some(200), &[], Outcome::Success, None);
            check(Some(302), &[], Outcome::Success, None);
            check(Some(101), &[], Outcome::Success, None);
            check(Some(200), &[14], Outcome::Aborted, Some("client_disconnected"));
            check(None, &[14], Outcome::Aborted, Some("client_disconnected"));
            check(Some(200), &[23], Outcome::Error, Some("upstream_reset"));
            check(Some(200), &[6], Outcome::Error, Some("upstream_reset"));
            check(Some(504), &[2], Outcome::Timeout, Some("response_timeout"));
            check(Some(504), &[2, 15], Outcome::Timeout, Some("response_timeout"));
            check(Some(503), &[7], Outcome::Rejected, Some("overflow"));
            check(Some(503), &[1], Outcome::Rejected, Some("no_healthy_upstream"));
            check(Some(429), &[11], Outcome::Rejected, Some("rate_limited"));
            check(Some(429), &[], Outcome::Error, Some("rate_limited_by_backend"));
            check(Some(404), &[], Outcome::Error, Some("client_error"));
            check(Some(404), &[8], Outcome::Error, Some("client_error"));
            check(Some(503), &[5], Outcome::Error, Some("connection_failed"));
            check(Some(503), &[15], Outcome::Error, Some("retries_exhausted"));
            check(Some(500), &[], Outcome::Error, Some("backend_error"));
            check(Some(400), &[18], Outcome::Error, Some("client_error"));
            check(None, &[], Outcome::Error, Some("no_response"));
            check(Some(99), &[], Outcome::Error, Some("no_response"));
        }

        fn a_breaker_is_observed_not_derived() {
            let overflow = End { flags: flag::UPSTREAM_OVERFLOW, ..End::default() };
            assert_eq!(breaker(&overflow, Some(Breaker::Closed)), Some(Breaker::Overflow));
            for (header, expected) in [
                ("open", Some(Breaker::Open)),
                (" Half-Open ", Some(Breaker::HalfOpen)),
                ("CLOSED", Some(Breaker::Closed)),
                ("1", None),
            ] {
                assert_eq!(breaker(&End::default(), breaker_state(header.as_bytes())), expected, "{header}");
            }
            assert_eq!(breaker(&End::default(), None), None);
        }
    }
}
