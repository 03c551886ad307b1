//! What stands around deflate's blocks: the headers and trailers of gzip and zlib. Knows nothing of blocks.

use crate::usage::crc32::Crc32;

/// A checksum over what was unpacked.
#[derive(Debug)]
pub(super) enum Sum {
    /// Gzip's, with the length.
    Crc(Crc32, u32),
    /// Zlib's.
    Adler(u32, u32),
    /// None.
    Raw,
}

impl Sum {
    pub(super) fn gzip() -> Self {
        Self::Crc(Crc32::new(), 0)
    }

    pub(super) fn zlib() -> Self {
        Self::Adler(1, 0)
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(sum, length) => {
                sum.update(bytes);
                // The length is told modulo 2³².
                *length = length.wrapping_add(u32::try_from(bytes.len()).unwrap_or(0));
            }
            Self::Adler(a, b) => {
                // As many bytes as surely do not overflow 32 bits.
                for slice in bytes.chunks(4096) {
                    for byte in slice {
                        *a = a.wrapping_add(u32::from(*byte));
                        *b = b.wrapping_add(*a);
                    }
                    *a %= 65_521;
                    *b %= 65_521;
                }
            }
            Self::Raw => {}
        }
    }

    /// How many bytes the trailer has.
    pub(super) fn trailer_length(&self) -> u8 {
        match self {
            Self::Crc(..) => 8,
            Self::Adler(..) => 4,
            Self::Raw => 0,
        }
    }

    /// Whether `trailer`, its first byte lowest, belongs to what was unpacked.
    pub(super) fn agrees(&self, trailer: u64) -> bool {
        match self {
            Self::Crc(sum, length) => trailer == u64::from(sum.value()) | u64::from(*length) << 32,
            Self::Adler(a, b) => trailer == u64::from((b << 16 | a).swap_bytes()),
            Self::Raw => true,
        }
    }
}

/// Where we are in a gzip header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GzipHeader {
    /// In the ten bytes that are always there.
    Fixed(u8),
    ExtraLength(u8, u16),
    Extra(u16),
    Name,
    Comment,
    Checksum(u8),
    Done,
    Broken,
}

const HAS_CHECKSUM: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

impl GzipHeader {
    /// Takes the next byte; `flags` is kept between the calls.
    pub(super) fn take(self, byte: u8, flags: &mut u8) -> Self {
        let next = match self {
            Self::Fixed(0) if byte == 0x1f => Self::Fixed(1),
            Self::Fixed(1) if byte == 0x8b => Self::Fixed(2),
            Self::Fixed(2) if byte == 8 => Self::Fixed(3),
            Self::Fixed(3) if byte & RESERVED == 0 => {
                *flags = byte;
                Self::Fixed(4)
            }
            Self::Fixed(at @ 4..=8) => Self::Fixed(at.saturating_add(1)),
            Self::Fixed(9) => Self::ExtraLength(0, 0),
            Self::ExtraLength(0, _) => return Self::ExtraLength(1, u16::from(byte)),
            Self::ExtraLength(_, low) => Self::Extra(low | u16::from(byte) << 8),
            Self::Extra(left) => Self::Extra(left.saturating_sub(1)),
            Self::Name if byte == 0 => Self::Comment,
            Self::Comment if byte == 0 => Self::Checksum(0),
            Self::Name | Self::Comment => return self,
            Self::Checksum(0) => return Self::Checksum(1),
            Self::Checksum(_) | Self::Done => Self::Done,
            Self::Fixed(_) | Self::Broken => Self::Broken,
        };
        next.over_absent(*flags)
    }

    /// Goes on over the parts that are not there.
    fn over_absent(mut self, flags: u8) -> Self {
        let has = |flag| flags & flag != 0;
        loop {
            self = match self {
                Self::ExtraLength(0, _) if !has(HAS_EXTRA) => Self::Name,
                Self::Extra(0) => Self::Name,
                Self::Name if !has(HAS_NAME) => Self::Comment,
                Self::Comment if !has(HAS_COMMENT) => Self::Checksum(0),
                Self::Checksum(0) if !has(HAS_CHECKSUM) => return Self::Done,
                other => return other,
            };
        }
    }
}
