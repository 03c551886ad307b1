//! A proxy for tests: answers from plain fields, remembers what it was asked to do.
//!
//! What it hands out is leaked, as the tests' processes are short; several VMs may share its [`Memory`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use weir_wire::{Batch, binary};

use crate::host::{Callout, CalloutId, Host, LogLevel, MetricId, MetricKind, Version};
use crate::pairs::{self, Pairs};

/// What outlives a VM: shared data and metrics.
#[derive(Default)]
pub(crate) struct Memory {
    shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    versions: Cell<u32>,
    randoms: Cell<u64>,
    metrics: RefCell<Vec<Metric>>,
}

struct Metric {
    name: String,
    kind: MetricKind,
    value: u64,
    recorded: Vec<u64>,
}

#[derive(Default)]
pub(crate) struct FakeHost {
    pub(crate) memory: Rc<Memory>,
    pub(crate) wall_ns: Cell<u64>,
    pub(crate) monotonic_ns: Cell<u64>,
    pub(crate) request: RefCell<Vec<(String, Vec<u8>)>>,
    pub(crate) response: RefCell<Vec<(String, Vec<u8>)>>,
    pub(crate) properties: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) chunk: RefCell<Vec<u8>>,
    pub(crate) configuration: RefCell<Vec<u8>>,
    pub(crate) callout_headers: RefCell<Vec<(String, Vec<u8>)>>,
    pub(crate) refuses_callouts: Cell<bool>,
    pub(crate) has_no_shared_data: Cell<bool>,
    /// Larger shared values are refused.
    pub(crate) most_shared_bytes: Cell<Option<usize>>,
    callouts: RefCell<Vec<SentCallout>>,
    logs: RefCell<Vec<String>>,
    pub(crate) single_reads: Cell<u32>,
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

    /// Another VM at the same proxy, at the same time.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            memory: Rc::clone(&self.memory),
            wall_ns: self.wall_ns.clone(),
            monotonic_ns: self.monotonic_ns.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn text(self, path: &str, text: &str) -> Self {
        self.properties.borrow_mut().insert(path.replace('.', "\0"), text.as_bytes().to_vec());
        self
    }

    pub(crate) fn number(self, path: &str, number: i64) -> Self {
        self.properties.borrow_mut().insert(path.replace('.', "\0"), number.to_le_bytes().to_vec());
        self
    }

    pub(crate) fn pass_ms(&self, ms: u64) {
        self.wall_ns.set(self.wall_ns.get() + ms * 1_000_000);
        self.monotonic_ns.set(self.monotonic_ns.get() + ms * 1_000_000);
    }

    /// What each counter and gauge stands at, by name.
    pub(crate) fn metrics(&self) -> BTreeMap<String, u64> {
        let metrics = self.memory.metrics.borrow();
        let plain = metrics.iter().filter(|metric| metric.kind != MetricKind::Histogram);
        plain.map(|metric| (metric.name.clone(), metric.value)).collect()
    }

    /// What each histogram has recorded, by name.
    pub(crate) fn histograms(&self) -> BTreeMap<String, Vec<u64>> {
        let metrics = self.memory.metrics.borrow();
        let histograms = metrics.iter().filter(|metric| metric.kind == MetricKind::Histogram);
        histograms.map(|metric| (metric.name.clone(), metric.recorded.clone())).collect()
    }

    pub(crate) fn callouts(&self) -> Vec<SentCallout> {
        self.callouts.borrow().clone()
    }

    /// The callout that was sent as the `at`-th, from 0 on.
    pub(crate) fn callout(&self, at: usize) -> Option<SentCallout> {
        self.callouts.borrow().get(at).cloned()
    }

    pub(crate) fn batches(&self) -> Vec<Batch> {
        self.callouts.borrow().iter().map(|callout| binary::decode(&callout.body).unwrap()).collect()
    }

    pub(crate) fn logs(&self) -> Vec<String> {
        self.logs.borrow().clone()
    }

    /// Bytes of all shared values.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.memory.shared.borrow().values().map(|(value, _)| value.len()).sum()
    }
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn leak(bytes: Vec<u8>) -> &'static [u8] {
    Box::leak(bytes.into_boxed_slice())
}

