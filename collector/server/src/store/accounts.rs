//! What has been committed, added up: shared between the writer, who adds after each commit, and whoever
//! shows it. It never tells more or less than the database.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weir_core::totals::{OTHER, Totals};
use weir_wire::{Health, HealthCounter};

use super::producers::Known;

/// The most gateways that are kept apart; pods come and go with a name each.
const MAX_GATEWAYS: usize = 1000;

/// The accounts as of the last commit.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) totals: Totals,
    pub(crate) gateways: Gateways,
    pub(crate) quarantined: u64,
}

/// What a gateway's producers add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gateway {
    /// Events that were given a number and have not come.
    pub(crate) missing: u128,
    /// Events that were accepted without their detail, in summaries.
    pub(crate) summarised: u128,
    /// The producers' own counters, in the order of [`HealthCounter::ALL`]; absent where none tells.
    pub(crate) health: [Option<u128>; HealthCounter::ALL.len()],
}

/// Gateways by name.
#[derive(Debug, Default)]
pub(crate) struct Gateways(BTreeMap<String, Gateway>);

/// The accounts behind their lock, which is held only for as long as it takes to add or to copy.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<Accounts>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Accounts> {
        // Whoever panicked held whole numbers: each is a plain sum.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateways {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Gateway)> {
        self.0.iter().map(|(name, gateway)| (name.as_str(), gateway))
    }

    /// Counts a producer in, in place of what it was before.
    pub(super) fn replace(&mut self, before: Option<&Known>, after: &Known) {
        if let Some(before) = before {
            let gateway = self.gateway(&before.gateway);
            gateway.missing = gateway.missing.saturating_sub(before.ledger.missing().into());
            gateway.summarised = gateway.summarised.saturating_sub(before.summarised.into());
            gateway.change(&before.health, u128::saturating_sub);
        }
        let gateway = self.gateway(&after.gateway);
        gateway.missing = gateway.missing.saturating_add(after.ledger.missing().into());
        gateway.summarised = gateway.summarised.saturating_add(after.summarised.into());
        gateway.change(&after.health, u128::saturating_add);
    }

    fn gateway(&mut self, name: &str) -> &mut Gateway {
        let name = if self.0.len() < MAX_GATEWAYS || self.0.contains_key(name) { name } else { OTHER };
        self.0.entry(name.to_owned()).or_default()
    }
}

impl Gateway {
    fn change(&mut self, health: &Health, change: fn(u128, u128) -> u128) {
        for (own, counter) in self.health.iter_mut().zip(HealthCounter::ALL) {
            if let Some(value) = health.get(*counter) {
                *own = Some(change(own.unwrap_or(0), value.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(gateway: &str, first: u64, dropped: u64) -> Known {
        let mut known = Known::new(0);
        known.ledger.accept(first, 1);
        let mut health = Health::default();
        health.set(HealthCounter::EventsDroppedOverflow, dropped);
        known.hear(gateway, &health, 0);
        known
    }

    #[test]
    fn a_producer_counts_once_whatever_it_says_again() {
        let mut gateways = Gateways::default();
        let (before, after) = (known("a", 5, 1), known("a", 7, 3));
        gateways.replace(None, &before);
        gateways.replace(Some(&before), &after);
        gateways.replace(None, &known("a", 1, 1));
        let (_, gateway) = gateways.iter().next().unwrap();
        assert_eq!(gateway.missing, 6);
        assert_eq!(gateway.health[HealthCounter::EventsDroppedOverflow as usize], Some(4));
        assert_eq!(gateway.health[HealthCounter::DeliveriesRetried as usize], None, "nobody told");
    }

    #[test]
    fn gateways_are_bounded() {
        let mut gateways = Gateways::default();
        for at in 0..MAX_GATEWAYS + 10 {
            gateways.replace(None, &known(&format!("gateway-{at}"), 2, 0));
        }
        assert_eq!(gateways.iter().count(), MAX_GATEWAYS + 1);
        let missing: u128 = gateways.iter().map(|(_, gateway)| gateway.missing).sum();
        assert_eq!(missing, u128::try_from(MAX_GATEWAYS).unwrap() + 10);
    }
}
