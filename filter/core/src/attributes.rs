//! What the proxy knows of a stream when it is over: attributes and request headers, read in one place.
//!
//! An attribute is the dearest thing to ask a proxy for, so of a stream that a backend has answered to the end
//! only those are read that stand nowhere else; the rest follows from the clock and the headers. Of any other
//! stream all of them are read: what went wrong is worth its price.

use crate::config::{Config, Source};
use crate::decimal;
use crate::host::Host;

/// The attributes that every event needs.
const ALWAYS: [&str; 5] = [
    "xds\0cluster_name",
    "xds\0route_name",
    "response\0flags",
    "upstream\0request_attempt_count",
    "upstream\0cx_pool_ready_duration",
];

/// Those that tell more of a stream that went wrong, or that no backend answered.
const TROUBLE: [&str; 5] =
    ["response\0code", "response\0code_details", "upstream\0address", "request\0duration", REQUEST_SIZE];

const REQUEST_SIZE: &str = "request\0size";

/// The request headers that every event needs.
const HEADERS: [&str; 6] =
    ["x-request-id", ":path", ":method", "traceparent", "content-length", "transfer-encoding"];

const FIRST_TROUBLE: usize = ALWAYS.len();
const FIRST_HEADER: usize = FIRST_TROUBLE + TROUBLE.len();
const CONSUMER: usize = FIRST_HEADER + HEADERS.len();
const FIRST_DIMENSION: usize = CONSUMER + 1;
/// How many values there are.
const VALUES: usize = FIRST_DIMENSION + weir_wire::DIMENSIONS;

type Values<'a> = [Option<&'a [u8]>; VALUES];

/// How to read a stream's attributes under one configuration.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Request headers of the operator's choice, each with its place among the values.
    headers: Vec<(usize, String)>,
    /// Dimensions from metadata, each with its place among the values and its property's path.
    metadata: Vec<(usize, String)>,
}

impl Reader {
    pub(crate) fn new(config: &Config) -> Self {
        let mut headers = Vec::new();
        let mut metadata = Vec::new();
        if let Some(name) = &config.consumer.header {
            headers.push((CONSUMER, name.clone()));
        }
        for (at, dimension) in (FIRST_DIMENSION..).zip(&config.dimensions) {
            match &dimension.source {
                Source::Header(name) => headers.push((at, name.clone())),
                Source::Metadata(path) => metadata.push((at, path.clone())),
            }
        }
        Self { headers, metadata }
    }

    /// Reads the stream that the callback at hand is about; `whole` says that a backend has answered it to
    /// the end.
    pub(crate) fn read<'a>(&self, host: &'a impl Host, whole: bool) -> Attributes<'a> {
        let mut values: Values<'a> = [None; VALUES];
        read_all(host, &mut values, 0, &ALWAYS);
        self.read_headers(host, &mut values);
        let mut attributes = Attributes { values };
        if !whole || attributes.flags() != Some(0) {
            read_all(host, &mut attributes.values, FIRST_TROUBLE, &TROUBLE);
        } else if attributes.request_bytes_by_headers().is_none() {
            set(&mut attributes.values, FIRST_TROUBLE + 4, host.property(REQUEST_SIZE));
        }
        for (at, path) in &self.metadata {
            set(&mut attributes.values, *at, host.property(path));
        }
        attributes
    }

    fn read_headers<'a>(&self, host: &'a impl Host, values: &mut Values<'a>) {
        for (name, value) in host.request_headers() {
            if let Some(place) = HEADERS.iter().position(|wanted| wanted.as_bytes() == name) {
                set_first(values, FIRST_HEADER.saturating_add(place), value);
            }
            for (at, wanted) in &self.headers {
                if wanted.as_bytes() == name {
                    set_first(values, *at, value);
                }
            }
        }
    }
}

fn read_all<'a>(host: &'a impl Host, values: &mut Values<'a>, first: usize, paths: &[&str]) {
    for (at, path) in (first..).zip(paths) {
        set(values, at, host.property(path));
    }
}

/// An empty value is an absent one.
fn set<'a>(values: &mut Values<'a>, at: usize, value: Option<&'a [u8]>) {
    if let Some(slot) = values.get_mut(at) {
        *slot = value.filter(|value| !value.is_empty());
    }
}

/// Of several headers of one name the first counts.
fn set_first<'a>(values: &mut Values<'a>, at: usize, value: &'a [u8]) {
    if let Some(slot) = values.get_mut(at)
        && slot.is_none()
        && !value.is_empty()
    {
        *slot = Some(value);
    }
}

/// The attributes of one stream, as the proxy gave them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a> {
    values: [Option<&'a [u8]>; VALUES],
}

/// Declares what stands where.
macro_rules! attributes {
    ($($name:ident: $kind:ident = $at:expr,)+) => {
        impl<'a> Attributes<'a> {
            $(pub(crate) fn $name(&self) -> Option<attributes!(@type $kind 'a)> {
                $kind(self.values.get($at).copied().flatten()?)
            })+
        }
    };
    (@type text $life:lifetime) => { &$life [u8] };
    (@type number $life:lifetime) => { u64 };
}

attributes! {
    cluster: text = 0,
    route: text = 1,
    flags: number = 2,
    attempts: number = 3,
    pool_wait_ns: number = 4,
    code: number = FIRST_TROUBLE,
    details: text = FIRST_TROUBLE + 1,
    upstream: text = FIRST_TROUBLE + 2,
    duration_ns: number = FIRST_TROUBLE + 3,
    request_size: number = FIRST_TROUBLE + 4,
    request_id: text = FIRST_HEADER,
    path: text = FIRST_HEADER + 1,
    method: text = FIRST_HEADER + 2,
    trace: text = FIRST_HEADER + 3,
    content_length: text = FIRST_HEADER + 4,
    transfer_encoding: text = FIRST_HEADER + 5,
    consumer: text = CONSUMER,
}

impl<'a> Attributes<'a> {
    pub(crate) fn dimension(&self, at: usize) -> Option<&'a [u8]> {
        self.values.get(FIRST_DIMENSION.saturating_add(at)).copied().flatten()
    }

    /// Bytes of the request's body.
    pub(crate) fn request_bytes(&self) -> Option<u64> {
        self.request_size().or_else(|| self.request_bytes_by_headers())
    }

    /// The same by what the headers of a complete request say: its length, or that it has no body.
    fn request_bytes_by_headers(&self) -> Option<u64> {
        match (self.content_length(), self.transfer_encoding()) {
            (Some(length), None) => decimal::whole(length),
            (None, None) if matches!(self.method(), Some(b"GET" | b"HEAD")) => Some(0),
            _ => None,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "stands beside `number`, which may have nothing to give")]
fn text(value: &[u8]) -> Option<&[u8]> {
    Some(value)
}

/// Eight little-endian bytes; a negative number is an absent one.
fn number(value: &[u8]) -> Option<u64> {
    u64::try_from(i64::from_le_bytes(value.try_into().ok()?)).ok()
}
