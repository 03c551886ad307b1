//! The language between a Weir filter and a Weir collector: a [`Batch`] of [`Event`]s, in a compact binary
//! form ([`binary`]) and the same structure in JSON ([`json`]).
//!
//! A batch is columnar and dictionary-coded: what repeats (names, results) stands once in a table, what
//! differs (times, sizes, tokens, money) stands in one column per measure. Both decoders are total: any
//! input gives a batch or a [`DecodeError`], never a panic, and never an allocation beyond a small constant
//! times the input's size.
//!
//! This crate does no I/O and knows neither a clock, a proxy nor a database.

pub mod binary;
pub mod json;

mod batch;
mod builder;
mod column;
mod error;
mod event;
mod health;
mod identity;
mod measure;
mod result;
mod strings;
mod target;
mod validate;

pub use batch::Batch;
pub use builder::BatchBuilder;
pub use column::{Column, Sparse};
pub use error::DecodeError;
pub use event::{DIMENSIONS, Event};
pub use health::{Health, HealthCounter};
pub use identity::{InstanceId, Producer, RequestId, TraceContext};
pub use measure::{Measure, Measures};
pub use result::{Breaker, Cache, CostSource, EventResult, Outcome, UsageStatus};
pub use strings::{MAX_STRING_BYTES, Refusal, check_string};
pub use target::Target;

/// The version that encoders write.
///
/// Version 1 carries events; version 2 adds the producer's [`Health`] and, in the binary form, a checksum.
pub const VERSION: u8 = 2;

/// The oldest version that decoders still accept: the one before [`VERSION`].
pub const OLDEST_VERSION: u8 = VERSION - 1;

/// The media type of the binary form.
pub const CONTENT_TYPE: &str = "application/vnd.weir.batch";

/// The most events that one batch may hold.
pub const MAX_EVENTS: usize = 1 << 17;
