//! The proxy-wasm module: turns a gateway's callbacks into calls of `weir-filter-core`, and its host calls
//! into the core's [`Host`](weir_filter_core::Host). It judges nothing itself.
//!
//! It speaks proxy-wasm's ABI 0.2.1 directly, and exports no callback that it does not need: the proxy pays
//! for every one that is there. Nothing here pauses a stream, and nothing may panic.

#[cfg(target_arch = "wasm32")]
mod abi;
#[cfg(target_arch = "wasm32")]
mod allocator;
#[cfg(target_arch = "wasm32")]
mod callbacks;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod scratch;
#[cfg(target_arch = "wasm32")]
mod wasi;
