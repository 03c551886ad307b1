//! The counters of one key.

use weir_wire::{Summed, UsageStatus};

/// The sum of what is known, and of how many requests it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// The sum over those requests.
    pub total: u128,
    /// How many requests had a value.
    pub known: u64,
}

impl Sum {
    /// Adds `requests` values whose sum is `total`.
    pub fn add(&mut self, total: u128, requests: u64) {
        self.total = self.total.saturating_add(total);
        self.known = self.known.saturating_add(requests);
    }
}

/// What the requests of one key add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// How many requests.
    pub requests: u64,
    /// How many of them stated their usage this way; see [`Counters::usage`].
    pub usages: [u64; UsageStatus::ALL.len()],
    /// See [`Counters::sum`].
    pub sums: [Sum; Summed::ALL.len()],
}

impl Counters {
    /// The sum of one number.
    pub fn sum(&self, summed: Summed) -> Sum {
        self.sums.get(summed as usize).copied().unwrap_or_default()
    }

    /// How many requests have no value for it: those are in no sum.
    pub fn unknown(&self, summed: Summed) -> u64 {
        self.requests.saturating_sub(self.sum(summed).known)
    }

    /// How many requests have this usage status. Those of which no usage is to be expected have none.
    pub fn usage(&self, status: UsageStatus) -> u64 {
        self.usages.get(status as usize).copied().unwrap_or_default()
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        for (own, other) in self.usages.iter_mut().zip(&other.usages) {
            *own = own.saturating_add(*other);
        }
        for (own, other) in self.sums.iter_mut().zip(&other.sums) {
            own.add(other.total, other.known);
        }
    }
}
