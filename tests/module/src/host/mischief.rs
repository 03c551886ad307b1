//! What a hostile host does to its answers. Whatever it says, it says with memory that the module allocated:
//! a host that writes elsewhere could do anything, and no module can be proof against that.

use super::abi::encode_pairs;
use crate::random::Random;

/// A liar with a seed.
#[derive(Debug, Clone)]
pub struct Mischief {
    random: Random,
    /// How often it lies, in 10,000 host calls.
    per_10_000: usize,
}

/// What an answer is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pairs,
    Bytes,
}

/// What is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parcel {
    Bytes(Vec<u8>),
    /// These bytes, with a smaller size said.
    Less(Vec<u8>, usize),
    /// A null address and no bytes.
    Null,
    /// Success, and nothing written.
    Unwritten,
}

impl Mischief {
    /// Lies `per_10_000` times in 10,000 calls.
    pub fn new(seed: u64, per_10_000: usize) -> Self {
        Self { random: Random::new(seed), per_10_000 }
    }

    /// From now on lies that often.
    pub fn set_rate(&mut self, per_10_000: usize) {
        self.per_10_000 = per_10_000;
    }

    /// The call fails, with a status of the ABI or one that nobody knows.
    pub(super) fn failure(&mut self) -> Option<i32> {
        if !self.random.chance(self.per_10_000) {
            return None;
        }
        let known = i32::try_from(self.random.below(13)).unwrap_or(1).max(1);
        Some(*self.random.one_of(&[known, known, known, 13, 255, -1, i32::MIN, i32::MAX]))
    }

    /// Another number, often one at an edge.
    pub(super) fn number(&mut self, honest: u64) -> u64 {
        if !self.random.chance(self.per_10_000) {
            return honest;
        }
        let any = self.random.next_u64();
        let near = honest.wrapping_add(self.random.next_u64() >> 40).wrapping_sub(1 << 23);
        *self.random.one_of(&[0, 1, u64::MAX, u64::MAX - 1, 1 << 63, any, any >> 32, near, near])
    }

    pub(super) fn parcel(&mut self, kind: Kind, honest: Vec<u8>) -> Parcel {
        if !self.random.chance(self.per_10_000) {
            return Parcel::Bytes(honest);
        }
        match self.random.below(12) {
            0 => Parcel::Null,
            1 => Parcel::Unwritten,
            2 => Parcel::Bytes(Vec::new()),
            3 => {
                let said = self.random.below(honest.len() + 1);
                Parcel::Less(honest, said)
            }
            4 => {
                let length = self.random.below(honest.len() + 1);
                Parcel::Bytes(honest.into_iter().take(length).collect())
            }
            5 => {
                let more = self.random.below(64);
                let more = self.random.bytes(more);
                Parcel::Bytes(honest.into_iter().chain(more).collect())
            }
            6 => {
                let length = *self.random.one_of(&[1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40]);
                Parcel::Bytes(self.random.bytes(length))
            }
            // A megabyte costs as much as a thousand streams.
            7 if self.random.chance(200) => Parcel::Bytes(self.random.bytes(1 << 20)),
            _ if kind == Kind::Pairs => Parcel::Bytes(self.pairs(honest)),
            _ => {
                let mut bytes = honest;
                for _ in 0..=self.random.below(4) {
                    let at = self.random.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = self.random.next_u64().to_le_bytes()[0];
                    }
                }
                Parcel::Bytes(bytes)
            }
        }
    }

    /// A map with a wrong number somewhere, or one that is well-formed and absurd.
    fn pairs(&mut self, honest: Vec<u8>) -> Vec<u8> {
        let mut bytes = honest;
        match self.random.below(5) {
            // The number of pairs, or one of the first lengths.
            0 | 1 => {
                let at = self.random.below(6) * 4;
                let old = bytes.get(at).copied().unwrap_or(0);
                let new = *self.random.one_of(&[
                    0,
                    1,
                    u32::from(old).wrapping_sub(1),
                    u32::from(old) + 1,
                    0x7fff_ffff,
                    0x8000_0000,
                    0x2000_0000,
                    u32::MAX,
                ]);
                if let Some(four) = bytes.get_mut(at..at + 4) {
                    four.copy_from_slice(&new.to_le_bytes());
                }
                bytes
            }
            2 => {
                let pair = (b"x-cost-usd".to_vec(), b"1e-5".to_vec());
                let count = self.random.below(2_000);
                encode_pairs(&vec![pair; count])
            }
            3 => {
                let length = self.random.below(3_000);
                let value = self.random.bytes(length);
                encode_pairs(&[
                    (b":status".to_vec(), value.clone()),
                    (b"content-type".to_vec(), value.clone()),
                    (b"x-request-id".to_vec(), value.clone()),
                    (value, Vec::new()),
                ])
            }
            _ => {
                let numbers = [
                    "-1",
                    "1e309",
                    "NaN",
                    "99999999999999999999",
                    "0x10",
                    " 7 ",
                    "１",
                    "",
                    "\u{0}",
                    "1.5e-400",
                ];
                let names = [
                    ":status",
                    "content-type",
                    "content-encoding",
                    "content-length",
                    "x-cost-usd",
                    "x-cache",
                    "x-litellm-response-cost",
                    "x-quality-score",
                    "x-lb-algorithm",
                    "retry-after",
                    "grpc-status",
                    "x-ratelimit-remaining-tokens",
                    "x-ratelimit-remaining-requests",
                    "x-circuit-breaker",
                    "traceparent",
                    "x-request-id",
                    ":path",
                    ":method",
                    "x-user-satisfaction",
                ];
                let pairs: Vec<_> = (0..self.random.below(30))
                    .map(|_| {
                        let name = self.random.one_of(&names).as_bytes().to_vec();
                        (name, self.random.one_of(&numbers).as_bytes().to_vec())
                    })
                    .collect();
                encode_pairs(&pairs)
            }
        }
    }
}
