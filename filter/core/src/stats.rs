//! The filter's numbers in the proxy's own stats, by series.
//!
//! The proxy's metrics have no labels: they stand in the name as `.key=value;` and the `stats_tags` in
//! `envoy/` turn them back into labels. Counts gather here and go to the proxy with the tick; a name is
//! defined when its first count goes, once, since each definition mints an identity at the proxy.

mod counter;
mod families;
mod health;
mod series;

pub use families::{Family, families};
pub(crate) use health::{HealthStats, Sizes};

use weir_wire::index::{Hash, Index};
use weir_wire::{CostSource, Event, Measure, Outcome, Target};

use crate::host::Host;
use counter::Counter;
use series::Series;

/// The backend label of requests that no cluster took.
const NO_BACKEND: &str = "none";
/// The names of the series that stands for all beyond the table's bound.
const OTHER: &str = "other";

/// All series that this VM has seen.
#[derive(Debug)]
pub(crate) struct Stats {
    seed: u64,
    series: Vec<Series>,
    index: Index,
    /// Those that have counts for the proxy.
    dirty: Vec<u32>,
    other: Option<u32>,
}

impl Stats {
    /// An empty table; the seed is the VM's own.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, series: Vec::new(), index: Index::default(), dirty: Vec::new(), other: None }
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    /// Counts one event. Returns whether it went under `other`, the table being full.
    pub(crate) fn record(&mut self, host: &impl Host, event: &Event<'_>, max_series: usize) -> bool {
        let known = self.find(&event.target, max_series);
        let at = match known {
            Some(at) => at,
            None => self.other(),
        };
        let Some(series) = usize::try_from(at).ok().and_then(|at| self.series.get_mut(at)) else {
            return true;
        };
        if !series.dirty {
            series.dirty = true;
            self.dirty.push(at);
        }
        count(series, event);
        series.time(host, &event.measures);
        known.is_none()
    }

    /// Gives the proxy all that has been counted since the last time.
    pub(crate) fn flush(&mut self, host: &impl Host) {
        while let Some(at) = self.dirty.pop() {
            if let Some(series) = usize::try_from(at).ok().and_then(|at| self.series.get_mut(at)) {
                series.dirty = false;
                series.flush(host);
            }
        }
    }

    /// The series of `target`, made if there is room for it.
    fn find(&mut self, target: &Target<&str>, max_series: usize) -> Option<u32> {
        let names = [target.backend, target.route, target.model, target.algorithm];
        let Self { seed, series, index, .. } = self;
        let at = |position: u32| usize::try_from(position).ok().and_then(|at| series.get(at));
        let hash = names.iter().fold(Hash::new(*seed), |hash, name| hash.name(*name));
        let found = index.find(hash, |position| at(position).is_some_and(|series| series.is(names)));
        // The series `other` is one more.
        let most = max_series.saturating_add(usize::from(self.other.is_some()));
        if found.is_some() || series.len() >= most {
            return found;
        }
        let position = u32::try_from(series.len()).ok()?;
        let hash_of = |position| at(position).map_or(Hash::new(*seed), |series| series.hash(*seed));
        index.add(hash, position, hash_of);
        series.push(Series::new(names));
        Some(position)
    }

    fn other(&mut self) -> u32 {
        match self.other {
            Some(at) => at,
            None => {
                let at = self.add(Series::new([Some(OTHER); 4]));
                *self.other.insert(at)
            }
        }
    }

    fn add(&mut self, series: Series) -> u32 {
        let at = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        self.series.push(series);
        at
    }
}

fn count(series: &mut Series, event: &Event<'_>) {
    let outcome = event.result.outcome;
    let measure = |measure| event.measures.get(measure).unwrap_or(0);
    series.add(Counter::requests(outcome), 1);
    series.add(Counter::attempts(outcome), event.result.attempts.unwrap_or(0).into());
    for (counter, tokens) in Counter::TOKENS {
        series.add(counter, measure(tokens));
    }
    if let Some(status) = event.result.usage_status {
        series.add(Counter::usage(status), 1);
    }
    let cost = measure(Measure::CostNanoUsd);
    match event.result.cost_source {
        Some(CostSource::Header) => series.add(Counter::COST_HEADER, cost),
        Some(CostSource::Body) => series.add(Counter::COST_BODY, cost),
        _ => series.add(Counter::COST_UNKNOWN, 1),
    }
    let tokens = measure(Measure::InputTokens).saturating_add(measure(Measure::OutputTokens));
    // Paid for, and the client did not get it.
    if outcome != Outcome::Success && (tokens > 0 || cost > 0) {
        series.add(Counter::WASTED_REQUESTS, 1);
        series.add(Counter::WASTED_INPUT, measure(Measure::InputTokens));
        series.add(Counter::WASTED_OUTPUT, measure(Measure::OutputTokens));
        series.add(Counter::WASTED_COST, cost);
    }
    if let Some(counter) = Counter::breaker(&event.result) {
        series.add(counter, 1);
    }
    if event.result.streamed == Some(true) {
        series.add(Counter::STREAMED, 1);
    }
    if let Some(cache) = event.result.cache {
        series.add(Counter::cache(cache), 1);
    }
    series.add(Counter::REQUEST_BYTES, measure(Measure::RequestBytes));
    series.add(Counter::RESPONSE_BYTES, measure(Measure::ResponseBytes));
    series.set_limits(
        event.measures.get(Measure::RemainingRequests),
        event.measures.get(Measure::RemainingTokens),
    );
}

#[cfg(test)]
mod tests;
