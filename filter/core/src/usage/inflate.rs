//! Unpacks gzip and deflate as they come, at fixed memory, with cuts anywhere. Knows nothing of what is packed.
//!
//! Work is linear in what comes in and what goes out; what is unpacked is handed on in slices and only the
//! last 32 KiB of it are kept, as the format asks.

mod bits;
mod container;
mod header;
mod huffman;
mod symbols;
mod window;

use bits::Bits;
use container::{GzipHeader, Sum};
use huffman::{Code, Symbol};
use symbols::{distance_of, length_of};
use window::{WINDOW, Window};

/// The most bits that a length and a distance take together.
const MOST_BITS: u32 = 48;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Gzip, perhaps several members one after another.
    Gzip,
    /// HTTP's `deflate`: zlib, or as some servers send it, without zlib's header.
    Deflate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    GzipHeader(GzipHeader),
    /// At the first two bytes of `deflate`, which tell whether zlib's header is there.
    ZlibHeader,
    Block,
    StoredLength,
    Stored(u32),
    /// In a dynamic block's header: counts of codes, then the lengths of the codes for lengths, then lengths.
    CodeCounts,
    LengthLengths {
        left: u8,
    },
    Lengths,
    Codes,
    Trailer,
    /// Behind a gzip member; another may follow.
    Member,
    /// Behind the end, or in the zeros behind it.
    Done,
    Broken,
}

/// Whether a step could be made.
enum Step {
    Made,
    Starved,
    Invalid,
}

/// Unpacks one body.
#[derive(Debug)]
pub struct Inflate {
    state: State,
    bits: Bits,
    gzip_flags: u8,
    last_block: bool,
    /// The codes at hand are those that blocks without their own have.
    fixed: bool,
    /// How many literal and distance codes a dynamic block has, and how many lengths are known.
    literal_codes: u16,
    distance_codes: u16,
    known: u16,
    lengths: [u8; 320],
    literals: Code,
    distances: Code,
    window: Window,
}

impl Inflate {
    /// Memory that one takes, bytes.
    pub const MEMORY: usize = size_of::<Self>() + WINDOW;

    /// At the beginning of a body.
    pub fn new(packing: Packing) -> Option<Self> {
        let (state, sum) = match packing {
            Packing::Gzip => (State::GzipHeader(GzipHeader::Fixed(0)), Sum::gzip()),
            Packing::Deflate => (State::ZlibHeader, Sum::zlib()),
        };
        Some(Self {
            state,
            bits: Bits::default(),
            gzip_flags: 0,
            last_block: false,
            fixed: false,
            literal_codes: 0,
            distance_codes: 0,
            known: 0,
            lengths: [0; 320],
            literals: Code::EMPTY,
            distances: Code::EMPTY,
            window: Window::new(sum)?,
        })
    }

