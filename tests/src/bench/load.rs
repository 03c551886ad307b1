//! Load on a gateway: as fast as it goes on a few connections, or at a fixed rate.

mod closed;
mod connection;
mod h2load;
mod open;

pub(super) use closed::closed_loop;
pub(super) use open::{Latencies, open_loop};
