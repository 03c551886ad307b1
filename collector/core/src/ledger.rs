//! Which events of a producer have been accepted.
//!
//! The ledger is what makes delivery exactly-once: a batch may come again after a lost answer, or come late
//! from another VM that adopted it, and each sequence number is taken only the first time. What lies between
//! the numbers that were taken is missing, and is known to be.
//!
//! Numbering begins at 1. A producer that begins at 0 is as welcome: 0 is taken if it comes, and not missed
//! if it does not.
//!
//! It knows nothing of storage: the caller keeps [`Ledger::encode`]'s bytes in the same transaction as the
//! events.

mod codec;
mod ranges;

pub use codec::CorruptLedger;
pub use ranges::Range;

use ranges::RangeSet;

/// The most ranges that are kept for one producer.
///
/// Each is a gap that was never filled. Beyond this the oldest gap is closed: its numbers stay counted as
/// missing, and whatever still came for them would be taken for a duplicate. A filter keeps undelivered
/// batches for minutes and this many gaps take days to make, so that nothing is lost by it in practice; the
/// bound is there so that a faulty producer cannot fill memory.
pub const MAX_RANGES: usize = 4096;

/// The accepted sequence numbers of one (instance, epoch).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    accepted: RangeSet,
    /// How many numbers were accepted; fewer than the ranges cover once a gap has been closed.
    count: u64,
    /// One more than the greatest number that the producer is known to have given.
    known: u64,
}

/// What came of offering some sequence numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Those that are new, ascending and disjoint.
    pub fresh: Vec<Range>,
    /// How many had been accepted before.
    pub duplicates: u64,
}

/// What came of offering numbers that are one: all of them are taken, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// All are new, so many.
    Taken(u64),
    /// All had been accepted before, so many.
    Duplicate(u64),
    /// Some are new and some are not: nothing was taken.
    Mixed {
        /// How many had not been accepted before.
        fresh: u64,
        /// How many had.
        duplicates: u64,
    },
}

impl Ledger {
    /// Takes the numbers of `offered`, which are ascending and disjoint, if all of them are new. What is
    /// summed up over them can't be taken apart.
    ///
    /// Taken or not, it tells that all numbers below the last range's end were given.
    pub fn accept_whole(&mut self, offered: &[Range]) -> Whole {
        let all = offered.iter().map(Range::len).fold(0, u64::saturating_add);
        let duplicates =
            offered.iter().map(|range| self.accepted.covered(*range)).fold(0, u64::saturating_add);
        self.known = offered.iter().fold(self.known, |known, range| known.max(range.end));
        if duplicates == 0 {
            for range in offered {
                self.accept(range.start, range.len());
            }
            Whole::Taken(all)
        } else if duplicates == all {
            Whole::Duplicate(duplicates)
        } else {
            Whole::Mixed { fresh: all.saturating_sub(duplicates), duplicates }
        }
    }

    /// Takes the `count` numbers from `first` on; those that reach beyond 64 bits do not exist.
    ///
    /// A `count` of zero accepts nothing and still tells that all numbers below `first` were given.
    pub fn accept(&mut self, first: u64, count: u64) -> Acceptance {
        let offered = Range { start: first, end: first.saturating_add(count) };
        self.known = self.known.max(offered.end);
        let fresh = self.accepted.insert(offered);
        let new: u64 = fresh.iter().map(Range::len).sum();
        self.count = self.count.saturating_add(new);
        self.accepted.close_oldest_gaps(MAX_RANGES);
        Acceptance { fresh, duplicates: offered.len() - new }
    }

    /// How many numbers have been accepted.
    pub fn accepted(&self) -> u64 {
        self.count
    }

    /// How many numbers the producer has given below the greatest known one that never came. Some may yet
    /// come.
    pub fn missing(&self) -> u64 {
        let numbered = self.known.saturating_sub(u64::from(!self.accepted.has_zero()));
        numbered.saturating_sub(self.count)
    }

    /// The gaps that can still be filled, ascending.
    pub fn gaps(&self) -> impl Iterator<Item = Range> + '_ {
        self.accepted.gaps(self.known)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn range(start: u64, end: u64) -> Range {
        Range { start, end }
    }

    #[test]
    fn each_number_is_taken_once() {
        let check = |offers: &[(u64, u64)], fresh: &[Range], duplicates: u64, missing: u64| {
            let mut ledger = Ledger::default();
            let (last, before) = offers.split_last().unwrap();
            for (first, count) in before {
                ledger.accept(*first, *count);
            }
            let acceptance = ledger.accept(last.0, last.1);
            assert_eq!(acceptance, Acceptance { fresh: fresh.to_vec(), duplicates }, "{offers:?}");
            assert_eq!(ledger.missing(), missing, "{offers:?}");
        };
        check(&[(0, 10)], &[range(0, 10)], 0, 0);
        check(&[(1, 10)], &[range(1, 11)], 0, 0);
        check(&[(0, 1)], &[range(0, 1)], 0, 0);
        check(&[(1, 0)], &[], 0, 0);
        check(&[(0, 10), (0, 10)], &[], 10, 0);
        check(&[(0, 10), (5, 10)], &[range(10, 15)], 5, 0);
        check(&[(5, 5), (0, 20)], &[range(0, 5), range(10, 20)], 5, 0);
        check(&[(10, 5)], &[range(10, 15)], 0, 9);
        check(&[(0, 5), (10, 5), (5, 5)], &[range(5, 10)], 0, 0);
        check(&[(0, 5), (9, 0)], &[], 0, 4);
        check(&[(u64::MAX - 1, 5)], &[range(u64::MAX - 1, u64::MAX)], 0, u64::MAX - 2);
    }

