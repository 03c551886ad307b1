//! The filter without its proxy: observes one HTTP stream at a time and keeps what is undelivered.
//!
//! [`Stream`] watches one request and makes its [`Event`](weir_wire::Event) at the end; [`Vm`] belongs to all
//! streams of one virtual machine: identity, outbox, stats. Both speak to the proxy through [`Host`] only.
//! This crate knows no proxy-wasm, no clock and no randomness, and it must not panic: a panic fails every
//! stream in flight on a worker.

pub mod backoff;
pub mod config;
pub mod decimal;
pub mod endpoint;
pub mod host;
pub mod label;
pub mod outbox;
pub mod outcome;
pub mod provider;
pub mod stats;
pub mod usage;

mod observe;
mod record;
mod stream;
mod vm;

#[cfg(test)]
mod fake_host;
#[cfg(test)]
mod testing;

pub use config::{Config, ConfigError};
pub use host::Host;
pub use stream::Stream;
pub use vm::Vm;
