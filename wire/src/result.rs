//! How a request ended: what repeats from request to request, so it stands in a table.

use serde::{Deserialize, Serialize};

use crate::column::{Column, Filling};

/// Declares an enumeration with its binary code (from 1; 0 is "absent") and its name in JSON.
macro_rules! coded {
    ($(#[doc = $type_doc:literal])+ $type:ident { $($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+ }) => {
        $(#[doc = $type_doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $type {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl $type {
            /// All values in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in JSON, in metrics and in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }

            /// The code in the binary form, from 1 up.
            pub(crate) const fn code(self) -> u64 {
                self as u64 + 1
            }

            pub(crate) fn from_code(code: u64) -> Option<Self> {
                usize::try_from(code.checked_sub(1)?).ok().and_then(|at| Self::ALL.get(at)).copied()
            }
        }
    };
}

coded! {
    /// The end that a request came to, as the proxy saw it.
    Outcome {
        /// The client got its answer.
        Success = "success",
        /// The backend failed, or could not be reached.
        Error = "error",
        /// A time limit of the proxy or the backend ran out.
        Timeout = "timeout",
        /// Turned away before any backend: a circuit breaker, a rate limit, no healthy host.
        Rejected = "rejected",
        /// The client went away first.
        Aborted = "aborted",
    }
}

coded! {
    /// How much of a response's token usage is known.
    UsageStatus {
        /// The provider's final counts.
        Reported = "reported",
        /// Counts from a stream that was cut short.
        Partial = "partial",
        /// The provider said nothing.
        Missing = "missing",
    }
}

coded! {
    /// Where a cost comes from.
    CostSource {
        /// A response header.
        Header = "header",
        /// The response's body.
        Body = "body",
    }
}

coded! {
    /// What a cache before the backend did.
    Cache {
        /// It answered.
        Hit = "hit",
        /// It did not.
        Miss = "miss",
    }
}

coded! {
    /// A circuit breaker as one request saw it.
    Breaker {
        /// The proxy turned the request away: a limit was reached.
        Overflow = "overflow",
        /// A header said that the breaker is open.
        Open = "open",
        /// A header said that the breaker is half open.
        HalfOpen = "half_open",
        /// A header said that the breaker is closed.
        Closed = "closed",
    }
}

/// How one request ended. As `EventResult<&str>` it speaks of one event; as `EventResult<u32>` it is a row
/// of a batch's table, each name a position in the batch's dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub struct EventResult<S> {
    /// The end it came to.
    pub outcome: Outcome,
    /// What kind of error, in a short word; absent for a success.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<S>,
    /// The proxy's own words about the response (Envoy's `response.code_details`), cut to its first word.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub details: Option<S>,
    /// The HTTP status; absent if no response began.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Envoy's response flags, bit n as in `envoy.data.accesslog`; bits 0 to 62.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub response_flags: u64,
    /// Attempts that the proxy made upstream; absent where it cannot be known.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Whether the response was a stream of events.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub streamed: Option<bool>,
    /// How much of the usage is known; absent where none is to be expected.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub usage_status: Option<UsageStatus>,
    /// The provider's service tier.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<S>,
    /// Where the cost comes from; absent if the cost is.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub cost_source: Option<CostSource>,
    /// What a cache did.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What was seen of a circuit breaker.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
}

fn none<T>() -> Option<T> {
    None
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl<S> EventResult<S> {
    /// An end of which only the outcome is known.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            error_type: None,
            details: None,
            status: None,
            response_flags: 0,
            attempts: None,
            streamed: None,
            usage_status: None,
            service_tier: None,
            cost_source: None,
            cache: None,
            breaker: None,
        }
    }

    /// The same with its names changed.
    pub(crate) fn map<T>(self, mut name: impl FnMut(S) -> Option<T>) -> EventResult<T> {
        EventResult {
            outcome: self.outcome,
            error_type: self.error_type.and_then(&mut name),
            details: self.details.and_then(&mut name),
            status: self.status,
            response_flags: self.response_flags,
            attempts: self.attempts,
            streamed: self.streamed,
            usage_status: self.usage_status,
            service_tier: self.service_tier.and_then(name),
            cost_source: self.cost_source,
            cache: self.cache,
            breaker: self.breaker,
        }
    }
}

