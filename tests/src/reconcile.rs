//! Five ledgers side by side: what really was, and what each of Weir's witnesses says of it.
//!
//! | ledger | whose word it is |
//! | --- | --- |
//! | truth | the simulated providers' and the load client's own books, joined by request id |
//! | envoy | Envoy's own stats, which know nothing of tokens and money |
//! | filter | the filter's counters in Envoy |
//! | metrics | the collector's `/metrics` |
//! | database | every event and every summary in the collector's database, decoded and added up |

mod database;
mod envoy_stats;
mod exposition;
mod figure;
mod filter_stats;
mod metrics;
mod table;
mod truth;

pub use database::from_database;
pub use envoy_stats::from_envoy_stats;
pub use exposition::{Sample, samples};
pub use figure::{Figure, Ledger, TokenKind};
pub use filter_stats::from_filter_stats;
pub use metrics::from_metrics;
pub use table::{Comparison, NAMES};
pub use truth::from_truth;