    #[test]
    fn what_is_one_is_taken_whole_or_not_at_all() {
        let check = |offered: &[Range], expected: Whole, accepted: u64, missing: u64| {
            let mut ledger = Ledger::default();
            ledger.accept(10, 10);
            assert_eq!(ledger.accept_whole(offered), expected, "{offered:?}");
            assert_eq!((ledger.accepted(), ledger.missing()), (accepted, missing), "{offered:?}");
        };
        check(&[range(1, 10)], Whole::Taken(9), 19, 0);
        check(&[range(1, 5), range(20, 25)], Whole::Taken(9), 19, 5);
        check(&[range(12, 14), range(15, 20)], Whole::Duplicate(7), 10, 9);
        check(&[range(9, 11)], Whole::Mixed { fresh: 1, duplicates: 1 }, 10, 9);
        check(&[range(10, 20), range(30, 31)], Whole::Mixed { fresh: 1, duplicates: 10 }, 10, 20);
        check(&[], Whole::Taken(0), 10, 9);
    }

    #[test]
    fn closing_a_gap_keeps_its_numbers_missing() {
        let mut ledger = Ledger::default();
        let gaps = u64::try_from(MAX_RANGES).unwrap() + 10;
        for at in 0..gaps {
            ledger.accept(2 + 2 * at, 1);
        }
        assert_eq!(ledger.accepted(), gaps);
        assert_eq!(ledger.missing(), gaps);
        assert_eq!(ledger.gaps().count(), MAX_RANGES - 1);
        assert_eq!(ledger.accept(1, 1).duplicates, 1, "the oldest gap is closed");
        assert_eq!(ledger.accept(2 * gaps - 1, 1).duplicates, 0, "the newest is open");
    }

    proptest! {
        #[test]
        fn whole_offers_agree_with_a_set(
            before in prop::collection::vec((1u64..200, 1u64..20), 0..10),
            offers in prop::collection::vec(prop::collection::vec((0u64..4, 1u64..9), 1..5), 1..20),
        ) {
            let mut ledger = Ledger::default();
            let mut set = BTreeSet::new();
            for (first, count) in before {
                ledger.accept(first, count);
                set.extend(first..first + count);
            }
            for (at, offer) in offers.into_iter().enumerate() {
                let mut end = 1 + 10 * (u64::try_from(at).unwrap() % 7);
                let ranges: Vec<Range> = offer
                    .into_iter()
                    .map(|(gap, count)| {
                        let start = end + gap;
                        end = start + count;
                        range(start, end)
                    })
                    .collect();
                let numbers: Vec<u64> = ranges.iter().flat_map(|range| range.start..range.end).collect();
                let duplicates = u64::try_from(numbers.iter().filter(|number| set.contains(number)).count()).unwrap();
                let all = u64::try_from(numbers.len()).unwrap();
                let expected = match duplicates {
                    0 => Whole::Taken(all),
                    _ if duplicates == all => Whole::Duplicate(all),
                    _ => Whole::Mixed { fresh: all - duplicates, duplicates },
                };
                prop_assert_eq!(ledger.accept_whole(&ranges), expected);
                if duplicates == 0 {
                    set.extend(numbers);
                }
                prop_assert_eq!(ledger.accepted(), u64::try_from(set.len()).unwrap());
            }
        }

        #[test]
        fn agrees_with_a_set(offers in prop::collection::vec((0u64..200, 0u64..40), 1..40)) {
            let mut ledger = Ledger::default();
            let mut set = BTreeSet::new();
            let mut known = 0;
            for (first, count) in offers {
                let fresh: Vec<u64> = (first..first + count).filter(|number| set.insert(*number)).collect();
                known = known.max(first + count);
                let acceptance = ledger.accept(first, count);
                prop_assert_eq!(acceptance.fresh.iter().flat_map(|range| range.start..range.end).collect::<Vec<_>>(), fresh.clone());
                prop_assert_eq!(acceptance.duplicates, count - u64::try_from(fresh.len()).unwrap());
                let gaps: Vec<u64> = ledger.gaps().flat_map(|range| range.start..range.end).collect();
                let missing: Vec<u64> = (1..known).filter(|number| !set.contains(number)).collect();
                prop_assert_eq!(gaps, missing.clone());
                prop_assert_eq!(ledger.missing(), u64::try_from(missing.len()).unwrap());
                prop_assert_eq!(Ledger::decode(&ledger.encode()).unwrap(), ledger.clone());
            }
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(ledger) = Ledger::decode(&bytes) {
                prop_assert_eq!(Ledger::decode(&ledger.encode()).unwrap(), ledger);
            }
        }
    }
}
