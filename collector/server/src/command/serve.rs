//! `weir serve`: the collector itself.

use anyhow::Context;
use tokio::net::TcpListener;

use crate::app::App;
use crate::cli::Serve;
use crate::settings::{self, Overrides};
use crate::signals::Signals;

/// Decoding and reading happen on blocking threads, four of each at most. The allocator keeps freed memory by
/// thread, so that idle ones cost.
const BLOCKING_THREADS: usize = 8;

pub(crate) fn run(arguments: Serve) -> anyhow::Result<()> {
    let overrides = Overrides { listen: arguments.listen, database: arguments.database };
    let config = settings::load(arguments.config.as_deref(), overrides)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let signals = Signals::listen()?;
        let address = config.server.listen;
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}: is another program there? Set server.listen or --listen")
        })?;
        App::build(&config, listener)?.run(signals).await
    });
    // Whatever still runs had its time, or a second signal said not to wait.
    runtime.shutdown_background();
    result
}
