//! Small bodies of each shape that a filter looks into, and what damages them.

use crate::random::Random;

/// Media type, content coding, and the body.
pub type Body = (&'static str, &'static str, &'static [u8]);

/// One of each shape.
pub const BODIES: &[Body] = &[
    ("application/json", "", include_bytes!("../bodies/chat.json")),
    ("application/json; charset=utf-8", "gzip", include_bytes!("../bodies/chat.json.gz")),
    ("application/json", "deflate", include_bytes!("../bodies/chat.json.zz")),
    ("application/json", "br", include_bytes!("../bodies/chat.json.gz")),
    ("text/event-stream", "", include_bytes!("../bodies/chat.sse")),
    ("text/event-stream; charset=utf-8", "", include_bytes!("../bodies/messages.sse")),
    ("application/vnd.amazon.eventstream", "", include_bytes!("../bodies/converse.eventstream")),
    ("application/json", "", include_bytes!("../bodies/gemini.json")),
    ("application/json", "", include_bytes!("../bodies/nested.json")),
    ("text/html", "", b"<html></html>"),
];

/// A body with some of its bytes changed, cut, doubled or moved; often left whole.
pub fn damaged(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => bytes = [bytes.get(at..).unwrap_or_default(), bytes.get(..at).unwrap_or_default()].concat(),
            2 => {
                let length = random.below(40);
                let noise = random.bytes(length);
                bytes.extend_from_slice(&noise);
            }
            3 => {
                let structure = random.one_of(b"{}[]\"\\\n\r:,-e");
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *structure;
                }
            }
            4 => {
                // A number with very many digits, a string without an end.
                let run = random.one_of(b"9[{\"a\\ ");
                let length = random.below(300);
                let tail = bytes.get(at..).unwrap_or_default().to_vec();
                bytes.truncate(at);
                bytes.extend(std::iter::repeat_n(*run, length));
                bytes.extend(tail);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    bytes
}

/// The body in pieces, cut anywhere.
pub fn pieces(random: &mut Random, body: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while !rest.is_empty() && pieces.len() < 12 {
        let (piece, after) = rest.split_at(1 + random.below(rest.len()));
        pieces.push(piece.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(rest.to_vec());
    }
    pieces
}
