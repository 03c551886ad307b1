//! A slot's header as bytes.

use weir_wire::{InstanceId, Producer};

/// What a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody's.
    Free,
    /// Its owner lives, or has died without anybody noticing yet.
    Live,
    /// Its owner has died and another VM is taking over what it left.
    Adopted,
}

/// One batch that a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The cell with its bytes.
    pub(crate) cell: u16,
    /// How many bytes.
    pub(crate) bytes: u32,
    /// How many events it holds or sums up.
    pub(crate) events: u32,
}

/// What is known of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) state: State,
    pub(crate) producer: Producer,
    /// The owner's monotonic clock when it last wrote; 0 when it ended in order.
    pub(crate) heartbeat_ns: u64,
    /// How often the owner writes, milliseconds.
    pub(crate) interval_ms: u64,
    /// What the counters of the slot's streams stood at when the owner had counted nothing; they wrap around.
    pub(crate) opened_base: u64,
    pub(crate) recorded_base: u64,
    /// How many of its events the owner need not keep any more, or has written down in these batches.
    pub(crate) kept: u64,
    /// The batches, oldest first.
    pub(crate) batches: Vec<Stored>,
}

const FREE: u8 = 0;
const LIVE: u8 = 1;
const ADOPTED: u8 = 2;

impl Header {
    /// That of nobody's slot.
    pub(crate) fn free() -> Self {
        Self {
            state: State::Free,
            producer: Producer { instance: InstanceId([0; 16]), epoch: 0 },
            heartbeat_ns: 0,
            interval_ms: 0,
            opened_base: 0,
            recorded_base: 0,
            kept: 0,
            batches: Vec::new(),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(65 + self.batches.len().saturating_mul(10));
        out.push(match self.state {
            State::Free => FREE,
            State::Live => LIVE,
            State::Adopted => ADOPTED,
        });
        out.extend_from_slice(&self.producer.instance.0);
        for number in [
            self.producer.epoch,
            self.heartbeat_ns,
            self.interval_ms,
            self.opened_base,
            self.recorded_base,
            self.kept,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for batch in &self.batches {
            out.extend_from_slice(&batch.cell.to_le_bytes());
            out.extend_from_slice(&batch.bytes.to_le_bytes());
            out.extend_from_slice(&batch.events.to_le_bytes());
        }
        out
    }

    /// `None` if the bytes are no header.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (state, rest) = bytes.split_first()?;
        let state = match *state {
            FREE => State::Free,
            LIVE => State::Live,
            ADOPTED => State::Adopted,
            _ => return None,
        };
        let (instance, mut rest) = rest.split_first_chunk::<16>()?;
        let mut number = || {
            let (number, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            Some(u64::from_le_bytes(*number))
        };
        let producer = Producer { instance: InstanceId(*instance), epoch: number()? };
        let [heartbeat_ns, interval_ms, opened_base, recorded_base, kept] =
            [number()?, number()?, number()?, number()?, number()?];
        let (batches, _) = rest.as_chunks::<10>();
        let batch = |bytes: &[u8; 10]| {
            let [a, b, c, d, e, f, g, h, i, j] = *bytes;
            Stored {
                cell: u16::from_le_bytes([a, b]),
                bytes: u32::from_le_bytes([c, d, e, f]),
                events: u32::from_le_bytes([g, h, i, j]),
            }
        };
        let batches = batches.iter().map(batch).collect();
        Some(Self { state, producer, heartbeat_ns, interval_ms, opened_base, recorded_base, kept, batches })
    }
}
