//! The proxy-wasm module: turns a gateway's callbacks into calls of `weir-filter-core`, and its host calls
//! into the core's [`Host`](weir_filter_core::Host). It judges nothing itself.
//!
//! Nothing here pauses a stream, and nothing may panic.

mod clock;
mod entropy;
mod http;
mod root;
mod sdk_host;

use proxy_wasm::traits::RootContext;

/// What a host calls before anything else.
#[expect(unsafe_code, reason = "the host finds the function by this symbol")]
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(root::Root::default()) });
}
