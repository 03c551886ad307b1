//! Columns as bytes: a value once where all rows have the same, nothing for rows that have none, the common
//! step divided out, small differences where a value can be foretold, and as few bits as do.

use std::sync::Arc;

use super::golomb::{BitReader, BitWriter, Lengths, MAX_ORDER};
use super::input::Input;
use super::varint::put;
use super::{GOLOMB, PRESENT_ALL, PRESENT_AS, PRESENT_BITS, SINGLE};
use crate::DecodeError;
use crate::column::{Column, NULL, Presence, Sparse};
use crate::message::message;

/// How values are turned into numbers that are small, and back. `at` is the row; rows come in order.
pub(super) trait Foretold {
    /// The number for `value`.
    fn code(&mut self, at: usize, value: u64) -> u64;
    /// The value of `code`; `u64::MAX` where no value has it.
    fn value(&mut self, at: usize, code: u64) -> u64;
}

/// Writes columns one after another.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Presence of the columns written so far, to be pointed at.
    presences: Vec<(u8, &'a Presence)>,
    /// Room for one column's codes, and for the same as bits.
    codes: Vec<u64>,
    bits: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, presences: Vec::new(), codes: Vec::new(), bits: Vec::new() }
    }

    /// Writes one column.
    pub(super) fn put(&mut self, id: u8, column: &'a Column, foretold: Option<&mut dyn Foretold>) {
        self.codes.clear();
        let step = foretold.is_none().then(|| step(column.values()));
        match (column, foretold) {
            (Column::Absent, _) => return,
            (Column::Constant(value), _) => {
                self.out.extend_from_slice(&[id, PRESENT_ALL | SINGLE]);
                return put(self.out, *value);
            }
            (Column::Sparse(sparse), _) if let Some(value) = sparse.single() => {
                self.put_head(id, column, SINGLE);
                return put(self.out, value);
            }
            (Column::Dense(values), Some(foretold)) => {
                self.codes.extend(values.iter().enumerate().map(|(at, value)| foretold.code(at, *value)));
            }
            (Column::Sparse(sparse), Some(foretold)) => {
                self.codes.extend(sparse.iter().map(|(at, value)| foretold.code(at, value)));
            }
            (Column::Dense(values) | Column::Sparse(Sparse { values, .. }), None) => match step {
                Some(step) if step > 1 => {
                    self.codes.extend(values.iter().map(|value| value.checked_div(step).unwrap_or(*value)));
                }
                _ => self.codes.extend_from_slice(values),
            },
        }
        self.put_codes(id, column, step);
    }

    fn put_codes(&mut self, id: u8, column: &'a Column, step: Option<u64>) {
        let mut lengths = Lengths::new();
        self.codes.iter().for_each(|code| lengths.add(*code));
        let (order, plain) = (lengths.best_order(), lengths.as_varints());
        let golomb = lengths.fit() && lengths.least_bytes(order).saturating_add(1) < plain && {
            let mut writer = BitWriter::new(&mut self.bits);
            self.codes.iter().for_each(|code| writer.put(*code, order));
            writer.finish();
            self.bits.len().saturating_add(1) < plain
        };
        self.put_head(id, column, if golomb { GOLOMB } else { 0 });
        if let Some(step) = step {
            put(self.out, step);
        }
        if golomb {
            self.out.push(order);
            self.out.extend_from_slice(&self.bits);
        } else {
            self.codes.iter().for_each(|code| put(self.out, *code));
        }
    }

    fn put_head(&mut self, id: u8, column: &'a Column, kind: u8) {
        let Column::Sparse(sparse) = column else {
            self.out.extend_from_slice(&[id, PRESENT_ALL | kind]);
            return;
        };
        let present = sparse.present.as_ref();
        if let Some((other, _)) = self.presences.iter().find(|(_, known)| *known == present) {
            self.out.extend_from_slice(&[id, PRESENT_AS | kind, *other]);
            return;
        }
        self.out.extend_from_slice(&[id, PRESENT_BITS | kind]);
        self.out.extend_from_slice(present.bits());
        self.presences.push((id, present));
    }
}

/// The greatest step that all values are multiples of.
fn step(values: &[u64]) -> u64 {
    let mut step = 0;
    for value in values {
        step = greatest_common_divisor(*value, step);
        if step == 1 {
            break;
        }
    }
    step.max(1)
}

/// Euclid's algorithm; nothing and a number have that number in common.
fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Reads columns one after another.
pub(super) struct Reader {
    rows: usize,
    last: Option<u8>,
    presences: Vec<(u8, Arc<Presence>)>,
}

