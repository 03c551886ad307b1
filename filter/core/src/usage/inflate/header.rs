//! The codes of a block: deflate's fixed ones, or those that the block's own header tells.

use super::huffman::{self, Symbol};
use super::{Inflate, State, Step};

impl Inflate {
    pub(super) fn build_fixed(&mut self) {
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

    pub(super) fn code_counts(&mut self) -> Step {
        if self.bits.count() < 14 {
            return Step::Starved;
        }
        let (Some(literals), Some(distances), Some(lengths)) =
            (self.bits.take(5), self.bits.take(5), self.bits.take(4))
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

    pub(super) fn length_lengths(&mut self, left: u8) -> Step {
        const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        if left == 0 {
            // The codes for lengths stand in the literals' place until those are known.
            let built = self.lengths.get(..19).is_some_and(|lengths| self.literals.build(lengths));
            self.lengths = [0; 320];
            self.known = 0;
            self.state = State::Lengths;
            return if built { Step::Made } else { Step::Invalid };
        }
        let Some(length) = self.bits.take(3).and_then(|length| u8::try_from(length).ok()) else {
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

    pub(super) fn code_lengths(&mut self) -> Step {
        let total = self.literal_codes.saturating_add(self.distance_codes);
        if self.known >= total {
            let (literals, rest) =
                self.lengths.split_at_checked(usize::from(self.literal_codes)).unwrap_or_default();
            let distances = rest.get(..usize::from(self.distance_codes)).unwrap_or_default();
            let built = self.literals.build(literals) && self.distances.build(distances);
            self.state = State::Codes;
            return if built { Step::Made } else { Step::Invalid };
        }
        let (symbol, bits) = match self.literals.decode(self.bits.peek(), self.bits.count()) {
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
        if self.bits.count() < bits.saturating_add(extra) {
            return Step::Starved;
        }
        self.bits.skip(bits);
        let repeat = self.bits.take(extra).unwrap_or(0).saturating_add(base);
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
}
