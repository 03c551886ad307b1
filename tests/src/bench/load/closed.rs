//! As fast as it goes: each connection asks again when it has its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::h2load;
use crate::rendezvous::Meetings;

/// How many connections ask at a time.
pub(super) const CONNECTIONS: usize = 8;

/// Sends so many requests: `h2load` does, if it is there. With `meetings`, reads each answer in step with the
/// provider, which only we can.
///
/// # Errors
/// When one request fails: a figure over requests that failed says nothing.
pub(in crate::bench) async fn closed_loop(
    gateway: SocketAddr,
    requests: u64,
    meetings: Option<&Arc<Meetings>>,
) -> Result<()> {
    if meetings.is_none() && h2load::is_there() {
        return h2load::run(gateway, requests).await;
    }
    let taken = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(gateway, requests, Arc::clone(&taken), meetings.cloned()));
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(())
}

async fn client(
    gateway: SocketAddr,
    requests: u64,
    taken: Arc<AtomicU64>,
    meetings: Option<Arc<Meetings>>,
) -> Result<()> {
    let mut connection = Connection::open(gateway).await?;
    loop {
        let number = taken.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return Ok(());
        }
        match &meetings {
            Some(meetings) => connection.follow(meetings, &format!("bench-{number}")).await?,
            None => connection.ask().await?,
        }
    }
}
