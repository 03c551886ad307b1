//! An incremental JSON scanner: follows the few paths of [`shape`](super::shape) and skips all else.
//!
//! It checks no more of the grammar than it needs to keep its place: a document that is not JSON may be
//! scanned to the end or given up, but never read out of place. Memory is fixed: strings that matter are
//! kept up to [`MAX_TEXT`] bytes, nesting is followed up to [`MAX_DEPTH`].

use memchr::memchr2;

use super::shape::{Node, Value};

/// The longest key or value that is looked at; a longer one matches nothing.
pub const MAX_TEXT: usize = 96;
/// The deepest nesting that is followed; a deeper document is given up.
pub const MAX_DEPTH: u8 = 128;
/// How deep the paths of interest go.
const PATH: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value is due.
    Value,
    /// A key, or the object's end, is due.
    Key,
    Colon,
    /// A comma or the container's end is due.
    After,
    /// In a string; `key` or a value.
    Text {
        key: bool,
    },
    /// Behind a backslash in a string.
    Escape {
        key: bool,
    },
    /// In the digits of a `\u` escape, that many left.
    Unicode {
        key: bool,
        left: u8,
    },
    Number,
    Literal,
    /// Not JSON, or nested too deep: nothing is read until the next document.
    GivenUp,
}

/// Scans one document after another.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    depth: u8,
    /// Bit n: the container at depth n+1 is an object.
    objects: u128,
    /// The nodes of the containers that we are in, outermost first.
    path: [Node; PATH],
    /// The node of the value that is due or at hand.
    node: Node,
    text: [u8; MAX_TEXT],
    length: usize,
    overlong: bool,
}

impl Scanner {
    /// At the beginning of a document.
    pub const fn new() -> Self {
        Self {
            state: State::Value,
            depth: 0,
            objects: 0,
            path: [Node::Skip; PATH],
            node: Node::Top,
            text: [0; MAX_TEXT],
            length: 0,
            overlong: false,
        }
    }

