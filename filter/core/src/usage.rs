//! What a response's body says of tokens, cost and model, found while the bytes pass by.
//!
//! The body is scanned as it comes, at bounded memory whatever its size, with chunk boundaries anywhere;
//! nothing of its content is kept but the few values named in [`shape`].

pub mod base64;
pub mod crc32;
pub mod frames;
pub mod inflate;
pub mod json;
pub mod node;
pub mod shape;
pub mod sse;

mod counts;
mod document;
mod meaning;
mod numbers;

pub use counts::{Counts, Usage};
use document::Documents;
use inflate::{Inflate, Packing};
use json::{End, Scanner};
use node::{Node, Value};

/// The framings of a body that can be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// One JSON document.
    Json,
    /// JSON documents one after another.
    Lines,
    /// Server-sent events whose data are JSON documents.
    Sse,
    /// Amazon's binary frames with JSON in them.
    Frames,
}

impl Framing {
    /// The framing that a `content-type` announces; `None` for what is not scanned.
    fn of(content_type: &[u8]) -> Option<Self> {
        let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is = |name: &[u8]| essence.eq_ignore_ascii_case(name);
        let json_suffix = || essence.last_chunk::<5>().is_some_and(|end| end.eq_ignore_ascii_case(b"+json"));
        if is(b"application/json") {
            Some(Self::Json)
        } else if is(b"text/event-stream") {
            Some(Self::Sse)
        } else if is(b"application/vnd.amazon.eventstream") {
            Some(Self::Frames)
        } else if is(b"application/x-ndjson")
            || is(b"application/ndjson")
            || is(b"application/jsonl")
            || is(b"application/x-jsonl")
            || is(b"application/jsonlines")
            || is(b"application/stream+json")
        {
            Some(Self::Lines)
        } else if is(b"text/json") || json_suffix() {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// How a `content-encoding` packs a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    Packed(Packing),
    /// Brotli, zstd, or several one in another.
    Unreadable,
}

impl Encoding {
    fn of(content_encoding: Option<&[u8]>) -> Self {
        let names = content_encoding.unwrap_or_default().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let mut encoding = Self::Plain;
        for name in names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity")) {
            let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
            encoding = match encoding {
                Self::Plain if is(b"gzip") || is(b"x-gzip") => Self::Packed(Packing::Gzip),
                Self::Plain if is(b"deflate") => Self::Packed(Packing::Deflate),
                _ => return Self::Unreadable,
            };
        }
        encoding
    }
}

/// Whether a body of that kind would be scanned, were it not for its encoding: its usage is missing.
pub fn unscannable(content_type: Option<&[u8]>, content_encoding: Option<&[u8]>) -> bool {
    content_type.and_then(Framing::of).is_some() && Encoding::of(content_encoding) == Encoding::Unreadable
}

/// Scans one body.
#[derive(Debug)]
pub struct BodyScanner {
    packed: Option<Box<Inflate>>,
    body: Body,
}

/// A body as it is once unpacked.
#[derive(Debug)]
struct Body {
    framing: Framing,
    /// A byte has come.
    begun: bool,
    lines: sse::Lines,
    frames: Option<Box<Framed>>,
    document: Scanner,
    counts: Counts,
}

/// What only Bedrock's frames need.
#[derive(Debug)]
struct Framed {
    frames: frames::Frames,
    digits: base64::Decoder,
    /// The model's own event, inside a frame's payload.
    chunk: Scanner,
}

impl BodyScanner {
    /// For a response with these headers. `None`: a body of that kind is not scanned, either because it is
    /// neither JSON nor a stream of events, or because of its encoding (see [`unscannable`]).
    pub fn new(content_type: Option<&[u8]>, content_encoding: Option<&[u8]>) -> Option<Self> {
        let framing = Framing::of(content_type?)?;
        let packed = match Encoding::of(content_encoding) {
            Encoding::Plain => None,
            Encoding::Packed(packing) => Some(Box::new(Inflate::new(packing)?)),
            Encoding::Unreadable => return None,
        };
        Some(Self { packed, body: Body::new(framing) })
    }

    /// Memory that this takes at the most, bytes.
    pub fn memory(&self) -> usize {
        let packed = if self.packed.is_some() { Inflate::MEMORY } else { 0 };
        let framed = if self.body.frames.is_some() { size_of::<Framed>() } else { 0 };
        // Of what is found, two names and some counts of Bedrock's are kept apart.
        size_of::<Self>().saturating_add(packed).saturating_add(framed).saturating_add(1024)
    }

