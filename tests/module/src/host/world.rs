//! What VMs of one gateway share, and the host calls that touch nothing else.

use std::collections::BTreeMap;

use super::abi::{Pairs, Status};
use crate::random::Random;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Takes samples.
    Histogram,
}

/// A metric of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its full name.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// A counter's or gauge's value; a histogram's number of samples.
    pub value: u64,
    /// A histogram's samples, saturating.
    pub sum: u64,
}

/// A request that the module has asked the host to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// Its number, given to one callout of the gateway only.
    pub token: u32,
    /// The VM that asked, by its number.
    pub vm: u32,
    /// The context that asked.
    pub context: u32,
    /// Where to.
    pub cluster: String,
    /// Headers, pseudo-headers first.
    pub headers: Pairs,
    /// The body.
    pub body: Vec<u8>,
    /// When to give up.
    pub timeout_ms: u32,
    /// No answer has been given yet.
    pub pending: bool,
}

/// A value with the number that a compare-and-swap must name.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) value: Vec<u8>,
    pub(super) cas: u32,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) wall_ns: u64,
    pub(super) monotonic_ns: u64,
    pub(super) random: Random,
    pub(super) shared: BTreeMap<Vec<u8>, Entry>,
    next_cas: u32,
    pub(super) metrics: Vec<Metric>,
    /// Which metric each identifier means: every definition gives a new one, as in Envoy.
    pub(super) metric_ids: Vec<usize>,
    pub(super) callouts: Vec<Callout>,
    pub(super) takes_callouts: bool,
    pub(super) next_token: u32,
    pub(super) next_vm: u32,
    pub(super) log: Vec<(u32, String)>,
    pub(super) expressions: Vec<(String, Vec<u8>)>,
    /// A hostile run would fill the host's own memory.
    pub(super) forgets: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            wall_ns: 1_800_000_000_000_000_000,
            monotonic_ns: 1_000_000_000,
            random: Random::new(seed),
            shared: BTreeMap::new(),
            next_cas: 1,
            metrics: Vec::new(),
            metric_ids: Vec::new(),
            callouts: Vec::new(),
            takes_callouts: true,
            next_token: 1,
            next_vm: 0,
            log: Vec::new(),
            expressions: Vec::new(),
            forgets: false,
        }
    }

    pub(super) fn set_shared(&mut self, key: &[u8], value: Vec<u8>, cas: u32) -> Status {
        if let Some(entry) = self.shared.get(key)
            && cas != 0
            && cas != entry.cas
        {
            return Status::CasMismatch;
        }
        let fresh = Entry { value, cas: self.next_cas };
        self.next_cas = self.next_cas.wrapping_add(1).max(1);
        self.shared.insert(key.to_vec(), fresh);
        Status::Ok
    }

    pub(super) fn define_metric(&mut self, kind: u32, name: &str) -> Result<u32, Status> {
        let kind = match kind {
            0 => MetricKind::Counter,
            1 => MetricKind::Gauge,
            2 => MetricKind::Histogram,
            _ => return Err(Status::BadArgument),
        };
        let known = self.metrics.iter().position(|metric| metric.name == name && metric.kind == kind);
        let index = known.unwrap_or(self.metrics.len());
        if known.is_none() {
            self.metrics.push(Metric { name: name.to_owned(), kind, value: 0, sum: 0 });
        }
        self.metric_ids.push(index);
        u32::try_from(self.metric_ids.len()).map_err(|_| Status::InternalFailure)
    }

    pub(super) fn metric(&mut self, id: u32) -> Result<&mut Metric, Status> {
        let slot = usize::try_from(id).unwrap_or(usize::MAX).checked_sub(1).ok_or(Status::NotFound)?;
        let index = *self.metric_ids.get(slot).ok_or(Status::NotFound)?;
        self.metrics.get_mut(index).ok_or(Status::NotFound)
    }

    pub(super) fn increment(&mut self, id: u32, by: i64) -> Status {
        match self.metric(id) {
            Err(status) => status,
            Ok(Metric { kind: MetricKind::Histogram, .. }) => Status::BadArgument,
            Ok(Metric { kind: MetricKind::Counter, .. }) if by <= 0 => Status::BadArgument,
            Ok(metric) => {
                metric.value = metric.value.saturating_add_signed(by);
                Status::Ok
            }
        }
    }

    pub(super) fn record(&mut self, id: u32, value: u64) -> Status {
        match self.metric(id) {
            Err(status) => status,
            Ok(metric) => {
                match metric.kind {
                    MetricKind::Counter => return Status::BadArgument,
                    MetricKind::Gauge => metric.value = value,
                    MetricKind::Histogram => {
                        metric.value += 1;
                        metric.sum = metric.sum.saturating_add(value);
                    }
                }
                Status::Ok
            }
        }
    }
}
