//! Deterministic prose, so that bodies have the size and the look of real ones.

use crate::plan::{Dice, Plan};

const WORDS: &[&str] = &[
    "river",
    "gauge",
    "the",
    "water",
    "level",
    "of",
    "a",
    "weir",
    "measures",
    "flow",
    "and",
    "tells",
    "when",
    "it",
    "rises",
    "\"usage\"",
    "stone",
    "in",
    "spring",
    "slowly",
    "tokens:",
    "{12}",
    "é",
    "line\n",
    "with",
    "every",
    "sluice",
    "open",
    "downstream",
];

/// So many words, the same for the same plan and chunk. Some of them try to mislead a scanner.
pub(super) fn words(plan: &Plan, chunk: u32, count: usize) -> String {
    let mut dice = Dice::of(plan.cost_nano_usd, plan.model.name, plan.number ^ (u64::from(chunk) << 48));
    let mut text = String::with_capacity(count * 7);
    for _ in 0..count {
        text.push_str(dice.pick(WORDS, "water"));
        text.push(' ');
    }
    text
}

/// The text of a whole document: as much as all chunks of a stream.
pub(super) fn whole(plan: &Plan) -> String {
    (0..plan.chunks).map(|chunk| words(plan, chunk, WORDS_PER_CHUNK)).collect()
}

/// Words in a chunk of a stream.
pub(super) const WORDS_PER_CHUNK: usize = 8;

/// An answer's identifier with the provider's prefix.
pub(super) fn id(prefix: &str, plan: &Plan) -> String {
    format!("{prefix}{:016x}", Dice::of(plan.cost_nano_usd, prefix, plan.number).throw())
}
