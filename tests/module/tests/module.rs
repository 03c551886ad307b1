//! The filter's module as `scripts/build` leaves it: what it asks for, what it offers, and no way to a panic.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use weir_module_tests::{linked::Linked, panics};

/// All that a host is asked for. Each is a promise that every gateway keeps.
const IMPORTS: &[&str] = &[
    "env.proxy_define_metric",
    "env.proxy_get_buffer_bytes",
    "env.proxy_get_current_time_nanoseconds",
    "env.proxy_get_header_map_pairs",
    "env.proxy_get_metric",
    "env.proxy_get_property",
    "env.proxy_get_shared_data",
    "env.proxy_http_call",
    "env.proxy_increment_metric",
    "env.proxy_log",
    "env.proxy_record_metric",
    "env.proxy_set_shared_data",
    "env.proxy_set_tick_period_milliseconds",
    "wasi_snapshot_preview1.clock_time_get",
    "wasi_snapshot_preview1.random_get",
];

/// All that a host may call: it pays for each callback that is there.
const EXPORTS: &[&str] = &[
    // The linker's own two numbers.
    "__data_end",
    "__heap_base",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_http_call_response",
    "proxy_on_log",
    "proxy_on_memory_allocate",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_tick",
];

/// Those without which a host refuses the module, or leaks with it.
const NEEDED_EXPORTS: &[&str] = &[
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_log",
    "proxy_on_memory_allocate",
];

const SIZE_LIMIT_BYTES: usize = 300 << 10;

/// Functions that call themselves, each with what bounds its depth.
const BOUNDED_RECURSION: &[(&str, &str)] = &[
    ("weir_filter_core::config::json::Reader::value", "the depth that it is given"),
    ("weir_filter_core::config::protobuf::message_struct", "the depth that it is given"),
    ("weir_filter_core::config::protobuf::message_value", "the depth that it is given"),
    ("core::ptr::drop_in_place<weir_filter_core::config::value::Value>", "the depth to which it was read"),
    (
        "core::ptr::drop_in_place<alloc::vec::Vec<(alloc::string::String,weir_filter_core::config::value::Value)>>",
        "the depth to which it was read",
    ),
];

fn read(file: &str) -> Result<Vec<u8>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    std::fs::read(&path).with_context(|| format!("{} (scripts/build --filter makes it)", path.display()))
}

fn named() -> Result<Linked> {
    Linked::parse(&read("target/weir-filter.named.wasm")?)
}

#[test]
fn no_export_reaches_a_panic() -> Result<()> {
    let linked = named()?;
    assert!(linked.named, "without names nothing can be excused");
    let paths: Vec<String> = panics::paths(&linked).iter().map(ToString::to_string).collect();
    assert!(paths.is_empty(), "{} ways to a panic:\n{}", paths.len(), paths.join("\n"));
    Ok(())
}

#[test]
fn nothing_calls_itself_without_a_bound() -> Result<()> {
    let mut recursive = panics::recursive(&named()?);
    recursive.retain(|name| !BOUNDED_RECURSION.iter().any(|(bounded, _)| bounded == name));
    assert!(recursive.is_empty(), "{recursive:#?}");
    Ok(())
}

#[test]
fn what_is_shipped_is_what_was_examined() -> Result<()> {
    let (named, shipped) = (named()?, Linked::parse(&read("dist/weir-filter.wasm")?)?);
    assert!(!shipped.named);
    assert!(named.sections == shipped.sections, "the two modules differ in more than names");
    Ok(())
}

#[test]
fn the_module_is_small() -> Result<()> {
    let size = read("dist/weir-filter.wasm")?.len();
    assert!(size <= SIZE_LIMIT_BYTES, "{size} bytes");
    Ok(())
}

#[test]
fn it_asks_for_what_every_host_has_and_offers_what_is_used() -> Result<()> {
    let linked = named()?;
    let unknown: Vec<_> =
        linked.imports.iter().filter(|import| !IMPORTS.contains(&import.as_str())).collect();
    assert!(unknown.is_empty(), "imports {unknown:?}");
    let exports: Vec<&str> = linked.exports.keys().map(String::as_str).collect();
    let unknown: Vec<_> = exports.iter().filter(|export| !EXPORTS.contains(export)).collect();
    assert!(unknown.is_empty(), "exports {unknown:?}");
    let missing: Vec<_> = NEEDED_EXPORTS.iter().filter(|export| !exports.contains(export)).collect();
    assert!(missing.is_empty(), "does not export {missing:?}");
    assert_eq!(linked.start, None, "something would run before the host has said a word");
    Ok(())
}
