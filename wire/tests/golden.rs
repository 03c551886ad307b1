//! The formats are promises to filters and collectors already out there: these files may be added to, never
//! changed. A difference means that a decoder in the field would read something else.

mod sample;

use weir_wire::{Batch, DecodeError, VERSION, binary, json};

const V2_BINARY: &[u8] = include_bytes!("golden/v2.weir");
const V2_JSON: &str = include_str!("golden/v2.json");
const V1_BINARY: &[u8] = include_bytes!("golden/v1.weir");
const V1_JSON: &str = include_str!("golden/v1.json");

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_sample_is_written_as_the_golden_files_say() {
    let batch = sample::batch();
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("WEIR_WRITE_GOLDEN").is_some() {
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        std::fs::write(golden.join("v2.weir"), binary::encode(&batch)).unwrap();
        std::fs::write(golden.join("v2.json"), json::encode(&batch) + "\n").unwrap();
        return;
    }
    assert_eq!(binary::encode(&batch), V2_BINARY);
    assert_eq!(json::encode(&batch), V2_JSON.trim_end());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn both_forms_of_both_versions_are_read() {
    let check = |batch: Batch, version: u8| {
        assert_eq!(batch.version(), version);
        assert_eq!(batch.first_sequence(), 42);
        assert_eq!(batch.gateway(), "edge-1");
        assert_eq!(batch.producer(), sample::PRODUCER);
        assert_eq!(batch.events().collect::<Vec<_>>(), sample::events());
    };
    check(binary::decode(V2_BINARY).unwrap(), 2);
    check(json::decode(V2_JSON.as_bytes()).unwrap(), 2);
    check(binary::decode(V1_BINARY).unwrap(), 1);
    check(json::decode(V1_JSON.as_bytes()).unwrap(), 1);
    assert_eq!(binary::decode(V2_BINARY).unwrap().health(), &sample::health());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn any_other_version_is_named() {
    for version in (0..=u8::MAX).filter(|version| ![VERSION, VERSION - 1].contains(version)) {
        let mut binary = V2_BINARY.to_vec();
        binary[4] = version;
        let refused = DecodeError::Version { found: version.into() };
        assert_eq!(binary::decode(&binary), Err(refused.clone()));
        let json = V2_JSON.replacen("\"version\":2", &format!("\"version\":{version}"), 1);
        assert_eq!(json::decode(json.as_bytes()), Err(refused));
    }
    assert_eq!(json::decode(br#"{"version":300,"new":1}"#), Err(DecodeError::Version { found: 300 }));
}
