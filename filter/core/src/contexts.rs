//! The streams under way, by the host's numbers for them.
//!
//! A table of our own: the numbers come in sequence, so that they need no hashing, and the standard one can
//! panic when it grows.

use crate::stream::Stream;

/// The most streams that are kept track of: far more than a worker can have, and a bound all the same.
const MOST: usize = 1 << 20;
const FEWEST_SLOTS: usize = 64;

/// One stream with its number.
#[derive(Debug)]
struct Context {
    id: u32,
    stream: Stream,
}

/// Open addressing, at most half full, a power of two of slots.
#[derive(Debug)]
pub(crate) struct Contexts {
    slots: Vec<Option<Box<Context>>>,
    used: usize,
}

impl Contexts {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), used: 0 }
    }

    /// Adds a stream; whether it was, which it is not where the number is taken already.
    pub(crate) fn insert(&mut self, id: u32, stream: Stream) -> bool {
        if self.used >= MOST || self.position(id).is_some() {
            return false;
        }
        if self.used.saturating_mul(2) >= self.slots.len() {
            self.grow();
        }
        self.used = self.used.saturating_add(1);
        self.place(Box::new(Context { id, stream }));
        true
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        let at = self.position(id)?;
        self.slots.get_mut(at)?.as_mut().map(|context| &mut context.stream)
    }

    pub(crate) fn remove(&mut self, id: u32) -> Option<Stream> {
        let at = self.position(id)?;
        let removed = self.slots.get_mut(at)?.take()?;
        self.used = self.used.saturating_sub(1);
        // Those behind it in the same run may have wanted its place.
        let mut next = self.step(at);
        while let Some(context) = self.slots.get_mut(next).and_then(Option::take) {
            self.place(context);
            next = self.step(next);
        }
        Some(removed.stream)
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    fn position(&self, id: u32) -> Option<usize> {
        let mut at = self.home(id);
        while let Some(context) = self.slots.get(at)? {
            if context.id == id {
                return Some(at);
            }
            at = self.step(at);
        }
        None
    }

    fn place(&mut self, context: Box<Context>) {
        let mut at = self.home(context.id);
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.is_none() {
                *slot = Some(context);
                return;
            }
            at = self.step(at);
        }
    }

    fn grow(&mut self) {
        let room = self.slots.len().saturating_mul(2).max(FEWEST_SLOTS);
        let mut slots = Vec::with_capacity(room);
        slots.resize_with(room, || None);
        for context in std::mem::replace(&mut self.slots, slots).into_iter().flatten() {
            self.place(context);
        }
    }

    fn home(&self, id: u32) -> usize {
        usize::try_from(id).unwrap_or(0) & self.slots.len().wrapping_sub(1)
    }

    fn step(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.slots.len().wrapping_sub(1)
    }
}
