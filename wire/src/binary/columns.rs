//! Columns as bytes: a value once where all rows have the same, nothing for rows that have none, the common
//! step divided out, small differences where a value can be foretold, and as few bits as do.

use super::golomb::{BitReader, BitWriter, LIMIT, Lengths, MAX_ORDER};
use super::input::Input;
use super::varint::{length, put};
use super::{GOLOMB, PRESENT_ALL, PRESENT_AS, PRESENT_BITS, SINGLE};
use crate::DecodeError;
use crate::column::Column;
use crate::measure::NULL;

/// How values are turned into numbers that are small, and back. `at` is the row; rows come in order.
pub(super) trait Foretold {
    /// The number for `value`.
    fn code(&mut self, at: usize, value: u64) -> u64;
    /// The value of `code`; anything where no value has it.
    fn value(&mut self, at: usize, code: u64) -> u64;
}

/// Writes columns one after another.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Presence of the columns written so far, to be pointed at.
    presences: Vec<(u8, Vec<u8>)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, presences: Vec::new() }
    }

    /// Writes one column.
    pub(super) fn put(&mut self, id: u8, column: &Column, foretold: Option<&mut dyn Foretold>) {
        match column {
            Column::Absent => {}
            Column::Constant(value) => {
                self.out.extend_from_slice(&[id, PRESENT_ALL | SINGLE]);
                put(self.out, *value);
            }
            Column::Values(values) => match single(values) {
                Some(value) => {
                    self.put_head(id, values, SINGLE);
                    put(self.out, value);
                }
                None => {
                    let (step, codes) = codes(values, foretold);
                    self.put_values(id, values, step, &codes);
                }
            },
        }
    }

    fn put_values(&mut self, id: u8, values: &[u64], step: Option<u64>, codes: &[u64]) {
        let mut lengths = Lengths::new();
        codes.iter().for_each(|code| lengths.add(*code));
        let order = lengths.best_order();
        let golomb = (codes.iter().all(|code| *code < LIMIT)).then(|| {
            let mut bits = BitWriter::default();
            codes.iter().for_each(|code| bits.put(*code, order));
            bits.finish()
        });
        let plain: usize = codes.iter().map(|code| length(*code)).sum();
        let golomb = golomb.filter(|bits| bits.len().saturating_add(1) < plain);
        self.put_head(id, values, if golomb.is_some() { GOLOMB } else { 0 });
        if let Some(step) = step {
            put(self.out, step);
        }
        match golomb {
            Some(bits) => {
                self.out.push(order);
                self.out.extend_from_slice(&bits);
            }
            None => codes.iter().for_each(|code| put(self.out, *code)),
        }
    }

    fn put_head(&mut self, id: u8, values: &[u64], kind: u8) {
        if !values.contains(&NULL) {
            self.out.extend_from_slice(&[id, PRESENT_ALL | kind]);
            return;
        }
        let bits = bits(values);
        if let Some((other, _)) = self.presences.iter().find(|(_, known)| *known == bits) {
            self.out.extend_from_slice(&[id, PRESENT_AS | kind, *other]);
            return;
        }
        self.out.extend_from_slice(&[id, PRESENT_BITS | kind]);
        self.out.extend_from_slice(&bits);
        self.presences.push((id, bits));
    }
}

/// What is written for the values that are there, and the step that was divided out where nothing is foretold.
fn codes(values: &[u64], foretold: Option<&mut dyn Foretold>) -> (Option<u64>, Vec<u64>) {
    let known = || values.iter().copied().enumerate().filter(|(_, value)| *value != NULL);
    match foretold {
        Some(foretold) => (None, known().map(|(at, value)| foretold.code(at, value)).collect()),
        None => {
            let step = known().map(|(_, value)| value).fold(0, greatest_common_divisor).max(1);
            (Some(step), known().map(|(_, value)| value / step).collect())
        }
    }
}

