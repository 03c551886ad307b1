//! An answer's body in pieces, each with what it tells when it is on the wire.

use bytes::Bytes;
use serde_json::Value;

use crate::plan::{CostReport, Plan, Tokens, plain_usd};
use crate::truth::{Told, Usage};

/// A part of a body that is flushed by itself.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// The bytes.
    pub(super) bytes: Bytes,
    /// What they tell.
    pub(super) told: Told,
    /// Whether the provider takes its time before it.
    pub(super) paced: bool,
}

impl Piece {
    /// A piece that tells nothing and follows at once.
    pub(super) fn silent(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), told: Told::default(), paced: false }
    }

    /// The same piece after the plan's pause.
    pub(super) fn paced(self) -> Self {
        Self { paced: true, ..self }
    }

    /// The same piece, telling a part of the usage.
    pub(super) fn telling_part(self, tokens: Tokens) -> Self {
        let told = Told { usage: Some(Usage::Partial(tokens)), ..self.told };
        Self { told, ..self }
    }

    /// The same piece, telling the final usage.
    pub(super) fn telling_all(self, tokens: Tokens) -> Self {
        let told = Told { usage: Some(Usage::Reported(tokens)), ..self.told };
        Self { told, ..self }
    }

    /// The same piece, telling the cost if there is one.
    pub(super) fn telling_cost(self, cost_nano_usd: Option<u64>) -> Self {
        let told = Told { cost_nano_usd: cost_nano_usd.or(self.told.cost_nano_usd), ..self.told };
        Self { told, ..self }
    }
}

/// A JSON document in two pieces, the first of which ends well before the usage. `usage_key` is
/// where the usage begins; the second piece tells it.
pub(super) fn document(body: &Value, usage_key: &str, plan: &Plan) -> Vec<Piece> {
    let mut first = Bytes::from(body.to_string());
    let quoted = format!("\"{usage_key}\"");
    let usage_at = first.windows(quoted.len()).position(|window| window == quoted.as_bytes()).unwrap_or(0);
    let rest = first.split_off(usage_at / 2);
    vec![Piece::silent(first), Piece::silent(rest).telling_all(plan.tokens)]
}

/// The cost that this plan's bodies tell: `usage.cost` in nano-USD.
pub(super) fn body_cost(plan: &Plan) -> Option<u64> {
    (plan.cost_report == CostReport::Body).then_some(plan.cost_nano_usd)
}

/// A cost as a JSON number of USD. Up to 15 digits survive the way through a double exactly, and
/// it prints as the shortest string that reads back, with an exponent when it is very small.
pub(super) fn cost_number(cost_nano_usd: u64) -> Value {
    plain_usd(cost_nano_usd).parse::<f64>().map_or(Value::Null, Value::from)
}
