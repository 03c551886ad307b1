//! The hostile host itself: a life repeats, and what it is there to find it finds.

use std::path::Path;

use anyhow::Result;
use weir_module_tests::host::Filter;
use weir_module_tests::hostile::live;

/// A module that survives anything, but for what is added.
fn module(page_a_context: &str, body: &str) -> Result<Filter> {
    let text = format!(
        r#"(module
            (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 4096)
            (func (export "proxy_on_context_create") (param i32 i32) {page_a_context})
            (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) {body} i32.const 0)
            (func (export "proxy_on_log") (param i32)
                (drop (call $pairs (i32.const 0) (i32.const 16) (i32.const 20)))))"#
    );
    Filter::new(&wat::parse_str(text)?)
}

#[test]
fn a_life_repeats_by_its_seed() -> Result<()> {
    let filter =
        Filter::from_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/weir-filter.wasm"))?;
    let first = live(&filter, 7, 500, &["{}"])?;
    assert_eq!(first, live(&filter, 7, 500, &["{}"])?);
    assert_ne!(first, live(&filter, 8, 500, &["{}"])?);
    assert!(first.streams >= 500 && first.host_calls > first.streams, "{first:?}");
    Ok(())
}

#[test]
fn what_does_nothing_survives() -> Result<()> {
    live(&module("", "")?, 1, 2_000, &["{}"])?;
    Ok(())
}

#[test]
fn believing_a_size_is_found() -> Result<()> {
    let trusting = "(drop (i32.load8_u (i32.sub (local.get 1) (i32.const 1))))";
    assert!(live(&module("", trusting)?, 1, 2_000, &["{}"]).is_err());
    Ok(())
}

#[test]
fn a_leak_is_found() -> Result<()> {
    let leaking = "(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))";
    assert!(live(&module(leaking, "")?, 1, 2_000, &["{}"]).is_err());
    Ok(())
}
