//! Randomness for `getrandom`, which knows no source on this target: WASI's, offered by every host.

#[expect(
    unsafe_code,
    reason = "a host function has no safe declaration; this is the one that WASI specifies"
)]
mod wasi {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn random_get(buffer: *mut u8, length: usize) -> u16;
    }
}

/// The back end that `--cfg getrandom_backend="custom"` asks for.
#[expect(unsafe_code, reason = "getrandom finds its custom back end by this symbol")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    buffer: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // SAFETY: getrandom gives a buffer of that length, and the host fills it or reports an error.
    match unsafe { wasi::random_get(buffer, length) } {
        0 => Ok(()),
        _ => Err(getrandom::Error::UNEXPECTED),
    }
}

/// A fresh identity, or `None` if the host has no randomness.
pub(crate) fn identity() -> Option<[u8; 16]> {
    let mut identity = [0; 16];
    getrandom::fill(&mut identity).ok().map(|()| identity)
}
