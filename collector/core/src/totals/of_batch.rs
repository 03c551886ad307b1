//! The totals of one batch: of a summary cell by cell, of events column by column. Events share few (target,
//! result) pairs, so names are looked at once a pair and numbers once an event.

use std::collections::HashMap;

use weir_wire::{Batch, Column, EventResult, KnownSum, Summary, SummaryCell};

use super::{Counters, Key, Sum, Summed, Totals};

/// The most keys that one batch is kept apart by; what a batch adds up to must not be much larger than it.
const MAX_KEYS_OF_A_BATCH: usize = 4096;

impl Totals {
    /// What the events of `batch`, or the summary in their place, add up to. Beyond some thousand keys names
    /// give way to [`super::OTHER`].
    pub fn of(batch: &Batch) -> Self {
        match batch.summary() {
            Some(summary) => Self::of_summary(summary, MAX_KEYS_OF_A_BATCH),
            None => Self::of_with(batch, MAX_KEYS_OF_A_BATCH),
        }
    }

    fn of_summary(summary: Summary<'_>, most: usize) -> Self {
        let mut table = Table { most, ..Table::default() };
        for cell in summary.cells() {
            let slot = table.slot(Key::of_cell(&cell));
            if let Some(counters) = table.sums.get_mut(slot) {
                counters.merge(&counters_of(&cell));
            }
        }
        table.totals()
    }

    fn of_with(batch: &Batch, most: usize) -> Self {
        let targets: Vec<_> = batch.targets().collect();
        let results: Vec<_> = batch.results().collect();
        let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
        let mut table = Table { most, ..Table::default() };
        let mut slots = Vec::with_capacity(batch.len());
        for at in 0..batch.len() {
            let pair = (batch.target_of(at).unwrap_or(0), batch.result_of(at).unwrap_or(0));
            let (Some(target), Some(result)) = (targets.get(pair.0), results.get(pair.1)) else { continue };
            let new = || table.slot(Key::new(target, result.outcome, result.status));
            let slot = *pairs.entry(pair).or_insert_with(new);
            slots.push(slot);
            if let Some(counters) = table.sums.get_mut(slot) {
                count(counters, result);
            }
        }
        for summed in Summed::ALL {
            if let Some(measure) = summed.measure() {
                add_column(&mut table.sums, &slots, *summed, batch.column(measure));
            }
        }
        table.totals()
    }
}

fn counters_of(cell: &SummaryCell<&str>) -> Counters {
    let sum = |sum: KnownSum| Sum { total: sum.total.into(), known: sum.known };
    Counters { requests: cell.requests, usages: cell.usages, sums: cell.sums.map(sum) }
}

/// Counters by slot, and the slot of each key.
#[derive(Default)]
struct Table {
    most: usize,
    slots: HashMap<Key, usize>,
    sums: Vec<Counters>,
}

impl Table {
    /// The slot of `key`, or of one with fewer names where there are too many.
    fn slot(&mut self, key: Key) -> usize {
        let candidates =
            [(key.backend_only(), self.most.saturating_mul(2)), (key.outcome_only(), usize::MAX)];
        let mut last = 0;
        for (key, most) in std::iter::once((key, self.most)).chain(candidates) {
            if let Some(slot) = self.slots.get(&key) {
                return *slot;
            }
            last = self.sums.len();
            if last < most {
                self.slots.insert(key, last);
                self.sums.push(Counters::default());
                break;
            }
        }
        last
    }

    fn totals(self) -> Totals {
        let Self { slots, mut sums, .. } = self;
        let of = |(key, slot): (Key, usize)| Some((key, sums.get_mut(slot).map(std::mem::take)?));
        Totals(slots.into_iter().filter_map(of).collect())
    }
}

/// Counts one request and what stands in its result.
fn count(counters: &mut Counters, result: &EventResult<&str>) {
    counters.requests += 1;
    if let Some((attempts, sum)) = result.attempts.zip(counters.sums.get_mut(Summed::Attempts as usize)) {
        sum.add(attempts.into(), 1);
    }
    if let Some(usage) = result.usage_status.and_then(|status| counters.usages.get_mut(status as usize)) {
        *usage += 1;
    }
}

