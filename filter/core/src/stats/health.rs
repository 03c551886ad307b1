//! The filter's own health in the proxy's stats.

use weir_wire::{Health, HealthCounter};

use super::series::define;
use crate::host::{Host, MetricKind};
use crate::words;

/// The counters that the proxy shows, with the names of their metrics.
const COUNTERS: [(HealthCounter, &str); 12] = [
    (HealthCounter::StreamsOpened, "weir_streams_opened_total"),
    (HealthCounter::EventsRecorded, "weir_events_recorded_total"),
    (HealthCounter::EventsSummarised, "weir_events_summarised_total"),
    (HealthCounter::EventsDroppedOverflow, "weir_events_dropped_total.reason=overflow;"),
    (HealthCounter::EventsDroppedRefused, "weir_events_dropped_total.reason=refused;"),
    (HealthCounter::EventsLostCrash, "weir_events_lost_crash_total"),
    (HealthCounter::StreamsLostCrash, "weir_streams_lost_crash_total"),
    (HealthCounter::SlotsAdopted, "weir_outboxes_adopted_total"),
    (HealthCounter::DeliveriesRetried, "weir_deliveries_retried_total"),
    (HealthCounter::ParseFailures, "weir_parse_failures_total"),
    (HealthCounter::SeriesOverflow, "weir_series_overflow_total"),
    (HealthCounter::ScansSkipped, "weir_scans_skipped_total"),
];

/// The counter of acknowledged batches.
const BATCHES: &str = "weir_batches_acknowledged_total";

/// The gauges of a slot, in the order of [`Sizes::each`].
pub(super) const GAUGES: [&str; 4] = ["buffered_bytes", "undelivered_events", "series", "scan_bytes"];

/// What a VM holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Bytes of undelivered batches.
    pub(crate) buffered_bytes: u64,
    /// Events in them, in detail or in sum, and in the batch at hand.
    pub(crate) undelivered_events: u64,
    /// Series in the table.
    pub(crate) series: u64,
    /// Bytes that the scans under way may take.
    pub(crate) scan_bytes: u64,
}

impl Sizes {
    fn each(self) -> [u64; GAUGES.len()] {
        [self.buffered_bytes, self.undelivered_events, self.series, self.scan_bytes]
    }
}

/// The names of all counters.
pub(super) fn counters() -> impl Iterator<Item = &'static str> {
    COUNTERS.into_iter().map(|(_, name)| name).chain([BATCHES])
}

/// What the proxy has been told, and its metrics.
#[derive(Debug)]
pub(crate) struct HealthStats {
    told: [u64; COUNTERS.len()],
    ids: [u32; COUNTERS.len()],
    batches: u32,
    /// The slot whose gauges these are.
    slot: Option<u16>,
    gauges: [u32; GAUGES.len()],
}

impl HealthStats {
    pub(crate) fn new() -> Self {
        Self {
            told: [0; COUNTERS.len()],
            ids: [u32::MAX; COUNTERS.len()],
            batches: u32::MAX,
            slot: None,
            gauges: [u32::MAX; GAUGES.len()],
        }
    }

    /// Gives the proxy what has been counted since the last time; `health` is all that the VM ever counted.
    pub(crate) fn flush(&mut self, host: &impl Host, health: &Health) {
        for ((told, id), (counter, name)) in self.told.iter_mut().zip(&mut self.ids).zip(COUNTERS) {
            let stands_at = health.get(counter).unwrap_or(0);
            let by = stands_at.saturating_sub(*told);
            if by == 0 {
                continue;
            }
            if let Some(metric) = define(id, host, MetricKind::Counter, || name.to_owned()) {
                host.increment_metric(metric, i64::try_from(by).unwrap_or(i64::MAX));
                *told = stands_at;
            }
        }
    }

    /// A batch has been acknowledged.
    pub(crate) fn acknowledged(&mut self, host: &impl Host) {
        let name = || BATCHES.to_owned();
        if let Some(metric) = define(&mut self.batches, host, MetricKind::Counter, name) {
            host.increment_metric(metric, 1);
        }
    }

    /// Sets the gauges of a slot.
    pub(crate) fn show(&mut self, host: &impl Host, slot: u16, sizes: Sizes) {
        if self.slot != Some(slot) {
            self.slot = Some(slot);
            self.gauges = [u32::MAX; GAUGES.len()];
        }
        for ((id, what), size) in self.gauges.iter_mut().zip(GAUGES).zip(sizes.each()) {
            if let Some(metric) = define(id, host, MetricKind::Gauge, || {
                words::concat(["weir_", what, ".slot=", &slot.to_string(), ";"])
            }) {
                host.record_metric(metric, size);
            }
        }
    }
}
