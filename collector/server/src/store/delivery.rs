//! A delivery: one batch on its way into the store, with all that can be computed without the database.

use weir_wire::{Batch, Health, Producer};

use super::block::Block;

/// One batch, ready for the writer.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(super) producer: Producer,
    pub(super) gateway: String,
    pub(super) first_sequence: u64,
    pub(super) health: Health,
    pub(super) received_us: u64,
    /// None for a batch without events, which still tells the producer's health.
    pub(super) block: Option<Block>,
}

/// What came of a delivery, after its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Receipt {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
}

impl Delivery {
    /// Readies `batch`, whose binary form is `encoded` and which came at `received_us`.
    ///
    /// # Errors
    /// Where the compressor has no memory.
    pub(crate) fn of(batch: &Batch, encoded: &[u8], received_us: u64) -> std::io::Result<Self> {
        Ok(Self {
            producer: batch.producer(),
            gateway: batch.gateway().to_owned(),
            first_sequence: batch.first_sequence(),
            health: batch.health().clone(),
            received_us,
            block: Block::of(batch, encoded)?,
        })
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> u64 {
        self.block.as_ref().map_or(0, |block| block.events)
    }

    /// The number of its last event; without events, the one before the next.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(self.events()).saturating_sub(1)
    }

    /// About how much memory it takes, bytes.
    pub(crate) fn weight(&self) -> usize {
        self.block.as_ref().map_or(0, Block::weight)
    }
}
