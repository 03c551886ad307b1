//! A collector as the filter may rely on one: it takes each event once, in detail or in a sum.

use std::collections::{BTreeMap, BTreeSet};

use weir_wire::{Batch, Event, HealthCounter, Measure, Producer, Summed, binary};

/// What the requests of one series add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub(super) requests: u64,
    pub(super) input_tokens: u64,
    pub(super) cost_nano_usd: u64,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.cost_nano_usd += other.cost_nano_usd;
    }
}

/// By backend and model.
pub(super) type Totals = BTreeMap<(String, String), Sums>;

pub(super) fn add(totals: &mut Totals, key: (&str, &str), sums: Sums) {
    totals.entry((key.0.to_owned(), key.1.to_owned())).or_default().add(sums);
}

/// How the collector treats what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Takes,
    /// It cannot commit.
    Unavailable,
    /// It is not there.
    Silent,
    /// It commits, and its answer is lost.
    Mute,
    /// It puts aside what it has not seen before, for good.
    Refuses,
}

/// A collector that takes each event once.
#[derive(Debug, Default)]
pub(super) struct Collector {
    known: BTreeMap<Producer, BTreeSet<u64>>,
    pub(super) totals: Totals,
    pub(super) summarised: u64,
    pub(super) refused: Totals,
    quarantine: BTreeSet<Vec<u8>>,
    taken: BTreeSet<Vec<u8>>,
    health: BTreeMap<(Producer, HealthCounter), u64>,
    pub(super) largest: usize,
    /// Widths of the windows that came.
    pub(super) widths: BTreeSet<u32>,
}

impl Collector {
    /// Whether it has refused anything.
    pub(super) fn has_refused(&self) -> bool {
        !self.quarantine.is_empty()
    }

    /// The status of its answer; `None` is silence.
    pub(super) fn receive(&mut self, body: &[u8], mood: Mood) -> Option<u16> {
        self.largest = self.largest.max(body.len());
        match mood {
            Mood::Silent => return None,
            Mood::Unavailable => return Some(503),
            _ => {}
        }
        let batch = binary::decode(body).unwrap();
        let holds_any = !batch.is_empty() || batch.summary().is_some();
        if mood == Mood::Refuses
            && holds_any
            && !self.taken.contains(body)
            && self.quarantine.insert(body.to_vec())
        {
            sum(&batch, |_| true, &mut self.refused);
        }
        if self.quarantine.contains(body) {
            return Some(400);
        }
        self.taken.insert(body.to_vec());
        self.take(&batch);
        (mood != Mood::Mute).then_some(200)
    }

    fn take(&mut self, batch: &Batch) {
        for (counter, value) in batch.health().known() {
            let known = self.health.entry((batch.producer(), counter)).or_default();
            *known = value.max(*known);
        }
        let known = self.known.entry(batch.producer()).or_default();
        let Some(summary) = batch.summary() else {
            let first = batch.first_sequence();
            sum(batch, |at| known.insert(first + at), &mut self.totals);
            return;
        };
        let numbers = || summary.ranges().iter().flat_map(|range| range.first..range.end());
        let new = numbers().filter(|number| known.insert(*number)).count() as u64;
        assert!(new == 0 || new == summary.requests(), "a part of a summary has come before");
        if new > 0 {
            self.summarised += new;
            self.widths.extend(summary.cells().map(|cell| cell.window.width_s));
            sum(batch, |_| true, &mut self.totals);
        }
    }

    /// The sum of a counter over all producers.
    pub(super) fn told(&self, counter: HealthCounter) -> u64 {
        self.health.iter().filter(|((_, of), _)| *of == counter).map(|(_, value)| value).sum()
    }

    pub(super) fn requests(&self) -> u64 {
        self.totals.values().map(|sums| sums.requests).sum()
    }
}

fn sum(batch: &Batch, mut wanted: impl FnMut(u64) -> bool, totals: &mut Totals) {
    for (_, event) in batch.events().enumerate().filter(|(at, _)| wanted(*at as u64)) {
        add(totals, key(&event), sums(&event));
    }
    for cell in batch.summary().iter().flat_map(|summary| summary.cells()) {
        let total = |summed| cell.sum(summed).total;
        let sums = Sums {
            requests: cell.requests,
            input_tokens: total(Summed::InputTokens),
            cost_nano_usd: total(Summed::CostNanoUsd),
        };
        add(totals, (cell.backend.unwrap_or(""), cell.model.unwrap_or("")), sums);
    }
}

pub(super) fn key<'a>(event: &Event<'a>) -> (&'a str, &'a str) {
    (event.target.backend.unwrap_or(""), event.target.model.unwrap_or(""))
}

pub(super) fn sums(event: &Event<'_>) -> Sums {
    let measure = |measure| event.measures.get(measure).unwrap_or(0);
    Sums {
        requests: 1,
        input_tokens: measure(Measure::InputTokens),
        cost_nano_usd: measure(Measure::CostNanoUsd),
    }
}
