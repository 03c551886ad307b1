//! The filter as it is shipped: the linked module examined, and run by hosts that are exact or hostile.
//!
//! Knows the proxy-wasm ABI and the wire, and nothing of the filter's insides.

pub mod bodies;
pub mod clock;
pub mod host;
pub mod hostile;
pub mod linked;
pub mod panics;
pub mod random;
