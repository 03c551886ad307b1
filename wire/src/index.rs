//! Where things stand in a list, found by their hash.
//!
//! An [`Index`] holds positions only: the things stay in the caller's list, once, and the caller says which
//! position is meant. A hash is seeded and quick; names come from clients, so the seed is to be a secret where
//! that matters. Nothing here can panic.

/// Digits of π, so that a seed of zero serves as well.
const START: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x1319_8a2e_0370_7344;

/// A hash in the making.
#[derive(Debug, Clone, Copy)]
pub struct Hash(u64);

impl Hash {
    /// A hash of nothing yet, under a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ START)
    }

    /// Takes a number.
    #[must_use]
    pub fn number(self, value: u64) -> Self {
        Self(folded(self.0 ^ value, FACTOR))
    }

    /// Takes a name or its absence; its length goes in as well, so that neighbours can't run together.
    #[must_use]
    pub fn name(self, text: Option<&str>) -> Self {
        let Some(text) = text else { return self.number(u64::MAX) };
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut hash = words.iter().fold(self, |hash, word| hash.number(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            hash = hash.number(rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)));
        }
        hash.number(text.len() as u64)
    }

    fn finish(self) -> u64 {
        folded(self.0, START | 1)
    }
}

/// The halves of the product of both, one over the other.
#[cfg(not(target_arch = "wasm32"))]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    u64::try_from((product ^ (product >> 64)) & u128::from(u64::MAX)).unwrap_or_default()
}

/// The same idea with the multiplications that a 32-bit machine has.
#[cfg(target_arch = "wasm32")]
fn folded(a: u64, b: u64) -> u64 {
    let [low_a, high_a, low_b, high_b] = [a & 0xffff_ffff, a >> 32, b & 0xffff_ffff, b >> 32];
    let inner = low_a.wrapping_mul(low_b) ^ high_a.wrapping_mul(high_b);
    let outer = low_a.wrapping_mul(high_b) ^ high_a.wrapping_mul(low_b);
    inner ^ outer.rotate_right(32)
}

/// An empty slot.
const FREE: u32 = u32::MAX;
const FEWEST_SLOTS: usize = 16;

/// Positions by hash: open addressing, at most half full.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// Position and the hash's upper half; as many as a power of two, or none.
    slots: Vec<(u32, u32)>,
    used: usize,
}

impl Index {
    /// The position that `is_it` says yes to, among those that were added under this hash.
    pub fn find(&self, hash: Hash, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let (mut at, tag) = split(hash.finish());
        let mask = self.slots.len().checked_sub(1)?;
        for _ in 0..self.slots.len() {
            let (position, found) = *self.slots.get(at & mask)?;
            if position == FREE {
                return None;
            }
            if found == tag && is_it(position) {
                return Some(position);
            }
            at = at.wrapping_add(1);
        }
        None
    }

    /// Adds a position. `hash_of` gives the hashes of those that are there, for when they need more room.
    pub fn add(&mut self, hash: Hash, position: u32, hash_of: impl Fn(u32) -> Hash) {
        if self.used.saturating_mul(2) >= self.slots.len() {
            let room = self.slots.len().saturating_mul(2).max(FEWEST_SLOTS);
            let before = std::mem::replace(&mut self.slots, vec![(FREE, 0); room]);
            for (position, _) in before.into_iter().filter(|(position, _)| *position != FREE) {
                self.place(hash_of(position), position);
            }
        }
        self.place(hash, position);
        self.used = self.used.saturating_add(1);
    }

    fn place(&mut self, hash: Hash, position: u32) {
        let (mut at, tag) = split(hash.finish());
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        for _ in 0..self.slots.len() {
            let Some(slot) = self.slots.get_mut(at & mask) else { return };
            if slot.0 == FREE {
                *slot = (position, tag);
                return;
            }
            at = at.wrapping_add(1);
        }
    }
}

fn split(hash: u64) -> (usize, u32) {
    ((hash & 0xffff_ffff) as usize, (hash >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn everything_that_was_added_is_found_and_nothing_else() {
        let names: Vec<String> = (0..5_000).map(|at| format!("name-{at}")).collect();
        for seed in [0, 1, u64::MAX, START] {
            let hash = |name: &str| Hash::new(seed).name(Some(name));
            let mut index = Index::default();
            for (at, name) in (0u32..).zip(&names) {
                assert_eq!(index.find(hash(name), |at| &names[at as usize] == name), None);
                index.add(hash(name), at, |at| hash(&names[at as usize]));
            }
            for (at, name) in (0u32..).zip(&names) {
                assert_eq!(index.find(hash(name), |at| &names[at as usize] == name), Some(at));
            }
            assert_eq!(index.find(hash("another"), |at| names[at as usize] == "another"), None);
        }
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn hashes_differ_by_seed_boundaries_and_absence() {
        let hash = |seed, names: &[Option<&str>]| {
            names.iter().fold(Hash::new(seed), |hash, name| hash.name(*name)).finish()
        };
        let all = [
            hash(0, &[Some("ab"), Some("c")]),
            hash(0, &[Some("a"), Some("bc")]),
            hash(1, &[Some("ab"), Some("c")]),
            hash(0, &[Some("abc"), None]),
            hash(0, &[Some("abc"), Some("")]),
            hash(0, &[Some("abc")]),
            hash(0, &[Some("\0abc")]),
            hash(0, &[Some("abc\0")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }

    /// With short clusters a look-up stays short: names in a row must not fall beside each other.
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn similar_names_spread() {
        let mut buckets = vec![0u32; 1 << 12];
        for at in 0..1 << 12 {
            let (slot, _) = split(Hash::new(9).name(Some(&format!("10.0.0.{at}:443"))).finish());
            buckets[slot & 0xfff] += 1;
        }
        assert!(*buckets.iter().max().unwrap() <= 10, "{:?}", buckets.iter().max());
    }
}