    /// Ends the document, whether complete or not, and waits for the next.
    pub fn reset(&mut self, found: &mut impl FnMut(Node, Value<'_>)) {
        if self.depth == 0 && self.state == State::Number {
            self.end_scalar(found);
        }
        self.state = State::Value;
        self.depth = 0;
        self.objects = 0;
        self.node = Node::Top;
        self.clear_text();
    }

    /// Takes the next bytes of the document.
    pub fn feed(&mut self, mut input: &[u8], found: &mut impl FnMut(Node, Value<'_>)) {
        while let Some((byte, rest)) = input.split_first() {
            input = match self.state {
                State::Text { key } => self.text(input, key, found),
                State::Escape { key } => {
                    self.escape(*byte, key);
                    rest
                }
                State::Unicode { key, left } => {
                    self.state =
                        if left > 1 { State::Unicode { key, left: left - 1 } } else { State::Text { key } };
                    rest
                }
                State::Number | State::Literal => {
                    if is_scalar(*byte) {
                        self.keep(&[*byte]);
                        rest
                    } else {
                        // The byte that ends a scalar is looked at again as what comes after it.
                        self.end_scalar(found);
                        input
                    }
                }
                State::GivenUp => return,
                State::Value | State::Key | State::Colon | State::After => {
                    self.structure(*byte, found);
                    rest
                }
            };
        }
    }

    /// Inside a string: takes all up to what ends or escapes, and returns what is left.
    fn text<'a>(&mut self, input: &'a [u8], key: bool, found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        let end = memchr2(b'"', b'\\', input).unwrap_or(input.len());
        let (text, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
        if key || self.node != Node::Skip {
            self.keep(text);
        }
        let Some((mark, rest)) = rest.split_first() else { return rest };
        if *mark == b'\\' {
            self.state = State::Escape { key };
        } else if key {
            self.end_key();
        } else {
            let value = Value::Text { text: self.kept(), whole: !self.overlong };
            found(self.node, value);
            self.end_value();
        }
        rest
    }

    fn escape(&mut self, byte: u8, key: bool) {
        self.state = State::Text { key };
        match byte {
            b'u' => {
                // No key or value of interest needs an escape beyond ASCII: it stands as a question mark.
                self.keep(b"?");
                self.state = State::Unicode { key, left: 4 };
            }
            b'n' => self.keep(b"\n"),
            b't' => self.keep(b"\t"),
            b'r' => self.keep(b"\r"),
            b'b' | b'f' => self.keep(b" "),
            other => self.keep(&[other]),
        }
    }

    fn structure(&mut self, byte: u8, found: &mut impl FnMut(Node, Value<'_>)) {
        if byte.is_ascii_whitespace() {
            return;
        }
        match (self.state, byte) {
            (State::Value, b'{') => self.open(true, found),
            (State::Value, b'[') => self.open(false, found),
            (State::Value, b'"') => self.begin(State::Text { key: false }),
            (State::Value, b'-' | b'0'..=b'9') => {
                self.begin(State::Number);
                self.keep(&[byte]);
            }
            (State::Value, b't' | b'f' | b'n') => {
                self.begin(State::Literal);
                self.keep(&[byte]);
            }
            (State::Value | State::After, b']') if !self.in_object() => self.close(found),
            (State::Key | State::After, b'}') if self.in_object() => self.close(found),
            (State::Key, b'"') => self.begin(State::Text { key: true }),
            (State::Colon, b':') => self.state = State::Value,
            (State::After, b',') if self.depth > 0 => {
                if self.in_object() {
                    self.state = State::Key;
                } else {
                    self.node = self.container().element();
                    self.state = State::Value;
                }
            }
            // Documents one after another, as in line-delimited JSON.
            (State::After, b'{' | b'[') if self.depth == 0 => {
                self.node = Node::Top;
                self.state = State::Value;
                self.structure(byte, found);
            }
            _ => self.state = State::GivenUp,
        }
    }

    fn open(&mut self, object: bool, found: &mut impl FnMut(Node, Value<'_>)) {
        if self.depth >= MAX_DEPTH {
            self.state = State::GivenUp;
            return;
        }
        let node = if self.node == Node::Top && object { Node::Root } else { self.node };
        if object {
            found(node, Value::Object);
        }
        if let Some(slot) = self.path.get_mut(usize::from(self.depth)) {
            *slot = node;
        }
        let bit = 1u128 << self.depth;
        self.objects = if object { self.objects | bit } else { self.objects & !bit };
        self.depth = self.depth.saturating_add(1);
        if object {
            self.state = State::Key;
        } else {
            self.node = self.container().element();
            self.state = State::Value;
        }
    }

    fn close(&mut self, found: &mut impl FnMut(Node, Value<'_>)) {
        if self.depth == 0 {
            self.state = State::GivenUp;
            return;
        }
        found(self.container(), Value::End);
        self.depth = self.depth.saturating_sub(1);
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = State::After;
    }

    fn end_key(&mut self) {
        let container = self.container();
        self.node = if self.overlong { Node::Skip } else { container.child(self.kept()) };
        self.state = State::Colon;
    }

    fn end_scalar(&mut self, found: &mut impl FnMut(Node, Value<'_>)) {
        if self.node != Node::Skip && !self.overlong {
            let value = match (self.state, self.kept()) {
                (State::Number, digits) => Value::Number(digits),
                (_, b"null") => Value::Null,
                _ => Value::Other,
            };
            found(self.node, value);
        }
        self.end_value();
    }

    fn begin(&mut self, state: State) {
        self.clear_text();
        self.state = state;
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.objects & (1u128 << self.depth.saturating_sub(1)) != 0
    }

    /// The node of the container that we are in.
    fn container(&self) -> Node {
        let innermost = self.depth.checked_sub(1).map(usize::from);
        innermost.and_then(|at| self.path.get(at)).copied().unwrap_or(Node::Skip)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        match self.text.get_mut(self.length..end) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.length = end;
            }
            None => self.overlong = true,
        }
    }

    fn kept(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }

    fn clear_text(&mut self) {
        self.length = 0;
        self.overlong = false;
    }
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
