//! An answer's body while it is played: piece after piece, then its end or its cut.
//!
//! Every piece is entered in the ledger at the moment that it is handed to the connection.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use hyper::body::Frame;

use super::piece::Piece;
use crate::rendezvous::Meeting;
use crate::truth::{AttemptEnd, AttemptHandle};

/// The provider breaks the connection off.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the simulated provider broke off, as planned")
    }
}

impl std::error::Error for BrokenOff {}

/// What comes after the last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The body ends.
    Finish,
    /// The connection is broken off, once the client has every piece.
    BreakOff,
    /// Nothing, until the other side closes the connection.
    Hold,
}

/// A body to be played.
#[derive(Debug)]
pub(super) struct Script {
    pieces: std::vec::IntoIter<Piece>,
    pause: Duration,
    ending: Ending,
    attempt: AttemptHandle,
    meeting: Option<Meeting>,
}

impl Script {
    /// The script for these pieces. Where it will hold or break off, the client is told so now.
    pub(super) fn new(
        pieces: Vec<Piece>,
        pause: Duration,
        ending: Ending,
        attempt: AttemptHandle,
        meeting: Option<Meeting>,
    ) -> Self {
        if let Some(meeting) = meeting.as_ref().filter(|_| ending != Ending::Finish) {
            meeting.will_hold_at(pieces.iter().map(|piece| piece.bytes.len() as u64).sum());
        }
        Self { pieces: pieces.into_iter(), pause, ending, attempt, meeting }
    }

    /// The frames of the body, each of which becomes a write of its own.
    pub(super) fn into_frames(self) -> impl Stream<Item = Result<Frame<Bytes>, BrokenOff>> {
        stream::unfold(self, |mut script| async move {
            let frame = script.next().await?;
            Some((frame, script))
        })
    }

    async fn next(&mut self) -> Option<Result<Frame<Bytes>, BrokenOff>> {
        let Some(piece) = self.pieces.next() else {
            return self.end().await;
        };
        if piece.paced {
            tokio::time::sleep(self.pause).await;
        } else {
            // The connection flushes what it has whenever the body has nothing more just now.
            tokio::task::yield_now().await;
        }
        self.attempt.piece(piece.bytes.len(), piece.told);
        if self.pieces.as_slice().is_empty() && self.ending == Ending::Finish {
            // A body of known length is not asked again after its last byte.
            self.attempt.end(AttemptEnd::Complete);
        }
        Some(Ok(Frame::data(piece.bytes)))
    }

    async fn end(&self) -> Option<Result<Frame<Bytes>, BrokenOff>> {
        match self.ending {
            Ending::Finish => None,
            Ending::Hold => std::future::pending().await,
            Ending::BreakOff => {
                if let Some(meeting) = &self.meeting {
                    meeting.until_all_received().await;
                }
                self.attempt.end(AttemptEnd::Reset);
                Some(Err(BrokenOff))
            }
        }
    }
}
