//! An incremental JSON scanner: follows the few paths of [`shape`](super::shape) and skips all else.
//!
//! It checks no more of the grammar than it needs to keep its place: a document that is not JSON may be
//! scanned to the end or given up, but never read out of place. Memory is fixed: strings that matter are
//! kept up to [`MAX_TEXT`] bytes; what is skipped may nest as it likes.

mod marks;

use marks::{TextEnd, next_mark, to_end_of_text};
use memchr::memchr2;

use super::node::{Node, Value};

/// The longest key or value that is looked at; a longer one matches nothing.
pub const MAX_TEXT: usize = 96;
/// How deep the paths of interest go, and a little deeper.
const PATH: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value is due.
    Value,
    /// A key, or the object's end, is due.
    Key,
    Colon,
    /// A comma or the container's end is due.
    After,
    /// In a string that is kept or given in pieces.
    Text(Role),
    /// Behind a backslash in one.
    Escape(Role),
    /// In the digits of a `\u` escape, that many left.
    Unicode(Role, u8),
    /// At the first byte of a piece of content: all that matters is whether there is one.
    First,
    /// In a string of no interest.
    Plain,
    PlainEscape,
    Number,
    Literal,
    /// In a container of no interest.
    Skip,
    SkipText,
    SkipEscape,
    /// Not JSON: nothing is read until the next document.
    GivenUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Value,
    Pieces,
}

/// How a document ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing came, or a complete document, or what never looked like an object.
    Clean,
    /// An object began that could not be followed to its end.
    Broken,
}

/// Scans one document after another.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    /// What an outermost object is.
    root: Node,
    /// The node of the value that is due or at hand.
    node: Node,
    depth: u8,
    /// Bit n: the container at depth n+1 is an object.
    objects: u16,
    /// The document began with a brace or a bracket.
    begun: bool,
    overlong: bool,
    /// Whether pieces of the answer are no longer looked for.
    content_known: bool,
    length: u8,
    /// How deep we are inside a container of no interest.
    skipped: u32,
    /// The nodes of the containers that we are in, outermost first.
    path: [Node; PATH],
    text: [u8; MAX_TEXT],
}

impl Scanner {
    /// At the beginning of a document whose outermost object is a `root`.
    pub const fn new(root: Node) -> Self {
        Self {
            state: State::Value,
            root,
            node: Node::Top,
            depth: 0,
            objects: 0,
            begun: false,
            overlong: false,
            content_known: false,
            length: 0,
            skipped: 0,
            path: [Node::Skip; PATH],
            text: [0; MAX_TEXT],
        }
    }

    /// From now on pieces of the answer are skipped like all else.
    pub fn skip_content(&mut self) {
        self.content_known = true;
    }

    /// Ends the document, whether complete or not, and waits for the next.
    pub fn end(&mut self) -> End {
        let broken = self.begun && (self.depth > 0 || !matches!(self.state, State::After | State::Value));
        self.state = State::Value;
        self.node = Node::Top;
        self.depth = 0;
        self.objects = 0;
        self.begun = false;
        self.length = 0;
        self.overlong = false;
        self.skipped = 0;
        if broken { End::Broken } else { End::Clean }
    }

    /// Whether what came cannot be JSON.
    pub fn has_given_up(&self) -> bool {
        self.state == State::GivenUp
    }

    /// Takes the next bytes of the document.
    pub fn feed(&mut self, mut input: &[u8], found: &mut impl FnMut(Node, Value<'_>)) {
        while !input.is_empty() {
            input = match self.state {
                State::Value | State::Key | State::Colon | State::After => self.structure(input, found),
                State::Text(role) => self.text(input, role, found),
                State::Skip => self.skip(input),
                State::SkipText => self.skip_text(input),
                State::Plain => self.plain(input),
                State::GivenUp => return,
                State::Number | State::Literal => self.scalar(input, found),
                State::First => self.first(input, found),
                State::Escape(_) | State::Unicode(..) | State::PlainEscape | State::SkipEscape => {
                    self.escaped(input, found)
                }
            };
        }
    }

    fn structure<'a>(&mut self, input: &'a [u8], found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        let Some((byte, rest)) = input.split_first() else { return input };
        match (self.state, *byte) {
            (_, b' ' | b'\n' | b'\r' | b'\t') => {}
            (State::Key, b'"') => return self.key(rest),
            (State::Colon, b':') => self.state = State::Value,
            (State::Value, b'"') => {
                self.begin_text();
                return rest;
            }
            (State::Value, b'-' | b'0'..=b'9') => return self.begin_scalar(State::Number, input, found),
            (State::Value, b't' | b'f' | b'n') => return self.begin_scalar(State::Literal, input, found),
            (State::After, b',') if self.depth > 0 => {
                if self.in_object() {
                    self.state = State::Key;
                } else {
                    self.node = self.element();
                    self.state = State::Value;
                }
            }
            (State::Value, b'{') => self.open(true, found),
            (State::Value, b'[') => self.open(false, found),
            (State::Key | State::After, b'}') if self.in_object() => self.close(found),
            (State::Value | State::After, b']') if self.depth > 0 && !self.in_object() => self.close(found),
            // Documents one after another, as in line-delimited JSON.
            (State::After, b'{' | b'[') if self.depth == 0 => {
                self.node = Node::Top;
                self.open(*byte == b'{', found);
            }
            // A byte-order mark.
            (State::Value, 0xef | 0xbb | 0xbf) if self.node == Node::Top => {}
            (State::Value, b'D') if self.depth == 1 && self.container() == Node::Top => {
                self.begun = false;
                self.state = State::GivenUp;
                found(Node::Top, Value::Done);
            }
            _ => self.state = State::GivenUp,
        }
        rest
    }

