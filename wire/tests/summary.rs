//! A summary says of its events what the events themselves say, in whatever order they came.
#![cfg(not(target_arch = "wasm32"))]

mod sample;
mod strategy;

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use strategy::{event, sealed};
use weir_wire::{
    Batch, BatchBuilder, CostSource, Event, Health, Histogram, Measure, SequenceRange, SummaryBuilder,
    SummaryCell, Summed, Target, Timing, UsageStatus, Window, binary, json,
};

/// An event's window: minutes, but for times that no clock gives.
fn window(event: &Event<'_>) -> Window {
    let ended_s = event.measures.get(Measure::EndedUs).unwrap_or(0) / 1_000_000;
    Window { start_s: ended_s - ended_s % 60, width_s: 60 }
}

fn folded(events: &[Event<'_>], histograms: bool) -> SummaryBuilder {
    let mut summary = SummaryBuilder::new("edge").with_seed(99);
    for event in events {
        summary.add(event, window(event), histograms);
    }
    summary.cover(7, events.len() as u64);
    summary
}

fn batch(summary: &SummaryBuilder) -> Batch {
    summary.batch(sample::PRODUCER, 1_790_000_000_000_000, sample::health())
}

/// A cell as text, which can be ordered and compared; names are those of the cell.
fn texts(batch: &Batch) -> Vec<String> {
    let cells = batch.summary().into_iter().flat_map(|summary| summary.cells());
    let mut texts: Vec<String> = cells.map(|cell: SummaryCell<&str>| format!("{cell:?}")).collect();
    texts.sort();
    texts
}

type Key<'a> = (Window, [Option<&'a str>; 6], u8, Option<u16>);

/// Everything that a cell holds, added up as plainly as can be.
fn naive<'a>(events: &[Event<'a>]) -> BTreeMap<Key<'a>, BTreeMap<String, u64>> {
    let mut all: BTreeMap<Key<'_>, BTreeMap<String, u64>> = BTreeMap::new();
    for event in events {
        let Target { backend, backend_type, route, model, algorithm, provider, .. } = event.target;
        let class = event.result.status.map(|status| status / 100).filter(|class| *class < 256);
        let names = [backend, backend_type, route, model, algorithm, provider];
        let cell = all.entry((window(event), names, event.result.outcome as u8, class)).or_default();
        let mut add = |name: String, value: u64| {
            let sum = cell.entry(name).or_default();
            *sum = (*sum + value).min(Measure::MAX);
        };
        add("requests".into(), 1);
        if let Some(status) = event.result.usage_status {
            add(format!("usage {}", status.name()), 1);
        }
        if let Some(source) = event.result.cost_source {
            add(format!("cost {}", source.name()), 1);
        }
        if let Some(attempts) = event.result.attempts {
            add("attempts total".into(), attempts.into());
            add("attempts known".into(), 1);
        }
        for summed in Summed::ALL {
            let Some(value) = summed.measure().and_then(|measure| event.measures.get(measure)) else {
                continue;
            };
            add(format!("{} total", summed.name()), value);
            add(format!("{} known", summed.name()), 1);
        }
        for timing in Timing::ALL {
            let Some(value) = event.measures.get(timing.measure()) else { continue };
            add(format!("{timing:?} bucket {}", Histogram::bucket_of(value)), 1);
        }
    }
    all.values_mut().for_each(|cell| cell.retain(|_, value| *value > 0));
    all
}

fn as_naive(batch: &Batch) -> BTreeMap<Key<'_>, BTreeMap<String, u64>> {
    let cells = batch.summary().into_iter().flat_map(|summary| summary.cells());
    cells.map(|cell| (key(&cell), numbers(&cell))).collect()
}

fn key<'a>(cell: &SummaryCell<&'a str>) -> Key<'a> {
    let names = [cell.backend, cell.backend_type, cell.route, cell.model, cell.algorithm, cell.provider];
    (cell.window, names, cell.outcome as u8, cell.status_class.map(u16::from))
}

