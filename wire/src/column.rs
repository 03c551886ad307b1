//! One column of a batch in memory: a value a row, some absent, at memory that follows what is really there.

use std::sync::Arc;

/// Stands for an absent value while a column is being filled; no value reaches it.
pub(crate) const NULL: u64 = u64::MAX;

/// The values of one measure (or of one reference into a table) for all rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Column {
    /// No row has a value.
    #[default]
    Absent,
    /// Every row has this value.
    Constant(u64),
    /// Every row has a value of its own.
    Dense(Vec<u64>),
    /// Some rows have a value.
    Sparse(Sparse),
}

/// The values of those rows that have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sparse {
    pub(crate) present: Arc<Presence>,
    /// One value for all rows that have any, or one for each of them in their order.
    pub(crate) values: Vec<u64>,
}

/// Which rows have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presence {
    /// A bit a row, low bits first.
    bits: Vec<u8>,
    /// How many rows before each eighth byte have a value.
    ranks: Vec<u32>,
    rows: usize,
    count: usize,
}

const BYTES_A_RANK: usize = 8;

impl Presence {
    /// For `rows` rows; bits beyond the last must not be set.
    pub(crate) fn new(bits: Vec<u8>, rows: usize) -> Self {
        let mut count = 0;
        let mut ranks = Vec::with_capacity(bits.len().div_ceil(BYTES_A_RANK));
        for bytes in bits.chunks(BYTES_A_RANK) {
            // A batch has far fewer than 2³² rows.
            ranks.push(u32::try_from(count).unwrap_or(u32::MAX));
            count += ones(bytes);
        }
        Self { bits, ranks, rows, count }
    }

    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// How many rows there are.
    pub(crate) fn all_rows(&self) -> usize {
        self.rows
    }

    /// How many rows have a value.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The rows that have a value, in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        let set = |(at, byte): (usize, &u8)| {
            let byte = *byte;
            (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| at * 8 + bit)
        };
        self.bits.iter().enumerate().flat_map(set)
    }

    /// The position of a row's value among all values; `None` if it has none.
    fn position(&self, row: usize) -> Option<usize> {
        let byte = row / 8;
        let here = *self.bits.get(byte)?;
        if here & (1 << (row % 8)) == 0 {
            return None;
        }
        let block = byte / BYTES_A_RANK;
        let before = usize::try_from(*self.ranks.get(block)?).ok()?;
        let between = ones(self.bits.get(block * BYTES_A_RANK..byte)?);
        let within = (here & ((1 << (row % 8)) - 1)).count_ones() as usize;
        Some(before + between + within)
    }
}

fn ones(bytes: &[u8]) -> usize {
    bytes.iter().map(|byte| byte.count_ones() as usize).sum()
}

impl Sparse {
    /// The rows that have a value, each with it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let single = self.single();
        let value = move |(nth, row): (usize, usize)| Some((row, single.or(self.values.get(nth).copied())?));
        self.present.rows().enumerate().filter_map(value)
    }

    /// The value that all rows with a value share.
    pub(crate) fn single(&self) -> Option<u64> {
        match self.values.as_slice() {
            [single] => Some(*single),
            _ => None,
        }
    }
}

impl Column {
    /// The value of row `at`, if it has one.
    pub fn get(&self, at: usize) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Constant(value) => Some(*value),
            Self::Dense(values) => values.get(at).copied(),
            Self::Sparse(sparse) => {
                let position = sparse.present.position(at)?;
                sparse.single().or_else(|| sparse.values.get(position).copied())
            }
        }
    }

    /// The least and the greatest value, if there is any.
    pub fn range(&self) -> Option<(u64, u64)> {
        let values = self.values();
        Some((*values.iter().min()?, *values.iter().max()?))
    }

    /// The distinct values that it holds, perhaps some of them more than once.
    pub(crate) fn values(&self) -> &[u64] {
        match self {
            Self::Absent => &[],
            Self::Constant(value) => std::slice::from_ref(value),
            Self::Dense(values) => values,
            Self::Sparse(sparse) => &sparse.values,
        }
    }

    /// All rows have a value of their own; shorter where they are all the same.
    pub(crate) fn dense(values: Vec<u64>) -> Self {
        match values.split_first() {
            None => Self::Absent,
            Some((first, rest)) if rest.iter().all(|value| value == first) => Self::Constant(*first),
            Some(_) => Self::Dense(values),
        }
    }

    /// Some rows have a value, `values` in their order; shorter where they are all the same.
    pub(crate) fn sparse(present: Arc<Presence>, mut values: Vec<u64>) -> Self {
        let Some(first) = values.first().copied() else { return Self::Absent };
        if values.iter().all(|value| *value == first) {
            values.truncate(1);
        }
        Self::Sparse(Sparse { present, values })
    }

    /// From a value a row, [`NULL`] for those that have none.
    pub(crate) fn of(values: Vec<u64>) -> Self {
        if !values.contains(&NULL) {
            return Self::dense(values);
        }
        let byte =
            |eight: &[u64]| eight.iter().rev().fold(0, |byte, value| (byte << 1) | u8::from(*value != NULL));
        let rows = values.len();
        // Pushed one by one: collecting into a list reckons with an overflow of its length, by a panic.
        let mut bits = Vec::with_capacity(rows.div_ceil(8));
        for eight in values.chunks(8) {
            bits.push(byte(eight));
        }
        let known = values.into_iter().filter(|value| *value != NULL).collect();
        Self::sparse(Arc::new(Presence::new(bits, rows)), known)
    }
}

/// A column being filled, row by row. Nothing is kept until a row has a value, nor behind the last that has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filling(Vec<u64>);

impl Filling {
    /// Gives row `at` a value; rows before it that were not given one have none.
    pub(crate) fn push(&mut self, at: usize, value: u64) {
        if self.0.len() != at {
            self.0.resize(at, NULL);
        }
        self.0.push(value);
    }

    /// The column of `rows` rows.
    pub(crate) fn finish(mut self, rows: usize) -> Column {
        if self.0.is_empty() {
            return Column::Absent;
        }
        self.0.resize(rows, NULL);
        Column::of(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    #[cfg_attr(not(target_arch = "wasm32"), test)]
    fn every_shape_gives_its_values_back() {
        let sparse = |rows: usize, step: usize| {
            (0..rows).map(move |row| if row % step == 0 { row as u64 } else { NULL })
        };
        for values in [
            vec![],
            vec![NULL; 9],
            vec![7; 9],
            vec![NULL, 7, 7, NULL],
            vec![NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3],
            (0..1_000).collect(),
            sparse(1_000, 3).collect(),
            sparse(200, 64).collect(),
        ] {
            let column = Column::of(values.clone());
            for (row, value) in values.iter().enumerate() {
                assert_eq!(
                    column.get(row),
                    Some(*value).filter(|value| *value != NULL),
                    "row {row} of {values:?}"
                );
            }
            assert_eq!(
                column.get(values.len()),
                None.or(column.values().first().copied().filter(|_| matches!(column, Column::Constant(_))))
            );
        }
    }
}
