//! A linked module as a call graph: each function with what it calls and where it can trap. Knows the format,
//! and nothing of what a panic is.

mod body;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{ElementItems, ExternalKind, FunctionBody, KnownCustom, Name, Parser, Payload, TypeRef};

/// A function's place in the module's index space, imports first.
pub type FunctionIndex = u32;

/// What a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callee {
    /// That function.
    Direct(FunctionIndex),
    /// Some function of the table with that type.
    Indirect(u32),
}

/// An instruction that can trap by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trap {
    /// `unreachable` that can be reached: not after a call that never returns.
    Unreachable,
    /// A division by a value that is no constant and was not compared with zero before.
    Division,
    /// A conversion of a float to an integer that traps when it does not fit.
    Truncation,
}

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Its demangled name, or for an import `module.name`.
    pub name: String,
    /// Its type's index, with equal types under one index.
    pub signature: u32,
    /// Calls in reachable code.
    pub calls: Vec<Callee>,
    /// Traps in reachable code.
    pub traps: Vec<Trap>,
    /// It never comes back to its caller.
    pub diverges: bool,
}

/// A module's functions and surface.
#[derive(Debug, Default)]
pub struct Linked {
    /// All functions, imports first.
    pub functions: Vec<Function>,
    /// Functions that stand in a table.
    pub in_table: Vec<FunctionIndex>,
    /// `module.name` of each import.
    pub imports: Vec<String>,
    /// Each export with its function, if it is one.
    pub exports: BTreeMap<String, Option<FunctionIndex>>,
    /// Runs at instantiation, before any export.
    pub start: Option<FunctionIndex>,
    /// Sections without names, debug information and the like, byte for byte, by their number.
    pub sections: Vec<(u8, Vec<u8>)>,
    /// There is a section of function names.
    pub named: bool,
}

impl Linked {
    /// Reads a module.
    ///
    /// # Errors
    ///
    /// What the module has that is not understood: a call graph with holes would be worse than none.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        wasmparser::validate(bytes).context("not a valid module")?;
        let mut linked = Self::default();
        let mut signatures = Signatures::default();
        let mut bodies = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section()
                && id != 0
            {
                linked.sections.push((id, bytes.get(range).unwrap_or_default().to_vec()));
            }
            match payload {
                Payload::TypeSection(types) => {
                    for group in types.into_iter_err_on_gc_types() {
                        signatures.add(group?);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        let name = format!("{}.{}", import.module, import.name);
                        linked.imports.push(name.clone());
                        let TypeRef::Func(signature) = import.ty else {
                            bail!("{name} is no function");
                        };
                        linked.functions.push(Function {
                            name,
                            signature: signatures.canonical(signature)?,
                            calls: Vec::new(),
                            traps: Vec::new(),
                            diverges: false,
                        });
                    }
                }
                Payload::FunctionSection(functions) => {
                    for signature in functions {
                        linked.functions.push(Function {
                            name: format!("function {}", linked.functions.len()),
                            signature: signatures.canonical(signature?)?,
                            calls: Vec::new(),
                            traps: Vec::new(),
                            diverges: false,
                        });
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        let function = (export.kind == ExternalKind::Func).then_some(export.index);
                        linked.exports.insert(export.name.to_owned(), function);
                    }
                }
                Payload::StartSection { func, .. } => linked.start = Some(func),
                Payload::ElementSection(elements) => {
                    for element in elements {
                        let ElementItems::Functions(functions) = element?.items else {
                            bail!("an element segment of expressions");
                        };
                        for function in functions {
                            linked.in_table.push(function?);
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        linked.name(names)?;
                    }
                }
                _ => {}
            }
        }
        linked.read_bodies(&bodies, &signatures)?;
        Ok(linked)
    }

    fn name(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<()> {
        for name in names {
            let Name::Function(functions) = name? else { continue };
            self.named = true;
            for naming in functions {
                let naming = naming?;
                let function = self.functions.get_mut(naming.index as usize).context("a name of nothing")?;
                if naming.index as usize >= self.imports.len() {
                    function.name = format!("{:#}", rustc_demangle::demangle(naming.name));
                }
            }
        }
        Ok(())
    }

    /// A function diverges if it reaches no return but through calls that diverge: read until nothing changes.
    fn read_bodies(&mut self, bodies: &[FunctionBody<'_>], signatures: &Signatures) -> Result<()> {
        ensure!(self.imports.len() + bodies.len() == self.functions.len(), "functions without a body");
        loop {
            let diverging: Vec<bool> = self.functions.iter().map(|function| function.diverges).collect();
            let mut changed = false;
            for (function, body) in self.functions.iter_mut().skip(self.imports.len()).zip(bodies) {
                let read = body::read(body, &diverging, signatures)
                    .with_context(|| format!("in {}", function.name))?;
                changed |= read.diverges != function.diverges;
                function.calls = read.calls;
                function.traps = read.traps;
                function.diverges = read.diverges;
            }
            if !changed {
                return Ok(());
            }
        }
    }

    /// The functions that a call may reach.
    pub fn targets(&self, callee: Callee) -> Vec<FunctionIndex> {
        match callee {
            Callee::Direct(function) => vec![function],
            Callee::Indirect(signature) => {
                let of_type = |index: &&FunctionIndex| {
                    self.functions.get(**index as usize).is_some_and(|found| found.signature == signature)
                };
                self.in_table.iter().filter(of_type).copied().collect()
            }
        }
    }
}

/// The module's function types, each equal to the first one like it.
#[derive(Debug, Default)]
struct Signatures {
    types: Vec<wasmparser::FuncType>,
}

impl Signatures {
    fn add(&mut self, signature: wasmparser::FuncType) {
        self.types.push(signature);
    }

    fn canonical(&self, index: u32) -> Result<u32> {
        let wanted = self.types.get(index as usize).context("a type that is not there")?;
        let first = self.types.iter().position(|signature| signature == wanted).unwrap_or_default();
        Ok(u32::try_from(first)?)
    }
}
