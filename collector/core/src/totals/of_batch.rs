//! The totals of one batch, column by column: events share few (target, result) pairs, so names are looked
//! at once a pair and numbers once an event.

use std::collections::HashMap;

use weir_wire::{Batch, Column};

use super::{Counters, Key, Summed, Totals};

impl Totals {
    /// What the events of `batch` add up to.
    pub fn of(batch: &Batch) -> Self {
        let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
        let mut sums: Vec<Counters> = Vec::new();
        let mut slots = Vec::with_capacity(batch.len());
        for at in 0..batch.len() {
            let pair = (batch.target_of(at).unwrap_or(0), batch.result_of(at).unwrap_or(0));
            let slot = *pairs.entry(pair).or_insert_with(|| {
                sums.push(Counters::default());
                sums.len() - 1
            });
            slots.push(slot);
            if let Some(counters) = sums.get_mut(slot) {
                counters.requests += 1;
            }
        }
        for summed in Summed::ALL {
            if let Some(measure) = summed.measure() {
                add_column(&mut sums, &slots, *summed, batch.column(measure));
            }
        }
        named(batch, &pairs, sums)
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

/// Adds what stands in the results (attempts, usage) and gives each pair its key.
fn named(batch: &Batch, pairs: &HashMap<(usize, usize), usize>, mut sums: Vec<Counters>) -> Totals {
    let targets: Vec<_> = batch.targets().collect();
    let results: Vec<_> = batch.results().collect();
    let mut totals = Totals::default();
    for ((target, result), slot) in pairs {
        let (Some(target), Some(result), Some(counters)) =
            (targets.get(*target), results.get(*result), sums.get_mut(*slot))
        else {
            continue;
        };
        let requests = counters.requests;
        if let (Some(attempts), Some(sum)) =
            (result.attempts, counters.sums.get_mut(Summed::Attempts as usize))
        {
            sum.add(u128::from(attempts).saturating_mul(requests.into()), requests);
        }
        if let Some(usage) = result.usage_status.and_then(|status| counters.usages.get_mut(status as usize)) {
            *usage = requests;
        }
        totals.add(Key::new(target, result.outcome, result.status), counters);
    }
    totals
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use weir_wire::{
        BatchBuilder, Event, EventResult, Health, InstanceId, Measure, Measures, Outcome, Producer, Target,
        UsageStatus,
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
            (0usize..3, 0usize..5, prop::option::of(0u32..4), prop::option::of(0..=Measure::MAX)), 0..60)) {
            let events: Vec<_> = rows.into_iter().map(|(backend, outcome, attempts, cost)| event(backend, outcome, attempts, cost)).collect();
            let mut builder = BatchBuilder::new("edge");
            events.iter().for_each(|event| builder.push(event));
            let producer = Producer { instance: InstanceId([0; 16]), epoch: 0 };
            let batch = builder.finish(producer, 0, 0, Health::default());
            prop_assert_eq!(Totals::of(&batch), naive(&events));
        }
    }
}
