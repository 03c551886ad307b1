//! Repeatable chance: the same seed, name and number give the same throws on every machine.
//!
//! It is not the generator of any library, so that an upgrade never changes a run.

/// A splitmix64 generator.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The dice for one purpose: a run's seed, a name (FNV-1a hashed) and a number.
    pub fn of(seed: u64, name: &str, number: u64) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut mixer = Self { state: seed };
        mixer.state = mixer.throw() ^ hash;
        mixer.state = mixer.throw() ^ number;
        Self { state: mixer.throw() }
    }

    /// The next 64 bits.
    pub fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included; `low` when they are the wrong way round.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low).saturating_add(1);
        low.saturating_add(self.throw() % span)
    }

    /// True in so many of a thousand throws.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.throw() % 1_000 < u64::from(per_mille)
    }

    /// One of the items, or `otherwise` when there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        let throw = self.throw();
        u64::try_from(items.len())
            .ok()
            .and_then(|count| throw.checked_rem(count))
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| items.get(index).copied())
            .unwrap_or(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_repeat_and_depend_on_every_part() {
        let throw = |seed, name, number| Dice::of(seed, name, number).throw();
        assert_eq!(throw(1, "a", 1), throw(1, "a", 1));
        assert_ne!(throw(1, "a", 1), throw(2, "a", 1));
        assert_ne!(throw(1, "a", 1), throw(1, "b", 1));
        assert_ne!(throw(1, "a", 1), throw(1, "a", 2));
    }

    #[test]
    fn a_range_is_inclusive_and_an_empty_choice_falls_back() {
        let mut dice = Dice::of(7, "range", 0);
        let throws: Vec<u64> = (0..200).map(|_| dice.between(3, 5)).collect();
        assert!(throws.iter().all(|n| (3..=5).contains(n)));
        assert!((3..=5).all(|n| throws.contains(&n)));
        assert_eq!(dice.between(9, 9), 9);
        assert_eq!(dice.pick(&[], 4), 4);
    }
}
