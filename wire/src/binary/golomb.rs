//! Numbers as exponential Golomb codes of order k: few bits for numbers below 2ᵏ and not many more above.
//!
//! A number n is written as q zeros, then the q + k + 1 bits of n + 2ᵏ, most significant first, where q is how
//! many bits n + 2ᵏ has beyond k + 1 (J. Teuhola, "A compression method for clustered bit-vectors", 1978).
//! Bits fill bytes from the most significant down; the last byte is padded with zeros.

use super::input::Input;
use crate::DecodeError;

/// The highest order: numbers are below 2⁶³ here, so that n + 2ᵏ fits 64 bits.
pub(super) const MAX_ORDER: u8 = 62;

/// How many bits numbers take, by how many of them have each length in bits.
#[derive(Debug)]
pub(super) struct Lengths([usize; 65]);

impl Lengths {
    pub(super) fn new() -> Self {
        Self([0; 65])
    }

    pub(super) fn add(&mut self, value: u64) {
        if let Some(count) = self.0.get_mut(bit_length(value)) {
            *count += 1;
        }
    }

    /// Whether all are below 2⁶³: a column that has a greater one is written as varints.
    pub(super) fn fit(&self) -> bool {
        self.0.last() == Some(&0)
    }

    /// The bytes that all take as varints.
    pub(super) fn as_varints(&self) -> usize {
        let each = |(length, count): (usize, &usize)| count.saturating_mul(length.max(1).div_ceil(7));
        self.0.iter().enumerate().map(each).fold(0, usize::saturating_add)
    }

    /// The order with the fewest bits, as far as lengths tell; the lowest of several.
    pub(super) fn best_order(&self) -> u8 {
        // How many numbers are longer than the order, and twice the bits of those.
        let mut longer = self.0.iter().fold(0, |sum, count| usize::saturating_add(sum, *count));
        let mut bits = self.0.iter().enumerate().fold(0, |sum, (length, count)| sum + 2 * length * count);
        let mut shorter = 0usize;
        let mut best = (usize::MAX, 0);
        for (order, (length, count)) in (0..=MAX_ORDER).zip(self.0.iter().enumerate()) {
            longer -= count;
            shorter += count;
            bits -= 2 * length * count;
            // `length` is the order: the two walk together.
            let all = shorter * (length + 1) + bits.saturating_sub(longer * length);
            if all < best.0 {
                best = (all, order);
            }
        }
        best.1
    }

    /// About how many bytes all take, and never more than they do: a number of more than k bits is taken to
    /// grow by no bit when 2ᵏ is added.
    pub(super) fn least_bytes(&self, order: u8) -> usize {
        let order = usize::from(order);
        let each = |length: usize| if length <= order { order + 1 } else { 2 * length - order };
        let bits: usize = self.0.iter().enumerate().map(|(length, count)| count * each(length)).sum();
        bits.div_ceil(8)
    }
}

fn bit_length(value: u64) -> usize {
    64 - value.leading_zeros() as usize
}

/// Writes codes into whole bytes.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    /// How many bits are pending: fewer than [`Self::WORD`] between calls.
    bits: u32,
}

impl<'a> BitWriter<'a> {
    const WORD: u32 = 32;

