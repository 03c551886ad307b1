//! The architecture's arrows, held by a test: which crate may import which, and what the cores must not know.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Every crate of the workspace with the crates of the workspace that it imports: no more and no less.
const EDGES: &[(&str, &[&str])] = &[
    ("weir-wire", &[]),
    ("weir-filter-core", &["weir-wire"]),
    ("weir-filter", &["weir-filter-core"]),
    ("weir-core", &["weir-wire"]),
    ("weir", &["weir-core", "weir-wire"]),
    ("weir-module-tests", &[]),
];

/// May import anything of the workspace.
const UNBOUND: &str = "weir-tests";

/// What must not be imported outside the crates named.
const SHELL_ONLY: &[(&str, &[&str])] = &[
    ("proxy-wasm", &["weir-filter"]),
    ("tokio", &["weir", UNBOUND]),
    ("axum", &["weir", UNBOUND]),
    ("hyper", &["weir", UNBOUND]),
    ("rusqlite", &["weir", UNBOUND]),
    ("wasmtime", &["weir-module-tests"]),
];

fn metadata() -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Each package with what it imports, development dependencies aside.
fn imports(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let imported = dependencies.filter(|dependency| dependency["kind"] != "dev");
            (text(&package["name"]), imported.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

/// Every arrow that should not be, and every one that is missing, in words.
fn broken(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, imported) in imports {
        let internal: BTreeSet<&str> =
            imported.iter().map(String::as_str).filter(|name| imports.contains_key(*name)).collect();
        match EDGES.iter().find(|(known, _)| known == name) {
            Some((_, allowed)) => {
                let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
                broken.extend(internal.difference(&allowed).map(|to| format!("{name} must not import {to}")));
                broken
                    .extend(allowed.difference(&internal).map(|to| format!("{name} no longer imports {to}")));
            }
            None if name == UNBOUND => {}
            None => broken.push(format!(
                "{name} is not in the architecture: add its edges here and in docs/architecture.md"
            )),
        }
        for (what, by) in SHELL_ONLY {
            if imported.contains(*what) && !by.contains(&name.as_str()) {
                broken.push(format!("{name} must not import {what}"));
            }
        }
    }
    broken
}

#[test]
fn the_import_edges_are_those_of_the_architecture() {
    let imports = imports(&metadata().unwrap());
    assert_eq!(imports.len(), EDGES.len() + 1, "{:?}", imports.keys());
    assert_eq!(broken(&imports), Vec::<String>::new());
}

#[test]
fn a_broken_edge_is_found() {
    let imports = imports(&metadata().unwrap());
    let with = |from: &str, to: &str| {
        let mut changed = imports.clone();
        changed.entry(from.to_owned()).or_default().insert(to.to_owned());
        broken(&changed)
    };
    for (from, to) in [
        ("weir-wire", "weir-core"),
        ("weir-core", "weir"),
        ("weir-filter-core", "weir-core"),
        ("weir-filter-core", "proxy-wasm"),
        ("weir-core", "tokio"),
        ("weir-core", "rusqlite"),
        ("weir", "weir-filter-core"),
    ] {
        assert_eq!(with(from, to), [format!("{from} must not import {to}")]);
    }
    assert_eq!(with("weir-extra", "serde").len(), 1);
    let mut without = imports.clone();
    without.entry("weir".to_owned()).or_default().remove("weir-core");
    assert_eq!(broken(&without), ["weir no longer imports weir-core"]);
}
