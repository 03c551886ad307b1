//! One function's body: what can be reached in it, what that calls, where it traps.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use wasmparser::{FunctionBody, Operator};

use super::{Callee, Signatures, Trap};

/// What stands in a body.
pub(super) struct Read {
    pub(super) calls: Vec<Callee>,
    pub(super) traps: Vec<Trap>,
    pub(super) diverges: bool,
}

/// A block that is open.
struct Frame {
    /// A branch to a loop goes to its begin, so it makes nothing reachable after it.
    is_loop: bool,
    /// Something reachable branches behind its end.
    left: bool,
    /// It was reachable where it began.
    entered: bool,
    /// An `if` whose `else` has not come: without one its end is reachable when its begin is.
    without_else: bool,
}

struct Reader<'a> {
    diverging: &'a [bool],
    frames: Vec<Frame>,
    /// The instruction at hand can be reached.
    live: bool,
    calls: BTreeSet<Callee>,
    traps: BTreeSet<Trap>,
    /// Locals that some instruction before has compared with zero.
    compared: BTreeSet<u32>,
}

/// Reads a body, knowing which functions never return.
pub(super) fn read(body: &FunctionBody<'_>, diverging: &[bool], signatures: &Signatures) -> Result<Read> {
    let mut reader = Reader {
        diverging,
        frames: vec![Frame { is_loop: false, left: false, entered: true, without_else: false }],
        live: true,
        calls: BTreeSet::new(),
        traps: BTreeSet::new(),
        compared: BTreeSet::new(),
    };
    let mut returns = false;
    let mut before = None;
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        reader.control(&operator, signatures)?;
        returns |= matches!(operator, Operator::Return) && reader.live;
        if matches!(operator, Operator::Return) {
            reader.live = false;
        }
        if reader.live {
            reader.arithmetic(&operator, before.as_ref());
        }
        before = Some(operator);
    }
    // The last `end` has closed the function itself, and `live` says whether that was reached.
    returns |= reader.live;
    Ok(Read {
        calls: reader.calls.into_iter().collect(),
        traps: reader.traps.into_iter().collect(),
        diverges: !returns,
    })
}

impl Reader<'_> {
    fn control(&mut self, operator: &Operator<'_>, signatures: &Signatures) -> Result<()> {
        match operator {
            Operator::Block { .. } => self.open(false, false),
            Operator::Loop { .. } => self.open(true, false),
            Operator::If { .. } => self.open(false, true),
            Operator::Else => {
                let live = self.live;
                let frame = self.frames.last_mut().context("an else without an if")?;
                frame.left |= live;
                frame.without_else = false;
                self.live = frame.entered;
            }
            Operator::End => {
                let frame = self.frames.pop().context("an end too many")?;
                self.live |= frame.left || (frame.without_else && frame.entered);
            }
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth)?;
                self.live = false;
            }
            Operator::BrIf { relative_depth } => self.branch(*relative_depth)?,
            Operator::BrTable { targets } => {
                for target in targets.targets() {
                    self.branch(target?)?;
                }
                self.branch(targets.default())?;
                self.live = false;
            }
            Operator::Unreachable => {
                if self.live {
                    self.traps.insert(Trap::Unreachable);
                }
                self.live = false;
            }
            Operator::Call { function_index } => self.call(Callee::Direct(*function_index)),
            Operator::CallIndirect { type_index, .. } => {
                self.call(Callee::Indirect(signatures.canonical(*type_index)?));
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::RefFunc { .. } => bail!("{operator:?} is not followed"),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, is_loop: bool, without_else: bool) {
        self.frames.push(Frame { is_loop, left: false, entered: self.live, without_else });
    }

    fn branch(&mut self, depth: u32) -> Result<()> {
        let outward = self.frames.len().checked_sub(1 + depth as usize);
        let frame = outward.and_then(|index| self.frames.get_mut(index)).context("a branch to nowhere")?;
        frame.left |= self.live && !frame.is_loop;
        Ok(())
    }

    fn call(&mut self, callee: Callee) {
        if !self.live {
            return;
        }
        self.calls.insert(callee);
        if let Callee::Direct(function) = callee
            && self.diverging.get(function as usize) == Some(&true)
        {
            self.live = false;
        }
    }

    /// Safe Rust divides behind a comparison with zero, of which one arm panics unless `checked_div` gives it
    /// another: the arm that panics is found as a call. What is left is a division that nobody guarded.
    fn arithmetic(&mut self, operator: &Operator<'_>, before: Option<&Operator<'_>>) {
        match operator {
            Operator::I32Eqz | Operator::I64Eqz | Operator::BrIf { .. } | Operator::If { .. } => {
                if let Some(Operator::LocalGet { local_index } | Operator::LocalTee { local_index }) = before
                {
                    self.compared.insert(*local_index);
                }
            }
            Operator::I32DivS
            | Operator::I32DivU
            | Operator::I32RemS
            | Operator::I32RemU
            | Operator::I64DivS
            | Operator::I64DivU
            | Operator::I64RemS
            | Operator::I64RemU => {
                let guarded = match before {
                    Some(Operator::I32Const { value }) => *value != 0 && *value != -1,
                    Some(Operator::I64Const { value }) => *value != 0 && *value != -1,
                    Some(Operator::LocalGet { local_index } | Operator::LocalTee { local_index }) => {
                        self.compared.contains(local_index)
                    }
                    _ => false,
                };
                if !guarded {
                    self.traps.insert(Trap::Division);
                }
            }
            Operator::I32TruncF32S
            | Operator::I32TruncF32U
            | Operator::I32TruncF64S
            | Operator::I32TruncF64U
            | Operator::I64TruncF32S
            | Operator::I64TruncF32U
            | Operator::I64TruncF64S
            | Operator::I64TruncF64U => {
                self.traps.insert(Trap::Truncation);
            }
            _ => {}
        }
    }
}
