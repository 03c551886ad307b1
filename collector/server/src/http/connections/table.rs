//! Who is connected: how many may be, in all and from one address, and who has to go when there are more.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Stopwatch;

/// A connection that has been answered may still be reading; within this it is not sent away.
const FRESH: Duration = Duration::from_secs(1);

/// All connections that have a seat.
#[derive(Debug)]
pub(super) struct Table {
    most: usize,
    most_per_peer: usize,
    seated: Mutex<Seated>,
}

#[derive(Debug, Default)]
struct Seated {
    next: u64,
    connections: HashMap<u64, (IpAddr, Arc<Activity>)>,
    peers: HashMap<IpAddr, usize>,
}

/// What a connection is at.
#[derive(Debug)]
pub(super) struct Activity {
    busy: AtomicBool,
    answered: AtomicBool,
    idle: Mutex<Stopwatch>,
    /// Cancelled when another takes the seat.
    pub(super) evicted: CancellationToken,
}

/// A seat, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    table: Arc<Table>,
    number: u64,
    pub(super) activity: Arc<Activity>,
}

impl Table {
    pub(super) fn new(most: u64, most_per_peer: u64) -> Arc<Self> {
        let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Arc::new(Self { most: number(most), most_per_peer: number(most_per_peer), seated: Mutex::default() })
    }

    /// A seat for a connection from `peer`. Where all are taken, the connection that has been idle for the
    /// longest goes: of the same peer, if that has too many; none if nobody is idle.
    pub(super) fn seat(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let mut seated = self.lock();
        if seated.peers.get(&peer).is_some_and(|count| *count >= self.most_per_peer) {
            seated.evict(Some(peer))?;
        } else if seated.connections.len() >= self.most {
            seated.evict(None)?;
        }
        let (number, activity) = (seated.next, Arc::new(Activity::new()));
        seated.next = number.wrapping_add(1);
        seated.connections.insert(number, (peer, Arc::clone(&activity)));
        *seated.peers.entry(peer).or_default() += 1;
        Some(Seat { table: Arc::clone(self), number, activity })
    }

    fn lock(&self) -> MutexGuard<'_, Seated> {
        self.seated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    fn evict(&mut self, of: Option<IpAddr>) -> Option<()> {
        let theirs = self.connections.iter().filter(|(_, (peer, _))| of.is_none_or(|of| of == *peer));
        let idle = theirs.filter_map(|(number, (_, activity))| Some((activity.idle()?, *number)));
        let (_, number) = idle.max()?;
        self.remove(number)?.evicted.cancel();
        Some(())
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Activity>> {
        let (peer, activity) = self.connections.remove(&number)?;
        if let Some(count) = self.peers.get_mut(&peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.peers.remove(&peer);
            }
        }
        Some(activity)
    }
}

impl Activity {
    pub(super) fn new() -> Self {
        let (busy, answered) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { busy, answered, idle: Mutex::new(Stopwatch::start()), evicted: CancellationToken::new() }
    }

    /// A request has come.
    pub(super) fn begin(&self) {
        self.busy.store(true, Relaxed);
    }

    /// The request has its answer.
    pub(super) fn end(&self) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::start();
        self.answered.store(true, Relaxed);
        self.busy.store(false, Relaxed);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    /// For how long nothing has been asked, if the connection can be sent away.
    fn idle(&self) -> Option<Duration> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        (!self.is_busy() && (idle > FRESH || !self.answered.load(Relaxed))).then_some(idle)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.table.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn the_longest_idle_gives_way_and_the_busy_stays() {
        let table = Table::new(3, 2);
        let (first, second) = (table.seat(peer(1)).unwrap(), table.seat(peer(1)).unwrap());
        first.activity.begin();
        let third = table.seat(peer(1)).unwrap();
        assert!(second.activity.evicted.is_cancelled(), "a peer with too many loses its own");
        assert!(!first.activity.evicted.is_cancelled());
        drop(second);
        let other = table.seat(peer(2)).unwrap();
        assert_eq!(table.lock().connections.len(), 3);
        let last = table.seat(peer(3)).unwrap();
        assert!(third.activity.evicted.is_cancelled() && !other.activity.evicted.is_cancelled());
        last.activity.begin();
        other.activity.begin();
        assert!(table.seat(peer(4)).is_none(), "all are busy");
        other.activity.end();
        assert!(table.seat(peer(4)).is_none(), "it has just been answered");
        drop((first, third, other, last));
        assert!(table.lock().connections.is_empty() && table.lock().peers.is_empty());
    }
}
