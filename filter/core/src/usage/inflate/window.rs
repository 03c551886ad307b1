//! The last 32 KiB that were unpacked: what copies copy from, and where what is handed on lies.

use super::container::Sum;

/// How far back a copy may reach.
pub(super) const WINDOW: usize = 32 * 1024;
const MASK: usize = WINDOW - 1;

/// A ring of bytes.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Box<[u8; WINDOW]>,
    at: usize,
    /// Up to where it has been handed on.
    given: usize,
    /// How far back a copy may reach.
    filled: usize,
    /// The checksum of all that has been handed on.
    pub(super) sum: Sum,
}

impl Window {
    pub(super) fn new(sum: Sum) -> Option<Self> {
        let bytes = vec![0; WINDOW].into_boxed_slice().try_into().ok()?;
        Some(Self { bytes, at: 0, given: 0, filled: 0, sum })
    }

    /// Copies may reach no further back than to here.
    pub(super) fn forget(&mut self) {
        self.filled = 0;
    }

    /// Appends `byte`; `give` gets what must make room.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8, give: &mut impl FnMut(&[u8])) {
        if let Some(place) = self.bytes.get_mut(self.at & MASK) {
            *place = byte;
        }
        self.at = self.at.wrapping_add(1);
        if self.filled < WINDOW {
            self.filled = self.filled.wrapping_add(1);
        }
        if self.at >= WINDOW {
            self.wrap(give);
        }
    }

    #[cold]
    fn wrap(&mut self, give: &mut impl FnMut(&[u8])) {
        self.hand_on(give);
        self.at = 0;
        self.given = 0;
    }

    /// Appends `length` bytes from `distance` back, which may be among those that this appends. `false` if that
    /// is before the beginning.
    pub(super) fn copy(&mut self, length: usize, distance: usize, give: &mut impl FnMut(&[u8])) -> bool {
        if distance > self.filled {
            return false;
        }
        let end = self.at.wrapping_add(length);
        if end >= WINDOW {
            for _ in 0..length {
                let byte = self.bytes.get(self.at.wrapping_sub(distance) & MASK).copied().unwrap_or(0);
                self.push(byte, give);
            }
            return true;
        }
        for at in self.at..end {
            let byte = self.bytes.get(at.wrapping_sub(distance) & MASK).copied().unwrap_or(0);
            if let Some(place) = self.bytes.get_mut(at & MASK) {
                *place = byte;
            }
        }
        self.at = end;
        self.filled = self.filled.saturating_add(length).min(WINDOW);
        true
    }

    /// Gives what has not been given.
    pub(super) fn hand_on(&mut self, give: &mut impl FnMut(&[u8])) {
        if let Some(bytes) = self.bytes.get(self.given..self.at).filter(|bytes| !bytes.is_empty()) {
            self.sum.update(bytes);
            give(bytes);
        }
        self.given = self.at;
    }
}
