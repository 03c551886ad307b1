//! What all accepted events add up to: the counters behind `/metrics` and behind every reconciliation.
//!
//! Sums are integers of 128 bits. A measure is below 2⁶² and a count of events fits 64 bits, so no sum can
//! overflow. What is not known is not summed: each sum says of how many requests it is.
//!
//! This module knows neither how totals are stored nor how they are shown.

mod counters;
mod key;
mod of_batch;

use std::collections::HashMap;

pub use counters::{Counters, Sum};
pub use key::{Key, OTHER};
pub use weir_wire::Summed;

/// The most keys that totals keep apart; beyond it names give way to [`OTHER`].
///
/// Models and routes come from traffic, so their number is nobody's promise. At some 400 bytes a key the
/// whole stays below ten megabytes.
pub const MAX_KEYS: usize = 20_000;

/// Counters by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(HashMap<Key, Counters>);

impl Totals {
    /// The counters of one key.
    pub fn get(&self, key: &Key) -> Option<&Counters> {
        self.0.get(key)
    }

    /// All keys with their counters, in no order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Counters)> {
        self.0.iter()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing has been counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how much memory they take, bytes.
    pub fn weight(&self) -> usize {
        let names = |key: &Key| {
            let names = [&key.backend, &key.route, &key.model, &key.algorithm];
            names.into_iter().flatten().map(|name| name.len()).sum::<usize>()
        };
        let entry = size_of::<(Key, Counters)>();
        self.0.keys().map(|key| entry.saturating_add(names(key))).sum()
    }

    /// Adds `counters` to those of `key`.
    pub fn add(&mut self, key: Key, counters: &Counters) {
        self.0.entry(key).or_default().merge(counters);
    }

    /// Adds all of `other`, key by key.
    pub fn merge(&mut self, other: &Self) {
        for (key, counters) in &other.0 {
            match self.0.get_mut(key) {
                Some(own) => own.merge(counters),
                None => {
                    self.0.insert(key.clone(), counters.clone());
                }
            }
        }
    }

    /// The same totals under keys of which at most `most` are not in `known`: where there are more, routes,
    /// models and algorithms of the surplus become [`OTHER`], and at twice as many the backends as well.
    #[must_use]
    pub fn bounded(self, known: &Self, most: usize) -> Self {
        let new = self.0.keys().filter(|key| !known.0.contains_key(key)).count();
        if known.len().saturating_add(new) <= most {
            return self;
        }
        let room = most.saturating_sub(known.len());
        let room_for_backends = most.saturating_mul(2).saturating_sub(known.len());
        let mut added = 0usize;
        let mut bounded = Self::default();
        for (key, counters) in self.0 {
            let taken = |key: &Key, bounded: &Self| known.0.contains_key(key) || bounded.0.contains_key(key);
            let candidates = [(key.backend_only(), room_for_backends), (key.outcome_only(), usize::MAX)];
            let key = std::iter::once((key, room))
                .chain(candidates)
                .find(|(key, room)| taken(key, &bounded) || added < *room);
            if let Some((key, _)) = key {
                added = added.saturating_add(usize::from(!taken(&key, &bounded)));
                bounded.add(key, &counters);
            }
        }
        bounded
    }
}

impl FromIterator<(Key, Counters)> for Totals {
    fn from_iter<I: IntoIterator<Item = (Key, Counters)>>(entries: I) -> Self {
        let mut totals = Self::default();
        for (key, counters) in entries {
            totals.add(key, &counters);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use weir_wire::Outcome;

    use super::*;

    fn key(backend: &str, model: usize) -> Key {
        Key {
            backend: Some(backend.into()),
            route: None,
            model: Some(format!("model-{model}").into()),
            algorithm: None,
            outcome: Outcome::Success,
            status_class: Some(2),
        }
    }

    fn one(keys: impl IntoIterator<Item = Key>) -> Totals {
        keys.into_iter().map(|key| (key, Counters { requests: 1, ..Counters::default() })).collect()
    }

    fn requests(totals: &Totals, backend: &str) -> u64 {
        let of_backend = totals.iter().filter(|(key, _)| key.backend.as_deref() == Some(backend));
        of_backend.map(|(_, counters)| counters.requests).sum()
    }

    #[test]
    fn too_many_keys_lose_their_names_but_not_their_counts() {
        let known = one((0..8).map(|model| key("a", model)));
        let new = one((0..20).map(|model| key("a", model)).chain((0..5).map(|model| key("b", model))));
        let bounded = new.bounded(&known, 10);
        assert_eq!(requests(&bounded, "a"), 20);
        assert_eq!(requests(&bounded, "b"), 5);
        let mut all = known.clone();
        all.merge(&bounded);
        assert!(all.len() <= 12, "ten keys, and one a backend: {}", all.len());
    }

    #[test]
    fn too_many_backends_become_one() {
        let new = one((0..100).map(|backend| key(&format!("backend-{backend}"), 0)));
        let bounded = new.bounded(&Totals::default(), 10);
        assert_eq!(bounded.len(), 21);
        assert_eq!(requests(&bounded, OTHER), 80);
    }

    #[test]
    fn within_the_bound_nothing_changes() {
        let new = one((0..10).map(|model| key("a", model)));
        assert_eq!(new.clone().bounded(&new, 10), new);
        assert_eq!(new.clone().bounded(&Totals::default(), 10), new);
    }
}
