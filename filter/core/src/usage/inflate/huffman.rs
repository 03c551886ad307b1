//! Canonical Huffman codes of at most 15 bits, as deflate has them.

/// Bits that one look tells.
const FAST: u32 = 9;
const FAST_SIZE: usize = 1 << FAST;
const FAST_MASK: u64 = (1 << FAST) - 1;
/// The longest code.
const LONGEST: usize = 15;
/// The most symbols.
pub(super) const SYMBOLS: usize = 288;

/// What the next bits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A symbol, and how many bits it takes.
    Known(u16, u32),
    /// The bits at hand are too few.
    Starved,
    /// No symbol has this code.
    Invalid,
}

/// A code: which bits stand for which symbol.
#[derive(Debug)]
pub(super) struct Code {
    /// For each beginning of a short code, the symbol and, in the lowest four bits, its length; 0 for a long one.
    fast: [u16; FAST_SIZE],
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols by code.
    symbols: [u16; SYMBOLS],
}

impl Code {
    pub(super) const EMPTY: Self =
        Self { fast: [0; FAST_SIZE], counts: [0; LONGEST + 1], symbols: [0; SYMBOLS] };

    /// Makes this the code whose symbols have these lengths; `false` if there are more codes than bits.
    pub(super) fn build(&mut self, lengths: &[u8]) -> bool {
        *self = Self::EMPTY;
        for length in lengths {
            if let Some(count) = self.counts.get_mut(usize::from(*length)) {
                *count = count.saturating_add(1);
            }
        }
        self.counts[0] = 0;
        // The first code of each length, and where its symbols begin.
        let mut first = [0u32; LONGEST + 2];
        let mut offset = [0u16; LONGEST + 2];
        let (mut code, mut begin) = (0u32, 0u16);
        for ((count, first), (length, offset)) in
            self.counts.iter().zip(&mut first).zip((0u32..).zip(&mut offset))
        {
            code = code.wrapping_shl(1);
            (*first, *offset) = (code, begin);
            code = code.saturating_add(u32::from(*count));
            begin = begin.saturating_add(*count);
            if code > 1u32.wrapping_shl(length) && *count > 0 {
                return false;
            }
        }
        for (symbol, length) in (0u16..).zip(lengths) {
            let at = usize::from(*length);
            let (Some(code), Some(offset)) = (first.get_mut(at), offset.get_mut(at)) else { return false };
            if at == 0 {
                continue;
            }
            if let Some(place) = self.symbols.get_mut(usize::from(*offset)) {
                *place = symbol;
            }
            self.note_fast(symbol, *code, u32::from(*length));
            *code = code.saturating_add(1);
            *offset = offset.saturating_add(1);
        }
        true
    }

    fn note_fast(&mut self, symbol: u16, code: u32, length: u32) {
        if length == 0 || length > FAST {
            return;
        }
        // Codes come with their highest bit first, all else with its lowest.
        let reversed = code.reverse_bits().wrapping_shr(32u32.saturating_sub(length));
        let step = 1u32.wrapping_shl(length);
        let mut at = usize::try_from(reversed).unwrap_or(FAST_SIZE);
        while let Some(entry) = self.fast.get_mut(at) {
            *entry = symbol.wrapping_shl(4) | u16::try_from(length).unwrap_or(0);
            at = at.saturating_add(usize::try_from(step).unwrap_or(FAST_SIZE));
        }
    }

    /// The symbol at the beginning of `bits`, of which `count` are at hand.
    pub(super) fn decode(&self, bits: u64, count: u32) -> Symbol {
        let at = usize::try_from(bits & FAST_MASK).unwrap_or(0);
        let entry = self.fast.get(at).copied().unwrap_or(0);
        let length = u32::from(entry & 15);
        if length > 0 {
            return if length <= count { Symbol::Known(entry >> 4, length) } else { Symbol::Starved };
        }
        self.decode_long(bits, count)
    }

    fn decode_long(&self, mut bits: u64, count: u32) -> Symbol {
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for (length, codes) in (0u32..).zip(&self.counts).skip(1) {
            if length > count {
                return Symbol::Starved;
            }
            code |= u32::from(bits & 1 == 1);
            bits >>= 1;
            let codes = u32::from(*codes);
            let within = code.wrapping_sub(first);
            if code >= first && within < codes {
                let at = usize::try_from(index.wrapping_add(within)).unwrap_or(SYMBOLS);
                let symbol = self.symbols.get(at).copied();
                return symbol.map_or(Symbol::Invalid, |symbol| Symbol::Known(symbol, length));
            }
            index = index.wrapping_add(codes);
            first = first.wrapping_add(codes).wrapping_shl(1);
            code = code.wrapping_shl(1);
        }
        Symbol::Invalid
    }
}
