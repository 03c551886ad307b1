//! Server-sent events, line by line, without keeping a line. Knows nothing of what the data are.

use memchr::memchr2;

/// A piece of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes of the event's data; lines are joined by a line feed.
    Data(&'a [u8]),
    /// The event is complete.
    EndOfEvent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// In the field's name, that many bytes of which matched `data`; `None` once they did not.
    Name(Option<u8>),
    /// Behind `data:`, before the one space that may follow.
    BeforeData,
    /// In the data, or in what stands bare where an event should.
    Data,
    /// In anything else: a comment, another field.
    Other,
}

const FIELD: &[u8] = b"data";

/// Where in a stream of lines the last byte left us.
#[derive(Debug)]
pub struct Lines {
    line: Line,
    /// Nothing has come on this line yet.
    blank: bool,
    /// A line of this event began with a brace: some servers append an error to their events as it is, and
    /// some answer with JSON under the name of events.
    bare: bool,
    /// The last byte was a carriage return: a line feed now ends no further line.
    after_return: bool,
}

impl Lines {
    /// At the beginning of a stream.
    pub const fn new() -> Self {
        Self { line: Line::Name(Some(0)), blank: true, bare: false, after_return: false }
    }

    /// Takes the next bytes and gives the pieces in them.
    pub fn feed(&mut self, mut input: &[u8], mut give: impl FnMut(Piece<'_>)) {
        while let Some((first, rest)) = input.split_first() {
            if self.after_return {
                self.after_return = false;
                if *first == b'\n' {
                    input = rest;
                    continue;
                }
            }
            if matches!(first, b'\n' | b'\r') {
                self.end_line(&mut give);
                self.after_return = *first == b'\r';
                input = rest;
                continue;
            }
            if self.blank {
                self.blank = false;
                self.bare |= *first == b'{';
                if self.bare {
                    self.line = Line::Data;
                }
            }
            match self.line {
                Line::Name(matched) => {
                    self.line = after_name(matched, *first);
                    input = rest;
                }
                Line::BeforeData => {
                    self.line = Line::Data;
                    if *first == b' ' {
                        input = rest;
                    }
                }
                Line::Data | Line::Other => {
                    let end = memchr2(b'\n', b'\r', input).unwrap_or(input.len());
                    let (line, after) = input.split_at_checked(end).unwrap_or((input, &[]));
                    if self.line == Line::Data {
                        give(Piece::Data(line));
                    }
                    input = after;
                }
            }
        }
    }

    fn end_line(&mut self, give: &mut impl FnMut(Piece<'_>)) {
        if self.blank {
            self.bare = false;
            give(Piece::EndOfEvent);
        } else if matches!(self.line, Line::Data | Line::BeforeData) {
            give(Piece::Data(b"\n"));
        }
        self.line = Line::Name(Some(0));
        self.blank = true;
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

fn after_name(matched: Option<u8>, byte: u8) -> Line {
    let Some(matched) = matched else { return Line::Other };
    match FIELD.get(usize::from(matched)) {
        Some(expected) if *expected == byte => Line::Name(Some(matched.saturating_add(1))),
        // A byte-order mark may stand before the first line.
        Some(_) if matched == 0 && matches!(byte, 0xef | 0xbb | 0xbf) => Line::Name(Some(0)),
        None if byte == b':' => Line::BeforeData,
        _ => Line::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn events(input: &[u8], cut: usize) -> Vec<String> {
        let mut lines = Lines::new();
        let mut events = Vec::new();
        let mut data = Vec::new();
        for chunk in input.chunks(cut.max(1)) {
            lines.feed(chunk, |piece| match piece {
                Piece::Data(bytes) => data.extend_from_slice(bytes),
                Piece::EndOfEvent => events.push(String::from_utf8(std::mem::take(&mut data)).unwrap()),
            });
        }
        events
    }

    fn check(input: &str, expected: &[&str]) {
        for cut in 1..=input.len().max(1) {
            assert_eq!(events(input.as_bytes(), cut), expected, "{input:?} cut every {cut} bytes");
        }
    }

    test! {
        fn all_line_ends_are_one() {
            for end in ["\n", "\r\n", "\r"] {
                check(&"data: a~data: b~~data:c~~".replace('~', end), &["a\nb\n", "c\n"]);
            }
        }

        fn only_data_are_given() {
            check(": ping\n\n", &[""]);
            check("event: x\ndata: 1\nid: 7\n\n", &["1\n"]);
            check("data: 1\nevent: x\n\n", &["1\n"]);
            check("datas: 1\ndat: 2\nxdata: 3\ndata\n\n", &[""]);
            check("data:  two\n\n", &[" two\n"]);
            check("data:\n\n", &["\n"]);
            check("data: unfinished", &[]);
            check("\u{feff}data: 1\n\n", &["1\n"]);
        }

        fn what_stands_bare_is_given_as_it_is() {
            check("data: 1\n\n{\n \"error\": 2}\n\ndata: 3\n\n", &["1\n", "{\n \"error\": 2}\n", "3\n"]);
        }
    }
}
