//! CRC-32 (ISO-HDLC), by eight tables: what the filter's module has in place of the processor's own instruction.
//! The usual crate's tables are looked at with checks that could panic.

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

#[expect(clippy::indexing_slicing, reason = "it runs while it is compiled")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0u32;
    while byte < 256 {
        let mut value = byte;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        tables[0][byte as usize] = value;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

static TABLES: [[u32; 256]; 8] = tables();

/// The checksum of all bytes.
#[expect(clippy::indexing_slicing, reason = "a table has an entry for every byte")]
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut state = u32::MAX;
    for [a, b, c, d, e, f, g, h] in words {
        let [a, b, c, d] = (state ^ u32::from_le_bytes([*a, *b, *c, *d])).to_le_bytes();
        let first = t7[usize::from(a)] ^ t6[usize::from(b)] ^ t5[usize::from(c)] ^ t4[usize::from(d)];
        let second = t3[usize::from(*e)] ^ t2[usize::from(*f)] ^ t1[usize::from(*g)] ^ t0[usize::from(*h)];
        state = first ^ second;
    }
    for byte in rest {
        let [low, ..] = state.to_le_bytes();
        state = (state >> 8) ^ t0[usize::from(low ^ byte)];
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn the_catalogues_check_value_comes_out() {
        assert_eq!(hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(hash(b""), 0);
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn it_is_the_other_implementations_checksum() {
        let bytes: Vec<u8> = (0..1_000u32).map(|at| ((at * at / 7) & 0xff) as u8).collect();
        for length in (0..40).chain([255, 256, 999, 1_000]) {
            assert_eq!(hash(&bytes[..length]), crc32fast::hash(&bytes[..length]), "{length}");
        }
    }
}