    /// Behind the quote that begins a key.
    fn key<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        self.length = 0;
        self.overlong = false;
        // Most keys are here whole, short, and without escapes.
        let end = input.iter().take(MAX_TEXT).position(|byte| matches!(byte, b'"' | b'\\'));
        if let Some((key, rest)) = end.and_then(|end| input.split_at_checked(end))
            && let Some((b'"', rest)) = rest.split_first()
        {
            self.enter(self.container().child(key));
            return rest;
        }
        self.state = State::Text(Role::Key);
        input
    }

    /// A key is complete, and its value is a `node`.
    fn enter(&mut self, node: Node) {
        self.node = if self.content_known && node.is_content() { Node::Skip } else { node };
        self.state = State::Colon;
    }

    fn begin_text(&mut self) {
        self.length = 0;
        self.overlong = false;
        self.state = match self.node {
            Node::Bytes => State::Text(Role::Pieces),
            Node::Content | Node::Delta | Node::Response | Node::Error | Node::Action | Node::Piece => {
                State::First
            }
            node if node.wants_text() => State::Text(Role::Value),
            _ => State::Plain,
        };
    }

    fn first<'a>(&mut self, input: &'a [u8], found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        if input.first() != Some(&b'"') {
            found(self.node, Value::Piece(b""));
        }
        self.state = State::Plain;
        input
    }

    /// Inside a string: takes all up to what ends or escapes, and returns what is left.
    fn text<'a>(&mut self, input: &'a [u8], role: Role, found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        let end = memchr2(b'"', b'\\', input).unwrap_or(input.len());
        let (text, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
        if !text.is_empty() {
            self.take_text(text, role, found);
        }
        let Some((mark, rest)) = rest.split_first() else { return rest };
        if *mark == b'\\' {
            self.state = State::Escape(role);
            return rest;
        }
        match role {
            Role::Key => {
                let node = if self.overlong { Node::Skip } else { self.container().child(self.kept()) };
                self.enter(node);
            }
            Role::Value => {
                if !self.overlong {
                    found(self.node, Value::Text(self.kept()));
                }
                self.state = State::After;
            }
            Role::Pieces => {
                found(self.node, Value::End);
                self.state = State::After;
            }
        }
        rest
    }

    fn take_text(&mut self, text: &[u8], role: Role, found: &mut impl FnMut(Node, Value<'_>)) {
        if role == Role::Pieces {
            found(self.node, Value::Piece(text));
        } else {
            self.keep(text);
        }
    }

    /// The one byte behind a backslash, or one of a `\u` escape.
    fn escaped<'a>(&mut self, input: &'a [u8], found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        let Some((byte, rest)) = input.split_first() else { return input };
        match self.state {
            State::PlainEscape => self.state = State::Plain,
            State::SkipEscape => self.state = State::SkipText,
            State::Escape(role) => {
                self.state = State::Text(role);
                let text = match byte {
                    // No text of interest needs an escape beyond ASCII: it stands as a question mark.
                    b'u' => {
                        self.state = State::Unicode(role, 4);
                        b'?'
                    }
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' | b'f' => b' ',
                    other => *other,
                };
                self.take_text(&[text], role, found);
            }
            State::Unicode(role, left) if left > 1 => {
                self.state = State::Unicode(role, left.saturating_sub(1));
            }
            State::Unicode(role, _) => self.state = State::Text(role),
            _ => {}
        }
        rest
    }

    fn plain<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let (rest, end) = to_end_of_text(input);
        match end {
            TextEnd::Quote => self.state = State::After,
            TextEnd::Backslash => self.state = State::PlainEscape,
            TextEnd::None => {}
        }
        rest
    }

    fn skip_text<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let (rest, end) = to_end_of_text(input);
        match end {
            TextEnd::Quote => self.state = State::Skip,
            TextEnd::Backslash => self.state = State::SkipEscape,
            TextEnd::None => {}
        }
        rest
    }

    /// Inside a container of no interest: only strings and depth count.
    fn skip<'a>(&mut self, mut input: &'a [u8]) -> &'a [u8] {
        loop {
            let (_, rest) = input.split_at_checked(next_mark(input)).unwrap_or((&[], &[]));
            let Some((mark, rest)) = rest.split_first() else { return rest };
            match mark {
                b'"' => {
                    self.state = State::SkipText;
                    input = self.skip_text(rest);
                    if self.state != State::Skip {
                        return input;
                    }
                    continue;
                }
                b'{' | b'[' => self.skipped = self.skipped.saturating_add(1),
                _ => {
                    self.skipped = self.skipped.saturating_sub(1);
                    if self.skipped == 0 {
                        self.state = State::After;
                        return rest;
                    }
                }
            }
            input = rest;
        }
    }

    fn begin_scalar<'a>(
        &mut self,
        state: State,
        input: &'a [u8],
        found: &mut impl FnMut(Node, Value<'_>),
    ) -> &'a [u8] {
        self.state = state;
        self.length = 0;
        self.overlong = false;
        self.scalar(input, found)
    }

    fn scalar<'a>(&mut self, input: &'a [u8], found: &mut impl FnMut(Node, Value<'_>)) -> &'a [u8] {
        let end = input.iter().position(|byte| !is_scalar(*byte));
        let (text, rest) = input.split_at_checked(end.unwrap_or(input.len())).unwrap_or((input, &[]));
        if self.node == Node::Skip {
            if end.is_some() {
                self.state = State::After;
            }
            return rest;
        }
        if end.is_some() && self.length == 0 && !self.overlong {
            self.end_scalar(text, found);
        } else {
            self.keep(text);
            if end.is_some() {
                let text = self.text;
                let text = text.get(..usize::from(self.length)).filter(|_| !self.overlong);
                self.end_scalar(text.unwrap_or_default(), found);
            }
        }
        rest
    }

    /// The byte that ended the scalar is looked at again as what comes after it.
    fn end_scalar(&mut self, text: &[u8], found: &mut impl FnMut(Node, Value<'_>)) {
        match (self.state, text) {
            (_, b"") => {}
            (State::Number, digits) => found(self.node, Value::Number(digits)),
            (_, b"true") => found(self.node, Value::True),
            (_, b"false") => found(self.node, Value::False),
            (_, b"null") => found(self.node, Value::Null),
            _ => {}
        }
        self.state = State::After;
    }

    fn open(&mut self, object: bool, found: &mut impl FnMut(Node, Value<'_>)) {
        self.begun = true;
        if object && matches!(self.node, Node::Error | Node::Action) {
            found(self.node, Value::Begin);
        }
        let node = match self.node {
            Node::Top if object => self.root,
            Node::Root if object => self.root,
            node => node.opened(object),
        };
        if node == Node::Skip || (self.content_known && node.is_content()) {
            self.skipped = 1;
            self.state = State::Skip;
            return;
        }
        let Some(slot) = self.path.get_mut(usize::from(self.depth)) else {
            self.state = State::GivenUp;
            return;
        };
        *slot = node;
        let bit = 1u16.checked_shl(u32::from(self.depth)).unwrap_or(0);
        self.objects = if object { self.objects | bit } else { self.objects & !bit };
        self.depth = self.depth.saturating_add(1);
        found(node, Value::Begin);
        if object {
            self.state = State::Key;
        } else {
            self.node = self.element();
            self.state = State::Value;
        }
    }

    fn close(&mut self, found: &mut impl FnMut(Node, Value<'_>)) {
        let node = self.container();
        self.depth = self.depth.saturating_sub(1);
        self.state = State::After;
        found(node, Value::End);
        if self.depth == 0 && node != Node::Top {
            found(Node::Top, Value::End);
        }
    }

    fn in_object(&self) -> bool {
        let bit = u32::from(self.depth).checked_sub(1).and_then(|above| 1u16.checked_shl(above));
        bit.is_some_and(|bit| self.objects & bit != 0)
    }

    /// The node of the container that we are in.
    fn container(&self) -> Node {
        let innermost = self.depth.checked_sub(1).map(usize::from);
        innermost.and_then(|at| self.path.get(at)).copied().unwrap_or(Node::Skip)
    }

    fn element(&self) -> Node {
        let node = self.container().element();
        if self.content_known && node.is_content() { Node::Skip } else { node }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        let end = start.saturating_add(bytes.len());
        match (self.text.get_mut(start..end), u8::try_from(end)) {
            (Some(room), Ok(length)) => {
                room.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
                self.length = length;
            }
            _ => self.overlong = true,
        }
    }

    fn kept(&self) -> &[u8] {
        self.text.get(..usize::from(self.length)).unwrap_or_default()
    }
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
