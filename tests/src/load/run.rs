//! A run of the load client: when what is sent, and that nothing of it is forgotten.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Pool;
use super::errand::Errand;
use super::progress::{Counters, Progress};
use crate::clock;
use crate::plan::{BackendSpec, Plan, backend_of, request_id};
use crate::rendezvous::Meetings;
use crate::truth::Sent;

/// Where requests are sent to.
#[derive(Debug, Clone)]
pub enum Target {
    /// All to one gateway.
    Gateway(SocketAddr),
    /// Each to its own backend's provider, without a gateway.
    Providers(Vec<(&'static str, SocketAddr)>),
}

impl Target {
    fn address(&self, backend: &str) -> Option<SocketAddr> {
        match self {
            Target::Gateway(address) => Some(*address),
            Target::Providers(all) => {
                all.iter().find(|(name, _)| *name == backend).map(|(_, address)| *address)
            }
        }
    }
}

/// What a run shall send: `rate` times `seconds` requests, numbered from `first`.
#[derive(Debug, Clone)]
pub struct Order {
    /// The run's seed, also the providers'.
    pub seed: u64,
    /// The backends, also the providers'.
    pub backends: Vec<BackendSpec>,
    /// Requests per second.
    pub rate: u32,
    /// Seconds during which requests are sent.
    pub seconds: u32,
    /// The number of the first request; a second run on the same ledgers goes on from the first's.
    pub first: u64,
    /// How long to wait for the last answers once all is sent.
    pub patience: Duration,
}

impl Order {
    /// The number of requests.
    pub fn requests(&self) -> u64 {
        u64::from(self.rate) * u64::from(self.seconds)
    }
}

/// A load client.
#[derive(Debug)]
pub struct Load {
    order: Order,
    target: Target,
    meetings: Arc<Meetings>,
    desk: Arc<Desk>,
}

/// What the requests in flight share.
#[derive(Debug, Default)]
struct Desk {
    pool: Pool,
    counters: Counters,
    ledger: Mutex<Vec<Sent>>,
    /// The tasks of connections, which end after the requests' own.
    connections: TaskTracker,
}

impl Load {
    /// A client that has not begun. The meetings are to be the providers'.
    pub fn new(order: Order, target: Target, meetings: &Arc<Meetings>) -> Self {
        Self { order, target, meetings: Arc::clone(meetings), desk: Arc::default() }
    }

    /// How far it is; may be asked while [`Load::run`] goes on.
    pub fn progress(&self) -> Progress {
        self.desk.counters.read()
    }

    /// Sends everything, waits for every end, and gives the ledger in the order of the numbers.
    ///
    /// # Errors
    /// When requests are still in flight after the order's patience, or an order can't be sent.
    pub async fn run(&self) -> Result<Vec<Sent>> {
        let (requests, stop) = (TaskTracker::new(), CancellationToken::new());
        // When this future is dropped, so are the requests in flight.
        let _guard = stop.clone().drop_guard();
        self.send_all(&requests, &stop).await?;
        requests.close();
        let all_ended = tokio::time::timeout(self.order.patience, requests.wait()).await.is_ok();
        stop.cancel();
        requests.wait().await;
        self.desk.pool.clear();
        self.desk.connections.close();
        self.desk.connections.wait().await;

        let progress = self.progress();
        if !all_ended {
            let open = progress.sent - progress.finished;
            bail!("{open} requests were still in flight {:?} after the last was sent", self.order.patience);
        }
        let mut ledger =
            std::mem::take(&mut *self.desk.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        ensure!(ledger.len() as u64 == progress.sent, "sent {}, finished {}", progress.sent, ledger.len());
        ledger.sort_unstable_by_key(|sent| sent.number);
        Ok(ledger)
    }

    async fn send_all(&self, requests: &TaskTracker, stop: &CancellationToken) -> Result<()> {
        let start = clock::now();
        for index in 0..self.order.requests() {
            let errand = self.errand(self.order.first + index)?;
            let due = Duration::from_secs(1)
                .saturating_mul(u32::try_from(index).context("too many requests")?)
                / self.order.rate.max(1);
            tokio::time::sleep_until(start + due).await;
            self.desk.counters.start();
            let (desk, meetings) = (Arc::clone(&self.desk), Arc::clone(&self.meetings));
            requests.spawn(stop.clone().run_until_cancelled_owned(async move {
                desk.see_to(&errand, &meetings, start).await;
            }));
        }
        Ok(())
    }

    fn errand(&self, number: u64) -> Result<Errand> {
        let (seed, backends) = (self.order.seed, &self.order.backends);
        let backend = backend_of(seed, backends, number).and_then(|index| backends.get(index));
        let backend = backend.context("no backend has a weight")?;
        let address = self.target.address(backend.name);
        Ok(Errand {
            request_id: request_id(seed, number),
            backend: backend.name,
            address: address.with_context(|| format!("no address for {}", backend.name))?,
            plan: Plan::of(seed, backend, number),
        })
    }
}

impl Desk {
    async fn see_to(&self, errand: &Errand, meetings: &Arc<Meetings>, start: Instant) {
        let at = clock::now();
        let report = errand.run(&self.pool, &self.connections, meetings).await;
        let sent = Sent {
            request_id: errand.request_id.clone(),
            number: errand.plan.number,
            backend: errand.backend,
            at: at.saturating_duration_since(start),
            took: clock::since(at),
            status: report.status,
            overloaded: report.overloaded,
            response_bytes: report.response_bytes,
            end: report.end,
        };
        self.counters.finish(&sent);
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
    }
}

#[cfg(test)]
mod tests;
