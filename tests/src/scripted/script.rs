//! What an upstream does with one attempt, move by move.

use std::time::Duration;

use bytes::Bytes;

/// One move of an upstream.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends the status and these headers.
    Head(u16, Vec<(String, String)>),
    /// Sends a piece of the body as a write of its own.
    Data(Bytes),
    /// Sends a piece of the body that many times.
    Again(Bytes, u32),
    /// Ends the answer.
    End,
    /// Ends the answer with trailers.
    Trailers(Vec<(String, String)>),
    /// Does nothing for that long.
    Wait(Duration),
    /// Does nothing until the board's gate is opened.
    Gate,
    /// Does nothing until the other side has left.
    Hold,
    /// Breaks off: a TCP reset, or HTTP/2's RST_STREAM.
    Reset,
    /// Closes the connection in good order (HTTP/1.1 only; a reset elsewhere).
    Close,
    /// Sends these very bytes, outside any framing (HTTP/1.1 only).
    Raw(Bytes),
    /// Sends back whatever comes, until the other side leaves (HTTP/1.1 only).
    Echo,
}

/// The moves of one attempt.
#[derive(Debug, Clone, Default)]
pub struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// One that begins with nothing, not even a head.
    pub fn silent() -> Self {
        Self::default()
    }

    /// One that begins with that head. Without a content length HTTP/1.1 bodies are chunked.
    pub fn answer(status: u16, headers: &[(&str, &str)]) -> Self {
        Self::silent().head(status, headers)
    }

    /// The head of an answer, after what was done before.
    #[must_use]
    pub fn head(self, status: u16, headers: &[(&str, &str)]) -> Self {
        self.then(Step::Head(status, owned(headers)))
    }

    /// A whole answer of JSON.
    pub fn json(status: u16, body: &str) -> Self {
        Self::answer(status, &[("content-type", "application/json")]).data(body.to_owned()).end()
    }

    /// The moves.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The whole body, if it is sent to its end.
    pub fn whole_body(&self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        for step in &self.steps {
            match step {
                Step::Data(bytes) => body.extend_from_slice(bytes),
                Step::End | Step::Trailers(_) => return Some(body),
                Step::Again(..) | Step::Reset | Step::Close | Step::Raw(_) | Step::Echo => return None,
                Step::Head(..) | Step::Wait(_) | Step::Gate | Step::Hold => {}
            }
        }
        None
    }

    /// One more move.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// A piece of the body.
    #[must_use]
    pub fn data(self, bytes: impl Into<Bytes>) -> Self {
        self.then(Step::Data(bytes.into()))
    }

    /// Several pieces, with as many milliseconds before each as `pause_ms` says.
    #[must_use]
    pub fn pieces(mut self, pieces: Vec<Bytes>, pause_ms: u64) -> Self {
        for piece in pieces {
            self = self.wait(pause_ms).data(piece);
        }
        self
    }

    /// That many milliseconds of nothing.
    #[must_use]
    pub fn wait(self, ms: u64) -> Self {
        self.then(Step::Wait(Duration::from_millis(ms)))
    }

    /// The answer's end.
    #[must_use]
    pub fn end(self) -> Self {
        self.then(Step::End)
    }

    /// The answer's end with trailers.
    #[must_use]
    pub fn trailers(self, trailers: &[(&str, &str)]) -> Self {
        self.then(Step::Trailers(owned(trailers)))
    }

    /// A break.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Nothing more, until the other side has left.
    #[must_use]
    pub fn hold(self) -> Self {
        self.then(Step::Hold)
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// How long pieces are, one after another, over and over: inside of words, numbers, escapes and line ends.
const ODD: [usize; 12] = [1, 2, 61, 3, 127, 5, 389, 7, 1_021, 11, 31, 4_093];

/// Cuts a body at odd places.
pub fn cut(body: &[u8]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(body);
    let mut pieces = Vec::new();
    for length in ODD.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        pieces.push(rest.split_to((*length).min(rest.len())));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        let body: Vec<u8> = (0..20_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let pieces = cut(&body);
        assert!(pieces.len() > 20);
        assert_eq!(pieces.concat(), body);
        assert_eq!(Script::answer(200, &[]).pieces(pieces, 0).end().whole_body(), Some(body));
        assert_eq!(Script::answer(200, &[]).data("x").reset().whole_body(), None);
    }
}
