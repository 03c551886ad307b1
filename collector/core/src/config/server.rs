//! `server`: where the collector listens and what it puts up with.

use std::net::SocketAddr;

use super::fields::Fields;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8686);

/// Where and how the collector listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The address; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What a client may use up.
    pub limits: Limits,
}

/// What a client may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body of a request, bytes.
    pub max_body_bytes: u64,
    /// All bodies that are being read or wait for their commit, bytes together.
    pub max_inflight_bytes: u64,
    /// Connections at a time.
    pub max_connections: u64,
    /// Connections at a time from one address.
    pub max_connections_per_peer: u64,
    /// How long a client may take to send a request's head, seconds.
    pub header_timeout_seconds: u64,
    /// How long a client may take to send a request's body, seconds.
    pub body_timeout_seconds: u64,
    /// How long a client may take to take an answer, seconds.
    pub answer_timeout_seconds: u64,
    /// How many refused batches are kept to be looked at; older ones go.
    pub quarantine_batches: u64,
    /// How much of each refused batch is kept, bytes.
    pub quarantine_body_bytes: u64,
}

impl Server {
    pub(super) fn take(fields: &mut Fields<'_>) -> Self {
        let listen = fields.text("listen").and_then(|text| {
            let address = text.parse().ok();
            if address.is_none() {
                let problem = "is not an address and port such as 127.0.0.1:8686 or [::1]:8686";
                fields.refuse("listen", format!("{text:?} {problem}"));
            }
            address
        });
        let limits = Limits::take(&mut fields.section("limits"));
        fields.refuse_the_rest();
        let server = Self { listen: listen.unwrap_or(DEFAULT_LISTEN), limits };
        if limits.max_inflight_bytes < limits.max_body_bytes {
            fields.refuse("limits.max_inflight_bytes", "must not be below max_body_bytes");
        }
        server
    }
}

impl Limits {
    fn take(fields: &mut Fields<'_>) -> Self {
        let limits = Self {
            max_body_bytes: fields.size("max_body_bytes", 8 << 20, &(1 << 10..=64 << 20)),
            max_inflight_bytes: fields.size("max_inflight_bytes", 64 << 20, &(1 << 20..=4 << 30)),
            max_connections: fields.number("max_connections", 1024, &(1..=1_000_000)),
            max_connections_per_peer: fields.number("max_connections_per_peer", 256, &(1..=1_000_000)),
            header_timeout_seconds: fields.number("header_timeout_seconds", 30, &(1..=3600)),
            body_timeout_seconds: fields.number("body_timeout_seconds", 30, &(1..=3600)),
            answer_timeout_seconds: fields.number("answer_timeout_seconds", 30, &(1..=3600)),
            quarantine_batches: fields.number("quarantine_batches", 200, &(0..=100_000)),
            quarantine_body_bytes: fields.size("quarantine_body_bytes", 64 << 10, &(0..=64 << 20)),
        };
        fields.refuse_the_rest();
        limits
    }
}
