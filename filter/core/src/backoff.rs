//! How long to wait before a delivery is tried again.

/// The first wait, milliseconds, before jitter.
const FIRST_MS: u64 = 500;
/// The longest wait of our own choosing, milliseconds.
const MOST_MS: u64 = 30_000;
/// The longest wait that a collector may ask for, milliseconds.
const MOST_ASKED_MS: u64 = 300_000;

/// Doubles with each failure; jitter keeps many VMs from trying at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    /// With no failure so far; `seed` makes the jitter differ from VM to VM.
    pub const fn new(seed: u64) -> Self {
        Self { failures: 0, random: seed | 1 }
    }

    /// How many failures there were in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// A delivery went well.
    pub const fn succeed(&mut self) {
        self.failures = 0;
    }

    /// A delivery failed: how long to wait, milliseconds. From half the doubled wait up to all of it, or what
    /// the collector asked for, if that is longer.
    pub fn fail(&mut self, asked_ms: Option<u64>) -> u64 {
        let whole = FIRST_MS.saturating_mul(1 << self.failures.min(6)).min(MOST_MS);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        // The upper half of the random number, as a fraction of 2³², of the other half of the wait.
        let part = (self.next_random() >> 32).saturating_mul(half.saturating_add(1)) >> 32;
        let wait = half.saturating_add(part);
        wait.max(asked_ms.unwrap_or(0).min(MOST_ASKED_MS))
    }

    /// Vigna's xorshift64* (2014): good enough to spread retries.
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    test! {
        fn waits_double_up_to_a_limit_and_start_anew() {
            let mut backoff = Backoff::new(7);
            for whole in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
                let wait = backoff.fail(None);
                assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
            }
            backoff.succeed();
            assert!(backoff.fail(None) <= 500);
        }

        fn a_collector_may_ask_for_more_within_reason() {
            assert_eq!(Backoff::new(7).fail(Some(60_000)), 60_000);
            assert_eq!(Backoff::new(7).fail(Some(u64::MAX)), MOST_ASKED_MS);
        }

        fn two_vms_wait_differently() {
            let mut waits: Vec<u64> = (0..20).map(|seed| Backoff::new(seed * 7_919_777).fail(None)).collect();
            waits.sort_unstable();
            waits.dedup();
            assert!(waits.len() > 10, "{waits:?}");
        }
    }
}
