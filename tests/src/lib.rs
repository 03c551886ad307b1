//! The outside world of a gateway, simulated with exact bookkeeping.
//!
//! [`plan`] decides what each request shall be, [`providers`] play it, [`load`] sends it, and
//! [`truth`] joins both sides' ledgers into what any honest measurement must say. Nothing in here
//! may share code with the filter or the collector: it is what they are checked against.

pub mod clock;
pub mod load;
pub mod plan;
pub mod providers;
pub mod rendezvous;
pub mod truth;