    /// Whether the body comes as events: the answer is streamed.
    pub fn is_stream(&self) -> bool {
        self.body.framing != Framing::Json
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { packed, body } = self;
        match packed {
            Some(inflate) => inflate.feed(bytes, |bytes| body.feed(bytes)),
            None => body.feed(bytes),
        }
    }

    /// No more will come.
    pub fn finish(&mut self) {
        self.body.finish();
        if self.packed.as_ref().is_some_and(|inflate| !inflate.is_complete()) {
            self.body.counts.damage();
        }
    }

    /// What Bedrock's response headers count (`x-amzn-bedrock-…-token-count`: input, output, cache read, cache
    /// write), for the invoked models whose bodies count nothing.
    pub fn note_bedrock_headers(&mut self, counts: [Option<&[u8]>; 4]) {
        self.body.counts.note_headers(counts);
    }

    /// Whether any piece of the model's answer has gone by: text, reasoning, a tool call's arguments or a
    /// refusal; a role, a ping or an empty string is none.
    pub fn has_content(&self) -> bool {
        self.body.counts.has_content()
    }

    /// What has been found so far.
    pub fn counts(&self) -> &Counts {
        &self.body.counts
    }
}

impl Body {
    fn new(framing: Framing) -> Self {
        let (documents, root) = match framing {
            Framing::Json => (Documents::One, Node::Root),
            Framing::Lines | Framing::Sse => (Documents::Many, Node::Root),
            Framing::Frames => (Documents::Many, Node::Frame),
        };
        let framed = || Framed {
            frames: frames::Frames::new(),
            digits: base64::Decoder::default(),
            chunk: Scanner::new(Node::Chunk),
        };
        Self {
            framing,
            begun: false,
            lines: sse::Lines::new(),
            frames: (framing == Framing::Frames).then(|| Box::new(framed())),
            document: Scanner::new(root),
            counts: Counts::new(documents),
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        // Some servers call their events JSON. No JSON begins like an event.
        if let (false, Some(first)) = (self.begun, bytes.first()) {
            self.begun = true;
            if self.framing == Framing::Json && matches!(first, b'd' | b'e' | b':') {
                self.framing = Framing::Sse;
                self.counts.expect_many();
            }
        }
        let Self { framing, lines, frames, document, counts, .. } = self;
        if counts.has_content() {
            document.skip_content();
        }
        match (framing, frames) {
            (Framing::Json | Framing::Lines, _) => {
                document.feed(bytes, &mut |node, value| counts.take(node, value))
            }
            (Framing::Sse, _) => lines.feed(bytes, |piece| match piece {
                sse::Piece::Data(data) => document.feed(data, &mut |node, value| counts.take(node, value)),
                sse::Piece::EndOfEvent => end(document, counts),
            }),
            (Framing::Frames, Some(framed)) => framed.feed(bytes, document, counts),
            (Framing::Frames, None) => {}
        }
    }

    fn finish(&mut self) {
        if self.framing == Framing::Json && self.document.has_given_up() {
            self.counts.damage();
        }
        if self.frames.as_ref().is_some_and(|framed| !framed.frames.is_between()) {
            self.counts.damage();
        }
        end(&mut self.document, &mut self.counts);
    }
}

/// A document is over.
fn end(document: &mut Scanner, counts: &mut Counts) {
    if document.end() == End::Broken {
        counts.damage();
    }
}

impl Framed {
    fn feed(&mut self, bytes: &[u8], payload: &mut Scanner, counts: &mut Counts) {
        let Self { frames, digits, chunk } = self;
        if counts.has_content() {
            chunk.skip_content();
        }
        frames.feed(bytes, |piece| match piece {
            frames::Piece::Payload(data) => payload.feed(data, &mut |node, value| match (node, value) {
                (Node::Bytes, Value::Piece(text)) => digits.feed(text, |bytes| {
                    chunk.feed(bytes, &mut |node, value| counts.take(node, value));
                }),
                (Node::Bytes, Value::End) => {
                    digits.end(|bytes| chunk.feed(bytes, &mut |node, value| counts.take(node, value)));
                    end(chunk, counts);
                }
                _ => counts.take(node, value),
            }),
            frames::Piece::End { exception } => {
                if exception {
                    counts.fail();
                }
                end(payload, counts);
            }
            frames::Piece::Broken => counts.damage(),
        });
    }
}

#[cfg(test)]
mod tests;