    /// Whether all that came was packed right, up to the end.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Member | State::Done)
    }

    /// Whether what came cannot be unpacked.
    pub fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Takes the next packed bytes and gives what they unpack to.
    pub fn feed(&mut self, mut input: &[u8], mut give: impl FnMut(&[u8])) {
        loop {
            let step = match self.state {
                State::Codes => self.codes(&mut input, &mut give),
                State::Stored(left) => self.stored(left, &mut input, &mut give),
                State::Broken => break,
                _ => {
                    self.bits.refill(&mut input);
                    self.step(&mut give)
                }
            };
            match step {
                Step::Made => {}
                Step::Starved if input.is_empty() => break,
                Step::Starved => self.bits.refill(&mut input),
                Step::Invalid => self.state = State::Broken,
            }
        }
        self.window.hand_on(&mut give);
    }

    /// All steps that need few bits.
    fn step(&mut self, give: &mut impl FnMut(&[u8])) -> Step {
        match self.state {
            State::GzipHeader(header) => {
                let Some(byte) = self.bits.take_byte() else {
                    return Step::Starved;
                };
                self.state = match header.take(byte, &mut self.gzip_flags) {
                    GzipHeader::Done => State::Block,
                    GzipHeader::Broken => State::Broken,
                    other => State::GzipHeader(other),
                };
                Step::Made
            }
            State::ZlibHeader => self.zlib_header(),
            State::Block => self.block(),
            State::StoredLength => {
                self.bits.align();
                if self.bits.count() < 32 {
                    return Step::Starved;
                }
                let (Some(length), Some(inverse)) = (self.bits.take(16), self.bits.take(16)) else {
                    return Step::Starved;
                };
                self.state = State::Stored(length.into());
                if length == !inverse { Step::Made } else { Step::Invalid }
            }
            State::CodeCounts => self.code_counts(),
            State::LengthLengths { left } => self.length_lengths(left),
            State::Lengths => self.code_lengths(),
            State::Trailer => self.trailer(give),
            State::Member => self.member(),
            State::Done => {
                // Zeros may pad the end; anything else behind it is not ours to judge.
                self.bits.clear();
                Step::Starved
            }
            State::Codes | State::Stored(_) => Step::Made,
            State::Broken => Step::Starved,
        }
    }

    fn zlib_header(&mut self) -> Step {
        if self.bits.count() < 16 {
            return Step::Starved;
        }
        let [method, flags, ..] = self.bits.peek().to_le_bytes();
        let zlib = method & 15 == 8
            && method >> 4 <= 7
            && flags & 0x20 == 0
            && u16::from_be_bytes([method, flags]) % 31 == 0;
        if zlib {
            self.bits.skip(16);
        } else {
            self.window.sum = Sum::Raw;
        }
        self.state = State::Block;
        Step::Made
    }

    fn block(&mut self) -> Step {
        let Some(header) = self.bits.take(3) else { return Step::Starved };
        self.last_block = header & 1 == 1;
        self.state = match header >> 1 {
            0 => State::StoredLength,
            1 => {
                self.build_fixed();
                State::Codes
            }
            2 => {
                self.fixed = false;
                State::CodeCounts
            }
            _ => State::Broken,
        };
        Step::Made
    }

    /// Literals and copies, as many as the bits at hand make.
    fn codes(&mut self, input: &mut &[u8], give: &mut impl FnMut(&[u8])) -> Step {
        loop {
            if self.bits.count() < MOST_BITS {
                self.bits.refill(input);
            }
            let symbol = match self.literals.decode(self.bits.peek(), self.bits.count()) {
                Symbol::Known(symbol @ 0..=255, bits) => {
                    self.bits.skip(bits);
                    self.window.push(symbol.to_le_bytes()[0], give);
                    continue;
                }
                Symbol::Known(256, bits) => {
                    self.bits.skip(bits);
                    self.end_block();
                    return Step::Made;
                }
                Symbol::Known(symbol, bits) => (symbol, bits),
                Symbol::Starved => return Step::Starved,
                Symbol::Invalid => return Step::Invalid,
            };
            match self.copy(symbol, give) {
                Step::Made => {}
                other => return other,
            }
        }
    }

    /// A copy whose length begins with `symbol`. Takes no bit unless all are there.
    fn copy(&mut self, (symbol, symbol_bits): (u16, u32), give: &mut impl FnMut(&[u8])) -> Step {
        let Some((base, extra)) = length_of(symbol) else { return Step::Invalid };
        let mut bits = self.bits.peek().wrapping_shr(symbol_bits);
        let mut used = symbol_bits;
        let length = base.saturating_add(low(bits, extra));
        bits = bits.wrapping_shr(extra);
        used = used.saturating_add(extra);
        if used > self.bits.count() {
            return Step::Starved;
        }
        let (symbol, symbol_bits) = match self.distances.decode(bits, self.bits.count().saturating_sub(used))
        {
            Symbol::Known(symbol, bits) => (symbol, bits),
            Symbol::Starved => return Step::Starved,
            Symbol::Invalid => return Step::Invalid,
        };
        let Some((base, extra)) = distance_of(symbol) else { return Step::Invalid };
        bits = bits.wrapping_shr(symbol_bits);
        used = used.saturating_add(symbol_bits).saturating_add(extra);
        if used > self.bits.count() {
            return Step::Starved;
        }
        let distance = base.saturating_add(low(bits, extra));
        self.bits.skip(used);
        if self.window.copy(length, distance, give) { Step::Made } else { Step::Invalid }
    }

    fn stored(&mut self, left: u32, input: &mut &[u8], give: &mut impl FnMut(&[u8])) -> Step {
        if left == 0 {
            self.end_block();
            return Step::Made;
        }
        if let Some(byte) = self.bits.take_byte() {
            self.window.push(byte, give);
            self.state = State::Stored(left.saturating_sub(1));
            return Step::Made;
        }
        // Above the count may lie bits of what comes now.
        self.bits.clear();
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (bytes, rest) = input.split_at_checked(most).unwrap_or((input, &[]));
        for byte in bytes {
            self.window.push(*byte, give);
        }
        *input = rest;
        self.state = State::Stored(left.saturating_sub(u32::try_from(bytes.len()).unwrap_or(left)));
        if bytes.is_empty() { Step::Starved } else { Step::Made }
    }

    fn end_block(&mut self) {
        self.state = if self.last_block { State::Trailer } else { State::Block };
    }

    fn trailer(&mut self, give: &mut impl FnMut(&[u8])) -> Step {
        self.bits.align();
        self.window.hand_on(give);
        let length = u32::from(self.window.sum.trailer_length()).wrapping_mul(8);
        if length == 64 {
            // More than is at hand at a time: half by half.
            return self.gzip_trailer();
        }
        if self.bits.count() < length {
            return Step::Starved;
        }
        let trailer = self.bits.peek() & !u64::MAX.wrapping_shl(length);
        self.bits.skip(length);
        self.state = State::Done;
        if self.window.sum.agrees(trailer) { Step::Made } else { Step::Invalid }
    }

    fn gzip_trailer(&mut self) -> Step {
        // Eight bytes, of which `known` have come; they wait in `lengths`, which no block needs now.
        let Some(byte) = self.bits.take_byte() else { return Step::Starved };
        if self.known >= 8 {
            self.known = 0;
        }
        if let Some(place) = self.lengths.get_mut(usize::from(self.known)) {
            *place = byte;
        }
        self.known = self.known.saturating_add(1);
        if self.known < 8 {
            return Step::Made;
        }
        self.state = State::Member;
        let trailer = self.lengths.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        if trailer.is_some_and(|trailer| self.window.sum.agrees(trailer)) {
            Step::Made
        } else {
            Step::Invalid
        }
    }

    fn member(&mut self) -> Step {
        let Some(byte) = self.bits.take_byte() else { return Step::Starved };
        if byte == 0x1f {
            self.window.sum = Sum::gzip();
            self.window.forget();
            self.state = State::GzipHeader(GzipHeader::Fixed(1));
        } else {
            self.state = if byte == 0 { State::Done } else { State::Broken };
        }
        Step::Made
    }
}

/// The lowest `count` of `bits`.
fn low(bits: u64, count: u32) -> usize {
    usize::try_from(bits & !u64::MAX.wrapping_shl(count)).unwrap_or(0)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
