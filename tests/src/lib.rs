//! The outside world of a gateway, simulated with exact bookkeeping.
//!
//! [`plan`] decides what each request shall be, [`providers`] play it, [`load`] sends it, and
//! [`truth`] joins both sides' ledgers into what any honest measurement must say. None of these
//! may share code with the filter or the collector: it is what they are checked against.
//!
//! [`scripted`] plays single exchanges instead, each written out to the byte with what its record must say.
//!
//! [`stack`] starts the real processes, [`deployment`] puts all of it together, [`reconcile`] sets
//! the truth beside what Weir says, [`demo`] is the run that people watch, and [`bench`](mod@bench) says what it costs.

pub mod bench;
pub mod clock;
pub mod demo;
pub mod deployment;
pub mod load;
pub mod plan;
pub mod providers;
pub mod reconcile;
pub mod rendezvous;
pub mod scripted;
pub mod stack;
pub mod truth;
