//! At a fixed rate, whatever becomes of the answers: a request's latency counts from when it was due, so that
//! a gateway that stalls cannot hide the requests that it held up.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::Connection;
use crate::clock;

/// The most connections at a time; what is due beyond them waits, and its latency counts the wait.
const CONNECTIONS: usize = 256;

/// How long each request took, microseconds.
#[derive(Debug, Default)]
pub(in crate::bench) struct Latencies {
    sorted: Vec<f64>,
}

impl Latencies {
    fn new(mut all: Vec<f64>) -> Self {
        all.sort_unstable_by(f64::total_cmp);
        Self { sorted: all }
    }

    /// The latency that `percent` of the requests did not exceed.
    pub(in crate::bench) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.sorted.len() * percent).div_ceil(100).max(1);
        self.sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

/// Sends requests at `rate` a second for so long.
///
/// # Errors
/// When a request fails.
pub(in crate::bench) async fn open_loop(
    gateway: SocketAddr,
    rate: u32,
    duration: Duration,
) -> Result<Latencies> {
    let requests = u64::from(rate) * duration.as_secs();
    let free: Arc<Mutex<Vec<Connection>>> = Arc::default();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut due = metronome(rate, requests);
    let mut under_way = JoinSet::new();
    let mut took = Vec::new();
    while let Some(due) = due.recv().await {
        under_way.spawn(errand(gateway, due, Arc::clone(&room), Arc::clone(&free)));
        while let Some(ended) = under_way.try_join_next() {
            took.push(ended??);
        }
    }
    while let Some(ended) = under_way.join_next().await {
        took.push(ended??);
    }
    anyhow::ensure!(took.len() as u64 == requests, "{} of {requests} requests were sent", took.len());
    Ok(Latencies::new(took))
}

async fn errand(
    gateway: SocketAddr,
    due: Instant,
    room: Arc<Semaphore>,
    free: Arc<Mutex<Vec<Connection>>>,
) -> Result<f64> {
    let _place = room.acquire().await?;
    let pool = || free.lock().unwrap_or_else(PoisonError::into_inner);
    let idle = pool().pop();
    let mut connection = match idle {
        Some(connection) => connection,
        None => Connection::open(gateway).await?,
    };
    connection.ask().await.context("at a fixed rate")?;
    let took = clock::since(due).as_secs_f64() * 1e6;
    pool().push(connection);
    Ok(took)
}

/// Says when each request is due, at that time. A thread of its own, for the runtime's timers know only
/// milliseconds.
fn metronome(rate: u32, requests: u64) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let begun = clock::now();
        for number in 0..requests {
            let due = begun + Duration::from_nanos(number * 1_000_000_000 / u64::from(rate));
            std::thread::sleep(due.saturating_duration_since(clock::now()));
            // Nobody listens any more once a request has failed.
            if sender.send(due).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
        let latencies = Latencies::new((1..=200).rev().map(f64::from).collect());
        assert_eq!([50, 99, 100].map(|percent| latencies.percentile(percent)), [100.0, 198.0, 200.0]);
        assert!(Latencies::default().percentile(50).is_nan());
    }
}
