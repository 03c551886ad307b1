//! What happens on one stream, written down beforehand.

use std::collections::BTreeMap;

use super::abi::Pairs;

/// One stream as a gateway would see it: a response with its chunks, and what the proxy knows at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamScript {
    /// Headers of the request, pseudo-headers included.
    pub request_headers: Pairs,
    /// Headers of the response; none for a stream that ended before.
    pub response_headers: Pairs,
    /// The body as it comes. Without chunks there is no body callback.
    pub chunks: Vec<Vec<u8>>,
    /// Milliseconds before the response's headers and before each chunk.
    pub pause_ms: u64,
    /// Properties by path, as the proxy encodes them.
    pub properties: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A property's path as a module writes it: its parts with zero bytes between.
pub fn property_path(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}

impl StreamScript {
    /// A whole answer of a backend behind `cluster`, in one chunk, with status 200.
    pub fn answer(cluster: &str, content_type: &str, body: &[u8]) -> Self {
        let mut script = Self { chunks: vec![body.to_vec()], pause_ms: 5, ..Self::default() };
        script.request_header(":method", "POST");
        script.request_header(":path", "/v1/chat/completions");
        script.request_header(":authority", "localhost");
        script.request_header("x-request-id", "0190163d-8694-739b-aea5-966c26f8ad90");
        script.response_header(":status", "200");
        script.response_header("content-type", content_type);
        script.property(&["xds", "cluster_name"], cluster.as_bytes());
        script.property(&["xds", "route_name"], b"chat");
        script.property(&["upstream", "address"], b"127.0.0.1:8000");
        script.property(&["response", "code_details"], b"via_upstream");
        let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
        for (parts, number) in [
            (["response", "code"], 200),
            (["response", "flags"], 0),
            (["response", "size"], size),
            (["request", "size"], 100),
            (["request", "duration"], 20_000_000),
            (["response", "backend_latency"], 18_000_000),
            (["upstream", "request_attempt_count"], 1),
            (["upstream", "cx_pool_ready_duration"], 1_000_000),
        ] {
            script.property(&parts, &number.to_le_bytes());
        }
        script
    }

    /// Adds a header to the request.
    pub fn request_header(&mut self, name: &str, value: &str) {
        self.request_headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }

    /// Adds a header to the response.
    pub fn response_header(&mut self, name: &str, value: &str) {
        self.response_headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }

    /// Sets a property.
    pub fn property(&mut self, parts: &[&str], value: &[u8]) {
        self.properties.insert(property_path(parts), value.to_vec());
    }
}
