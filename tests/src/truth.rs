//! What really happened: both sides' ledgers, and the two joined by request id.
//!
//! It knows nothing of Envoy's, the filter's or the collector's numbers; they are compared with it,
//! never mixed into it.

mod client;
mod join;
mod provider;
mod totals;

pub use client::{ClientEnd, Sent};
pub use join::{Outcome, Truth, join};
pub use provider::{Attempt, AttemptEnd, AttemptHandle, Ledger, Told, Usage};
pub use totals::{Totals, totals};
