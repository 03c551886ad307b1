//! What a response's body says of tokens, cost and model, found while the bytes pass by.
//!
//! The body is scanned as it comes, at bounded memory whatever its size, with chunk boundaries anywhere;
//! nothing of its content is kept but the few values named in [`shape`].

pub mod json;
pub mod shape;
pub mod sse;

mod counts;

pub use counts::{Counts, Usage};
use shape::{Node, Value};

/// The framings of a body that can be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One JSON document, or several one after another.
    Json,
    /// Server-sent events whose data are JSON documents.
    Sse,
}

impl Framing {
    /// The framing that a response's `content-type` announces; `None` for what is not scanned.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
        let essence = content_type.get(..end).unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match essence.as_slice() {
            b"text/event-stream" => Some(Self::Sse),
            b"application/json" | b"application/x-ndjson" | b"application/jsonl" => Some(Self::Json),
            other if other.ends_with(b"+json") => Some(Self::Json),
            _ => None,
        }
    }
}

/// Scans one body.
#[derive(Debug)]
pub struct BodyScanner {
    framing: Framing,
    lines: sse::Lines,
    document: json::Scanner,
    counts: Counts,
}

impl BodyScanner {
    /// For a body in that framing.
    pub fn new(framing: Framing) -> Self {
        Self { framing, lines: sse::Lines::new(), document: json::Scanner::new(), counts: Counts::default() }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { framing, lines, document, counts } = self;
        let mut found = |node: Node, value: Value<'_>| counts.take(node, value);
        match framing {
            Framing::Json => document.feed(bytes, &mut found),
            Framing::Sse => lines.feed(bytes, |piece| match piece {
                sse::Piece::Data(data) => document.feed(data, &mut found),
                sse::Piece::EndOfEvent => document.reset(&mut found),
            }),
        }
    }

    /// No more will come.
    pub fn finish(&mut self) {
        let counts = &mut self.counts;
        self.document.reset(&mut |node, value| counts.take(node, value));
    }

    /// Whether any piece of the model's answer has gone by; a role or a ping is none.
    pub fn has_content(&self) -> bool {
        self.counts.has_content()
    }

    /// What has been found so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

#[cfg(test)]
mod tests;