fn add_column(sums: &mut [Counters], slots: &[usize], summed: Summed, column: &Column) {
    if matches!(column, Column::Absent) {
        return;
    }
    for (at, slot) in slots.iter().enumerate() {
        let sum = sums.get_mut(*slot).and_then(|counters| counters.sums.get_mut(summed as usize));
        if let (Some(sum), Some(value)) = (sum, column.get(at)) {
            sum.add(value.into(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_wire::{
        BatchBuilder, CostSource, Event, Health, InstanceId, Measure, Measures, Outcome, Producer,
        SummaryBuilder, Target, UsageStatus, Window,
    };

    use super::*;

    const BACKENDS: [Option<&str>; 3] = [None, Some("openai"), Some("anthropic")];

    fn event(backend: usize, outcome: usize, attempts: Option<u32>, cost: Option<u64>) -> Event<'static> {
        let mut measures = Measures::new().with(Measure::EndedUs, 1);
        measures.set(Measure::CostNanoUsd, cost);
        Event {
            target: Target { backend: BACKENDS[backend], ..Target::default() },
            result: EventResult {
                status: Some(503),
                attempts,
                usage_status: cost.map(|_| UsageStatus::Partial),
                cost_source: cost.map(|_| CostSource::Header),
                ..EventResult::new(Outcome::ALL[outcome])
            },
            measures,
            ..Event::new(Outcome::Success)
        }
    }

    /// One event after the other, without a thought of speed.
    fn naive(events: &[Event<'_>]) -> Totals {
        let mut totals = Totals::default();
        for event in events {
            let mut counters = Counters { requests: 1, ..Counters::default() };
            if let Some(attempts) = event.result.attempts {
                counters.sums[Summed::Attempts as usize].add(attempts.into(), 1);
            }
            if let Some(status) = event.result.usage_status {
                counters.usages[status as usize] += 1;
            }
            for summed in Summed::ALL {
                if let Some(value) = summed.measure().and_then(|measure| event.measures.get(measure)) {
                    counters.sums[*summed as usize].add(value.into(), 1);
                }
            }
            totals.add(Key::new(&event.target, event.result.outcome, event.result.status), &counters);
        }
        totals
    }

    proptest! {
        #[test]
        fn columns_and_rows_agree(rows in prop::collection::vec(
            (0usize..3, 0usize..5, prop::option::of(0u32..4), prop::option::of(0..=1_000_000_000_000_000u64)), 0..60)) {
            let events: Vec<_> = rows.into_iter().map(|(backend, outcome, attempts, cost)| event(backend, outcome, attempts, cost)).collect();
            let mut builder = BatchBuilder::new("edge");
            events.iter().for_each(|event| builder.push(event));
            let producer = Producer { instance: InstanceId([0; 16]), epoch: 0 };
            let batch = builder.finish(producer, 0, 0, Health::default());
            prop_assert_eq!(Totals::of(&batch), naive(&events));
            let mut summary = SummaryBuilder::new("edge");
            for (at, event) in (0..).zip(&events) {
                summary.add(event, Window { start_s: at % 3, width_s: 1 }, true);
                summary.cover(at, 1);
            }
            prop_assert_eq!(Totals::of(&summary.batch(producer, 0, Health::default())), naive(&events));
        }
    }

    #[test]
    fn too_many_keys_lose_their_names_but_not_their_counts() {
        const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let check = |target: &dyn Fn(usize) -> Target<&'static str>, keys: usize| {
            let mut builder = BatchBuilder::new("edge");
            for at in 0..9 {
                builder.push(&Event { target: target(at), ..event(0, 0, None, None) });
            }
            let producer = Producer { instance: InstanceId([0; 16]), epoch: 0 };
            let totals = Totals::of_with(&builder.finish(producer, 0, 0, Health::default()), 3);
            assert_eq!(totals.len(), keys);
            assert_eq!(totals.iter().map(|(_, counters)| counters.requests).sum::<u64>(), 9);
        };
        check(&|at| Target { model: Some(NAMES[at]), ..Target::default() }, 4);
        check(&|at| Target { backend: Some(NAMES[at]), ..Target::default() }, 7);
        check(&|_| Target::default(), 1);
    }
}
