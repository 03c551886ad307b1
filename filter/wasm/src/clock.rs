//! The monotonic clock, which proxy-wasm itself has not: WASI's, offered by every host that runs the module.

/// WASI's identifier of the monotonic clock.
const MONOTONIC: u32 = 1;

#[expect(
    unsafe_code,
    reason = "a host function has no safe declaration; this is the one that WASI specifies"
)]
mod wasi {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn clock_time_get(id: u32, precision: u64, time: *mut u64) -> u16;
    }
}

/// Nanoseconds of the monotonic clock; 0 if the host has none.
#[expect(unsafe_code, reason = "the host writes eight bytes to the address of a local variable")]
pub(crate) fn monotonic_ns() -> u64 {
    let mut time = 0u64;
    // SAFETY: `time` lives until the call returns, and the host writes a 64-bit number to it or nothing.
    let error = unsafe { wasi::clock_time_get(MONOTONIC, 1_000, &raw mut time) };
    if error == 0 { time } else { 0 }
}
