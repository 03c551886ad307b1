//! One cell of a summary: the requests of one series in one window that ended alike.

use serde::{Deserialize, Serialize};

use crate::{CostSource, Event, Histogram, Measure, Outcome, Summed, UsageStatus};

/// A stretch of time, by when requests ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its beginning, seconds since 1970 UTC.
    pub start_s: u64,
    /// Its length in seconds; at least one.
    pub width_s: u32,
}

/// The sum of what is known, and of how many requests it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownSum {
    /// The sum over those requests; stays at [`Measure::MAX`].
    pub total: u64,
    /// How many requests had a value.
    pub known: u64,
}

/// What a summary keeps a histogram of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Timing {
    /// [`Measure::DurationUs`].
    Duration,
    /// [`Measure::TtfbUs`].
    Ttfb,
    /// [`Measure::TtftUs`].
    Ttft,
    /// [`Measure::TpotUs`].
    Tpot,
}

impl Timing {
    /// All of them, in the order in which they stand in a summary: append only.
    pub const ALL: &'static [Self] = &[Self::Duration, Self::Ttfb, Self::Ttft, Self::Tpot];

    /// What is measured, in microseconds.
    pub const fn measure(self) -> Measure {
        match self {
            Self::Duration => Measure::DurationUs,
            Self::Ttfb => Measure::TtfbUs,
            Self::Ttft => Measure::TtftUs,
            Self::Tpot => Measure::TpotUs,
        }
    }
}

/// What the requests of one series that ended alike in one window add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryCell<S> {
    /// When they ended.
    pub window: Window,
    /// The cluster that they were routed to.
    pub backend: Option<S>,
    /// The backend's kind, as configured.
    pub backend_type: Option<S>,
    /// The route's name.
    pub route: Option<S>,
    /// The model that answered.
    pub model: Option<S>,
    /// The load-balancing algorithm.
    pub algorithm: Option<S>,
    /// The provider.
    pub provider: Option<S>,
    /// The end that they came to.
    pub outcome: Outcome,
    /// The HTTP status without its last two digits; absent if no response began.
    pub status_class: Option<u8>,
    /// How many requests; at least one.
    pub requests: u64,
    /// How many of them stated their usage this way, in the order of [`UsageStatus::ALL`].
    pub usages: [u64; UsageStatus::ALL.len()],
    /// How many of them have a cost from this source, in the order of [`CostSource::ALL`].
    pub costs: [u64; CostSource::ALL.len()],
    /// Sums, in the order of [`Summed::ALL`].
    pub sums: [KnownSum; Summed::ALL.len()],
    /// Histograms, in the order of [`Timing::ALL`]; empty where none was kept.
    pub histograms: [Histogram; Timing::ALL.len()],
}

impl<S> SummaryCell<S> {
    /// No request yet.
    pub(crate) fn new(window: Window, names: [Option<S>; 6], outcome: Outcome, class: Option<u8>) -> Self {
        let [backend, backend_type, route, model, algorithm, provider] = names;
        Self {
            window,
            backend,
            backend_type,
            route,
            model,
            algorithm,
            provider,
            outcome,
            status_class: class,
            requests: 0,
            usages: Default::default(),
            costs: Default::default(),
            sums: Default::default(),
            histograms: Default::default(),
        }
    }

    /// How many requests have this usage status.
    pub fn usage(&self, status: UsageStatus) -> u64 {
        self.usages.get(status as usize).copied().unwrap_or_default()
    }

    /// How many requests have a cost from this source.
    pub fn costs_from(&self, source: CostSource) -> u64 {
        self.costs.get(source as usize).copied().unwrap_or_default()
    }

    /// The sum of one number.
    pub fn sum(&self, summed: Summed) -> KnownSum {
        self.sums.get(summed as usize).copied().unwrap_or_default()
    }

    /// The histogram of one timing.
    pub fn histogram(&self, timing: Timing) -> Option<&Histogram> {
        self.histograms.get(timing as usize)
    }

    /// Counts one request.
    pub(crate) fn add(&mut self, event: &Event<'_>) {
        self.requests = self.requests.saturating_add(1);
        if let Some(usage) = event.result.usage_status.and_then(|status| self.usages.get_mut(status as usize))
        {
            *usage = usage.saturating_add(1);
        }
        let cost = Summed::CostNanoUsd.of(event);
        let source = event.result.cost_source.filter(|_| cost.is_some());
        if let Some(costs) = source.and_then(|source| self.costs.get_mut(source as usize)) {
            *costs = costs.saturating_add(1);
        }
        for (sum, summed) in self.sums.iter_mut().zip(Summed::ALL) {
            if let Some(value) = summed.of(event) {
                sum.total = sum.total.saturating_add(value).min(Measure::MAX);
                sum.known = sum.known.saturating_add(1);
            }
        }
    }

    /// The same with its names changed.
    pub(crate) fn map<T>(self, mut name: impl FnMut(S) -> Option<T>) -> SummaryCell<T> {
        SummaryCell {
            window: self.window,
            backend: self.backend.and_then(&mut name),
            backend_type: self.backend_type.and_then(&mut name),
            route: self.route.and_then(&mut name),
            model: self.model.and_then(&mut name),
            algorithm: self.algorithm.and_then(&mut name),
            provider: self.provider.and_then(&mut name),
            outcome: self.outcome,
            status_class: self.status_class,
            requests: self.requests,
            usages: self.usages,
            costs: self.costs,
            sums: self.sums,
            histograms: self.histograms,
        }
    }
}

impl<S: Copy> SummaryCell<S> {
    /// The names in the order of their columns.
    pub(crate) fn names(&self) -> [Option<S>; 6] {
        [self.backend, self.backend_type, self.route, self.model, self.algorithm, self.provider]
    }
}
