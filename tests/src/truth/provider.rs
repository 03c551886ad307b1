//! The providers' ledger: every attempt that reached one, and what it has told so far.
//!
//! An entry grows while the answer is written: it holds what is on the wire, not what was planned.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::plan::Tokens;

/// What an answer has told about its usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Usage {
    /// Nothing, and nothing was to be expected: no answer, or an error.
    #[default]
    NotExpected,
    /// Nothing although a model answered.
    Missing,
    /// A first or running count.
    Partial(Tokens),
    /// The final count.
    Reported(Tokens),
}

impl Usage {
    /// The tokens that were told, if any.
    pub fn tokens(self) -> Option<Tokens> {
        match self {
            Usage::Partial(tokens) | Usage::Reported(tokens) => Some(tokens),
            Usage::NotExpected | Usage::Missing => None,
        }
    }
}

/// What one piece of an answer (its head, an event) tells; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// The usage, replacing what was told before.
    pub usage: Option<Usage>,
    /// The cost in nano-USD.
    pub cost_nano_usd: Option<u64>,
}

/// One attempt, as the provider saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The request's `x-request-id`.
    pub request_id: String,
    /// The request's number in the run.
    pub number: u64,
    /// The backend whose provider this is.
    pub backend: &'static str,
    /// 1 for the request's first attempt here.
    pub ordinal: u32,
    /// The status that was sent, if an answer began.
    pub status: Option<u16>,
    /// Pieces of the body that were sent.
    pub pieces: u32,
    /// Bytes of the body that were sent.
    pub response_bytes: u64,
    /// The usage told so far.
    pub usage: Usage,
    /// The cost told so far, in nano-USD.
    pub cost_nano_usd: Option<u64>,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended for its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// It has not.
    Open,
    /// The answer was sent whole.
    Complete,
    /// The provider broke off.
    Reset,
    /// The other side closed the connection first.
    Deserted,
}

/// The ledger that all providers of a run write to.
#[derive(Debug, Default)]
pub struct Ledger {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    attempts: Vec<Attempt>,
    by_request: HashMap<String, u32>,
}

impl Ledger {
    /// Enters a new attempt; the handle writes to its entry.
    pub fn open(self: &Arc<Self>, request_id: &str, number: u64, backend: &'static str) -> AttemptHandle {
        let mut book = self.lock();
        let ordinal = book.by_request.entry(request_id.to_owned()).or_insert(0);
        *ordinal += 1;
        let ordinal = *ordinal;
        let index = book.attempts.len();
        book.attempts.push(Attempt {
            request_id: request_id.to_owned(),
            number,
            backend,
            ordinal,
            status: None,
            pieces: 0,
            response_bytes: 0,
            usage: Usage::NotExpected,
            cost_nano_usd: None,
            end: AttemptEnd::Open,
        });
        AttemptHandle { ledger: Arc::clone(self), index, ordinal }
    }

    /// All attempts up to now, in the order of their arrival.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.lock().attempts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one attempt's entry; when it is dropped before an end was written, the other side has
/// closed the connection.
#[derive(Debug)]
pub struct AttemptHandle {
    ledger: Arc<Ledger>,
    index: usize,
    ordinal: u32,
}

impl AttemptHandle {
    /// 1 for the request's first attempt.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// The answer's head goes out. A 2xx has told no usage yet, and should.
    pub fn head(&self, status: u16, told: Told) {
        self.write(|attempt| {
            attempt.status = Some(status);
            if (200..300).contains(&status) {
                attempt.usage = Usage::Missing;
            }
            attempt.note(told);
        });
    }

    /// A piece of the body goes out.
    pub fn piece(&self, bytes: usize, told: Told) {
        self.write(|attempt| {
            attempt.pieces += 1;
            attempt.response_bytes += bytes as u64;
            attempt.note(told);
        });
    }

    /// The attempt ends on the provider's own account.
    pub fn end(&self, end: AttemptEnd) {
        self.write(|attempt| attempt.end = end);
    }

    fn write(&self, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.ledger.lock().attempts.get_mut(self.index) {
            change(attempt);
        }
    }
}

impl Drop for AttemptHandle {
    fn drop(&mut self) {
        self.write(|attempt| {
            if attempt.end == AttemptEnd::Open {
                attempt.end = AttemptEnd::Deserted;
            }
        });
    }
}

impl Attempt {
    fn note(&mut self, told: Told) {
        self.usage = told.usage.unwrap_or(self.usage);
        self.cost_nano_usd = told.cost_nano_usd.or(self.cost_nano_usd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_follows_what_is_on_the_wire() {
        let ledger = Arc::new(Ledger::default());
        drop(ledger.open("a", 1, "x"));
        let second = ledger.open("a", 1, "x");
        assert_eq!(second.ordinal(), 2);

        second.head(200, Told { usage: None, cost_nano_usd: Some(7) });
        let seen = |ledger: &Ledger| ledger.attempts()[1].clone();
        assert_eq!((seen(&ledger).usage, seen(&ledger).cost_nano_usd), (Usage::Missing, Some(7)));

        let tokens = Tokens { input: 5, ..Tokens::default() };
        second.piece(10, Told { usage: Some(Usage::Partial(tokens)), cost_nano_usd: None });
        second.piece(5, Told::default());
        second.end(AttemptEnd::Complete);
        drop(second);
        let entry = seen(&ledger);
        assert_eq!((entry.pieces, entry.response_bytes, entry.end), (2, 15, AttemptEnd::Complete));
        assert_eq!((entry.usage.tokens(), entry.cost_nano_usd), (Some(tokens), Some(7)));
        assert_eq!(ledger.attempts()[0].end, AttemptEnd::Deserted);
    }
}
