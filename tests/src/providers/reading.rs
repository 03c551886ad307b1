//! Reads answers back in tests, by a parser that shares nothing with what wrote them.

use serde_json::Value;

use super::piece::Piece;
use crate::plan::{Api, Plan, Tokens, demo_backends};
use crate::truth::Usage;

/// How to read a shape: what a body, or the beginning of one, has told.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub(super) tokens: fn(&str) -> Option<Tokens>,
    pub(super) cost: fn(&str) -> Option<u64>,
}

/// Checks many answers of one shape: after every piece, what can be read from the bytes so far is
/// what the pieces say they have told; at the end it is the plan, where `tells_all`.
pub(super) fn check(api: Api, shape: fn(&Plan) -> Vec<Piece>, read: Reader, tells_all: fn(&Plan) -> bool) {
    let mut spec = demo_backends().into_iter().find(|backend| backend.apis == [api]).unwrap();
    spec.include_usage = 500;
    for plan in (0..300).map(|number| Plan::of(11, &spec, number)) {
        let (mut bytes, mut usage, mut cost) = (Vec::new(), Usage::Missing, None);
        for piece in shape(&plan) {
            bytes.extend_from_slice(&piece.bytes);
            // A document's first piece may end within a character.
            let body = String::from_utf8_lossy(&bytes);
            usage = piece.told.usage.unwrap_or(usage);
            cost = piece.told.cost_nano_usd.or(cost);
            assert_eq!((read.tokens)(&body), usage.tokens(), "{plan:?}\n{body}");
            assert_eq!((read.cost)(&body), cost, "{plan:?}\n{body}");
        }
        let all = if tells_all(&plan) { Usage::Reported(plan.tokens) } else { Usage::Missing };
        assert_eq!(usage, all, "{plan:?}");
        assert!((300..20_000).contains(&bytes.len()), "{} bytes", bytes.len());
    }
}

/// The JSON data of all whole events; comments and `[DONE]` are left out.
pub(super) fn events(body: &str) -> Vec<Value> {
    let body = body.replace("\r\n", "\n");
    let data = |event: &str| event.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    body.split("\n\n")
        .filter_map(data)
        .filter(|data| data != "[DONE]")
        .map(|data| serde_json::from_str(&data).unwrap())
        .collect()
}

/// A count in a usage object; 0 if it isn't there.
pub(super) fn tokens_at(usage: &Value, pointer: &str) -> u64 {
    usage.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// A number of USD as nano-USD.
pub(super) fn nano_usd(usd: &Value) -> Option<u64> {
    usd.as_f64().map(|usd| format!("{usd:.9}").replace('.', "").parse().unwrap())
}
