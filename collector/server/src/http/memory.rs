//! Bounds what batches take in memory on their way from the socket to their commit.
//!
//! Each step waits for a place of its own and gives it back at its end, so that no two wait for each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use weir_core::config::Limits;

/// How long a batch waits for others to let go of their memory.
const PATIENCE: Duration = Duration::from_secs(5);
/// Batches that are being taken apart, bytes together.
const DECODING_BYTES: u64 = 128 << 20;
/// The most that taking a batch apart needs, bytes for each of its body: tables, columns, keys and sums.
const DECODING_FACTOR: u64 = 256;
/// The most for any batch, since the events of one are limited.
const DECODING_MOST: u64 = 96 << 20;
/// Batches that are taken apart at the same time; they have the processors to themselves no longer than that.
const DECODERS: u64 = 4;

/// A part of the memory, for as long as it lives.
pub(super) type Place = OwnedSemaphorePermit;

/// The three pools that a batch passes.
#[derive(Debug)]
pub(crate) struct Memory {
    bodies: Pool,
    decoding: Pool,
    prepared: Pool,
    /// The least that taking a batch apart is charged with, so that no more are than there are decoders.
    least: u64,
}

impl Memory {
    pub(crate) fn of(limits: &Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        Self {
            bodies: Pool::of(limits.max_inflight_bytes),
            decoding: Pool::of(DECODING_BYTES),
            prepared: Pool::of(limits.max_inflight_bytes),
            least: DECODING_BYTES / cores.clamp(1, DECODERS),
        }
    }

    /// A place for a body of `bytes`, from its first byte to its commit; none if none became free.
    pub(super) async fn for_body(&self, bytes: u64) -> Option<Place> {
        self.bodies.take(bytes).await
    }

    /// A place for taking apart a body of `bytes`.
    pub(super) async fn for_decoding(&self, bytes: usize) -> Option<Place> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(DECODING_FACTOR);
        self.decoding.take(bytes.min(DECODING_MOST).max(self.least)).await
    }

    /// A place for what was made of a batch and waits for its commit.
    pub(super) async fn for_prepared(&self, bytes: usize) -> Option<Place> {
        self.prepared.take(u64::try_from(bytes).unwrap_or(u64::MAX)).await
    }
}

#[derive(Debug)]
struct Pool {
    free: Arc<Semaphore>,
    kibibytes: u32,
}

impl Pool {
    fn of(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        let places = usize::try_from(kibibytes).unwrap_or(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))), kibibytes }
    }

    /// What is larger than the pool takes all of it.
    async fn take(&self, bytes: u64) -> Option<Place> {
        let kibibytes =
            u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).clamp(1, self.kibibytes.max(1));
        let place = Arc::clone(&self.free).acquire_many_owned(kibibytes);
        tokio::time::timeout(PATIENCE, place).await.ok()?.ok()
    }
}
