//! Amazon's event stream (`application/vnd.amazon.eventstream`): binary frames with headers, a payload and two
//! checksums, taken in at any cut. Knows nothing of what the payloads are.

use super::crc32::Crc32;

/// The longest frame; the format's own limit for a payload is 16 MiB.
const MAX_FRAME: u32 = 24 * 1024 * 1024;
/// The format's own limit.
const MAX_HEADERS: u32 = 128 * 1024;
const PRELUDE: usize = 12;
/// The prelude and the message's checksum.
const AROUND: u32 = 16;
/// As much of a frame's headers as is looked at.
const KEPT_HEADERS: usize = 256;

/// A piece of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes of the payload.
    Payload(&'a [u8]),
    /// The frame is complete and its checksum right.
    End {
        /// Its headers say that it is an exception.
        exception: bool,
    },
    /// This is no event stream; nothing more will be given.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Prelude,
    Headers(u32),
    Payload(u32),
    Checksum,
    Broken,
}

/// Where in a stream of frames the last byte left us.
#[derive(Debug)]
pub struct Frames {
    part: Part,
    /// Bytes of the prelude or of the checksum.
    fixed: [u8; PRELUDE],
    length: usize,
    payload: u32,
    checksum: Crc32,
    headers: [u8; KEPT_HEADERS],
    headers_length: usize,
}

impl Frames {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self {
            part: Part::Prelude,
            fixed: [0; PRELUDE],
            length: 0,
            payload: 0,
            checksum: Crc32::new(),
            headers: [0; KEPT_HEADERS],
            headers_length: 0,
        }
    }

    /// Whether the last byte was a frame's last.
    pub fn is_between(&self) -> bool {
        self.part == Part::Prelude && self.length == 0
    }

    /// Takes the next bytes and gives the pieces in them.
    pub fn feed(&mut self, mut input: &[u8], mut give: impl FnMut(Piece<'_>)) {
        while !input.is_empty() && self.part != Part::Broken {
            input = match self.part {
                Part::Prelude => self.fixed(input, PRELUDE, &mut give),
                Part::Headers(left) => {
                    let (headers, rest) = take(input, left);
                    self.checksum.update(headers);
                    self.keep(headers);
                    self.part = Part::Headers(left.saturating_sub(count(headers)));
                    self.skip_empty();
                    rest
                }
                Part::Payload(left) => {
                    let (payload, rest) = take(input, left);
                    self.checksum.update(payload);
                    give(Piece::Payload(payload));
                    self.part = Part::Payload(left.saturating_sub(count(payload)));
                    self.skip_empty();
                    rest
                }
                Part::Checksum => self.fixed(input, 4, &mut give),
                Part::Broken => return,
            };
        }
    }

    /// Collects what has a fixed length.
    fn fixed<'a>(
        &mut self,
        mut input: &'a [u8],
        wanted: usize,
        give: &mut impl FnMut(Piece<'_>),
    ) -> &'a [u8] {
        while self.length < wanted {
            let Some((byte, rest)) = input.split_first() else { return input };
            if let Some(place) = self.fixed.get_mut(self.length) {
                *place = *byte;
            }
            self.length = self.length.saturating_add(1);
            input = rest;
        }
        self.length = 0;
        let good = if self.part == Part::Prelude { self.begin() } else { self.end(give) };
        if !good {
            self.part = Part::Broken;
            give(Piece::Broken);
        }
        input
    }

    fn begin(&mut self) -> bool {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.fixed;
        let total = u32::from_be_bytes([a, b, c, d]);
        let headers = u32::from_be_bytes([e, f, g, h]);
        if Crc32::of(&[a, b, c, d, e, f, g, h]) != u32::from_be_bytes([i, j, k, l]) {
            return false;
        }
        let payload = total.checked_sub(AROUND).and_then(|rest| rest.checked_sub(headers));
        let Some(payload) = payload.filter(|_| total <= MAX_FRAME && headers <= MAX_HEADERS) else {
            return false;
        };
        self.checksum = Crc32::new();
        self.checksum.update(&self.fixed);
        self.headers_length = 0;
        self.payload = payload;
        self.part = Part::Headers(headers);
        self.skip_empty();
        true
    }

    fn end(&mut self, give: &mut impl FnMut(Piece<'_>)) -> bool {
        let [a, b, c, d, ..] = self.fixed;
        if self.checksum.value() != u32::from_be_bytes([a, b, c, d]) {
            return false;
        }
        self.part = Part::Prelude;
        give(Piece::End { exception: self.is_exception() });
        true
    }

    /// Goes on from a part of which nothing is left.
    fn skip_empty(&mut self) {
        if self.part == Part::Headers(0) {
            self.part = Part::Payload(self.payload);
        }
        if self.part == Part::Payload(0) {
            self.part = Part::Checksum;
        }
    }

    fn keep(&mut self, headers: &[u8]) {
        let room = self.headers.get_mut(self.headers_length..).unwrap_or_default();
        let kept = room.len().min(headers.len());
        room.iter_mut().zip(headers).for_each(|(room, byte)| *room = *byte);
        self.headers_length = self.headers_length.saturating_add(kept);
    }

    /// Whether one of the headers is `:message-type` with `exception` or `error`, or an `:exception-type`.
    fn is_exception(&self) -> bool {
        let mut rest = self.headers.get(..self.headers_length).unwrap_or_default();
        while let Some((name, value, after)) = header(rest) {
            if name == b":exception-type"
                || (name == b":message-type" && matches!(value, b"exception" | b"error"))
            {
                return true;
            }
            rest = after;
        }
        false
    }
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

/// The next header: its name, its value if that is text, and what comes after it.
fn header(input: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, input) = input.split_first()?;
    let (name, input) = input.split_at_checked(usize::from(*length))?;
    let (kind, input) = input.split_first()?;
    let (size, input) = match kind {
        0 | 1 => (0, input),
        2 => (1, input),
        3 => (2, input),
        4 => (4, input),
        5 | 8 => (8, input),
        9 => (16, input),
        6 | 7 => {
            let (size, input) = input.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*size)), input)
        }
        _ => return None,
    };
    let (value, rest) = input.split_at_checked(size)?;
    Some((name, value, rest))
}

fn take(input: &[u8], most: u32) -> (&[u8], &[u8]) {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    input.split_at_checked(most).unwrap_or((input, &[]))
}

fn count(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
