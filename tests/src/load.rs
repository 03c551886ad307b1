//! The load client: an open loop of planned requests, and the ledger of what became of them.
//!
//! It sends at its times whatever the answers do, and leaves exactly where a plan says so. It knows
//! nothing of what the providers enter in their ledger.

mod connection;
mod errand;
mod progress;
mod request;
mod run;

pub use progress::Progress;
pub use run::{Load, Order, Target};
