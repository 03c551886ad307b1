//! Deflate's lengths and distances by their symbols.

/// The shortest length that `symbol` stands for, and how many bits follow.
pub(super) fn length_of(symbol: u16) -> Option<(usize, u32)> {
    const BASES: [u16; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
        195, 227, 258,
    ];
    const EXTRA: [u8; 29] =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    let at = usize::from(symbol.checked_sub(257)?);
    Some((usize::from(*BASES.get(at)?), u32::from(*EXTRA.get(at)?)))
}

/// The shortest distance that `symbol` stands for, and how many bits follow.
pub(super) fn distance_of(symbol: u16) -> Option<(usize, u32)> {
    const BASES: [u16; 30] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
        3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ];
    let at = usize::from(symbol);
    let extra = u32::from(symbol).saturating_sub(2) / 2;
    Some((usize::from(*BASES.get(at)?), extra))
}
