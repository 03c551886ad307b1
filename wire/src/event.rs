//! One event: what the proxy observed of one HTTP stream, as a row over a batch's columns.

use crate::{EventResult, Measures, Outcome, RequestId, Target, TraceContext};

/// How many labels of the operator's own an event may carry.
pub const DIMENSIONS: usize = 4;

/// One request's record, borrowing its names from a batch or from whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The proxy's request id.
    pub request_id: RequestId<'a>,
    /// The trace that the request belongs to.
    pub trace: Option<TraceContext>,
    /// Who asked: a configured header's value, or its keyed hash.
    pub consumer: Option<&'a str>,
    /// The operator's own labels, in the order of their configuration.
    pub dimensions: [Option<&'a str>; DIMENSIONS],
    /// What it went to.
    pub target: Target<&'a str>,
    /// How it ended.
    pub result: EventResult<&'a str>,
    /// All numbers.
    pub measures: Measures,
}

impl Event<'_> {
    /// An event of which only the outcome is known.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            request_id: RequestId::Absent,
            trace: None,
            consumer: None,
            dimensions: [None; DIMENSIONS],
            target: Target {
                backend: None,
                backend_type: None,
                upstream: None,
                endpoint: None,
                route: None,
                method: None,
                algorithm: None,
                provider: None,
                model: None,
            },
            result: EventResult::new(outcome),
            measures: Measures::new(),
        }
    }
}
