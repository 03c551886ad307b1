//! What a simulated backend is like, as data.
//!
//! It also carries the gateway's settings that the behaviour relies on (route timeout, retries,
//! circuit breaker), so that whoever writes Envoy's configuration reads them from the same place.

use std::time::Duration;

use super::api::Api;

/// One backend: one Envoy cluster, and one provider behind it unless it is unreachable.
#[derive(Debug, Clone)]
pub struct BackendSpec {
    /// The Envoy cluster's name, and the value of `x-sim-backend`.
    pub name: &'static str,
    /// The API shapes it answers in; a request's plan picks one.
    pub apis: &'static [Api],
    /// Its share of the load, relative to the other backends' weights.
    pub weight: u32,
    /// How often an answer is streamed, per mille.
    pub streamed: u32,
    /// Milliseconds until the first byte, lowest and highest.
    pub first_byte_ms: (u32, u32),
    /// Milliseconds between two content chunks, lowest and highest.
    pub chunk_gap_ms: (u32, u32),
    /// Content chunks in a stream, lowest (at least 2) and highest.
    pub chunks: (u32, u32),
    /// How requests end.
    pub fates: FateMix,
    /// How cost is told.
    pub costs: CostMix,
    /// How often an OpenAI chat stream is asked to end with a usage chunk, per mille.
    pub include_usage: u32,
    /// Whether a provider listens at all; if not, connections to its port are refused.
    pub reachable: bool,
    /// The timeout that the gateway's route to it shall have.
    pub route_timeout: Duration,
    /// How often the gateway shall retry a 5xx or a reset.
    pub retries: u32,
    /// The limits of the gateway's circuit breaker, where they shall be tight.
    pub breaker: Option<Breaker>,
}

/// The limits of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Requests in flight to the cluster.
    pub max_requests: u32,
    /// Requests waiting for a connection.
    pub max_pending: u32,
}

/// How many of a thousand requests meet each fate; the rest succeed at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct FateMix {
    /// An error status at every attempt.
    pub fail: u32,
    /// Errors first, success on a retry.
    pub fail_then_succeed: u32,
    /// The provider breaks off within the body.
    pub reset_mid_body: u32,
    /// The provider breaks off without any answer.
    pub reset_before_headers: u32,
    /// The provider never answers.
    pub stall: u32,
    /// The client leaves within the stream.
    pub client_abort: u32,
    /// The client leaves before the answer.
    pub client_abort_before_headers: u32,
}

/// How many of a thousand requests tell their cost in each way; the rest do not tell it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CostMix {
    /// In the header `x-cost-usd`.
    pub header: u32,
    /// In the header `x-litellm-response-cost`.
    pub litellm: u32,
    /// In the body's `usage.cost`; only [`Api::OpenRouter`] has that field, others then tell nothing.
    pub body: u32,
}

/// The backends of the demo. No stream of theirs comes near its route's timeout unless it stalls.
pub fn demo_backends() -> Vec<BackendSpec> {
    let plain = BackendSpec {
        name: "",
        apis: &[Api::OpenAiChat],
        weight: 0,
        streamed: 600,
        first_byte_ms: (5, 40),
        chunk_gap_ms: (1, 4),
        chunks: (3, 12),
        fates: FateMix::default(),
        costs: CostMix { header: 400, litellm: 300, body: 0 },
        include_usage: 700,
        reachable: true,
        // Far beyond what a starved machine may take, so that it only ends what is really stuck.
        route_timeout: Duration::from_secs(60),
        retries: 0,
        breaker: None,
    };
    let steady = FateMix { fail: 10, client_abort: 5, ..FateMix::default() };
    vec![
        BackendSpec { name: "openai-chat", weight: 20, fates: steady, ..plain.clone() },
        BackendSpec {
            name: "openai-responses",
            apis: &[Api::OpenAiResponses],
            weight: 14,
            fates: steady,
            ..plain.clone()
        },
        BackendSpec {
            name: "anthropic",
            apis: &[Api::Anthropic],
            weight: 16,
            first_byte_ms: (10, 60),
            fates: steady,
            ..plain.clone()
        },
        BackendSpec {
            name: "gemini",
            apis: &[Api::Gemini],
            weight: 8,
            first_byte_ms: (300, 650),
            chunk_gap_ms: (5, 20),
            chunks: (3, 8),
            fates: steady,
            ..plain.clone()
        },
        BackendSpec {
            name: "openrouter",
            apis: &[Api::OpenRouter],
            weight: 14,
            fates: steady,
            costs: CostMix { header: 0, litellm: 0, body: 900 },
            ..plain.clone()
        },
        failing(&plain),
        BackendSpec {
            name: "tight",
            weight: 6,
            streamed: 300,
            first_byte_ms: (20, 60),
            breaker: Some(Breaker { max_requests: 1, max_pending: 1 }),
            ..plain.clone()
        },
        BackendSpec {
            name: "abandoned",
            apis: &[Api::Anthropic, Api::OpenAiChat],
            weight: 10,
            streamed: 1_000,
            chunks: (6, 16),
            fates: FateMix { client_abort: 600, client_abort_before_headers: 100, ..FateMix::default() },
            ..plain.clone()
        },
        BackendSpec { name: "unreachable", weight: 2, reachable: false, ..plain },
    ]
}

fn failing(plain: &BackendSpec) -> BackendSpec {
    BackendSpec {
        name: "failing",
        apis: &[Api::OpenAiChat, Api::Anthropic, Api::Gemini],
        weight: 10,
        chunks: (3, 8),
        fates: FateMix {
            fail: 250,
            fail_then_succeed: 120,
            reset_mid_body: 80,
            reset_before_headers: 40,
            stall: 40,
            ..FateMix::default()
        },
        route_timeout: Duration::from_secs(3),
        retries: 2,
        ..plain.clone()
    }
}
