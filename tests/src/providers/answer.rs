//! What one attempt gets, from the plan alone.
//!
//! Pure: no connection, no clock, no ledger.

use std::time::Duration;

use super::head::Head;
use super::piece::Piece;
use super::script::Ending;
use super::{anthropic, failure, gemini, openai_chat, openai_responses, openrouter};
use crate::plan::{Api, Fate, Plan};

/// What the provider does with one attempt.
#[derive(Debug)]
pub(super) enum Act {
    /// It answers.
    Answer(Box<Answer>),
    /// It says nothing until the other side closes the connection.
    Silence,
    /// It breaks the connection off without an answer.
    BreakOff,
}

/// An answer, whole or cut.
#[derive(Debug)]
pub(super) struct Answer {
    /// Status and headers.
    pub(super) head: Head,
    /// The stated length of a document in bytes; a stream states none.
    pub(super) length: Option<u64>,
    /// The pieces that are sent.
    pub(super) pieces: Vec<Piece>,
    /// What comes after them.
    pub(super) ending: Ending,
    /// From the request's end to the first byte.
    pub(super) wait: Duration,
}

impl Act {
    /// What attempt `ordinal` (from 1) gets.
    pub(super) fn of(plan: &Plan, ordinal: u32) -> Self {
        match plan.fate {
            Fate::Stall | Fate::ClientAbortBeforeHeaders { .. } => Act::Silence,
            Fate::ResetBeforeHeaders => Act::BreakOff,
            Fate::Fail { status, retry_after_s } => Act::answer(failed(plan, status, retry_after_s)),
            Fate::FailThenSucceed { failures } if ordinal <= failures => Act::answer(failed(plan, 503, None)),
            Fate::Success | Fate::FailThenSucceed { .. } => Act::answer(model_answer(plan)),
            Fate::ResetMidBody { after_pieces } => Act::answer(cut(plan, after_pieces, Ending::BreakOff)),
            Fate::ClientAbort { after_pieces } => Act::answer(cut(plan, after_pieces, Ending::Hold)),
        }
    }

    fn answer(answer: Answer) -> Self {
        Act::Answer(Box::new(answer))
    }
}

fn failed(plan: &Plan, status: u16, retry_after_s: Option<u64>) -> Answer {
    let pieces = failure::whole(plan, status);
    Answer {
        head: Head::failure(status, retry_after_s, plan),
        length: Some(bytes(&pieces)),
        pieces,
        ending: Ending::Finish,
        wait: plan.first_byte,
    }
}

fn model_answer(plan: &Plan) -> Answer {
    let pieces = match (plan.api, plan.streamed) {
        (Api::OpenAiChat, true) => openai_chat::stream(plan),
        (Api::OpenAiChat, false) => openai_chat::whole(plan),
        (Api::OpenAiResponses, true) => openai_responses::stream(plan),
        (Api::OpenAiResponses, false) => openai_responses::whole(plan),
        (Api::Anthropic, true) => anthropic::stream(plan),
        (Api::Anthropic, false) => anthropic::whole(plan),
        (Api::Gemini, true) => gemini::stream(plan),
        (Api::Gemini, false) => gemini::whole(plan),
        (Api::OpenRouter, true) => openrouter::stream(plan),
        (Api::OpenRouter, false) => openrouter::whole(plan),
    };
    // A document takes as long as the stream of the same text would have.
    let writing = if plan.streamed { Duration::ZERO } else { plan.chunk_gap * plan.chunks };
    Answer {
        head: Head::success(plan),
        length: (!plan.streamed).then(|| bytes(&pieces)),
        pieces,
        ending: Ending::Finish,
        wait: plan.first_byte + writing,
    }
}

fn cut(plan: &Plan, after_pieces: u32, ending: Ending) -> Answer {
    let mut answer = model_answer(plan);
    answer.pieces.truncate(usize::try_from(after_pieces).unwrap_or(usize::MAX));
    Answer { ending, ..answer }
}

fn bytes(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| piece.bytes.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::demo_backends;
    use crate::truth::Usage;

    #[test]
    fn a_cut_answer_never_tells_its_final_usage() {
        for backend in demo_backends() {
            for plan in (0..2_000).map(|number| Plan::of(4, &backend, number)) {
                let Act::Answer(answer) = Act::of(&plan, 1) else { continue };
                let reported =
                    |piece: &Piece| piece.told.usage.is_some_and(|u| matches!(u, Usage::Reported(_)));
                if answer.ending != Ending::Finish {
                    assert!(!answer.pieces.iter().any(reported), "{plan:?}");
                    assert!(bytes(&answer.pieces) > 0, "{plan:?}");
                    assert!(answer.length.is_none_or(|length| length > bytes(&answer.pieces)), "{plan:?}");
                }
            }
        }
    }

    #[test]
    fn a_retried_request_succeeds_after_its_failures() {
        let failing = demo_backends().into_iter().find(|b| b.name == "failing").unwrap();
        let retried = |plan: &Plan| matches!(plan.fate, Fate::FailThenSucceed { failures: 2 });
        let plan = (0..).map(|number| Plan::of(4, &failing, number)).find(retried).unwrap();
        let status = |ordinal| match Act::of(&plan, ordinal) {
            Act::Answer(answer) => answer.head.status.as_u16(),
            other => panic!("{other:?}"),
        };
        assert_eq!([status(1), status(2), status(3)], [503, 503, 200]);
    }
}
