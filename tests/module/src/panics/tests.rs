use super::{paths, recursive};
use crate::linked::Linked;

const PANIC: &str = r#"(func $core::panicking::panic_fmt unreachable)"#;

fn linked(text: &str) -> Linked {
    Linked::parse(&wat::parse_str(text).unwrap()).unwrap()
}

/// The ways found in a module of these functions, of which `$f` is exported.
fn check(functions: &str, expected: &[&str]) {
    let linked = linked(&format!("(module {PANIC} {functions} (export \"f\" (func $f)))"));
    let found: Vec<String> = paths(&linked).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{functions}");
}

#[test]
fn each_planted_way_is_found() {
    for (functions, expected) in [
        ("(func $f)", &[][..]),
        ("(func $f) (func $g call $core::panicking::panic_fmt unreachable)", &[]),
        (
            "(func $f call $g) (func $g (param) i32.const 1 if call $core::panicking::panic_fmt unreachable end)",
            &["f → g → core::panicking::panic_fmt"],
        ),
        // A function that only panics is the panic.
        (
            "(func $f i32.const 1 if call $g end) (func $g call $core::panicking::panic_fmt unreachable)",
            &["f → g"],
        ),
        ("(func $f call $core::panicking::panic_fmt unreachable)", &["f"]),
        // Through a table, by type.
        (
            "(table funcref (elem $g $h)) (func $f i32.const 0 call_indirect)
             (func $g i32.const 1 if call $core::panicking::panic_fmt unreachable end)
             (func $h (param i32) local.get 0 if call $core::panicking::panic_fmt unreachable end)",
            &["f → g → core::panicking::panic_fmt"],
        ),
        // Traps.
        ("(func $f (param i32) local.get 0 if unreachable end)", &["f [Unreachable]"]),
        ("(func $f (param i32) block local.get 0 br_if 0 unreachable end)", &["f [Unreachable]"]),
        ("(func $f return unreachable)", &[]),
        ("(func $f (param i32) i32.const 9 local.get 0 i32.div_u drop)", &["f [Division]"]),
        ("(func $f (param i32) local.get 0 i32.const 9 i32.div_u drop)", &[]),
        (
            "(func $f (param i32) local.get 0 i32.eqz if return end i32.const 9 local.get 0 i32.div_u drop)",
            &[],
        ),
        ("(func $f (param f64) local.get 0 i32.trunc_f64_u drop)", &["f [Truncation]"]),
        ("(func $f (param f64) local.get 0 i32.trunc_sat_f64_u drop)", &[]),
        // An endless loop never comes back either.
        ("(func $f i32.const 1 if call $g end) (func $g loop br 0 end)", &["f → g"]),
        ("(func $f (param i32) loop local.get 0 br_if 0 end)", &[]),
    ] {
        check(functions, expected);
    }
}

#[test]
fn allocation_failure_alone_is_excused() {
    let with = |name: &str| {
        format!("(func $f i32.const 1 if call ${name} unreachable end) (func ${name} unreachable)")
    };
    for name in [
        "alloc::alloc::handle_alloc_error",
        "alloc::raw_vec::capacity_overflow",
        "alloc::raw_vec::handle_error",
    ] {
        check(&with(name), &[]);
    }
    let near = "alloc::alloc::handle_alloc_error_too";
    check(&with(near), &[&format!("f → {near}")]);
}

#[test]
fn the_start_function_is_a_way_in() {
    let linked = linked(&format!(
        "(module {PANIC} (func $s i32.const 1 if call $core::panicking::panic_fmt unreachable end) (start $s))"
    ));
    let found: Vec<String> = paths(&linked).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["(start) → core::panicking::panic_fmt"]);
}

#[test]
fn recursion_is_found() {
    let text = "(module (func $f call $g) (func $g call $h) (func $h i32.const 1 if call $g end) (export \"f\" (func $f)))";
    let found: Vec<String> = recursive(&linked(text)).into_iter().collect();
    assert_eq!(found, ["g", "h"]);
}
