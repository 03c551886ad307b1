//! Tests that run natively and, under Node, as wasm32: where the filter really runs.

/// Declares tests for both targets.
macro_rules! test {
    ($(fn $name:ident() $body:block)+) => {
        $(
            #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
            #[cfg_attr(not(target_arch = "wasm32"), test)]
            fn $name() $body
        )+
    };
}

pub(crate) use test;
