//! One exchange and what its records must say.

use bytes::Bytes;
use serde_json::Value;

use super::client::{Ask, Leave};
use super::script::Script;

/// What the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, known beforehand.
    Http2,
}

/// One exchange.
#[derive(Debug, Clone)]
pub struct Case {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) ask: Ask,
    pub(super) scripts: Vec<Script>,
    pub(super) status: Option<u16>,
    pub(super) trailers: Vec<(String, String)>,
    pub(super) attempts: Option<usize>,
    pub(super) records: Vec<Value>,
}

impl Case {
    /// A POST to `path` by that route (see [`super::Layout`]), over HTTP/1.1.
    pub fn new(name: impl Into<String>, route: &str, path: &str) -> Self {
        let ask = Ask {
            method: "POST",
            path: path.to_owned(),
            headers: vec![
                ("x-case-route".to_owned(), route.to_owned()),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: Bytes::from_static(br#"{"model":"a-model","stream":true}"#),
            trailers: Vec::new(),
            leave: Leave::AtTheEnd,
        };
        Self {
            name: name.into(),
            protocol: Protocol::Http1,
            ask,
            scripts: Vec::new(),
            status: None,
            trailers: Vec::new(),
            attempts: None,
            records: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By another route.
    #[must_use]
    pub fn by(mut self, route: &str) -> Self {
        if let Some((_, value)) = self.ask.headers.first_mut() {
            *value = route.to_owned();
        }
        self
    }

    /// Over another protocol, and named after it.
    #[must_use]
    pub fn over(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self.name = format!("{} ({protocol:?})", self.name);
        self
    }

    /// Another method, without a body.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.ask.method = method;
        self.ask.body = Bytes::new();
        self
    }

    /// Over both protocols, the upstream's as well: by this route and by `http2`.
    #[must_use]
    pub fn over_both(&self) -> [Self; 2] {
        [self.clone().over(Protocol::Http1), self.clone().over(Protocol::Http2).by("http2")]
    }

    /// From clients of both protocols by this one route.
    #[must_use]
    pub fn from_both(&self) -> [Self; 2] {
        [self.clone().over(Protocol::Http1), self.clone().over(Protocol::Http2)]
    }

    /// Another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.ask.body = body.into();
        self
    }

    /// One more request header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.ask.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more request trailer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        self.ask.trailers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the upstream does with the next attempt, and with all after it.
    #[must_use]
    pub fn upstream(mut self, script: Script) -> Self {
        self.scripts.push(script);
        self
    }

    /// Where the client leaves.
    #[must_use]
    pub fn leaves(mut self, leave: Leave) -> Self {
        self.ask.leave = leave;
        self
    }

    /// The status that the client gets.
    #[must_use]
    pub fn gets(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// A trailer that the client gets.
    #[must_use]
    pub fn gets_trailer(mut self, name: &str, value: &str) -> Self {
        self.trailers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many attempts reach the upstream.
    #[must_use]
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// What a record must say (see [`super::differences`]): one record a call, in the order in which they end.
    #[must_use]
    pub fn record(mut self, expected: Value) -> Self {
        self.records.push(expected);
        self
    }
}
