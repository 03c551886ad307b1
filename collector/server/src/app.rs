//! The collector's life: built from its configuration, run until it is told to stop, stopped in reverse.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use weir_core::config::Config;

use crate::access::{Access, is_loopback};
use crate::http::{self, Api, Memory};
use crate::metrics::Metrics;
use crate::signals::Signals;
use crate::store::{Store, Writer};

/// How long requests that are under way may take to finish when the process stops.
const GRACE: Duration = Duration::from_secs(10);

/// A collector that is ready to run.
pub(crate) struct App {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    api: Arc<Api>,
    writer: Writer,
    tasks: TaskTracker,
}

impl App {
    /// Opens what the collector needs. The listener is bound already, so that a client that connects from
    /// now on waits and is not refused.
    ///
    /// # Errors
    /// Says what cannot be used, and what to do.
    pub(crate) fn build(config: &Config, listener: TcpListener) -> anyhow::Result<Self> {
        let access = Access::of(&config.auth)?;
        let address = listener.local_addr().context("the listener has no address")?;
        let (tasks, metrics, limits) = (TaskTracker::new(), Metrics::default(), config.server.limits);
        let (store, writer) = Store::open(
            &config.storage.path,
            limits.quarantine_batches,
            Arc::clone(&metrics.commits),
            tasks.clone(),
        )?;
        let (memory, stop) = (Memory::of(&limits), CancellationToken::new());
        let api = Arc::new(Api {
            store,
            access,
            listen: address.ip(),
            limits,
            metrics,
            memory,
            tasks: tasks.clone(),
            stop,
        });
        Ok(Self { config: config.clone(), listener, address, api, writer, tasks })
    }

    /// Serves until a signal comes, then stops: no new connections, requests under way finish, what was
    /// taken is committed. A second signal ends the process at once.
    ///
    /// # Errors
    /// Where something ended that should not have.
    pub(crate) async fn run(self, mut signals: Signals) -> anyhow::Result<()> {
        self.announce();
        let Self { listener, api, writer, tasks, .. } = self;
        let stop = api.stop.clone();
        let router = http::router(Arc::clone(&api));
        let serving = tasks.spawn(http::serve(listener, router, api, tasks.clone()));
        let failure = tokio::select! {
            signal = signals.next() => {
                tracing::info!(signal, "stopping");
                None
            }
            () = writer.ended() => Some("the database's writer ended"),
            _ = serving => Some("the listener ended"),
        };
        stop.cancel();
        tasks.close();
        tokio::select! {
            stopped = stop_all(&tasks, writer) => stopped?,
            signal = signals.next() => bail!("a second {signal}: ended at once"),
        }
        match failure {
            None => {
                tracing::info!("stopped");
                Ok(())
            }
            Some(failure) => bail!("{failure} unexpectedly: stopped"),
        }
    }

    fn announce(&self) {
        let (url, database) = (format!("http://{}", self.address), self.config.storage.path.display());
        tracing::info!(%database, version = env!("CARGO_PKG_VERSION"), "listening url={url}");
        if self.api.access.is_local() && !is_loopback(self.address.ip()) {
            tracing::warn!(
                "no token is configured (auth.tokens): though {} is open to the network, only clients on this \
                 machine are answered",
                self.address
            );
        }
    }
}

async fn stop_all(tasks: &TaskTracker, writer: Writer) -> anyhow::Result<()> {
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "requests did not finish in time and are cut off");
    }
    writer.stop().await
}
