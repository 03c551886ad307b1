//! The upstreams: one that speaks HTTP/1.1, one that speaks HTTP/2, one that nobody reaches.

mod http1;
mod http2;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::board::Board;

/// All upstreams of a gateway.
#[derive(Debug)]
pub(super) struct Upstreams {
    pub(super) http1: SocketAddr,
    pub(super) http2: SocketAddr,
    /// Refuses connections.
    pub(super) refusing: SocketAddr,
    /// Bound and never listened on, so that nobody else gets the port.
    _refusing: TcpSocket,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Upstreams {
    /// Starts them on free ports; they play what stands on the board.
    pub(super) async fn start(board: &Arc<Board>) -> Result<Self> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let one = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let two = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let refusing = TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let upstreams = Self {
            http1: one.local_addr()?,
            http2: two.local_addr()?,
            refusing: refusing.local_addr()?,
            _refusing: refusing,
            stop,
            tasks,
        };
        for (listener, speaks) in [(one, Speaks::Http1), (two, Speaks::Http2)] {
            let accepting = accept(listener, speaks, Arc::clone(board), upstreams.tasks.clone());
            upstreams.spawn(accepting);
        }
        Ok(upstreams)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(task));
    }
}

impl Drop for Upstreams {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Clone, Copy)]
enum Speaks {
    Http1,
    Http2,
}

async fn accept(listener: TcpListener, speaks: Speaks, board: Arc<Board>, tasks: TaskTracker) {
    // Connections go with the listener.
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, as a rule: others will end and give some back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (board, more) = (Arc::clone(&board), tasks.clone());
        let conversation = async move {
            // Errors here are scripts at work, or a gateway that has left.
            let _ = match speaks {
                Speaks::Http1 => http1::converse(stream, &board).await,
                Speaks::Http2 => http2::converse(stream, board, &more).await,
            };
        };
        tasks.spawn(stop.clone().run_until_cancelled_owned(conversation));
    }
}
