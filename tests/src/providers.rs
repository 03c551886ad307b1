//! The simulated providers: one listener on loopback per backend, playing each request's plan.
//!
//! They keep the ledger of what they put on the wire. They know nothing of the gateway in front of
//! them, and sleep only as long as the plan says.

mod answer;
mod anthropic;
mod failure;
mod gemini;
mod head;
mod json;
mod openai_chat;
mod openai_responses;
mod openrouter;
mod piece;
#[cfg(test)]
mod reading;
mod script;
mod site;
mod sse;
mod stage;
mod text;

pub use site::Providers;
