//! A delivery: one batch on its way into the store, with all that can be computed without the database.

use weir_wire::{Batch, Health, Producer};

use super::block::Block;
use super::summaries::Summary;

/// One batch, ready for the writer.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(super) producer: Producer,
    pub(super) gateway: String,
    pub(super) first_sequence: u64,
    pub(super) health: Health,
    pub(super) received_us: u64,
    pub(super) content: Content,
}

/// What a batch carries.
#[derive(Debug)]
pub(super) enum Content {
    /// Neither events nor a summary: it still tells the producer's health.
    Nothing,
    Events(Block),
    Summary(Summary),
}

/// What came of a delivery, after its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Receipt {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    /// A summary of which only a part had been accepted before: nothing of it was taken.
    pub(crate) conflict: bool,
}

impl Delivery {
    /// Readies `batch`, whose binary form is `encoded` and which came at `received_us`.
    ///
    /// # Errors
    /// Where the compressor has no memory.
    pub(crate) fn of(batch: &Batch, encoded: &[u8], received_us: u64) -> std::io::Result<Self> {
        let content = match (Summary::of(batch, encoded)?, Block::of(batch, encoded)?) {
            (Some(summary), _) => Content::Summary(summary),
            (None, Some(block)) => Content::Events(block),
            (None, None) => Content::Nothing,
        };
        Ok(Self {
            producer: batch.producer(),
            gateway: batch.gateway().to_owned(),
            first_sequence: batch.first_sequence(),
            health: batch.health().clone(),
            received_us,
            content,
        })
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> u64 {
        match &self.content {
            Content::Events(block) => block.events,
            Content::Nothing | Content::Summary(_) => 0,
        }
    }

    /// The number of its last event; without events, the one before the next, which for a summary is the last
    /// that it stands for.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(self.events()).saturating_sub(1)
    }

    /// About how much memory it takes, bytes.
    pub(crate) fn weight(&self) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Events(block) => block.weight(),
            Content::Summary(summary) => summary.weight(),
        }
    }
}
