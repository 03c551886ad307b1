//! What the proxy knows of a stream when it is over: attributes and request headers, read in one place.
//!
//! Where the proxy can evaluate expressions (Envoy can), one call fetches what is needed of a stream that a
//! backend has answered and nothing went wrong with; reading it one by one costs twice as much. Whatever else
//! there is to know is read when something did go wrong, or where there are no expressions.

use crate::config::{Config, Source};
use crate::host::{Expression, Host};

/// The attributes that every event needs, in the order of the expression, by the path of a single read.
const ALWAYS: [&str; 7] = [
    "xds\0cluster_name",
    "xds\0route_name",
    "response\0flags",
    "request\0duration",
    "request\0size",
    "upstream\0request_attempt_count",
    "upstream\0cx_pool_ready_duration",
];

/// Those that tell more of a stream that went wrong, or that no backend answered.
const TROUBLE: [&str; 3] = ["response\0code", "response\0code_details", "upstream\0address"];

/// The request headers that every event needs.
const HEADERS: [&str; 4] = ["x-request-id", ":path", ":method", "traceparent"];

const FIRST_TROUBLE: usize = ALWAYS.len();
const FIRST_HEADER: usize = FIRST_TROUBLE + TROUBLE.len();
const CONSUMER: usize = FIRST_HEADER + HEADERS.len();
const FIRST_DIMENSION: usize = CONSUMER + 1;
/// How many values there are.
const VALUES: usize = FIRST_DIMENSION + weir_wire::DIMENSIONS;

/// How to read a stream's attributes under one configuration.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Request headers of the operator's choice, each with its place among the values.
    headers: Vec<(usize, String)>,
    /// Dimensions from metadata, each with its place among the values and its property's path.
    metadata: Vec<(usize, String)>,
    expression: Option<Expression>,
}

impl Reader {
    pub(crate) fn new(host: &impl Host, config: &Config) -> Self {
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
        Self { headers, metadata, expression: host.create_expression(&expression()) }
    }

    /// Reads the stream that the callback at hand is about; `whole` says that a backend has answered it to
    /// the end.
    pub(crate) fn read<'a>(&self, host: &'a impl Host, whole: bool) -> Attributes<'a> {
        let mut values = [None; VALUES];
        // Where no backend was chosen the expression has no value.
        let found = self.expression.and_then(|expression| host.evaluate(expression));
        match found.filter(|found| found.len() == ALWAYS.len()) {
            Some(found) => {
                for (at, (value, _)) in found.enumerate() {
                    set(&mut values, at, Some(value));
                }
            }
            None => read_singly(host, &mut values, 0, &ALWAYS),
        }
        let fine = Attributes { values }.flags() == Some(0);
        if !(whole && fine) {
            read_singly(host, &mut values, FIRST_TROUBLE, &TROUBLE);
        }
        self.read_headers(host, &mut values);
        for (at, path) in &self.metadata {
            set(&mut values, *at, host.property(path));
        }
        Attributes { values }
    }

    fn read_headers<'a>(&self, host: &'a impl Host, values: &mut [Option<&'a [u8]>; VALUES]) {
        for (name, value) in host.request_headers() {
            let fixed = HEADERS.iter().position(|wanted| wanted.as_bytes() == name);
            if let Some(place) = fixed {
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

fn read_singly<'a>(
    host: &'a impl Host,
    values: &mut [Option<&'a [u8]>; VALUES],
    first: usize,
    paths: &[&str],
) {
    for (at, path) in (first..).zip(paths) {
        set(values, at, host.property(path));
    }
}

/// An empty value is an absent one.
fn set<'a>(values: &mut [Option<&'a [u8]>; VALUES], at: usize, value: Option<&'a [u8]>) {
    if let Some(slot) = values.get_mut(at) {
        *slot = value.filter(|value| !value.is_empty());
    }
}

/// Of several headers of one name the first counts.
fn set_first<'a>(values: &mut [Option<&'a [u8]>; VALUES], at: usize, value: &'a [u8]) {
    if let Some(slot) = values.get_mut(at)
        && slot.is_none()
        && !value.is_empty()
    {
        *slot = Some(value);
    }
}

/// A list of the attributes that every event needs. It has no value where one of them has none.
fn expression() -> String {
    let mut text = String::from("[");
    for (at, path) in ALWAYS.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.extend(path.chars().map(|character| if character == '\0' { '.' } else { character }));
    }
    text.push(']');
    text
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
    duration_ns: number = 3,
    request_bytes: number = 4,
    attempts: number = 5,
    pool_wait_ns: number = 6,
    code: number = FIRST_TROUBLE,
    details: text = FIRST_TROUBLE + 1,
    upstream: text = FIRST_TROUBLE + 2,
    request_id: text = FIRST_HEADER,
    path: text = FIRST_HEADER + 1,
    method: text = FIRST_HEADER + 2,
    trace: text = FIRST_HEADER + 3,
    consumer: text = CONSUMER,
}

impl<'a> Attributes<'a> {
    pub(crate) fn dimension(&self, at: usize) -> Option<&'a [u8]> {
        self.values.get(FIRST_DIMENSION.saturating_add(at)).copied().flatten()
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
