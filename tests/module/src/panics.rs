//! The ways from a module's exports to a panic.
//!
//! A function that never comes back is a panic or ends in one, whatever its name: nothing in a filter loops for
//! ever. Allocation failure alone is excused, by the names of the functions that the standard library keeps
//! for it. Calls through a table are taken to reach every function of that type which stands in one, so what is
//! found may be too much and never too little.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::linked::{Callee, FunctionIndex, Linked, Trap};

/// What ends in an abort because memory has run out, or more was asked for than there can be.
const ALLOCATION_FAILURE: &[&str] = &[
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "alloc::alloc::handle_alloc_error",
    "__rust_alloc_error_handler",
];

/// One way to a panic: the chain's last two links stand in no other report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanicPath {
    /// The export, then each function called.
    pub chain: Vec<String>,
    /// How the last one ends.
    pub end: End,
}

/// What stands at the end of a way to a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The last function never returns.
    NeverReturns,
    /// The last function traps by itself.
    Traps(Trap),
}

impl fmt::Display for PanicPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chain.join(" → "))?;
        match self.end {
            End::NeverReturns => Ok(()),
            End::Traps(trap) => write!(f, " [{trap:?}]"),
        }
    }
}

fn is_excused(name: &str) -> bool {
    // A generic or inner function's name goes on after the outer one's.
    ALLOCATION_FAILURE.iter().any(|excused| {
        name.strip_prefix(excused).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

/// Every way from an export, or from the start function, to a panic: for each pair of a function and the panic
/// that it calls the shortest chain.
pub fn paths(linked: &Linked) -> Vec<PanicPath> {
    paths_from(linked, &surface(linked).collect::<Vec<_>>())
}

/// The same from one export.
pub fn paths_from_export(linked: &Linked, export: &str) -> Vec<PanicPath> {
    paths_from(linked, &surface(linked).filter(|(name, _)| *name == export).collect::<Vec<_>>())
}

fn paths_from(linked: &Linked, surface: &[(&str, FunctionIndex)]) -> Vec<PanicPath> {
    let reached = Reached::from(linked, surface);
    let mut paths = Vec::new();
    for &index in reached.called_by.keys() {
        let Some(function) = linked.functions.get(index as usize) else { continue };
        // What a panic does on its way is of no interest.
        if function.diverges {
            continue;
        }
        for &trap in &function.traps {
            paths.push(PanicPath { chain: reached.chain(linked, index), end: End::Traps(trap) });
        }
        for target in called(linked, index) {
            let Some(callee) = linked.functions.get(target as usize) else { continue };
            if callee.diverges && !is_excused(&callee.name) {
                let mut chain = reached.chain(linked, index);
                chain.push(callee.name.clone());
                paths.push(PanicPath { chain, end: End::NeverReturns });
            }
        }
    }
    paths.extend(surface.iter().filter_map(|&(name, index)| {
        let function = linked.functions.get(index as usize)?;
        function.diverges.then(|| PanicPath { chain: vec![name.to_owned()], end: End::NeverReturns })
    }));
    paths.sort_by(|one, other| (one.chain.len(), &one.chain).cmp(&(other.chain.len(), &other.chain)));
    paths
}

/// Functions that call themselves, directly or through others: each can exhaust the stack unless its depth has a
/// bound that no graph shows.
pub fn recursive(linked: &Linked) -> BTreeSet<String> {
    let reached = Reached::from(linked, &surface(linked).collect::<Vec<_>>());
    let mut recursive = BTreeSet::new();
    for &start in reached.called_by.keys() {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(index) = open.pop() {
            for target in direct(linked, index) {
                if target == start
                    && let Some(function) = linked.functions.get(start as usize)
                {
                    recursive.insert(function.name.clone());
                }
                if seen.insert(target) {
                    open.push(target);
                }
            }
        }
    }
    recursive
}

fn surface(linked: &Linked) -> impl Iterator<Item = (&str, FunctionIndex)> {
    let exported = linked.exports.iter().filter_map(|(name, index)| Some((name.as_str(), (*index)?)));
    exported.chain(linked.start.map(|index| ("(start)", index)))
}

fn called(linked: &Linked, index: FunctionIndex) -> BTreeSet<FunctionIndex> {
    let calls = linked.functions.get(index as usize).map(|function| function.calls.as_slice());
    calls.unwrap_or_default().iter().flat_map(|&callee| linked.targets(callee)).collect()
}

fn direct(linked: &Linked, index: FunctionIndex) -> impl Iterator<Item = FunctionIndex> {
    let calls = linked.functions.get(index as usize).map(|function| function.calls.as_slice());
    calls.unwrap_or_default().iter().filter_map(|callee| match callee {
        Callee::Direct(function) => Some(*function),
        Callee::Indirect(_) => None,
    })
}

/// What can run, each function with the one that a shortest chain comes from.
struct Reached {
    called_by: BTreeMap<FunctionIndex, Origin>,
}

enum Origin {
    Export(String),
    Function(FunctionIndex),
}

impl Reached {
    fn from(linked: &Linked, surface: &[(&str, FunctionIndex)]) -> Self {
        let mut called_by = BTreeMap::new();
        let mut open = VecDeque::new();
        for &(name, index) in surface {
            called_by.entry(index).or_insert_with(|| Origin::Export(name.to_owned()));
            open.push_back(index);
        }
        while let Some(index) = open.pop_front() {
            for target in called(linked, index) {
                // Nothing behind a panic matters, nor what is done about a failed allocation.
                let passable = linked.functions.get(target as usize).is_some_and(|callee| !callee.diverges);
                if passable && !called_by.contains_key(&target) {
                    called_by.insert(target, Origin::Function(index));
                    open.push_back(target);
                }
            }
        }
        Self { called_by }
    }

    fn chain(&self, linked: &Linked, index: FunctionIndex) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = index;
        loop {
            let name = linked.functions.get(at as usize).map(|function| function.name.clone());
            match self.called_by.get(&at) {
                Some(Origin::Function(caller)) => {
                    chain.extend(name);
                    at = *caller;
                }
                Some(Origin::Export(export)) => {
                    chain.push(export.clone());
                    break;
                }
                None => break,
            }
        }
        chain.reverse();
        chain
    }
}

#[cfg(test)]
mod tests;