fn numbers(cell: &SummaryCell<&str>) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::from([("requests".to_owned(), cell.requests)]);
    for status in UsageStatus::ALL {
        all.insert(format!("usage {}", status.name()), cell.usage(*status));
    }
    for source in CostSource::ALL {
        all.insert(format!("cost {}", source.name()), cell.costs_from(*source));
    }
    for summed in Summed::ALL {
        all.insert(format!("{} total", summed.name()), cell.sum(*summed).total);
        all.insert(format!("{} known", summed.name()), cell.sum(*summed).known);
    }
    for timing in Timing::ALL {
        for (bucket, count) in cell.histogram(*timing).into_iter().flat_map(Histogram::buckets) {
            all.insert(format!("{timing:?} bucket {bucket}"), count);
        }
    }
    all.retain(|_, value| *value > 0);
    all
}

proptest! {
    #[test]
    fn a_summary_survives_both_forms_and_says_what_its_events_say(
        events in vec(event(), 1..60),
        histograms in any::<bool>(),
    ) {
        // Through a batch and back: this is how the filter folds what it has closed.
        let mut builder = BatchBuilder::new("edge");
        events.iter().for_each(|event| builder.push(event));
        let closed = binary::encode(&builder.finish(sample::PRODUCER, 7, 9, Health::default()));
        let closed = binary::decode(&closed).unwrap();
        let kept: Vec<Event<'_>> = closed.events().collect();
        let summary = folded(&kept, histograms);
        prop_assert_eq!(summary.requests(), events.len() as u64);
        let made = batch(&summary);
        let bytes = binary::encode(&made);
        prop_assert!(bytes.len() <= summary.size_bound(), "{} exceed {}", bytes.len(), summary.size_bound());
        prop_assert_eq!(&binary::decode(&bytes).unwrap(), &made);
        prop_assert_eq!(&json::decode(json::encode(&made).as_bytes()).unwrap(), &made);
        let mut expected = naive(&events);
        if !histograms {
            expected.values_mut().for_each(|cell| cell.retain(|name, _| !name.contains("bucket")));
        }
        prop_assert_eq!(as_naive(&made), expected);
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        (events, shuffled) in vec(event(), 1..40).prop_flat_map(|events| {
            let shuffled = Just(events.clone()).prop_shuffle();
            (Just(events), shuffled)
        }),
    ) {
        prop_assert_eq!(texts(&batch(&folded(&events, true))), texts(&batch(&folded(&shuffled, true))));
    }

    #[test]
    fn what_is_covered_is_what_was_said_in_whatever_order(
        lengths in vec((1..5u64, 1..5u64), 1..20).prop_shuffle(),
        order in vec(any::<prop::sample::Index>(), 20),
    ) {
        let mut end = 0;
        let mut ranges: Vec<SequenceRange> = lengths
            .iter()
            .map(|(gap, count)| {
                let first = end + gap - 1;
                end = first + count;
                SequenceRange { first, count: *count }
            })
            .collect();
        let numbers: BTreeSet<u64> = ranges.iter().flat_map(|range| range.first..range.end()).collect();
        for (at, other) in order.iter().enumerate().take(ranges.len()) {
            let other = other.index(ranges.len());
            ranges.swap(at, other);
        }
        let mut summary = SummaryBuilder::new("edge");
        for range in &ranges {
            summary.cover(range.first, range.count);
            (0..range.count).for_each(|_| summary.add(&sample::bare(), Window { start_s: 0, width_s: 60 }, true));
        }
        let made = batch(&summary);
        let found = made.summary().unwrap();
        prop_assert_eq!(found.ranges().iter().flat_map(|range| range.first..range.end()).collect::<BTreeSet<_>>(), numbers);
        prop_assert!(found.ranges().windows(2).all(|pair| pair[0].end() < pair[1].first), "{:?}", found.ranges());
        prop_assert_eq!(made.first_sequence(), end);
        prop_assert_eq!(&binary::decode(&binary::encode(&made)).unwrap(), &made);
    }

    #[test]
    fn a_damaged_summary_is_read_as_some_batch_or_refused(
        events in vec(event(), 1..8),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = binary::encode(&batch(&folded(&events, true)));
        bytes.truncate(bytes.len() - 4);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = binary::decode(&sealed(bytes)) {
            prop_assert_eq!(&binary::decode(&binary::encode(&read)).unwrap(), &read);
            prop_assert_eq!(&json::decode(json::encode(&read).as_bytes()).unwrap(), &read);
        }
    }
}

