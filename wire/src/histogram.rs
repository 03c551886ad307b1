//! A coarse histogram of whole numbers: eight buckets an octave, only those that hold something.

/// Sub-buckets of an octave, as a power of two.
const PRECISION: u32 = 3;
/// Values below this have a bucket of their own.
const EXACT: u64 = 1 << PRECISION;

/// How often values fell into which bucket.
///
/// The middle of a bucket is at most 1/16 away from any value in it, relative to that value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Bucket and count, ascending; no count is zero.
    pub(crate) entries: Vec<(u16, u32)>,
}

impl Histogram {
    /// How many buckets there are: one for every value that a measure can have.
    pub const BUCKETS: u16 = 480;

    /// The bucket of a value. Values beyond [`Measure::MAX`](crate::Measure::MAX) are in the last.
    pub const fn bucket_of(value: u64) -> u16 {
        if value < EXACT {
            return (value & 0x7) as u16;
        }
        let shift = value.ilog2() - PRECISION;
        let bucket = shift as u64 * EXACT + (value >> shift);
        if bucket >= Self::BUCKETS as u64 { Self::BUCKETS - 1 } else { (bucket & 0x1ff) as u16 }
    }

    /// The least and the greatest value of a bucket; `None` for one that does not exist.
    pub const fn bounds(bucket: u16) -> Option<(u64, u64)> {
        let bucket = bucket as u64;
        if bucket >= Self::BUCKETS as u64 {
            return None;
        }
        if bucket < EXACT {
            return Some((bucket, bucket));
        }
        let shift = bucket / EXACT - 1;
        let least = (EXACT + bucket % EXACT) << shift;
        Some((least, least + ((1 << shift) - 1)))
    }

    /// Counts a value and says how many its bucket has now. A bucket's count stays at 2³² - 1.
    pub fn add(&mut self, value: u64) -> u64 {
        let bucket = Self::bucket_of(value);
        if let Ok(at) = self.entries.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            let Some((_, count)) = self.entries.get_mut(at) else { return 0 };
            *count = count.saturating_add(1);
            return (*count).into();
        }
        self.entries.push((bucket, 1));
        let mut entries = self.entries.iter_mut().rev();
        let Some(mut new) = entries.next() else { return 1 };
        for before in entries {
            if before.0 < new.0 {
                break;
            }
            std::mem::swap(before, new);
            new = before;
        }
        1
    }

    /// The buckets that hold something, ascending, each with how many values it holds.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (u16, u64)> + '_ {
        self.entries.iter().map(|(bucket, count)| (*bucket, u64::from(*count)))
    }

    /// How many values it holds.
    pub fn count(&self) -> u64 {
        self.buckets().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Measure;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn buckets_follow_one_another_up_to_the_greatest_value() {
        let mut next = 0;
        for bucket in 0..Histogram::BUCKETS {
            let (least, greatest) = Histogram::bounds(bucket).unwrap();
            assert_eq!(least, next, "{bucket}");
            assert_eq!([least, greatest].map(Histogram::bucket_of), [bucket; 2]);
            next = greatest + 1;
        }
        assert_eq!(next, Measure::MAX + 1);
        assert_eq!(Histogram::bounds(Histogram::BUCKETS), None);
        assert_eq!(Histogram::bucket_of(u64::MAX), Histogram::BUCKETS - 1);
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn the_middle_of_a_bucket_is_within_a_sixteenth_of_its_values() {
        for bucket in 0..Histogram::BUCKETS {
            let (least, greatest) = Histogram::bounds(bucket).unwrap();
            let middle = least + (greatest - least) / 2;
            for value in [least, greatest] {
                assert!(middle.abs_diff(value) * 16 <= value, "{bucket}: {middle} for {value}");
            }
        }
    }

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn entries_ascend_in_whatever_order_values_come() {
        let mut histogram = Histogram::default();
        for value in [900, 3, 3, 1_000_000, 0, 901, 40, 3] {
            histogram.add(value);
        }
        assert_eq!(
            histogram.buckets().collect::<Vec<_>>(),
            [(0, 1), (3, 3), (26, 1), (62, 2), (143, 1)].map(|(bucket, count): (u16, u64)| (bucket, count))
        );
        assert_eq!(histogram.count(), 8);
    }
}
