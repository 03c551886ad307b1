//! What proxy-wasm itself has not: a monotonic clock and randomness, WASI's, offered by every host that runs
//! the module.

/// WASI's identifier of the monotonic clock.
const MONOTONIC: u32 = 1;

#[expect(
    unsafe_code,
    reason = "host functions have no safe declaration; these are those that WASI specifies"
)]
mod raw {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn clock_time_get(id: u32, precision: u64, time: *mut u64) -> u16;
        pub(super) fn random_get(buffer: *mut u8, length: usize) -> u16;
    }
}

/// Nanoseconds of the monotonic clock; 0 if the host has none.
#[expect(unsafe_code, reason = "the host writes eight bytes to the address of a local variable")]
pub(crate) fn monotonic_ns() -> u64 {
    let mut time = 0u64;
    // SAFETY: `time` lives until the call returns, and the host writes a 64-bit number to it or nothing.
    let error = unsafe { raw::clock_time_get(MONOTONIC, 1_000, &raw mut time) };
    if error == 0 { time } else { 0 }
}

/// Sixteen random bytes, or `None` if the host has no randomness.
#[expect(unsafe_code, reason = "the host writes sixteen bytes to the address of a local variable")]
pub(crate) fn random() -> Option<[u8; 16]> {
    let mut bytes = [0u8; 16];
    // SAFETY: `bytes` lives until the call returns and has the length that is given.
    let error = unsafe { raw::random_get(bytes.as_mut_ptr(), bytes.len()) };
    (error == 0).then_some(bytes)
}
