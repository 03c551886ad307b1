//! The writer: the one thread that changes the database.
//!
//! It takes whatever is queued, up to a bound, commits it together, and only then answers. A transaction
//! that fails fails for all that were in it, and nothing of it remains; each is told to come again.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::accounts::Shared;
use super::delivery::{Delivery, Receipt};
use super::error::Unavailable;
use super::group::{Item, Memory};
use super::quarantine::Refused;
use crate::clock::Stopwatch;
use crate::metrics::Commits;

/// Commands that wait for the writer; beyond it, senders wait.
const QUEUE: usize = 256;
/// The most that one transaction takes.
const GROUP_ITEMS: usize = 256;
/// The most bytes of blocks that one transaction takes, but for its last.
const GROUP_BYTES: usize = 16 << 20;

type Answer = oneshot::Sender<Result<Receipt, Unavailable>>;

enum Command {
    Commit(Item, Answer),
    Stop,
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    queue: mpsc::Sender<Command>,
    /// Why the last commit failed, if it did.
    failure: Arc<Mutex<Option<Unavailable>>>,
    ended: CancellationToken,
}

/// The thread itself.
pub(crate) struct Writer {
    handle: Handle,
    thread: JoinHandle<()>,
}

struct Work {
    connection: Connection,
    memory: Memory,
    accounts: Arc<Shared>,
    commits: Arc<Commits>,
    failure: Arc<Mutex<Option<Unavailable>>>,
    /// Tells that the thread has ended, however it did.
    _ended: DropGuard,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        connection: Connection,
        memory: Memory,
        accounts: Arc<Shared>,
        commits: Arc<Commits>,
    ) -> std::io::Result<Self> {
        let (queue, commands) = mpsc::channel(QUEUE);
        let failure = Arc::default();
        let ended = CancellationToken::new();
        let handle = Handle { queue, failure: Arc::clone(&failure), ended: ended.clone() };
        let work = Work { connection, memory, accounts, commits, failure, _ended: ended.drop_guard() };
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(|| work.run(commands))?;
        Ok(Self { handle, thread })
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Returns when the thread has ended, which it does not do unasked unless something is very wrong.
    pub(crate) async fn ended(&self) {
        self.handle.ended.cancelled().await;
    }

    /// Lets the writer commit what is queued, put the WAL away, and end.
    ///
    /// # Errors
    /// Where the thread panicked.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // It fails only where the thread has ended already.
        let _ = self.handle.queue.send(Command::Stop).await;
        self.handle.ended.cancelled().await;
        self.thread.join().map_err(|_| anyhow::anyhow!("the writer thread panicked"))
    }
}

impl Handle {
    pub(super) async fn deliver(&self, delivery: Delivery) -> Result<Receipt, Unavailable> {
        self.commit(Item::Delivery(Box::new(delivery))).await
    }

    pub(super) async fn quarantine(&self, refused: Refused) -> Result<(), Unavailable> {
        self.commit(Item::Refused(Box::new(refused))).await.map(|_| ())
    }

    /// Why the last commit failed, if it did.
    pub(super) fn failure(&self) -> Option<Unavailable> {
        if self.ended.is_cancelled() {
            return Some(Unavailable::stopping());
        }
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn probe(&self) -> Result<(), Unavailable> {
        self.commit(Item::Probe).await.map(|_| ())
    }

    async fn commit(&self, item: Item) -> Result<Receipt, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let sent = self.queue.send(Command::Commit(item, answer)).await;
        sent.map_err(|_| Unavailable::stopping())?;
        answered.await.map_err(|_| Unavailable::stopping())?
    }
}

impl Work {
    fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut stopping = false;
        while !stopping && let Some(first) = commands.blocking_recv() {
            let (items, answers);
            (items, answers, stopping) = gather(first, &mut commands);
            self.commit(&items, answers);
        }
        // What is in the WAL goes to the database, so that the file alone is whole.
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = checkpoint {
            tracing::warn!(%error, "the WAL was not put away; the next start reads it");
        }
    }

    fn commit(&mut self, items: &[Item], answers: Vec<Answer>) {
        if items.is_empty() {
            return;
        }
        let stopwatch = Stopwatch::start();
        let result = self.memory.commit(&mut self.connection, &self.accounts, items);
        self.commits.observe(stopwatch.elapsed(), result.is_ok());
        self.note(result.as_ref().err());
        // Whoever asked may be gone; what was committed is committed.
        match result {
            Ok(receipts) => {
                for (answer, receipt) in answers.into_iter().zip(receipts) {
                    let _ = answer.send(Ok(receipt));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Logs when writing begins to fail and when it works again, not each time.
    fn note(&self, error: Option<&Unavailable>) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match (failure.as_ref(), error) {
            (None, Some(error)) => tracing::error!(%error, "cannot commit; producers are told to come again"),
            (Some(_), None) => tracing::info!("commits work again"),
            _ => {}
        }
        *failure = error.cloned();
    }
}

/// Takes what is queued behind `first`, up to a bound, and whether the writer is to stop after it.
fn gather(first: Command, commands: &mut mpsc::Receiver<Command>) -> (Vec<Item>, Vec<Answer>, bool) {
    let (mut items, mut answers, mut bytes) = (Vec::new(), Vec::new(), 0usize);
    let mut next = Some(first);
    while let Some(command) = next {
        match command {
            Command::Stop => return (items, answers, true),
            Command::Commit(item, answer) => {
                bytes = bytes.saturating_add(item.weight());
                items.push(item);
                answers.push(answer);
            }
        }
        let full = items.len() >= GROUP_ITEMS || bytes >= GROUP_BYTES;
        next = if full { None } else { commands.try_recv().ok() };
    }
    (items, answers, false)
}
