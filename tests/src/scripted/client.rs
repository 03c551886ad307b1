//! The client: asks once, and leaves exactly where it is told to.

mod http1;
mod http2;

use bytes::Bytes;

pub(super) use http1::ask as ask_http1;
pub use http2::Http2;
pub(super) use http2::ask as ask_http2;

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The method.
    pub method: &'static str,
    /// The path with its query.
    pub path: String,
    /// Headers in addition to the host, the request's id and the body's length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Trailers after the body, if any.
    pub trailers: Vec<(String, String)>,
    /// Where the client leaves.
    pub leave: Leave,
}

/// Where a client leaves, by closing its connection (HTTP/1.1) or resetting its stream (HTTP/2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// When it has the whole answer.
    AtTheEnd,
    /// When half of its body is sent and the upstream has the request's head.
    InUpload,
    /// When the upstream has the whole request, before any answer.
    Waiting,
    /// When that many bytes of the answer's body have come.
    After(usize),
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status, if an answer began.
    pub status: Option<u16>,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// As much of the body as came.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Vec<(String, String)>,
    /// Whether it came to its proper end.
    pub whole: bool,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
