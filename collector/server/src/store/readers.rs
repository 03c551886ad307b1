//! A few connections that only read, for work on blocking threads.
//!
//! Each reads in short steps: a reader that lingers would keep the WAL from being reused.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::error::Unavailable;
use super::open::open_for_reading;

/// Reads at a time: each may hold a few decoded blocks.
const READERS: usize = 4;

/// The pool.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Readers {
    pub(super) fn new(path: &Path, tasks: TaskTracker) -> Self {
        Self { path: path.to_owned(), idle: Arc::default(), places: Arc::new(Semaphore::new(READERS)), tasks }
    }

    /// Runs `work` with a connection, on a blocking thread, once there is a place.
    pub(super) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + From<rusqlite::Error> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| Unavailable::stopping())?;
        let (path, idle) = (self.path.clone(), Arc::clone(&self.idle));
        let read = move || {
            // Given back when the work is done, even if nobody waits for it any more.
            let _place = place;
            let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = pooled.map_or_else(|| open_for_reading(&path), Ok)?;
            let result = work(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        };
        self.tasks
            .spawn_blocking(read)
            .await
            .map_err(|error| Unavailable(format!("a read failed: {error}")))?
    }
}
