//! Much at once: a body of 100 MB, and 10,000 streams that are open together. What the filter holds for them
//! is bounded, and no record is missing or wrong.
//!
//! `scripts/test end-to-end` runs these after all others and one by one: they want the machine for themselves.

mod download;
mod many_streams;

use anyhow::Result;
use weir_tests::scripted::{Gateway, Layout};

/// Runs a scenario on a gateway of its own; a failure shows every log.
async fn scenario<T>(layout: &Layout, play: impl AsyncFnOnce(&mut Gateway) -> Result<T>) -> Result<T> {
    let mut gateway = Gateway::start(layout).await?;
    match play(&mut gateway).await {
        Ok(result) => Ok(result),
        Err(error) => Err(error.context(gateway.logs())),
    }
}

/// Mebibytes, for messages.
fn mib(bytes: u64) -> u64 {
    bytes / (1 << 20)
}
