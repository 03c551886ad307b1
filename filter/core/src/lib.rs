//! The filter without its proxy: observes one HTTP stream at a time and keeps what is undelivered.
//!
//! [`Plugin`] is the filter of one virtual machine: it takes the host's callbacks. [`Stream`] watches one
//! request and makes its [`Event`](weir_wire::Event) at the end; [`Vm`] belongs to all streams: identity,
//! outbox, stats. All speak to the proxy through [`Host`] only. This crate knows no proxy-wasm, no clock and
//! no randomness, and it must not panic: a panic fails every stream in flight on a worker.

pub mod backoff;
pub mod config;
pub mod decimal;
pub mod endpoint;
pub mod host;
pub mod keyed_hash;
pub mod label;
pub mod outcome;
pub mod pairs;
pub mod provider;
pub mod usage;

mod attributes;
mod contexts;
mod head;
mod ledger;
mod outbox;
mod plugin;
mod record;
mod slot;
mod stats;
mod stream;
mod vm;
mod words;

#[cfg(test)]
mod fake_host;
#[cfg(test)]
mod testing;

pub use config::{Config, ConfigError};
pub use host::Host;
pub use plugin::Plugin;
pub use stats::{Family, families};
pub use stream::{Active, Stream};
pub use vm::Vm;