fn encoded(pairs: &[(String, Vec<u8>)]) -> Pairs<'static> {
    let mut out = u32::try_from(pairs.len()).unwrap().to_le_bytes().to_vec();
    for (name, value) in pairs {
        out.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        out.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    }
    for (name, value) in pairs {
        out.extend([name.as_bytes(), &[0], value, &[0]].concat());
    }
    Pairs::new(leak(out))
}

impl Host for FakeHost {
    fn wall_clock_ns(&self) -> u64 {
        self.wall_ns.get()
    }

    fn monotonic_ns(&self) -> u64 {
        self.monotonic_ns.get()
    }

    fn request_headers(&self) -> Pairs<'_> {
        encoded(&self.request.borrow())
    }

    fn response_headers(&self) -> Pairs<'_> {
        encoded(&self.response.borrow())
    }

    fn callout_headers(&self) -> Pairs<'_> {
        encoded(&self.callout_headers.borrow())
    }

    fn property(&self, path: &str) -> Option<&[u8]> {
        self.single_reads.set(self.single_reads.get() + 1);
        self.properties.borrow().get(path).map(|value| leak(value.clone()))
    }

    fn response_body(&self, start: usize, length: usize) -> Option<&[u8]> {
        let chunk = self.chunk.borrow();
        chunk.get(start..).map(|rest| leak(rest[..rest.len().min(length)].to_vec()))
    }

    fn configuration(&self) -> Option<&[u8]> {
        Some(leak(self.configuration.borrow().clone()))
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<MetricId> {
        let mut metrics = self.memory.metrics.borrow_mut();
        let at = match metrics.iter().position(|metric| metric.name == name) {
            Some(at) => {
                assert_eq!(metrics[at].kind, kind, "{name} is of two kinds");
                at
            }
            None => {
                metrics.push(Metric { name: name.to_owned(), kind, value: 0, recorded: Vec::new() });
                metrics.len() - 1
            }
        };
        Some(MetricId(u32::try_from(at).unwrap()))
    }

    fn increment_metric(&self, metric: MetricId, by: i64) {
        assert_ne!(by, 0, "the proxy refuses an increment by nothing");
        let value = &mut self.memory.metrics.borrow_mut()[metric.0 as usize].value;
        *value = value.checked_add_signed(by).unwrap();
    }

    fn record_metric(&self, metric: MetricId, value: u64) {
        let metric = &mut self.memory.metrics.borrow_mut()[metric.0 as usize];
        match metric.kind {
            MetricKind::Histogram => metric.recorded.push(value),
            MetricKind::Gauge => metric.value = value,
            MetricKind::Counter => panic!("{} is a counter", metric.name),
        }
    }

    fn metric(&self, metric: MetricId) -> Option<u64> {
        self.memory.metrics.borrow().get(metric.0 as usize).map(|metric| metric.value)
    }

    fn shared(&self, key: &str) -> Option<(&[u8], Version)> {
        let shared = self.memory.shared.borrow();
        let (value, version) = shared.get(key).filter(|_| !self.has_no_shared_data.get())?;
        Some((leak(value.clone()), Version(*version)))
    }

    fn set_shared(&self, key: &str, value: &[u8], version: Option<Version>) -> bool {
        let mut shared = self.memory.shared.borrow_mut();
        let stands = shared.get(key).map(|(_, version)| Version(*version));
        let too_large = self.most_shared_bytes.get().is_some_and(|most| value.len() > most);
        let refused = self.has_no_shared_data.get() || too_large;
        if refused || (version.is_some() && stands.is_some() && version != stands) {
            return false;
        }
        let next = self.memory.versions.get() + 1;
        self.memory.versions.set(next);
        shared.insert(key.to_owned(), (value.to_vec(), next));
        true
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

    fn set_tick_period(&self, _ms: u32) {}

    fn random(&self) -> Option<[u8; 16]> {
        let random = self.memory.randoms.get() + 1;
        self.memory.randoms.set(random);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(random.to_le_bytes()).for_each(|(byte, random)| *byte = random);
        Some(bytes)
    }

    fn log(&self, _level: LogLevel, message: &str) {
        self.logs.borrow_mut().push(message.to_owned());
    }
}

#[test]
fn what_it_encodes_is_what_proxies_encode() {
    let pairs = [("a", "b"), ("", "c")];
    let from_here: Vec<_> =
        encoded(&headers(&pairs)).map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    let own = pairs::encode(&pairs);
    let from_there: Vec<_> = Pairs::new(&own).map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(from_here, from_there);
}
