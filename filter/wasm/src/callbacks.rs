//! What the host calls. Each callback that stands here costs a crossing into the module for every stream;
//! those that would do nothing are left out.

use std::cell::RefCell;

use weir_filter_core::Plugin;

use crate::host::Proxy;
use crate::scratch;

thread_local! {
    static PLUGIN: RefCell<Plugin> = const { RefCell::new(Plugin::new()) };
}

/// Lends the filter to `work`. The host calls back one at a time, so nobody else holds it; were it held all
/// the same, the work is left out rather than the module lost.
fn with<T: Default>(work: impl FnOnce(&mut Plugin, &Proxy) -> T) -> T {
    let lent = PLUGIN.try_with(|plugin| {
        let mut plugin = plugin.try_borrow_mut().ok()?;
        // Not before: what was handed out to a callback that is still at work must stay.
        Some(work(&mut plugin, &Proxy::enter()))
    });
    lent.ok().flatten().unwrap_or_default()
}

/// Declares callbacks by their names in the ABI.
macro_rules! callbacks {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)+) => {
        $(
            #[expect(unsafe_code, reason = "the host finds the function by this symbol")]
            #[unsafe(no_mangle)]
            extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
        )+
    };
}

/// What the host takes for "go on".
const CONTINUE: u32 = 0;

callbacks! {
    fn proxy_abi_version_0_2_1() {}

    fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
        scratch::allocate(size)
    }

    fn proxy_on_context_create(context: u32, parent: u32) {
        with(|plugin, proxy| plugin.on_context_create(proxy, context, parent));
    }

    fn proxy_on_configure(root: u32, _size: usize) -> u32 {
        u32::from(with(|plugin, proxy| plugin.on_configure(proxy, root)))
    }

    fn proxy_on_tick(_root: u32) {
        with(|plugin, proxy| plugin.on_tick(proxy));
    }

    fn proxy_on_response_headers(context: u32, _headers: usize, end: u32) -> u32 {
        with(|plugin, proxy| plugin.on_response_headers(proxy, context, end != 0));
        CONTINUE
    }

    fn proxy_on_response_body(context: u32, size: usize, end: u32) -> u32 {
        with(|plugin, proxy| plugin.on_response_body(proxy, context, size, end != 0));
        CONTINUE
    }

    fn proxy_on_http_call_response(_root: u32, callout: u32, headers: usize, _body: usize, _trailers: usize) {
        with(|plugin, proxy| plugin.on_http_call_response(proxy, callout, headers));
    }

    fn proxy_on_log(context: u32) {
        with(|plugin, proxy| plugin.on_log(proxy, context));
    }

    fn proxy_on_delete(context: u32) {
        with(|plugin, proxy| plugin.on_delete(proxy, context));
    }
}

/// A test build: shows what a panic costs.
#[cfg(feature = "planted-panic")]
mod planted {
    use weir_filter_core::Host;

    use crate::host::Proxy;

    callbacks! {
        fn proxy_on_request_headers(_context: u32, _headers: usize, _end: u32) -> u32 {
            let proxy = Proxy::enter();
            if proxy.request_headers().get("x-weir-plant-panic").is_some() {
                planted();
            }
            super::CONTINUE
        }
    }

    #[expect(clippy::panic, reason = "what this build is for")]
    fn planted() {
        panic!("planted");
    }
}
