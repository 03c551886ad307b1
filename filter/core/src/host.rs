//! What the filter needs of the proxy around it, and nothing of how a proxy gives it.

/// A metric's identity at the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricId(pub u32);

/// A callout's identity at the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalloutId(pub u32);

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

/// What the proxy knows of a stream besides its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Property {
    /// Nanoseconds from the stream's start to its end.
    RequestDuration,
    /// Bytes of the request's body.
    RequestSize,
    /// The HTTP status.
    ResponseCode,
    /// The proxy's own words about the response.
    ResponseCodeDetails,
    /// Response flags, a bit each.
    ResponseFlags,
    /// Bytes of the response's body.
    ResponseSize,
    /// Nanoseconds between the first byte sent upstream and the last received.
    BackendLatency,
    /// The upstream host's address.
    UpstreamAddress,
    /// Attempts made upstream.
    AttemptCount,
    /// Nanoseconds until a connection was ready.
    PoolReadyDuration,
    /// The cluster's name.
    ClusterName,
    /// The route's name.
    RouteName,
    /// The proxy's own name.
    NodeId,
}

/// A request to the collector, to be sent by the proxy.
#[derive(Debug)]
pub struct Callout<'a> {
    /// The proxy's cluster for the collector.
    pub cluster: &'a str,
    /// Headers, pseudo-headers first.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a [u8],
    /// When to give up, milliseconds.
    pub timeout_ms: u32,
}

/// All headers of a message, names in lower case, in their order.
pub type HeaderMap = Vec<(String, Vec<u8>)>;

/// The proxy around the filter. Every call may fail; a failure is an absent answer, never a panic.
pub trait Host {
    /// Nanoseconds since 1970 UTC.
    fn wall_clock_ns(&self) -> u64;
    /// Nanoseconds of a clock that never goes back; its zero means nothing.
    fn monotonic_ns(&self) -> u64;
    /// The request's headers; empty where they cannot be read.
    fn request_headers(&self) -> HeaderMap;
    /// The response's headers; empty where they cannot be read.
    fn response_headers(&self) -> HeaderMap;
    /// A property as the proxy encodes it: text, or eight little-endian bytes.
    fn property(&self, property: Property) -> Option<Vec<u8>>;
    /// Up to `length` bytes of the chunk at hand from `start`.
    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>>;
    /// Makes a counter, or finds the one of that name.
    fn define_counter(&self, name: &str) -> Option<MetricId>;
    /// Adds to a metric.
    fn increment_metric(&self, metric: MetricId, by: i64);
    /// Starts a callout; `None` if the proxy will not, and then no answer will come.
    fn dispatch(&self, callout: &Callout<'_>) -> Option<CalloutId>;
    /// Writes to the proxy's log.
    fn log(&self, level: LogLevel, message: &str);
}
