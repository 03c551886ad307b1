//! A few connections that only read, for work on blocking threads.
//!
//! Each reads in short steps: a reader that lingers would keep the WAL from being reused.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::error::Unavailable;
use super::open::open_for_reading;

/// Reads at a time: each may hold a decoded block.
const READERS: usize = 4;
/// Blocks of which more than one at a time would be too much in memory, bytes: a batch is much larger when it
/// is decoded.
const LARGE_BLOCK: usize = 256 << 10;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    large: Arc<Mutex<()>>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
}

/// What one read works with.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) connection: Connection,
    large: Arc<Mutex<()>>,
}

impl Reader {
    /// To be held while a block of `bytes` is open.
    pub(super) fn turn(&self, bytes: usize) -> Option<MutexGuard<'_, ()>> {
        (bytes > LARGE_BLOCK).then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Readers {
    pub(super) fn new(path: &Path, tasks: TaskTracker) -> Self {
        let places = Arc::new(Semaphore::new(READERS));
        Self { path: path.to_owned(), idle: Arc::default(), large: Arc::default(), places, tasks }
    }

    /// Runs `work` with a connection, on a blocking thread, once there is a place.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + From<rusqlite::Error> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| Unavailable::stopping())?;
        let (path, idle, large) = (self.path.clone(), Arc::clone(&self.idle), Arc::clone(&self.large));
        let read = move || {
            // Given back when the work is done, even if nobody waits for it any more.
            let _place = place;
            let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = pooled.map_or_else(|| open_for_reading(&path), Ok)?;
            let reader = Reader { connection, large };
            let result = work(&reader);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader.connection);
            result
        };
        self.tasks
            .spawn_blocking(read)
            .await
            .map_err(|error| Unavailable(format!("a read failed: {error}")))?
    }
}
