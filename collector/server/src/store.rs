//! The store: keeps what was delivered and finds it again.
//!
//! This module is the seam at which another engine would take SQLite's place: nothing outside it knows of
//! SQL, files or transactions, and nothing within it knows of HTTP.

mod accounts;
mod block;
mod claim;
mod delivery;
mod error;
mod group;
mod index;
mod migrate;
mod open;
mod producers;
mod quarantine;
mod query;
mod readers;
mod summaries;
mod totals_table;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::task::TaskTracker;
use weir_core::record::RequestRecord;

pub(crate) use accounts::{Accounts, Shared};
pub(crate) use delivery::{Delivery, Receipt};
pub(crate) use error::{OpenError, Unavailable};
pub(crate) use quarantine::Refused;
pub(crate) use query::{Filter, MAX_RECORDS, QueryError};
pub(crate) use writer::Writer;

use crate::metrics::Commits;

/// The way to the database.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    writer: writer::Handle,
    readers: readers::Readers,
    accounts: Arc<Shared>,
}

/// How large the database is, bytes; absent where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sizes {
    pub(crate) database: Option<u64>,
    pub(crate) wal: Option<u64>,
}

impl Store {
    /// Opens the database at `path` and starts its writer.
    ///
    /// # Errors
    /// Says why it cannot be used, and what to do.
    pub(crate) fn open(
        path: &Path,
        quarantine_batches: u64,
        commits: Arc<Commits>,
        tasks: TaskTracker,
    ) -> Result<(Self, Writer), OpenError> {
        let (connection, path) = open::open_for_writing(path)?;
        let path = path.as_path();
        let accounts = Arc::new(Shared::default());
        let memory = group::Memory::load(&connection, &accounts, quarantine_batches)
            .map_err(|error| OpenError::of(path, &error))?;
        let writer = Writer::start(connection, memory, Arc::clone(&accounts), commits)
            .map_err(|error| OpenError::Other { path: path.to_owned(), problem: error.to_string() })?;
        let readers = readers::Readers::new(path, tasks);
        Ok((Self { path: path.to_owned(), writer: writer.handle(), readers, accounts }, writer))
    }

    /// Keeps what is new of a delivery; returns after the commit.
    ///
    /// # Errors
    /// Nothing of it was kept.
    pub(crate) async fn deliver(&self, delivery: Delivery) -> Result<Receipt, Unavailable> {
        self.writer.deliver(delivery).await
    }

    /// Keeps a batch that was refused for good; returns after the commit.
    ///
    /// # Errors
    /// It was not kept.
    pub(crate) async fn quarantine(&self, refused: Refused) -> Result<(), Unavailable> {
        self.writer.quarantine(refused).await
    }

    /// Whether a delivery would be kept, as far as can be told: the last commit went well, or else one that
    /// is tried now does.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) async fn check_writable(&self) -> Result<(), Unavailable> {
        match self.writer.failure() {
            None => Ok(()),
            Some(_) => self.writer.probe().await,
        }
    }

    /// All requests with this id, the newest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn find(&self, id: String) -> Result<Vec<RequestRecord>, QueryError> {
        self.readers.read(move |reader| query::find(reader, &id)).await
    }

    /// The newest requests that fit, newest first.
    ///
    /// # Errors
    /// The database does not answer, or not in time.
    pub(crate) async fn list(&self, filter: Filter) -> Result<Vec<RequestRecord>, QueryError> {
        self.readers.read(move |reader| query::list(reader, &filter)).await
    }

    /// What has been committed, added up.
    pub(crate) fn accounts(&self) -> &Shared {
        &self.accounts
    }

    /// How large the database is.
    pub(crate) fn sizes(&self) -> Sizes {
        let size = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.len());
        Sizes { database: size(&self.path), wal: size(&open::beside(&self.path, "-wal")) }
    }
}
