//! Single exchanges, written out to the byte: what the upstream does, what the client does, and what the
//! record must say.
//!
//! Where [`crate::plan`] lets many requests happen by chance and balances the books, this plays one at a time
//! on purpose, through the same Envoy and the same collector. It knows nothing of how the filter works.

mod board;
mod case;
mod client;
mod expect;
mod gateway;
mod layout;
mod script;
mod upstream;
mod wire;

pub use board::Board;
pub use case::{Case, Protocol};
pub use client::{Answer, Ask, Http2, Leave};
pub use expect::{differences, with, within};
pub use gateway::Gateway;
pub use layout::{Layout, Scope};
pub use script::{Script, Step, cut};
