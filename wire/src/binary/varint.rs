//! Numbers as LEB128 varints, and signed differences as zigzag.

/// Appends `value`, least significant seven bits first.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// How many bytes [`put`] would write.
pub(crate) const fn length(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// The difference `value - predicted` as a number that is small if the difference is.
///
/// Exact for operands up to `Measure::MAX`: the difference then needs 63 bits.
pub(crate) const fn zigzag(value: u64, predicted: u64) -> u64 {
    let difference = value.wrapping_sub(predicted).cast_signed();
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

/// The inverse of [`zigzag`]; wraps where the input was not made by it.
pub(crate) const fn unzigzag(code: u64, predicted: u64) -> u64 {
    let difference = (code >> 1) ^ (code & 1).wrapping_neg();
    predicted.wrapping_add(difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn a_zigzag_is_undone_at_the_edges() {
        let most = crate::Measure::MAX;
        for (value, predicted) in [(0, 0), (0, most), (most, 0), (most, most), (7, 9), (9, 7)] {
            assert_eq!(unzigzag(zigzag(value, predicted), predicted), value);
        }
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn the_length_is_the_number_of_bytes_written() {
        for shift in 0..64 {
            for value in [(1u64 << shift) - 1, 1 << shift, u64::MAX >> shift] {
                let mut out = Vec::new();
                put(&mut out, value);
                assert_eq!(out.len(), length(value), "{value}");
            }
        }
    }
}
