//! How a request ends, as it is meant to.
//!
//! Cuts are counted in pieces of the body, and always lie before the answer's final usage, so that
//! what a cut answer has told is never a matter of taste.

use std::time::Duration;

use super::{Dice, FateMix};

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The first attempt is answered to its end.
    Success,
    /// Every attempt gets this error.
    Fail {
        /// 429, 500, 502 or 503.
        status: u16,
        /// The `Retry-After` of a 429, in seconds.
        retry_after_s: Option<u64>,
    },
    /// So many attempts get a 503, the next one is answered to its end.
    FailThenSucceed {
        /// At least one, and no more than the gateway retries.
        failures: u32,
    },
    /// The provider sends so many pieces, waits until the client has them, and breaks off.
    ResetMidBody {
        /// Pieces of the body: events of a stream, or the first part of a document.
        after_pieces: u32,
    },
    /// The provider takes the request and breaks off.
    ResetBeforeHeaders,
    /// The provider takes the request and says nothing until its connection is closed.
    Stall,
    /// The provider sends so many events and holds still; the client takes them and leaves.
    ClientAbort {
        /// Events of the stream.
        after_pieces: u32,
    },
    /// The provider says nothing; the client leaves some time after the provider has the request.
    ClientAbortBeforeHeaders {
        /// From the provider's having the request to the client's leaving.
        patience: Duration,
    },
}

impl Fate {
    /// A fate by the mix; where it cuts is left to [`Fate::cut_within`].
    pub(super) fn thrown(dice: &mut Dice, mix: &FateMix, retries: u32) -> Self {
        let patience = Duration::from_millis(dice.between(1, 30));
        let failures = u32::try_from(dice.between(1, u64::from(retries.max(1)))).unwrap_or(1);
        let status = dice.pick(&[500, 502, 503, 429], 500);
        let retry_after_s = (status == 429).then(|| dice.between(1, 30));
        let fates = [
            (mix.fail, Fate::Fail { status, retry_after_s }),
            (mix.fail_then_succeed, Fate::FailThenSucceed { failures }),
            (mix.reset_mid_body, Fate::ResetMidBody { after_pieces: 1 }),
            (mix.reset_before_headers, Fate::ResetBeforeHeaders),
            (mix.stall, Fate::Stall),
            (mix.client_abort, Fate::ClientAbort { after_pieces: 1 }),
            (mix.client_abort_before_headers, Fate::ClientAbortBeforeHeaders { patience }),
        ];
        let mut throw = dice.between(0, 999);
        for (per_mille, fate) in fates {
            if throw < u64::from(per_mille) {
                return fate;
            }
            throw -= u64::from(per_mille);
        }
        Fate::Success
    }

    /// The same fate with its cut at a random piece before the last content chunk.
    pub(super) fn cut_within(self, dice: &mut Dice, streamed: bool, chunks: u32) -> Self {
        let last = if streamed { u64::from(chunks.saturating_sub(1)) } else { 1 };
        let after_pieces = u32::try_from(dice.between(1, last)).unwrap_or(1);
        match self {
            Fate::ResetMidBody { .. } => Fate::ResetMidBody { after_pieces },
            Fate::ClientAbort { .. } => Fate::ClientAbort { after_pieces },
            other => other,
        }
    }

    /// Whether it only makes sense with a stream.
    pub fn needs_stream(self) -> bool {
        matches!(self, Fate::ClientAbort { .. })
    }

    /// Whether client and provider must meet for its truth to be exact.
    pub fn needs_meeting(self) -> bool {
        matches!(
            self,
            Fate::ResetMidBody { .. } | Fate::ClientAbort { .. } | Fate::ClientAbortBeforeHeaders { .. }
        )
    }
}
