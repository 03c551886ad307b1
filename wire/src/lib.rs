//! The language between a Weir filter and a Weir collector: a [`Batch`] of [`Event`]s, or a [`Summary`] of
//! those whose detail is gone, in a compact binary form ([`binary`]) and the same structure in JSON ([`json`]).
//!
//! A batch is columnar and dictionary-coded: what repeats (names, results) stands once in a table, what
//! differs (times, sizes, tokens, money) stands in one column per measure. Both decoders are total: any
//! input gives a batch or a [`DecodeError`], never a panic, and never an allocation beyond a small constant
//! times the input's size.
//!
//! This crate does no I/O and knows neither a clock, a proxy nor a database.

pub mod binary;
pub mod index;
pub mod json;

mod batch;
mod builder;
#[cfg(any(test, target_arch = "wasm32"))]
mod checksum;
mod column;
mod dictionary;
mod error;
mod event;
mod health;
mod histogram;
mod identity;
mod measure;
mod message;
mod result;
mod strings;
mod summary;
mod summed;
mod target;
mod validate;

pub use batch::Batch;
pub use builder::BatchBuilder;
pub use column::{Column, Sparse};
pub use error::DecodeError;
pub use event::{DIMENSIONS, Event};
pub use health::{Health, HealthCounter};
pub use histogram::Histogram;
pub use identity::{InstanceId, Producer, RequestId, TraceContext};
pub use measure::{Measure, Measures};
pub use result::{Breaker, Cache, CostSource, EventResult, Outcome, UsageStatus};
pub use strings::{MAX_STRING_BYTES, Refusal, check_string};
pub use summary::{KnownSum, SequenceRange, Summary, SummaryBuilder, SummaryCell, Timing, Window};
pub use summed::Summed;
pub use target::Target;

/// The version that encoders write.
///
/// Version 2 carries events and the producer's [`Health`]; version 3 adds the names of dimensions and a
/// [`Summary`] in place of events.
pub const VERSION: u8 = 3;

/// The oldest version that decoders still accept: the one before [`VERSION`].
pub const OLDEST_VERSION: u8 = VERSION - 1;

/// The media type of the binary form.
pub const CONTENT_TYPE: &str = "application/vnd.weir.batch";

/// The most events that one batch may hold.
pub const MAX_EVENTS: usize = 1 << 17;
