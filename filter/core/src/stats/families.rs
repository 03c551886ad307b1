//! The metrics that the filter keeps in the proxy's stats, as a list, for those who hold documents and
//! dashboards against it. The filter itself has no use for it.

use super::counter::COUNTERS;
use super::health;
use super::series::{HISTOGRAMS, LABELS, LIMITS, RATE_LIMITS};
use crate::host::MetricKind;
use crate::slot;
use crate::words;

/// One family: a name in Prometheus' text form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What kind of metric it is.
    pub kind: MetricKind,
    /// The labels of its series, by what the request went to; none where it counts for the whole VM.
    pub series: &'static [&'static str],
    /// The key of the label of its own; empty where it has none.
    pub key: String,
    /// The values that this label can have; empty where it has none, or any.
    pub values: Vec<String>,
}

/// All families, in no particular order.
pub fn families() -> Vec<Family> {
    let mut all = Vec::new();
    let series = |family: &str| (words::concat(["weir_", family]), &LABELS[..]);
    for (family, key, value) in COUNTERS {
        add(&mut all, MetricKind::Counter, series(family), key, value);
    }
    for (family, _) in HISTOGRAMS {
        add(&mut all, MetricKind::Histogram, series(family), "", "");
    }
    for value in LIMITS {
        add(&mut all, MetricKind::Gauge, series(RATE_LIMITS), "type", value);
    }
    for name in health::counters() {
        let (family, label) = name.split_once('.').unwrap_or((name, ""));
        let (key, value) = label.trim_end_matches(';').split_once('=').unwrap_or_default();
        add(&mut all, MetricKind::Counter, (family.to_owned(), &[]), key, value);
    }
    for name in health::GAUGES {
        add(&mut all, MetricKind::Gauge, (words::concat(["weir_", name]), &[]), "slot", "");
    }
    for what in slot::STREAMS {
        let name = words::concat(["weir_slot_streams_", what, "_total"]);
        add(&mut all, MetricKind::Counter, (name, &[]), "slot", "");
    }
    all
}

fn add(
    all: &mut Vec<Family>,
    kind: MetricKind,
    (name, series): (String, &'static [&'static str]),
    key: &str,
    value: &str,
) {
    let values = (!value.is_empty()).then(|| value.to_owned());
    match all.iter_mut().find(|family| family.name == name) {
        Some(family) => family.values.extend(values),
        None => {
            all.push(Family { name, kind, series, key: key.to_owned(), values: values.into_iter().collect() })
        }
    }
}