impl Reader {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, last: None, presences: Vec::new() }
    }

    /// The next column's id; ids ascend.
    pub(super) fn id(&mut self, input: &mut Input<'_>, part: &'static str) -> Result<u8, DecodeError> {
        let id = input.byte(part)?;
        if self.last.is_some_and(|last| id <= last) {
            return Err(DecodeError::malformed(part, message!("column {id} is not in ascending order")));
        }
        self.last = Some(id);
        Ok(id)
    }

    /// The column behind its id.
    pub(super) fn column(
        &mut self,
        input: &mut Input<'_>,
        part: &'static str,
        id: u8,
        foretold: Option<&mut dyn Foretold>,
    ) -> Result<Column, DecodeError> {
        let kind = input.byte(part)?;
        let present = self.presence(input, part, id, kind & !(SINGLE | GOLOMB))?;
        if kind & SINGLE != 0 {
            let value = in_range(part, input.number(part)?)?;
            return Ok(match present {
                None => Column::Constant(value),
                Some(present) => Column::sparse(present, vec![value]),
            });
        }
        let step = if foretold.is_some() { 1 } else { input.number(part)? };
        let values = if kind & GOLOMB == 0 {
            self.values(part, present.as_deref(), step, foretold, input.left(), || input.number(part))?
        } else {
            let order = input.byte(part)?;
            if order > MAX_ORDER {
                return Err(DecodeError::malformed(part, message!("order {order} is above {MAX_ORDER}")));
            }
            let most = input.left().saturating_mul(8);
            let mut reader = BitReader::new(input, part);
            let values =
                self.values(part, present.as_deref(), step, foretold, most, || reader.number(order))?;
            reader.finish()?;
            values
        };
        Ok(match present {
            None => Column::dense(values),
            Some(present) => Column::sparse(present, values),
        })
    }

    /// Which rows have a value; `None` for all of them.
    fn presence(
        &mut self,
        input: &mut Input<'_>,
        part: &'static str,
        id: u8,
        kind: u8,
    ) -> Result<Option<Arc<Presence>>, DecodeError> {
        let present = match kind {
            PRESENT_ALL => return Ok(None),
            PRESENT_BITS => {
                let bits = input.take(self.rows.div_ceil(8), part)?.to_vec();
                let unused = bits.len().saturating_mul(8).saturating_sub(self.rows);
                if bits.last().is_some_and(|last| u32::from(*last) >> (8 - unused) != 0) {
                    return Err(DecodeError::malformed(part, "a row beyond the last has a value"));
                }
                let present = Arc::new(Presence::new(bits, self.rows));
                self.presences.push((id, shared(&present)));
                present
            }
            PRESENT_AS => {
                let other = input.byte(part)?;
                let known = self.presences.iter().find(|(known, _)| *known == other);
                let unknown =
                    || DecodeError::malformed(part, message!("column {other} has no presence to share"));
                shared(&known.ok_or_else(unknown)?.1)
            }
            _ => return Err(DecodeError::malformed(part, message!("kind {kind} is not known"))),
        };
        if present.count() == 0 || present.count() == self.rows {
            return Err(DecodeError::malformed(part, "a presence that says all or nothing"));
        }
        Ok(Some(present))
    }

    /// The values of the rows that have one. No more is reserved than `most`, the codes that the input can hold.
    fn values(
        &self,
        part: &'static str,
        present: Option<&Presence>,
        step: u64,
        mut foretold: Option<&mut dyn Foretold>,
        most: usize,
        mut code: impl FnMut() -> Result<u64, DecodeError>,
    ) -> Result<Vec<u64>, DecodeError> {
        let count = present.map_or(self.rows, Presence::count);
        if count > most {
            return Err(DecodeError::Truncated { part });
        }
        let mut values = Vec::with_capacity(count);
        let mut take = |at: usize| {
            let code = code()?;
            let value = match &mut foretold {
                Some(foretold) => foretold.value(at, code),
                None => code.checked_mul(step).unwrap_or(NULL),
            };
            values.push(in_range(part, value)?);
            Ok::<(), DecodeError>(())
        };
        match present {
            None => (0..self.rows).try_for_each(&mut take)?,
            Some(present) => present.rows().try_for_each(&mut take)?,
        }
        Ok(values)
    }
}

/// Only the value that stands for "absent" is out of every range.
fn in_range(part: &'static str, value: u64) -> Result<u64, DecodeError> {
    if value == NULL { Err(DecodeError::malformed(part, "a value is out of range")) } else { Ok(value) }
}

/// The same presence for another column, in the same memory: what a decoder holds is bounded by its input.
#[cfg(not(target_arch = "wasm32"))]
fn shared(present: &Arc<Presence>) -> Arc<Presence> {
    Arc::clone(present)
}

/// A copy: a filter decodes nothing but its own small batches, and sharing reckons with more owners than can
/// be counted, by an abort.
#[cfg(target_arch = "wasm32")]
fn shared(present: &Arc<Presence>) -> Arc<Presence> {
    Arc::new(Presence::clone(present))
}