/// The fields of a result in the order of their ids in the binary form: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ResultField {
    Outcome,
    ErrorType,
    Details,
    Status,
    ResponseFlags,
    Attempts,
    Streamed,
    UsageStatus,
    ServiceTier,
    CostSource,
    Cache,
    Breaker,
}

impl ResultField {
    pub(crate) const COUNT: usize = Self::Breaker as usize + 1;
    /// Those that point into the dictionary.
    pub(crate) const NAMES: [Self; 3] = [Self::ErrorType, Self::Details, Self::ServiceTier];
}

/// A batch's results, a column a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Results {
    pub(crate) rows: usize,
    pub(crate) columns: [Column; ResultField::COUNT],
}

impl Results {
    pub(crate) fn of(rows: &[EventResult<u32>]) -> Self {
        let mut columns: [Filling; ResultField::COUNT] = Default::default();
        for (at, row) in rows.iter().enumerate() {
            for (column, value) in columns.iter_mut().zip(fields(row)) {
                if let Some(value) = value {
                    column.push(at, value);
                }
            }
        }
        Self { rows: rows.len(), columns: columns.map(|column| column.finish(rows.len())) }
    }

    /// The value of a field in row `at`.
    pub(crate) fn get(&self, field: ResultField, at: usize) -> Option<u64> {
        self.columns.get(field as usize)?.get(at)
    }

    /// Row `at`, or `None` if a field of it is out of range.
    pub(crate) fn row(&self, at: usize) -> Option<EventResult<u32>> {
        let get = |field| self.get(field, at);
        let name = |field| narrow::<u32>(get(field));
        Some(EventResult {
            outcome: Outcome::from_code(get(ResultField::Outcome)?)?,
            error_type: name(ResultField::ErrorType)?,
            details: name(ResultField::Details)?,
            status: narrow(get(ResultField::Status))?,
            response_flags: get(ResultField::ResponseFlags).unwrap_or(0),
            attempts: narrow(get(ResultField::Attempts))?,
            streamed: match get(ResultField::Streamed) {
                None => None,
                Some(0) => Some(false),
                Some(1) => Some(true),
                Some(_) => return None,
            },
            usage_status: coded(get(ResultField::UsageStatus), UsageStatus::from_code)?,
            service_tier: name(ResultField::ServiceTier)?,
            cost_source: coded(get(ResultField::CostSource), CostSource::from_code)?,
            cache: coded(get(ResultField::Cache), Cache::from_code)?,
            breaker: coded(get(ResultField::Breaker), Breaker::from_code)?,
        })
    }

    /// All rows of a table that has been checked.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = EventResult<u32>> {
        (0..self.rows).map(|at| self.row(at).unwrap_or(EventResult::new(Outcome::Error)))
    }
}

/// The flags that a batch can carry: bits 0 to 62, twice as many as Envoy has.
const FLAGS: u64 = u64::MAX >> 1;

fn fields(row: &EventResult<u32>) -> [Option<u64>; ResultField::COUNT] {
    [
        Some(row.outcome.code()),
        row.error_type.map(u64::from),
        row.details.map(u64::from),
        row.status.map(u64::from),
        Some(row.response_flags & FLAGS).filter(|flags| *flags != 0),
        row.attempts.map(u64::from),
        row.streamed.map(u64::from),
        row.usage_status.map(UsageStatus::code),
        row.service_tier.map(u64::from),
        row.cost_source.map(CostSource::code),
        row.cache.map(Cache::code),
        row.breaker.map(Breaker::code),
    ]
}

/// An optional number made narrower; `None` if it is too wide.
fn narrow<T: TryFrom<u64>>(value: Option<u64>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| T::try_from(value).ok().map(Some))
}

/// An optional code's value; `None` if the code is not known.
fn coded<T>(code: Option<u64>, value: fn(u64) -> Option<T>) -> Option<Option<T>> {
    code.map_or(Some(None), |code| value(code).map(Some))
}
