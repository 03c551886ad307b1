//! The host's functions, as proxy-wasm's ABI 0.2.1 declares them, each wrapped so that calling it is safe.
//!
//! The host writes results into memory that it asks [`scratch`](crate::scratch) for.

use crate::scratch;

/// What a host function says when all is well.
const OK: u32 = 0;

/// Maps of headers.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
    CalloutResponse = 6,
}

/// Buffers.
#[derive(Clone, Copy)]
pub(crate) enum Buffer {
    ResponseBody = 1,
    PluginConfiguration = 7,
}

#[expect(
    unsafe_code,
    reason = "host functions have no safe declaration; these are those of proxy-wasm's ABI"
)]
mod raw {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
        pub(super) fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
        pub(super) fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
        pub(super) fn proxy_get_buffer_bytes(
            buffer: u32,
            start: usize,
            most: usize,
            bytes: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, size: *mut usize) -> u32;
        pub(super) fn proxy_get_property(
            path: *const u8,
            path_size: usize,
            value: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_get_shared_data(
            key: *const u8,
            key_size: usize,
            value: *mut *mut u8,
            size: *mut usize,
            version: *mut u32,
        ) -> u32;
        pub(super) fn proxy_set_shared_data(
            key: *const u8,
            key_size: usize,
            value: *const u8,
            size: usize,
            version: u32,
        ) -> u32;
        pub(super) fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
        pub(super) fn proxy_increment_metric(id: u32, by: i64) -> u32;
        pub(super) fn proxy_record_metric(id: u32, value: u64) -> u32;
        pub(super) fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
        pub(super) fn proxy_http_call(
            cluster: *const u8,
            cluster_size: usize,
            headers: *const u8,
            headers_size: usize,
            body: *const u8,
            body_size: usize,
            trailers: *const u8,
            trailers_size: usize,
            timeout_ms: u32,
            callout: *mut u32,
        ) -> u32;
    }
}

/// Calls a host function that hands out bytes: where they are and how many.
fn bytes<'a>(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<&'a [u8]> {
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    if call(&raw mut start, &raw mut size) != OK {
        return None;
    }
    scratch::handed_out(start, size)
}

#[expect(unsafe_code, reason = "the addresses are those of borrowed slices and of local variables")]
// SAFETY, for all below: the host reads the slices and writes the variables before it returns, and keeps
// neither.
mod safe {
    use super::{Buffer, Map, OK, bytes, raw};

    pub(crate) fn log(level: u32, text: &str) {
        // There is nowhere to say that the log could not be written.
        let _ = unsafe { raw::proxy_log(level, text.as_ptr(), text.len()) };
    }

    pub(crate) fn wall_clock_ns() -> Option<u64> {
        let mut time = 0;
        let status = unsafe { raw::proxy_get_current_time_nanoseconds(&raw mut time) };
        (status == OK).then_some(time)
    }

    pub(crate) fn set_tick_period(ms: u32) {
        let _ = unsafe { raw::proxy_set_tick_period_milliseconds(ms) };
    }

    pub(crate) fn buffer<'a>(buffer: Buffer, start: usize, most: usize) -> Option<&'a [u8]> {
        bytes(|at, size| unsafe { raw::proxy_get_buffer_bytes(buffer as u32, start, most, at, size) })
    }

    pub(crate) fn headers<'a>(map: Map) -> Option<&'a [u8]> {
        bytes(|at, size| unsafe { raw::proxy_get_header_map_pairs(map as u32, at, size) })
    }

    pub(crate) fn property<'a>(path: &str) -> Option<&'a [u8]> {
        bytes(|at, size| unsafe { raw::proxy_get_property(path.as_ptr(), path.len(), at, size) })
    }

    pub(crate) fn shared<'a>(key: &str) -> Option<(&'a [u8], u32)> {
        let mut version = 0;
        let value = bytes(|at, size| unsafe {
            raw::proxy_get_shared_data(key.as_ptr(), key.len(), at, size, &raw mut version)
        });
        value.map(|value| (value, version))
    }

    pub(crate) fn set_shared(key: &str, value: &[u8], version: u32) -> bool {
        let status = unsafe {
            raw::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version)
        };
        status == OK
    }

    pub(crate) fn define_metric(kind: u32, name: &str) -> Option<u32> {
        let mut id = 0;
        let status = unsafe { raw::proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) };
        (status == OK).then_some(id)
    }

    pub(crate) fn increment_metric(id: u32, by: i64) {
        // A metric that the proxy has forgotten can only be left uncounted.
        let _ = unsafe { raw::proxy_increment_metric(id, by) };
    }

    pub(crate) fn record_metric(id: u32, value: u64) {
        let _ = unsafe { raw::proxy_record_metric(id, value) };
    }

    pub(crate) fn metric(id: u32) -> Option<u64> {
        let mut value = 0;
        let status = unsafe { raw::proxy_get_metric(id, &raw mut value) };
        (status == OK).then_some(value)
    }

    pub(crate) fn http_call(cluster: &str, headers: &[u8], body: &[u8], timeout_ms: u32) -> Option<u32> {
        const NO_TRAILERS: &[u8] = &[0; 4];
        let mut callout = 0;
        let status = unsafe {
            raw::proxy_http_call(
                cluster.as_ptr(),
                cluster.len(),
                headers.as_ptr(),
                headers.len(),
                body.as_ptr(),
                body.len(),
                NO_TRAILERS.as_ptr(),
                NO_TRAILERS.len(),
                timeout_ms,
                &raw mut callout,
            )
        };
        (status == OK).then_some(callout)
    }
}

pub(crate) use safe::*;
