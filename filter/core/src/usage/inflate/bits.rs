//! The packed bytes as bits, lowest first.

/// The most that is at hand at a time.
const MOST: u32 = 56;

/// Bits that have come and are not used.
#[derive(Debug, Default)]
pub(super) struct Bits {
    /// Above `count` may stand bits of what comes next, which do no harm: they are put there again.
    bits: u64,
    count: u32,
}

impl Bits {
    /// Takes bytes of `input` while there is room: at least 56 bits are at hand then, or the input is empty.
    pub(super) fn refill(&mut self, input: &mut &[u8]) {
        if let Some((word, _)) = input.split_first_chunk::<8>().filter(|_| self.count < MOST) {
            self.bits |= u64::from_le_bytes(*word).wrapping_shl(self.count);
            let taken = 63u32.saturating_sub(self.count) / 8;
            self.count = self.count.saturating_add(taken.wrapping_mul(8));
            *input = input.get(usize::try_from(taken).unwrap_or(0)..).unwrap_or_default();
            return;
        }
        while self.count <= MOST
            && let Some((byte, rest)) = input.split_first()
        {
            let above = u64::MAX.wrapping_shl(self.count);
            self.bits = (self.bits & !above) | u64::from(*byte).wrapping_shl(self.count);
            self.count = self.count.saturating_add(8);
            *input = rest;
        }
    }

    /// How many are at hand.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The next ones; only as many as [`count`](Self::count) says are known.
    pub(super) fn peek(&self) -> u64 {
        self.bits
    }

    /// The next `count` bits (at most 16), taken; `None` if they are not all there.
    pub(super) fn take(&mut self, count: u32) -> Option<u16> {
        if self.count < count {
            return None;
        }
        let [low, high, ..] = (self.bits & !u64::MAX.wrapping_shl(count)).to_le_bytes();
        self.skip(count);
        Some(u16::from_le_bytes([low, high]))
    }

    /// The next byte, taken.
    pub(super) fn take_byte(&mut self) -> Option<u8> {
        let [byte, _] = self.take(8)?.to_le_bytes();
        Some(byte)
    }

    /// Leaves out the next `count` bits, which are at hand.
    pub(super) fn skip(&mut self, count: u32) {
        self.bits = self.bits.wrapping_shr(count);
        self.count = self.count.saturating_sub(count);
    }

    /// Goes to the next byte's beginning.
    pub(super) fn align(&mut self) {
        self.skip(self.count % 8);
    }

    /// Forgets what is at hand.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
