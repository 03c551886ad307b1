//! What the filter needs of the proxy around it, and nothing of how a proxy gives it.

use crate::pairs::Pairs;

/// A metric's identity at the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricId(pub u32);

/// A callout's identity at the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalloutId(pub u32);

/// A version of a shared value: it changes with every write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub u32);

/// What kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of values.
    Histogram,
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Worth knowing.
    Info,
    /// Something is wrong, and Weir goes on.
    Warn,
    /// Weir cannot do its work.
    Error,
}

/// A request to the collector, to be sent by the proxy.
#[derive(Debug)]
pub struct Callout<'a> {
    /// The proxy's cluster for the collector.
    pub cluster: &'a str,
    /// Headers, pseudo-headers first.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
    /// When to give up, milliseconds.
    pub timeout_ms: u32,
}

/// The proxy around the filter, within one callback: what it hands out lives until the callback ends.
/// Every call may fail; a failure is an absent answer, never a panic.
pub trait Host {
    /// Nanoseconds since 1970 UTC.
    fn wall_clock_ns(&self) -> u64;
    /// Nanoseconds of a clock that never goes back; its zero means nothing.
    fn monotonic_ns(&self) -> u64;
    /// The request's headers, names in lower case; empty where they cannot be read.
    fn request_headers(&self) -> Pairs<'_>;
    /// The response's headers, names in lower case; empty where they cannot be read.
    fn response_headers(&self) -> Pairs<'_>;
    /// The headers of the answer to a callout.
    fn callout_headers(&self) -> Pairs<'_>;
    /// A property by its path, parts separated by zero bytes, as the proxy encodes it: text, or eight
    /// little-endian bytes.
    fn property(&self, path: &str) -> Option<&[u8]>;
    /// Up to `length` bytes of the response's chunk at hand from `start`.
    fn response_body(&self, start: usize, length: usize) -> Option<&[u8]>;
    /// The configuration's bytes.
    fn configuration(&self) -> Option<&[u8]>;
    /// Makes a metric, or finds the one of that name. Mints another identity each time.
    fn define_metric(&self, kind: MetricKind, name: &str) -> Option<MetricId>;
    /// Adds to a counter or gauge. Adding nothing is refused by proxies.
    fn increment_metric(&self, metric: MetricId, by: i64);
    /// Records a value of a histogram, or sets a gauge.
    fn record_metric(&self, metric: MetricId, value: u64);
    /// What a counter or gauge stands at.
    fn metric(&self, metric: MetricId) -> Option<u64>;
    /// A value that all VMs of this proxy share, with its version.
    fn shared(&self, key: &str) -> Option<(&[u8], Version)>;
    /// Writes a shared value; with a version, only if it is still the one that stands. Whether it was.
    fn set_shared(&self, key: &str, value: &[u8], version: Option<Version>) -> bool;
    /// Starts a callout; `None` if the proxy will not, and then no answer will come.
    fn dispatch(&self, callout: &Callout<'_>) -> Option<CalloutId>;
    /// How often to be called, milliseconds.
    fn set_tick_period(&self, ms: u32);
    /// Sixteen bytes that nobody can foretell; `None` where there is no randomness.
    fn random(&self) -> Option<[u8; 16]>;
    /// Writes to the proxy's log.
    fn log(&self, level: LogLevel, message: &str);
}
