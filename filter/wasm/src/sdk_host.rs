//! The proxy as the core sees it: each call of [`Host`] as one host call.

use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel as SdkLevel, MapType, MetricType};
use weir_filter_core::Host;
use weir_filter_core::host::{Callout, CalloutId, HeaderMap, LogLevel, MetricId, Property};

use crate::clock;

/// The proxy that runs this module, within the callback at hand.
pub(crate) struct SdkHost;

impl Host for SdkHost {
    fn wall_clock_ns(&self) -> u64 {
        let since = hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
    }

    fn monotonic_ns(&self) -> u64 {
        clock::monotonic_ns()
    }

    fn request_headers(&self) -> HeaderMap {
        hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default()
    }

    fn response_headers(&self) -> HeaderMap {
        hostcalls::get_map_bytes(MapType::HttpResponseHeaders).unwrap_or_default()
    }

    fn property(&self, property: Property) -> Option<Vec<u8>> {
        hostcalls::get_property(path(property).to_vec()).ok().flatten()
    }

    fn response_body(&self, start: usize, length: usize) -> Option<Vec<u8>> {
        hostcalls::get_buffer(BufferType::HttpResponseBody, start, length).ok().flatten()
    }

    fn define_counter(&self, name: &str) -> Option<MetricId> {
        hostcalls::define_metric(MetricType::Counter, name).ok().map(MetricId)
    }

    fn increment_metric(&self, metric: MetricId, by: i64) {
        // A metric that the proxy has forgotten can only be left uncounted.
        let _ = hostcalls::increment_metric(metric.0, by);
    }

    fn dispatch(&self, callout: &Callout<'_>) -> Option<CalloutId> {
        let timeout = Duration::from_millis(callout.timeout_ms.into());
        hostcalls::dispatch_http_call(
            callout.cluster,
            callout.headers.clone(),
            Some(callout.body),
            vec![],
            timeout,
        )
        .ok()
        .map(CalloutId)
    }

    fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Info => SdkLevel::Info,
            LogLevel::Warn => SdkLevel::Warn,
            LogLevel::Error => SdkLevel::Error,
        };
        // There is nowhere to say that the log could not be written.
        let _ = hostcalls::log(level, message);
    }
}

/// A property's path, by Envoy's attribute names.
fn path(property: Property) -> &'static [&'static str] {
    match property {
        Property::RequestDuration => &["request", "duration"],
        Property::RequestSize => &["request", "size"],
        Property::ResponseCode => &["response", "code"],
        Property::ResponseCodeDetails => &["response", "code_details"],
        Property::ResponseFlags => &["response", "flags"],
        Property::ResponseSize => &["response", "size"],
        Property::BackendLatency => &["response", "backend_latency"],
        Property::UpstreamAddress => &["upstream", "address"],
        Property::AttemptCount => &["upstream", "request_attempt_count"],
        Property::PoolReadyDuration => &["upstream", "cx_pool_ready_duration"],
        Property::ClusterName => &["xds", "cluster_name"],
        Property::RouteName => &["xds", "route_name"],
        Property::NodeId => &["xds", "node", "id"],
    }
}
