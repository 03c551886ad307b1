//! The obvious first version of a metrics filter, as one writes it without knowing what a host call costs.
//!
//! Every fact of a request is a property read of its own; the body is kept whole and parsed as one JSON
//! document; the sums stand as JSON in shared data, read, changed and written back under compare-and-swap for
//! each request; metrics are defined by name each time; the event is appended as JSON to a queue in shared data.

use std::time::UNIX_EPOCH;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, MetricType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

/// The queue is emptied when it is longer: nobody takes anything out of it here.
const QUEUE_BYTES: usize = 64 * 1024;
/// One for each power of two of milliseconds.
const BUCKETS: usize = 24;

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::default()))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

#[derive(Default)]
struct Stream {
    began_ns: u128,
    first_byte_ns: u128,
    body: Vec<u8>,
}

/// What is known of one request.
#[derive(Serialize)]
struct Event {
    request_id: String,
    method: String,
    path: String,
    backend: String,
    upstream: String,
    algorithm: String,
    status: u64,
    flags: u64,
    duration_ms: f64,
    first_byte_ms: f64,
    cost_usd: f64,
    tokens: u64,
}

/// What all requests of one backend sum up to.
#[derive(Serialize, Deserialize, Default)]
struct Sums {
    requests: u64,
    errors: u64,
    cost_usd: f64,
    durations: Vec<u64>,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.began_ns = now_ns();
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.first_byte_ns = now_ns();
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _end_of_stream: bool) -> Action {
        if let Some(chunk) = self.get_http_response_body(0, size) {
            self.body.extend_from_slice(&chunk);
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        let event = self.event();
        self.add_to_sums(&event);
        count(&event);
        self.enqueue(&event);
    }
}

impl Stream {
    fn event(&self) -> Event {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let cost = self.get_http_response_header("x-cost-usd");
        Event {
            request_id: self.text(&["request", "id"]),
            method: self.text(&["request", "method"]),
            path: self.text(&["request", "path"]),
            backend: self.text(&["xds", "cluster_name"]),
            upstream: self.text(&["upstream", "address"]),
            algorithm: self.get_http_response_header("x-lb-algorithm").unwrap_or_default(),
            status: self.number(&["response", "code"]),
            flags: self.number(&["response", "flags"]),
            duration_ms: now_ns().saturating_sub(self.began_ns) as f64 / 1e6,
            first_byte_ms: self.first_byte_ns.saturating_sub(self.began_ns) as f64 / 1e6,
            cost_usd: cost.and_then(|cost| cost.parse().ok()).unwrap_or(0.0),
            tokens: body["usage"]["total_tokens"].as_u64().unwrap_or(0),
        }
    }

    fn add_to_sums(&self, event: &Event) {
        let key = format!("sums/{}", event.backend);
        loop {
            let (stored, version) = self.get_shared_data(&key);
            let mut sums: Sums =
                stored.and_then(|stored| serde_json::from_slice(&stored).ok()).unwrap_or_default();
            sums.requests += 1;
            sums.errors += u64::from(event.status >= 500);
            sums.cost_usd += event.cost_usd;
            sums.durations.resize(BUCKETS, 0);
            let magnitude = (event.duration_ms as u64).checked_ilog2().map_or(0, |log| log as usize + 1);
            sums.durations[magnitude.min(BUCKETS - 1)] += 1;
            let text = serde_json::to_vec(&sums).unwrap_or_default();
            if self.set_shared_data(&key, Some(&text), version).is_ok() {
                break;
            }
        }
    }

    fn enqueue(&self, event: &Event) {
        let (queue, version) = self.get_shared_data("queue");
        let mut queue = queue.unwrap_or_default();
        if queue.len() > QUEUE_BYTES {
            queue.clear();
        }
        queue.extend(serde_json::to_vec(event).unwrap_or_default());
        let _ = self.set_shared_data("queue", Some(&queue), version);
    }

    fn text(&self, path: &[&str]) -> String {
        let value = self.get_property(path.to_vec()).unwrap_or_default();
        String::from_utf8_lossy(&value).into_owned()
    }

    fn number(&self, path: &[&str]) -> u64 {
        let value = self.get_property(path.to_vec());
        value.and_then(|value| value.try_into().ok()).map_or(0, u64::from_le_bytes)
    }
}

fn count(event: &Event) {
    let requests = format!("naive_requests.{}.{}", event.backend, event.status);
    if let Ok(counter) = hostcalls::define_metric(MetricType::Counter, &requests) {
        let _ = hostcalls::increment_metric(counter, 1);
    }
    let durations = format!("naive_duration_ms.{}", event.backend);
    if let Ok(histogram) = hostcalls::define_metric(MetricType::Histogram, &durations) {
        let _ = hostcalls::record_metric(histogram, event.duration_ms as u64);
    }
}

fn now_ns() -> u128 {
    let since = hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}