    /// Writes over what is in `out`.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, pending: 0, bits: 0 }
    }

    /// Writes `value`, which is below 2⁶³, in that order.
    pub(super) fn put(&mut self, value: u64, order: u8) {
        let shifted = value.saturating_add(1 << order.min(MAX_ORDER));
        let length = 64 - shifted.leading_zeros();
        let zeros = length.saturating_sub(u32::from(order) + 1);
        if zeros + length <= Self::WORD {
            return self.push(shifted, zeros + length);
        }
        self.push(0, zeros.saturating_sub(Self::WORD));
        self.push(0, zeros.min(Self::WORD));
        self.push(shifted >> Self::WORD, length.saturating_sub(Self::WORD));
        self.push(shifted & 0xffff_ffff, length.min(Self::WORD));
    }

    /// Writes the low bits of `value`, which has no others; at most a word.
    fn push(&mut self, value: u64, bits: u32) {
        self.pending = (self.pending << bits) | value;
        self.bits += bits;
        if self.bits >= Self::WORD {
            self.bits -= Self::WORD;
            let [_, _, _, _, word @ ..] = (self.pending >> self.bits).to_be_bytes();
            self.out.extend_from_slice(&word);
            self.pending &= (1 << self.bits) - 1;
        }
    }

    pub(super) fn finish(self) {
        let [_, _, _, _, word @ ..] = (self.pending << (Self::WORD - self.bits)).to_be_bytes();
        self.out.extend(word.iter().take(self.bits.div_ceil(8) as usize));
    }
}

/// Reads codes; [`BitReader::finish`] gives the unread bytes back.
pub(super) struct BitReader<'i, 'a> {
    input: &'i mut Input<'a>,
    part: &'static str,
    pending: u128,
    bits: u32,
}

impl<'i, 'a> BitReader<'i, 'a> {
    pub(super) fn new(input: &'i mut Input<'a>, part: &'static str) -> Self {
        Self { input, part, pending: 0, bits: 0 }
    }

    pub(super) fn number(&mut self, order: u8) -> Result<u64, DecodeError> {
        let order = u32::from(order);
        let mut zeros = 0;
        loop {
            self.fill(1)?;
            // Zeros at hand before the first one, among the bits that are pending.
            let ahead = (self.pending << (128 - self.bits)).leading_zeros().min(self.bits);
            zeros += ahead;
            self.bits -= ahead;
            if zeros + order > 63 {
                return Err(DecodeError::malformed(self.part, "a number exceeds 63 bits"));
            }
            if self.bits > 0 {
                break;
            }
        }
        let length = zeros + order + 1;
        self.fill(length)?;
        self.bits -= length;
        let shifted = (self.pending >> self.bits) & ((1 << length) - 1);
        self.pending &= (1 << self.bits) - 1;
        let value = u64::try_from(shifted).ok().and_then(|shifted| shifted.checked_sub(1 << order));
        value.ok_or_else(|| DecodeError::malformed(self.part, "a code is not one"))
    }

    /// Makes sure that so many bits are pending.
    fn fill(&mut self, bits: u32) -> Result<(), DecodeError> {
        while self.bits < bits {
            self.pending = (self.pending << 8) | u128::from(self.input.byte(self.part)?);
            self.bits += 8;
        }
        Ok(())
    }

    /// Ends the reading: what pads the last byte must be zeros.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        if self.bits >= 8 || self.pending & ((1 << self.bits) - 1) != 0 {
            return Err(DecodeError::malformed(self.part, "the padding is not zeros"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn codes_are_read_back_in_every_order() {
        let values: Vec<u64> =
            (0..63).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]).collect();
        for order in 0..=MAX_ORDER {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            values.iter().for_each(|value| writer.put(*value, order));
            writer.finish();
            let mut input = Input::new(&bytes);
            let mut reader = BitReader::new(&mut input, "test");
            let read: Vec<u64> = values.iter().map(|_| reader.number(order).unwrap()).collect();
            assert_eq!(read, values, "order {order}");
            reader.finish().unwrap();
            assert_eq!(input.left(), 0);
        }
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn the_codes_are_those_of_the_literature() {
        let bits = |value, order| {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            writer.put(value, order);
            writer.finish();
            bytes
        };
        // Order 0: 1, 010, 011, 00100; order 1: 10, 11, 0100.
        assert_eq!([bits(0, 0), bits(1, 0), bits(2, 0), bits(3, 0)], [[0x80], [0x40], [0x60], [0x20]]);
        assert_eq!([bits(0, 1), bits(1, 1), bits(2, 1)], [[0x80], [0xc0], [0x40]]);
    }
}
