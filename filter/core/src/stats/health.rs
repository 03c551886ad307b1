//! The filter's own health in the proxy's stats.

use weir_wire::{Health, HealthCounter};

use super::series::define;
use crate::host::{Host, MetricKind};
use crate::words;

/// The counters that the proxy shows, with the names of their metrics.
const COUNTERS: [(HealthCounter, &str); 13] = [
    (HealthCounter::StreamsOpened, "weir_streams_opened_total"),
    (HealthCounter::EventsRecorded, "weir_events_recorded_total"),
    (HealthCounter::EventsSummarised, "weir_events_summarised_total"),
    (HealthCounter::EventsDroppedOverflow, "weir_events_dropped_total.reason=overflow;"),
    (HealthCounter::EventsDroppedRefused, "weir_events_dropped_total.reason=refused;"),
    (HealthCounter::EventsDroppedOversize, "weir_events_dropped_total.reason=oversize;"),
    (HealthCounter::EventsLostCrash, "weir_events_lost_crash_total"),
    (HealthCounter::StreamsLostCrash, "weir_streams_lost_crash_total"),
    (HealthCounter::SlotsAdopted, "weir_outboxes_adopted_total"),
    (HealthCounter::DeliveriesRetried, "weir_deliveries_retried_total"),
    (HealthCounter::ParseFailures, "weir_parse_failures_total"),
    (HealthCounter::SeriesOverflow, "weir_series_overflow_total"),
    (HealthCounter::ScansSkipped, "weir_scans_skipped_total"),
];

/// What the proxy has been told, and its metrics.
#[derive(Debug)]
pub(crate) struct HealthStats {
    told: [u64; COUNTERS.len()],
    ids: [u32; COUNTERS.len()],
    batches: u32,
    /// The slot whose gauges these are.
    slot: Option<u16>,
    gauges: [u32; GAUGES],
}

/// How many gauges a slot has.
const GAUGES: usize = 4;

impl HealthStats {
    pub(crate) fn new() -> Self {
        Self {
            told: [0; COUNTERS.len()],
            ids: [u32::MAX; COUNTERS.len()],
            batches: u32::MAX,
            slot: None,
            gauges: [u32::MAX; GAUGES],
        }
    }

    /// Gives the proxy what has been counted since the last time.
    pub(crate) fn flush(&mut self, host: &impl Host, health: &Health) {
        for ((told, id), (counter, name)) in self.told.iter_mut().zip(&mut self.ids).zip(COUNTERS) {
            let stands_at = health.get(counter).unwrap_or(0);
            if stands_at < *told {
                // Counted anew, under a new identity.
                *told = 0;
            }
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
        let name = || "weir_batches_acknowledged_total".to_owned();
        if let Some(metric) = define(&mut self.batches, host, MetricKind::Counter, name) {
            host.increment_metric(metric, 1);
        }
    }

    /// Sets the gauges of a slot.
    pub(crate) fn show(&mut self, host: &impl Host, slot: u16, sizes: [(&str, u64); GAUGES]) {
        if self.slot != Some(slot) {
            self.slot = Some(slot);
            self.gauges = [u32::MAX; GAUGES];
        }
        for (id, (what, size)) in self.gauges.iter_mut().zip(sizes) {
            if let Some(metric) = define(id, host, MetricKind::Gauge, || {
                words::concat(["weir_", what, ".slot=", &slot.to_string(), ";"])
            }) {
                host.record_metric(metric, size);
            }
        }
    }
}