/// The one value that all rows with a value have, if there is one.
fn single(values: &[u64]) -> Option<u64> {
    let mut known = values.iter().filter(|value| **value != NULL);
    let first = known.next()?;
    known.all(|value| value == first).then_some(*first)
}

fn bits(values: &[u64]) -> Vec<u8> {
    let byte =
        |eight: &[u64]| eight.iter().rev().fold(0, |byte, value| (byte << 1) | u8::from(*value != NULL));
    values.chunks(8).map(byte).collect()
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
    presences: Vec<(u8, Vec<u8>)>,
}

impl Reader {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, last: None, presences: Vec::new() }
    }

    /// The next column's id; ids ascend.
    pub(super) fn id(&mut self, input: &mut Input<'_>, part: &'static str) -> Result<u8, DecodeError> {
        let id = input.byte(part)?;
        if self.last.is_some_and(|last| id <= last) {
            return Err(DecodeError::malformed(part, format!("column {id} is not in ascending order")));
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
                Some(bits) => Column::Values(self.spread(&bits, |_| Ok(value))?).settled(),
            });
        }
        let step = if foretold.is_some() { 1 } else { input.number(part)? };
        let bits = present.unwrap_or_else(|| vec![u8::MAX; self.rows.div_ceil(8)]);
        let values = if kind & GOLOMB == 0 {
            self.values(part, &bits, step, foretold, || input.number(part))?
        } else {
            let order = input.byte(part)?;
            if order > MAX_ORDER {
                return Err(DecodeError::malformed(part, format!("order {order} is above {MAX_ORDER}")));
            }
            let mut reader = BitReader::new(input, part);
            let values = self.values(part, &bits, step, foretold, || reader.number(order))?;
            reader.finish()?;
            values
        };
        Ok(Column::Values(values).settled())
    }

    /// Which rows have a value; `None` for all of them.
    fn presence(
        &mut self,
        input: &mut Input<'_>,
        part: &'static str,
        id: u8,
        kind: u8,
    ) -> Result<Option<Vec<u8>>, DecodeError> {
        match kind {
            PRESENT_ALL => Ok(None),
            PRESENT_BITS => {
                let bits = input.take(self.rows.div_ceil(8), part)?.to_vec();
                self.presences.push((id, bits.clone()));
                Ok(Some(bits))
            }
            PRESENT_AS => {
                let other = input.byte(part)?;
                let known = self.presences.iter().find(|(known, _)| *known == other);
                let unknown =
                    || DecodeError::malformed(part, format!("column {other} has no presence to share"));
                Ok(Some(known.ok_or_else(unknown)?.1.clone()))
            }
            _ => Err(DecodeError::malformed(part, format!("kind {kind} is not known"))),
        }
    }

    fn values(
        &self,
        part: &'static str,
        bits: &[u8],
        step: u64,
        mut foretold: Option<&mut dyn Foretold>,
        mut code: impl FnMut() -> Result<u64, DecodeError>,
    ) -> Result<Vec<u64>, DecodeError> {
        self.spread(bits, |at| {
            let code = code()?;
            let value = match &mut foretold {
                Some(foretold) => foretold.value(at, code),
                None => code.checked_mul(step).unwrap_or(NULL),
            };
            in_range(part, value)
        })
    }

    /// A value a row: what `value` gives where the bit is set, absent elsewhere.
    fn spread(
        &self,
        bits: &[u8],
        mut value: impl FnMut(usize) -> Result<u64, DecodeError>,
    ) -> Result<Vec<u64>, DecodeError> {
        let mut values = Vec::with_capacity(self.rows);
        for at in 0..self.rows {
            let set = bits.get(at / 8).is_some_and(|byte| byte & (1 << (at % 8)) != 0);
            values.push(if set { value(at)? } else { NULL });
        }
        Ok(values)
    }
}

/// Only the value that stands for "absent" is out of every range.
fn in_range(part: &'static str, value: u64) -> Result<u64, DecodeError> {
    if value == NULL { Err(DecodeError::malformed(part, "a value is out of range")) } else { Ok(value) }
}
