//! The proxy as the core sees it: each call of [`Host`] as one host call.

use weir_filter_core::Host;
use weir_filter_core::host::{Callout, CalloutId, LogLevel, MetricId, MetricKind, Version};
use weir_filter_core::pairs::{self, Pairs};

use crate::abi::{self, Buffer, Map};
use crate::{scratch, wasi};

/// More than any configuration.
const MOST_CONFIGURATION: usize = 1 << 24;

/// The proxy that runs this module, within the callback at hand.
pub(crate) struct Proxy(());

impl Proxy {
    /// A callback begins.
    pub(crate) fn enter() -> Self {
        scratch::begin();
        Self(())
    }
}

impl Host for Proxy {
    fn wall_clock_ns(&self) -> u64 {
        abi::wall_clock_ns().unwrap_or(0)
    }

    fn monotonic_ns(&self) -> u64 {
        wasi::monotonic_ns()
    }

    fn request_headers(&self) -> Pairs<'_> {
        Pairs::new(abi::headers(Map::Request).unwrap_or_default())
    }

    fn response_headers(&self) -> Pairs<'_> {
        Pairs::new(abi::headers(Map::Response).unwrap_or_default())
    }

    fn callout_headers(&self) -> Pairs<'_> {
        Pairs::new(abi::headers(Map::CalloutResponse).unwrap_or_default())
    }

    fn property(&self, path: &str) -> Option<&[u8]> {
        abi::property(path)
    }

    fn response_body(&self, start: usize, length: usize) -> Option<&[u8]> {
        abi::buffer(Buffer::ResponseBody, start, length)
    }

    fn configuration(&self) -> Option<&[u8]> {
        abi::buffer(Buffer::PluginConfiguration, 0, MOST_CONFIGURATION)
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<MetricId> {
        let kind = match kind {
            MetricKind::Counter => 0,
            MetricKind::Gauge => 1,
            MetricKind::Histogram => 2,
        };
        abi::define_metric(kind, name).map(MetricId)
    }

    fn increment_metric(&self, metric: MetricId, by: i64) {
        abi::increment_metric(metric.0, by);
    }

    fn record_metric(&self, metric: MetricId, value: u64) {
        abi::record_metric(metric.0, value);
    }

    fn metric(&self, metric: MetricId) -> Option<u64> {
        abi::metric(metric.0)
    }

    fn shared(&self, key: &str) -> Option<(&[u8], Version)> {
        abi::shared(key).map(|(value, version)| (value, Version(version)))
    }

    fn set_shared(&self, key: &str, value: &[u8], version: Option<Version>) -> bool {
        // To the host, version 0 is any.
        abi::set_shared(key, value, version.map_or(0, |version| version.0))
    }

    fn dispatch(&self, callout: &Callout<'_>) -> Option<CalloutId> {
        let headers = pairs::encode(callout.headers);
        abi::http_call(callout.cluster, &headers, callout.body, callout.timeout_ms).map(CalloutId)
    }

    fn set_tick_period(&self, ms: u32) {
        abi::set_tick_period(ms);
    }

    fn random(&self) -> Option<[u8; 16]> {
        wasi::random()
    }

    fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Info => 2,
            LogLevel::Warn => 3,
            LogLevel::Error => 4,
        };
        abi::log(level, message);
    }
}