/// One request a cell, every name and number with gaps of its own.
#[test]
fn the_bound_holds_for_many_cells() {
    let mut dice = 7u64;
    let mut below = |limit: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % limit
    };
    let names: Vec<String> = (0..3_000).map(|at| format!("name-{at}")).collect();
    let mut summary = SummaryBuilder::new("edge");
    for sequence in 1..=5_000 {
        let mut measures = weir_wire::Measures::new();
        for measure in Measure::ALL.iter().filter(|measure| **measure != Measure::CostNanoUsd) {
            measures.set(*measure, Some(below(1 << 40)).filter(|value| value % 3 > 0));
        }
        let mut name = || names.get(usize::try_from(below(4_000)).unwrap()).map(String::as_str);
        let target = Target {
            backend: name(),
            backend_type: name(),
            route: name(),
            model: name(),
            algorithm: name(),
            provider: name(),
            ..Target::default()
        };
        let window = Window { start_s: below(1 << 30), width_s: 60 };
        summary.add(&Event { target, measures, ..sample::bare() }, window, true);
        summary.cover(sequence, 1);
    }
    let (length, bound) = (binary::encode(&batch(&summary)).len(), summary.size_bound());
    assert!(length <= bound, "{length} bytes exceed the bound of {bound}");
    assert!(bound < 2 * length, "the bound of {bound} is far from {length} bytes");
}

#[test]
fn an_empty_summary_is_none() {
    let summary = SummaryBuilder::new("edge");
    assert!(summary.is_empty());
    let batch = batch(&summary);
    assert!(batch.summary().is_none());
    assert!(binary::encode(&batch).len() <= summary.size_bound());
}

#[test]
fn what_no_summary_may_say_is_refused() {
    let whole = json::encode(&batch(&sample::summary()));
    let check = |from: &str, to: &str, part: &str| {
        assert!(whole.contains(from), "{from} is not in {whole}");
        let refused = json::decode(whole.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(refused.contains(part), "{from} -> {to}: {refused}");
    };
    check(r#""first":42,"count":3"#, r#""first":42,"count":4"#, "summary.cells");
    check(r#""first":42,"count":3"#, r#""first":42,"count":0"#, "ranges");
    check(r#""first":42,"count":3"#, r#""first":48,"count":3"#, "ranges");
    check(r#""first":50,"count":1"#, r#""first":51,"count":1"#, "first_sequence");
    check(r#""first":50,"count":1"#, r#""first":18446744073709551615,"count":1"#, "64 bits");
    check(r#""requests":2"#, r#""requests":3"#, "summary.cells");
    check(r#""requests":2"#, r#""requests":0"#, "summary.cells");
    check(r#""requests":2"#, r#""requests":18446744073709551615"#, "summary.cells");
    check(r#""usages":{"reported":2}"#, r#""usages":{"reported":3}"#, "usages");
    check(r#""usages":{"reported":2}"#, r#""usages":{"guessed":2}"#, "usages.guessed");
    check(r#""costs":{"header":2}"#, r#""costs":{"header":1}"#, "source");
    check(r#""attempts":{"total":4,"known":2}"#, r#""attempts":{"total":4,"known":3}"#, "sum of more");
    check(r#""attempts":{"total":4,"known":2}"#, r#""attempts":{"total":4,"known":0}"#, "beyond");
    check(r#""total":4000002,"#, r#""total":2000000000000001,"#, "beyond");
    check(r#""ttft_us":[[126,2]]"#, r#""ttft_us":[[126,3]]"#, "more values");
    check(r#""ttft_us":[[126,2]]"#, r#""ttft_us":[[126,0]]"#, "holds nothing");
    check(r#""ttft_us":[[126,2]]"#, r#""ttft_us":[[480,2]]"#, "summary.histograms");
    check(r#""ttft_us":[[126,2]]"#, r#""ttft_us":[[126,1],[126,1]]"#, "ascend");
    check(r#""backend":0"#, r#""backend":99"#, "summary.cells");
    check(r#""width_s":60"#, r#""width_s":0"#, "summary.cells");
    check(r#""version":3"#, r#""version":2"#, "version 3");
    let with_event = json::encode(&sample::batch());
    let (_, summary) = whole.split_once(r#","summary""#).unwrap();
    let both = with_event.strip_suffix('}').unwrap().to_owned() + r#","summary""# + summary;
    assert!(json::decode(both.as_bytes()).unwrap_err().to_string().contains("events or a summary"));
}
