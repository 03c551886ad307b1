//! Unpacks gzip and deflate as they come, at fixed memory, with cuts anywhere. Knows nothing of what is packed.
//!
//! Work is linear in what comes in and what goes out; what is unpacked is handed on in slices and only the
//! last 32 KiB of it are kept, as the format asks.

mod container;
mod huffman;

use container::{GzipHeader, Sum};
use huffman::{Code, Symbol};

const WINDOW: usize = 32 * 1024;
const MASK: usize = WINDOW - 1;
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
    bits: u64,
    count: u32,
    sum: Sum,
    gzip_flags: u8,
    last_block: bool,
    /// The codes at hand are those that blocks without their own have.
    fixed: bool,
    /// How many literal and distance codes a dynamic block has, and how many lengths are known.
    literal_codes: u16,
    distance_codes: u16,
    known: u16,
    /// How far back a copy may reach.
    filled: usize,
    at: usize,
    /// Up to where the window has been handed on.
    given: usize,
    lengths: [u8; 320],
    literals: Code,
    distances: Code,
    window: Box<[u8; WINDOW]>,
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
            bits: 0,
            count: 0,
            sum,
            gzip_flags: 0,
            last_block: false,
            fixed: false,
            literal_codes: 0,
            distance_codes: 0,
            known: 0,
            filled: 0,
            at: 0,
            given: 0,
            lengths: [0; 320],
            literals: Code::EMPTY,
            distances: Code::EMPTY,
            window: vec![0; WINDOW].into_boxed_slice().try_into().ok()?,
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
                    self.refill(&mut input);
                    self.step(&mut give)
                }
            };
            match step {
                Step::Made => {}
                Step::Starved if input.is_empty() => break,
                Step::Starved => self.refill(&mut input),
                Step::Invalid => self.state = State::Broken,
            }
        }
        self.hand_on(&mut give);
    }

    fn refill(&mut self, input: &mut &[u8]) {
        if let Some((word, _)) = input.split_first_chunk::<8>().filter(|_| self.count < 56) {
            self.bits |= u64::from_le_bytes(*word).wrapping_shl(self.count);
            let taken = 63u32.saturating_sub(self.count) / 8;
            // What lies above the count is the same as what comes next, so it does no harm there.
            self.count = self.count.saturating_add(taken.wrapping_mul(8));
            *input = input.get(usize::try_from(taken).unwrap_or(0)..).unwrap_or_default();
            return;
        }
        while self.count <= 56
            && let Some((byte, rest)) = input.split_first()
        {
            let above = u64::MAX.wrapping_shl(self.count);
            self.bits = (self.bits & !above) | u64::from(*byte).wrapping_shl(self.count);
            self.count = self.count.saturating_add(8);
            *input = rest;
        }
    }

    /// The next `count` bits (at most 16), taken; `None` if they are not all there.
    fn take(&mut self, count: u32) -> Option<u16> {
        if self.count < count {
            return None;
        }
        let [low, high, ..] = (self.bits & !u64::MAX.wrapping_shl(count)).to_le_bytes();
        self.drop_bits(count);
        Some(u16::from_le_bytes([low, high]))
    }

    fn drop_bits(&mut self, count: u32) {
        self.bits = self.bits.wrapping_shr(count);
        self.count = self.count.saturating_sub(count);
    }

    /// Goes to the next byte's beginning.
    fn align(&mut self) {
        self.drop_bits(self.count % 8);
    }

    /// All steps that need few bits.
    fn step(&mut self, give: &mut impl FnMut(&[u8])) -> Step {
        match self.state {
            State::GzipHeader(header) => {
                let Some(byte) = self.take(8).and_then(|byte| u8::try_from(byte).ok()) else {
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
                self.align();
                if self.count < 32 {
                    return Step::Starved;
                }
                let (Some(length), Some(inverse)) = (self.take(16), self.take(16)) else {
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
                self.drop_bits(self.count);
                Step::Starved
            }
            State::Codes | State::Stored(_) => Step::Made,
            State::Broken => Step::Starved,
        }
    }

    fn zlib_header(&mut self) -> Step {
        if self.count < 16 {
            return Step::Starved;
        }
        let [method, flags, ..] = self.bits.to_le_bytes();
        let zlib = method & 15 == 8
            && method >> 4 <= 7
            && flags & 0x20 == 0
            && u16::from_be_bytes([method, flags]) % 31 == 0;
        if zlib {
            self.drop_bits(16);
        } else {
            self.sum = Sum::Raw;
        }
        self.state = State::Block;
        Step::Made
    }

    fn block(&mut self) -> Step {
        let Some(header) = self.take(3) else { return Step::Starved };
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

    fn build_fixed(&mut self) {
        if self.fixed {
            return;
        }
        let mut lengths = [8u8; huffman::SYMBOLS];
        for (symbol, length) in lengths.iter_mut().enumerate() {
            match symbol {
                144..=255 => *length = 9,
                256..=279 => *length = 7,
                _ => {}
            }
        }
        self.fixed = self.literals.build(&lengths) && self.distances.build(&[5; 30]);
    }

    fn code_counts(&mut self) -> Step {
        if self.count < 14 {
            return Step::Starved;
        }
        let (Some(literals), Some(distances), Some(lengths)) = (self.take(5), self.take(5), self.take(4))
        else {
            return Step::Starved;
        };
        self.literal_codes = literals.saturating_add(257);
        self.distance_codes = distances.saturating_add(1);
        self.known = 0;
        self.lengths = [0; 320];
        self.state = State::LengthLengths { left: u8::try_from(lengths).unwrap_or(0).saturating_add(4) };
        if self.literal_codes > 286 || self.distance_codes > 30 { Step::Invalid } else { Step::Made }
    }

    fn length_lengths(&mut self, left: u8) -> Step {
        const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        if left == 0 {
            // The codes for lengths stand in the literals' place until those are known.
            let built = self.lengths.get(..19).is_some_and(|lengths| self.literals.build(lengths));
            self.lengths = [0; 320];
            self.known = 0;
            self.state = State::Lengths;
            return if built { Step::Made } else { Step::Invalid };
        }
        let Some(length) = self.take(3).and_then(|length| u8::try_from(length).ok()) else {
            return Step::Starved;
        };
        let place = ORDER.get(usize::from(self.known)).and_then(|at| self.lengths.get_mut(usize::from(*at)));
        if let Some(place) = place {
            *place = length;
        }
        self.known = self.known.saturating_add(1);
        self.state = State::LengthLengths { left: left.saturating_sub(1) };
        Step::Made
    }

    fn code_lengths(&mut self) -> Step {
        let total = self.literal_codes.saturating_add(self.distance_codes);
        if self.known >= total {
            let (literals, rest) =
                self.lengths.split_at_checked(usize::from(self.literal_codes)).unwrap_or_default();
            let distances = rest.get(..usize::from(self.distance_codes)).unwrap_or_default();
            let built = self.literals.build(literals) && self.distances.build(distances);
            self.state = State::Codes;
            return if built { Step::Made } else { Step::Invalid };
        }
        let (symbol, bits) = match self.literals.decode(self.bits, self.count) {
            Symbol::Known(symbol, bits) => (symbol, bits),
            Symbol::Starved => return Step::Starved,
            Symbol::Invalid => return Step::Invalid,
        };
        let (extra, base) = match symbol {
            0..=15 => (0, 1),
            16 => (2, 3),
            17 => (3, 3),
            _ => (7, 11),
        };
        if self.count < bits.saturating_add(extra) {
            return Step::Starved;
        }
        self.drop_bits(bits);
        let repeat = self.take(extra).unwrap_or(0).saturating_add(base);
        let before = usize::from(self.known).checked_sub(1).and_then(|at| self.lengths.get(at)).copied();
        let length = match (symbol, before) {
            (0..=15, _) => u8::try_from(symbol).unwrap_or(0),
            (16, Some(before)) => before,
            (16, None) => return Step::Invalid,
            _ => 0,
        };
        let start = usize::from(self.known);
        self.known = self.known.saturating_add(repeat);
        let places = self.lengths.get_mut(start..usize::from(self.known)).filter(|_| self.known <= total);
        match places {
            Some(places) => places.fill(length),
            None => return Step::Invalid,
        }
        Step::Made
    }

    /// Literals and copies, as many as the bits at hand make.
    fn codes(&mut self, input: &mut &[u8], give: &mut impl FnMut(&[u8])) -> Step {
        loop {
            if self.count < MOST_BITS {
                self.refill(input);
            }
            let symbol = match self.literals.decode(self.bits, self.count) {
                Symbol::Known(symbol @ 0..=255, bits) => {
                    self.drop_bits(bits);
                    self.push(symbol.to_le_bytes()[0], give);
                    continue;
                }
                Symbol::Known(256, bits) => {
                    self.drop_bits(bits);
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
        let mut bits = self.bits.wrapping_shr(symbol_bits);
        let mut used = symbol_bits;
        let length = base.saturating_add(low(bits, extra));
        bits = bits.wrapping_shr(extra);
        used = used.saturating_add(extra);
        if used > self.count {
            return Step::Starved;
        }
        let (symbol, symbol_bits) = match self.distances.decode(bits, self.count.saturating_sub(used)) {
            Symbol::Known(symbol, bits) => (symbol, bits),
            Symbol::Starved => return Step::Starved,
            Symbol::Invalid => return Step::Invalid,
        };
        let Some((base, extra)) = distance_of(symbol) else { return Step::Invalid };
        bits = bits.wrapping_shr(symbol_bits);
        used = used.saturating_add(symbol_bits).saturating_add(extra);
        if used > self.count {
            return Step::Starved;
        }
        let distance = base.saturating_add(low(bits, extra));
        self.drop_bits(used);
        if distance > self.filled {
            return Step::Invalid;
        }
        for _ in 0..length {
            let byte = self.window.get(self.at.wrapping_sub(distance) & MASK).copied().unwrap_or(0);
            self.push(byte, give);
        }
        Step::Made
    }

    fn stored(&mut self, left: u32, input: &mut &[u8], give: &mut impl FnMut(&[u8])) -> Step {
        if left == 0 {
            self.end_block();
            return Step::Made;
        }
        if let Some(byte) = self.take(8) {
            self.push(byte.to_le_bytes()[0], give);
            self.state = State::Stored(left.saturating_sub(1));
            return Step::Made;
        }
        // Above the count may lie bits of what comes now.
        self.bits = 0;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (bytes, rest) = input.split_at_checked(most).unwrap_or((input, &[]));
        for byte in bytes {
            self.push(*byte, give);
        }
        *input = rest;
        self.state = State::Stored(left.saturating_sub(u32::try_from(bytes.len()).unwrap_or(left)));
        if bytes.is_empty() { Step::Starved } else { Step::Made }
    }

    fn end_block(&mut self) {
        self.state = if self.last_block { State::Trailer } else { State::Block };
    }

    fn trailer(&mut self, give: &mut impl FnMut(&[u8])) -> Step {
        self.align();
        self.hand_on(give);
        let length = u32::from(self.sum.trailer_length()).wrapping_mul(8);
        if length == 64 {
            // More than is at hand at a time: half by half.
            return self.gzip_trailer();
        }
        if self.count < length {
            return Step::Starved;
        }
        let trailer = self.bits & !u64::MAX.wrapping_shl(length);
        self.drop_bits(length);
        self.state = State::Done;
        if self.sum.agrees(trailer) { Step::Made } else { Step::Invalid }
    }

    fn gzip_trailer(&mut self) -> Step {
        // Eight bytes, of which `known` have come; they wait in `lengths`, which no block needs now.
        let Some(byte) = self.take(8) else { return Step::Starved };
        if self.known >= 8 {
            self.known = 0;
        }
        if let Some(place) = self.lengths.get_mut(usize::from(self.known)) {
            *place = byte.to_le_bytes()[0];
        }
        self.known = self.known.saturating_add(1);
        if self.known < 8 {
            return Step::Made;
        }
        self.state = State::Member;
        let trailer = self.lengths.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        if trailer.is_some_and(|trailer| self.sum.agrees(trailer)) { Step::Made } else { Step::Invalid }
    }

    fn member(&mut self) -> Step {
        let Some(byte) = self.take(8) else { return Step::Starved };
        if byte == 0x1f {
            self.sum = Sum::gzip();
            self.filled = 0;
            self.state = State::GzipHeader(GzipHeader::Fixed(1));
        } else {
            self.state = if byte == 0 { State::Done } else { State::Broken };
        }
        Step::Made
    }

    fn push(&mut self, byte: u8, give: &mut impl FnMut(&[u8])) {
        if let Some(place) = self.window.get_mut(self.at & MASK) {
            *place = byte;
        }
        self.at = self.at.wrapping_add(1);
        if self.filled < WINDOW {
            self.filled = self.filled.wrapping_add(1);
        }
        if self.at >= WINDOW {
            self.hand_on(give);
            self.at = 0;
            self.given = 0;
        }
    }

    fn hand_on(&mut self, give: &mut impl FnMut(&[u8])) {
        if let Some(bytes) = self.window.get(self.given..self.at).filter(|bytes| !bytes.is_empty()) {
            self.sum.update(bytes);
            give(bytes);
        }
        self.given = self.at;
    }
}

/// The lowest `count` of `bits`.
fn low(bits: u64, count: u32) -> usize {
    usize::try_from(bits & !u64::MAX.wrapping_shl(count)).unwrap_or(0)
}

/// The shortest length that `symbol` stands for, and how many bits follow.
fn length_of(symbol: u16) -> Option<(usize, u32)> {
    const BASES: [u16; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
        195, 227, 258,
    ];
    const EXTRA: [u8; 29] =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    let at = usize::from(symbol.checked_sub(257)?);
    Some((usize::from(*BASES.get(at)?), u32::from(*EXTRA.get(at)?)))
}

/// The shortest distance that `symbol` stands for, and how many bits follow.
fn distance_of(symbol: u16) -> Option<(usize, u32)> {
    const BASES: [u16; 30] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
        3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ];
    let at = usize::from(symbol);
    let extra = u32::from(symbol).saturating_sub(2) / 2;
    Some((usize::from(*BASES.get(at)?), extra))
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
