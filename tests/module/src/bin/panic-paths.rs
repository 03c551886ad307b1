//! Prints every way from a module's exports to a panic: `panic-paths MODULE.wasm [EXPORT]`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use weir_module_tests::{linked::Linked, panics};

#[expect(clippy::print_stdout, reason = "it speaks to whoever started it")]
fn main() -> Result<ExitCode> {
    let path = std::env::args_os().nth(1).context("which module?")?;
    let linked = Linked::parse(&std::fs::read(path)?)?;
    let paths = match std::env::args().nth(2) {
        Some(export) => panics::paths_from_export(&linked, &export),
        None => panics::paths(&linked),
    };
    for path in &paths {
        println!("{path}");
    }
    for name in panics::recursive(&linked) {
        println!("recursive: {name}");
    }
    println!("{} paths to a panic from {} exports", paths.len(), linked.exports.len());
    Ok(if paths.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
