//! What each request shall be: everything is decided here, from the seed alone.
//!
//! Pure: it knows no clock, no network and no ledger. The client and the providers each ask for
//! the plan of a request by its number, and so agree without talking.

mod api;
mod backend;
mod dice;
mod fate;
mod money;
mod tokens;

use std::time::Duration;

pub use api::{Api, Model};
pub use backend::{BackendSpec, Breaker, CostMix, FateMix, demo_backends};
pub use dice::Dice;
pub use fate::Fate;
pub use money::{plain_usd, python_usd};
pub use tokens::Tokens;

/// One request and its answer, as they are meant to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The number of the request in its run.
    pub number: u64,
    /// The shape of request and answer.
    pub api: Api,
    /// The model that is asked for and answers.
    pub model: Model,
    /// Whether the answer is a stream of server-sent events.
    pub streamed: bool,
    /// Whether an OpenAI chat stream is asked to end with its usage.
    pub include_usage: bool,
    /// What a complete answer has used.
    pub tokens: Tokens,
    /// Content chunks in the answer, at least two.
    pub chunks: u32,
    /// From the request's end to the answer's first byte.
    pub first_byte: Duration,
    /// Between two content chunks.
    pub chunk_gap: Duration,
    /// What the request cost, told or not.
    pub cost_nano_usd: u64,
    /// How the cost is told.
    pub cost_report: CostReport,
    /// What `x-cache` says, if it is there.
    pub cache: Option<CacheStatus>,
    /// The quality headers, if they are there.
    pub quality: Option<Quality>,
    /// What `x-lb-algorithm` says, if it is there.
    pub algorithm: Option<&'static str>,
    /// How it ends.
    pub fate: Fate,
}

/// How an answer tells its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostReport {
    /// `x-cost-usd`, a plain decimal string.
    Header,
    /// `x-litellm-response-cost`, as Python prints a float.
    LitellmHeader,
    /// `usage.cost` in the body.
    Body,
    /// Not at all.
    Untold,
}

/// The value of `x-cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// `hit`.
    Hit,
    /// `miss`.
    Miss,
}

/// The quality headers, in thousandths; each but the score may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// `x-quality-score`.
    pub score: u64,
    /// `x-quality-accuracy`.
    pub accuracy: Option<u64>,
    /// `x-quality-relevance`.
    pub relevance: Option<u64>,
    /// `x-quality-completeness`.
    pub completeness: Option<u64>,
    /// `x-user-satisfaction`.
    pub satisfaction: Option<u64>,
}

const ALGORITHMS: &[&str] = &["round_robin", "least_latency", "cost_aware", "weighted"];

impl Plan {
    /// The plan of request `number` of the run, given the backend that [`backend_of`] chose.
    pub fn of(seed: u64, backend: &BackendSpec, number: u64) -> Self {
        let dice = &mut Dice::of(seed, backend.name, number);
        let api = dice.pick(backend.apis, Api::OpenAiChat);
        let model = dice.pick(
            api.models(),
            Model { name: "none", input_nano_usd: 0, output_nano_usd: 0, reasons: false },
        );
        let tokens = Tokens::thrown(dice, api, model);
        let chunks = u32::try_from(between(dice, backend.chunks)).unwrap_or(2).max(2);
        let fate = Fate::thrown(dice, &backend.fates, backend.retries);
        let streamed = dice.chance(backend.streamed) || fate.needs_stream();
        Self {
            number,
            api,
            model,
            streamed,
            include_usage: dice.chance(backend.include_usage),
            tokens,
            chunks,
            first_byte: Duration::from_millis(between(dice, backend.first_byte_ms)),
            chunk_gap: Duration::from_millis(between(dice, backend.chunk_gap_ms)),
            cost_nano_usd: cost(dice, model, tokens),
            cost_report: CostReport::thrown(dice, api, backend.costs),
            cache: CacheStatus::thrown(dice),
            quality: Quality::thrown(dice),
            algorithm: dice.chance(800).then(|| dice.pick(ALGORITHMS, "round_robin")),
            fate: fate.cut_within(dice, streamed, chunks),
        }
    }
}

/// The index of the backend that request `number` goes to, by weight; none without weights.
pub fn backend_of(seed: u64, backends: &[BackendSpec], number: u64) -> Option<usize> {
    let total: u64 = backends.iter().map(|backend| u64::from(backend.weight)).sum();
    let mut left = Dice::of(seed, "backend", number).throw().checked_rem(total)?;
    backends.iter().position(|backend| {
        let weight = u64::from(backend.weight);
        let here = left < weight;
        left = left.saturating_sub(weight);
        here
    })
}

/// The `x-request-id` of request `number`: a UUID of version 4, whose version digit Envoy keeps as
/// it is while it does not trace.
pub fn request_id(seed: u64, number: u64) -> String {
    let mut dice = Dice::of(seed, "request id", number);
    let (high, low) = (dice.throw(), dice.throw());
    let group = |bits: u64, shift: u32| (bits >> shift) & 0xffff;
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        group(high, 16),
        high & 0xfff,
        0x8000 | (group(low, 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

fn between(dice: &mut Dice, (low, high): (u32, u32)) -> u64 {
    dice.between(u64::from(low), u64::from(high))
}

/// The list price, and an odd rest, so that no sum of rounded amounts comes out right by luck.
fn cost(dice: &mut Dice, model: Model, tokens: Tokens) -> u64 {
    tokens.input * model.input_nano_usd + tokens.output * model.output_nano_usd + dice.between(1, 999)
}

impl CostReport {
    fn thrown(dice: &mut Dice, api: Api, mix: CostMix) -> Self {
        let throw = u32::try_from(dice.between(0, 999)).unwrap_or(0);
        if throw < mix.header {
            CostReport::Header
        } else if throw < mix.header + mix.litellm {
            CostReport::LitellmHeader
        } else if throw < mix.header + mix.litellm + mix.body && api == Api::OpenRouter {
            CostReport::Body
        } else {
            CostReport::Untold
        }
    }
}

impl CacheStatus {
    fn thrown(dice: &mut Dice) -> Option<Self> {
        match dice.between(0, 9) {
            0 | 1 => Some(CacheStatus::Hit),
            2..=4 => Some(CacheStatus::Miss),
            _ => None,
        }
    }
}

impl Quality {
    fn thrown(dice: &mut Dice) -> Option<Self> {
        let grade = |dice: &mut Dice| dice.between(600, 1_000);
        let perhaps = |dice: &mut Dice| dice.chance(600).then(|| grade(dice));
        dice.chance(250).then(|| Self {
            score: grade(dice),
            accuracy: perhaps(dice),
            relevance: perhaps(dice),
            completeness: perhaps(dice),
            satisfaction: perhaps(dice),
        })
    }
}

#[cfg(test)]
mod tests;
