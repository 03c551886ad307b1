//! The providers' listeners and connections, from start to stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::stage::Stage;
use crate::plan::BackendSpec;
use crate::rendezvous::Meetings;
use crate::truth::{Attempt, Ledger};

/// All providers of a run, each at a loopback port of its own.
#[derive(Debug)]
pub struct Providers {
    addresses: Vec<(&'static str, SocketAddr)>,
    /// Bound and never listened on: connections to them are refused, and nobody else gets them.
    _refusing: Vec<TcpSocket>,
    ledger: Arc<Ledger>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Providers {
    /// Starts a provider for each backend. The seed and the meetings are to be the load client's.
    ///
    /// # Errors
    /// When a loopback port can't be had.
    pub async fn start(seed: u64, backends: &[BackendSpec], meetings: &Arc<Meetings>) -> Result<Self> {
        let mut providers = Self {
            addresses: Vec::new(),
            _refusing: Vec::new(),
            ledger: Arc::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        for backend in backends {
            let address = if backend.reachable {
                let stage = Stage {
                    seed,
                    backend: backend.clone(),
                    ledger: Arc::clone(&providers.ledger),
                    meetings: Arc::clone(meetings),
                };
                providers.listen(stage).await
            } else {
                providers.refuse()
            };
            let address = address.with_context(|| format!("no port for the provider of {}", backend.name))?;
            providers.addresses.push((backend.name, address));
        }
        Ok(providers)
    }

    /// Each backend's name and address, in the order of the backends.
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// Every attempt up to now.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.ledger.attempts()
    }

    /// Closes all connections, waits for their tasks, and gives the final ledger.
    pub async fn stop(self) -> Vec<Attempt> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.ledger.attempts()
    }

    async fn listen(&self, stage: Stage) -> Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, tasks) = (self.stop.clone(), self.tasks.clone());
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(accept(listener, stage, stop, tasks)));
        Ok(address)
    }

    fn refuse(&mut self) -> Result<SocketAddr> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        self._refusing.push(socket);
        Ok(address)
    }
}

async fn accept(listener: TcpListener, stage: Stage, stop: CancellationToken, tasks: TaskTracker) {
    let stage = Arc::new(stage);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tasks.spawn(stop.clone().run_until_cancelled_owned(converse(stream, Arc::clone(&stage))));
            }
            // Out of file descriptors, as a rule: others will end and give some back.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Serves one connection until either side closes it. It is never closed for being idle: a gateway
/// that just reuses it would see a reset that no plan knows.
async fn converse(stream: TcpStream, stage: Arc<Stage>) {
    // Without it events would wait for one another; it only fails on a connection that is gone.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| stage.answer(request));
    // Errors here are plans at work: a broken-off body, a client that has left.
    let _ =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service).await;
}
