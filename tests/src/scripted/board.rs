//! Which request is played how, and how far it has come: what an upstream and its client know of one another.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::script::Script;

/// How much of a request has reached an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    Nothing,
    Head,
    Whole,
}

/// The scripts of all requests, by request id.
#[derive(Debug)]
pub struct Board {
    parts: Mutex<HashMap<String, Part>>,
    gate: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

#[derive(Debug)]
struct Part {
    scripts: Vec<Script>,
    attempts: usize,
    seen: watch::Sender<Seen>,
}

impl Default for Board {
    fn default() -> Self {
        Self { parts: Mutex::default(), gate: watch::channel(false).0, waiting: watch::channel(0).0 }
    }
}

impl Board {
    /// Says how the attempts at a request are played; the last script is for all further attempts as well.
    pub fn put(&self, request_id: &str, scripts: Vec<Script>) {
        let part = Part { scripts, attempts: 0, seen: watch::channel(Seen::Nothing).0 };
        self.lock().insert(request_id.to_owned(), part);
    }

    /// How many attempts have come.
    pub fn attempts(&self, request_id: &str) -> usize {
        self.lock().get(request_id).map_or(0, |part| part.attempts)
    }

    /// Lets every script go on that waits at the gate, from now on.
    pub fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until that many scripts have come to the gate.
    pub async fn until_waiting(&self, scripts: usize) {
        // It fails only when the sender is gone, and `self` holds the sender.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting >= scripts).await;
    }

    /// The script for the next attempt.
    pub(super) fn next(&self, request_id: &str) -> Option<Script> {
        let mut parts = self.lock();
        let part = parts.get_mut(request_id)?;
        let script = part.scripts.get(part.attempts).or(part.scripts.last()).cloned();
        part.attempts = part.attempts.saturating_add(1);
        part.seen.send_replace(Seen::Head);
        script
    }

    /// The upstream has the whole request.
    pub(super) fn whole_request(&self, request_id: &str) {
        if let Some(part) = self.lock().get(request_id) {
            part.seen.send_replace(Seen::Whole);
        }
    }

    /// Waits until that much of the request has come.
    pub(super) async fn until_seen(&self, request_id: &str, wanted: Seen) {
        let receiver = self.lock().get(request_id).map(|part| part.seen.subscribe());
        if let Some(mut receiver) = receiver {
            // It fails only when the part is gone, which it never is.
            let _ = receiver.wait_for(|seen| *seen >= wanted).await;
        }
    }

    /// Waits for the gate.
    pub(super) async fn until_open(&self) {
        self.waiting.send_modify(|waiting| *waiting = waiting.saturating_add(1));
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
