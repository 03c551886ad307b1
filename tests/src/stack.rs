//! The real thing on loopback: a collector, an Envoy with the filter, and what stands around them.
//!
//! Everything here is a process of its own, on free ports, in a directory that goes away with it; what it
//! logged is shown when something fails.

mod artifacts;
mod bootstrap;
mod collector;
mod envoy;
mod fetch;
mod process;

pub use artifacts::Artifacts;
pub use bootstrap::{Bootstrap, FilterConfig};
pub(crate) use bootstrap::{assignment, put};
pub use collector::Collector;
pub use envoy::Envoy;
pub use fetch::{Fetched, fetch, get, post};
pub use process::{Process, until};
