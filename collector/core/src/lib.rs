//! The collector's judgement: what it is configured to do, which events it has, what they add up to, and
//! how one of them reads.
//!
//! Everything here is pure. This crate knows no socket, no database, no task and no clock: time, bytes and
//! settings come in as parameters, and what it decides goes out as values.

pub mod config;
pub mod ledger;
pub mod record;
pub mod request_hash;
pub mod totals;
