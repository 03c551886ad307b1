//! HTTP/1.1 connections that are kept for reuse, and can be hung up at once.
//!
//! A pool of our own, because leaving must mean that the connection is closed, now and for certain.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

/// A request as it is sent.
pub(super) type Outgoing = Request<Full<Bytes>>;

/// One connection; dropping it closes it at once, whatever is under way on it.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Sends a request and waits for the answer's head. The error has the request again when not a
    /// byte of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Outgoing,
    ) -> Result<Response<Incoming>, TrySendError<Outgoing>> {
        self.sender.try_send_request(request).await
    }
}

/// The connections that are free.
#[derive(Debug, Default)]
pub(super) struct Pool {
    free: Mutex<HashMap<SocketAddr, Vec<Connection>>>,
}

impl Pool {
    /// A free connection that still stands, or a new one.
    pub(super) async fn take(&self, address: SocketAddr, tasks: &TaskTracker) -> Result<Connection> {
        while let Some(mut connection) = self.pop(address) {
            if connection.sender.ready().await.is_ok() {
                return Ok(connection);
            }
        }
        connect(address, tasks).await.with_context(|| format!("no connection to {address}"))
    }

    /// Gives back a connection whose answer was read to its end.
    pub(super) fn give_back(&self, address: SocketAddr, connection: Connection) {
        if !connection.sender.is_closed() {
            self.lock().entry(address).or_default().push(connection);
        }
    }

    /// Closes all that are free.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn pop(&self, address: SocketAddr) -> Option<Connection> {
        self.lock().get_mut(&address)?.pop()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Vec<Connection>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(address: SocketAddr, tasks: &TaskTracker) -> Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let task = tasks.spawn(async {
        // Its errors reach whoever waits for an answer on it.
        let _ = connection.await;
    });
    Ok(Connection { sender, task: task.abort_handle() })
}
