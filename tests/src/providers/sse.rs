//! Server-sent events as bytes.

use bytes::Bytes;
use serde_json::Value;

use super::piece::Piece;

/// `data: …` with LF line ends.
pub(super) fn data(value: &Value) -> Piece {
    Piece::silent(format!("data: {value}\n\n"))
}

/// `event: …` and `data: …` with LF line ends.
pub(super) fn named(event: &str, value: &Value) -> Piece {
    Piece::silent(format!("event: {event}\ndata: {value}\n\n"))
}

/// `data: …` with CRLF line ends.
pub(super) fn data_crlf(value: &Value) -> Piece {
    Piece::silent(format!("data: {value}\r\n\r\n"))
}

/// The marker that ends an OpenAI stream.
pub(super) fn done() -> Piece {
    Piece::silent(Bytes::from_static(b"data: [DONE]\n\n"))
}

/// A comment line.
pub(super) fn comment(text: &str) -> Piece {
    Piece::silent(format!(": {text}\n\n"))
}
