//! A proxy for tests: answers from plain fields, remembers what it was asked to do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use weir_wire::{Batch, binary};

use crate::host::{Callout, CalloutId, HeaderMap, Host, LogLevel, MetricId, Property};

#[derive(Default)]
pub(crate) struct FakeHost {
    pub(crate) wall_ns: Cell<u64>,
    pub(crate) monotonic_ns: Cell<u64>,
    pub(crate) request: RefCell<HeaderMap>,
    pub(crate) response: RefCell<HeaderMap>,
    pub(crate) properties: RefCell<Vec<(Property, Vec<u8>)>>,
    pub(crate) chunk: RefCell<Vec<u8>>,
    pub(crate) refuses_callouts: Cell<bool>,
    metrics: RefCell<Vec<(String, i64)>>,
    callouts: RefCell<Vec<SentCallout>>,
    logs: RefCell<Vec<String>>,
}

/// A callout as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct SentCallout {
    pub(crate) cluster: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl FakeHost {
    pub(crate) fn with_headers(request: &[(&str, &str)], response: &[(&str, &str)]) -> Self {
        let host = Self::default();
        host.wall_ns.set(1_790_000_000_000_000_000);
        *host.request.borrow_mut() = headers(request);
        *host.response.borrow_mut() = headers(response);
        host
    }

    pub(crate) fn text(self, property: Property, text: &str) -> Self {
        self.properties.borrow_mut().push((property, text.as_bytes().to_vec()));
        self
    }

    pub(crate) fn number(self, property: Property, number: i64) -> Self {
        self.properties.borrow_mut().push((property, number.to_le_bytes().to_vec()));
        self
    }

    pub(crate) fn pass_ms(&self, ms: u64) {
        self.wall_ns.set(self.wall_ns.get() + ms * 1_000_000);
        self.monotonic_ns.set(self.monotonic_ns.get() + ms * 1_000_000);
    }

    /// What each counter stands at, by name.
    pub(crate) fn counters(&self) -> BTreeMap<String, i64> {
        self.metrics.borrow().iter().cloned().collect()
    }

    pub(crate) fn callouts(&self) -> Vec<SentCallout> {
        self.callouts.borrow().clone()
    }

    pub(crate) fn batches(&self) -> Vec<Batch> {
        self.callouts.borrow().iter().map(|callout| binary::decode(&callout.body).unwrap()).collect()
    }

    pub(crate) fn logs(&self) -> Vec<String> {
        self.logs.borrow().clone()
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

impl Host for FakeHost {
    fn wall_clock_ns(&self) -> u64 {
        self.wall_ns.get()
    }

    fn monotonic_ns(&self) -> u64 {
        self.monotonic_ns.get()
    }

    fn request_headers(&self) -> HeaderMap {
        self.request.borrow().clone()
    }

    fn response_headers(&self) -> HeaderMap {
        self.response.borrow().clone()
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        let properties = self.properties.borrow();
        properties.iter().find(|(found, _)| *found == property).map(|(_, value)| value.clone())
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        let chunk = self.chunk.borrow();
        chunk.get(start..).map(|rest| rest[..rest.len().min(length)].to_vec())
    }

    fn define_counter(&self, name: &str) -> Option<MetricId> {
        let mut metrics = self.metrics.borrow_mut();
        assert!(
            metrics.iter().all(|(known, _)| known != name),
            "{name} is defined twice: each define leaks an id"
        );
        metrics.push((name.to_owned(), 0));
        Some(MetricId(u32::try_from(metrics.len() - 1).unwrap()))
    }

    fn increment_metric(&self, metric: MetricId, by: i64) {
        assert_ne!(by, 0, "the proxy refuses an increment by nothing");
        self.metrics.borrow_mut()[metric.0 as usize].1 += by;
    }

    fn dispatch(&self, callout: &Callout<'_>) -> Option<CalloutId> {
        if self.refuses_callouts.get() {
            return None;
        }
        let headers = callout.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut callouts = self.callouts.borrow_mut();
        callouts.push(SentCallout {
            cluster: callout.cluster.to_owned(),
            headers: headers.collect(),
            body: callout.body.to_vec(),
        });
        Some(CalloutId(u32::try_from(callouts.len()).unwrap()))
    }

    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}
