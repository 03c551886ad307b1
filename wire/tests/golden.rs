//! The formats are promises to filters and collectors already out there: these files may be added to, never
//! changed. A difference means that a decoder in the field would read something else.

mod sample;

use weir_wire::{
    Batch, DecodeError, Histogram, KnownSum, SequenceRange, Summed, Timing, VERSION, binary, json,
};

const V3_BINARY: &[u8] = include_bytes!("golden/v3.weir");
const V3_JSON: &str = include_str!("golden/v3.json");
const SUMMARY_BINARY: &[u8] = include_bytes!("golden/v3-summary.weir");
const SUMMARY_JSON: &str = include_str!("golden/v3-summary.json");
const V2_BINARY: &[u8] = include_bytes!("golden/v2.weir");
const V2_JSON: &str = include_str!("golden/v2.json");

fn summary() -> Batch {
    sample::summary().batch(sample::PRODUCER, 1_790_000_060_000_000, sample::health())
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_samples_are_written_as_the_golden_files_say() {
    let check = |batch: Batch, name: &str, in_binary: &[u8], in_json: &str| {
        #[cfg(not(target_arch = "wasm32"))]
        if std::env::var_os("WEIR_WRITE_GOLDEN").is_some() {
            let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
            std::fs::write(golden.join(format!("{name}.weir")), binary::encode(&batch)).unwrap();
            std::fs::write(golden.join(format!("{name}.json")), json::encode(&batch) + "\n").unwrap();
            return;
        }
        assert_eq!(binary::encode(&batch), in_binary, "{name}");
        assert_eq!(json::encode(&batch), in_json.trim_end(), "{name}");
    };
    check(sample::batch(), "v3", V3_BINARY, V3_JSON);
    check(summary(), "v3-summary", SUMMARY_BINARY, SUMMARY_JSON);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn both_forms_of_both_versions_are_read() {
    let check = |batch: Batch, version: u8, names: [Option<&str>; 4]| {
        assert_eq!(batch.version(), version);
        assert_eq!(batch.first_sequence(), 42);
        assert_eq!(batch.gateway(), "edge-1");
        assert_eq!(batch.producer(), sample::PRODUCER);
        assert_eq!(batch.health(), &sample::health());
        assert_eq!(batch.dimension_names(), names);
        assert_eq!(batch.events().collect::<Vec<_>>(), sample::events());
        assert!(batch.summary().is_none());
    };
    let names = [Some("region"), None, None, Some("workload")];
    check(binary::decode(V3_BINARY).unwrap(), 3, names);
    check(json::decode(V3_JSON.as_bytes()).unwrap(), 3, names);
    check(binary::decode(V2_BINARY).unwrap(), 2, [None; 4]);
    check(json::decode(V2_JSON.as_bytes()).unwrap(), 2, [None; 4]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn both_forms_of_the_summary_are_read() {
    for batch in [binary::decode(SUMMARY_BINARY).unwrap(), json::decode(SUMMARY_JSON.as_bytes()).unwrap()] {
        assert_eq!(batch, summary());
        assert_eq!((batch.first_sequence(), batch.len()), (51, 0));
        let summary = batch.summary().unwrap();
        assert_eq!(summary.ranges(), [(42, 3), (50, 1)].map(|(first, count)| SequenceRange { first, count }));
        let cells: Vec<_> = summary.cells().collect();
        let of_full = &cells[0];
        assert_eq!((of_full.backend, of_full.model), (Some("openai"), Some("gpt-4.1-mini")));
        assert_eq!((of_full.requests, of_full.status_class, cells.len()), (2, Some(2), 3));
        assert_eq!(of_full.sum(Summed::CostNanoUsd), KnownSum { total: 4_000_002, known: 2 });
        let histogram = of_full.histogram(Timing::Duration).unwrap();
        assert_eq!(histogram.buckets().collect::<Vec<_>>(), [(Histogram::bucket_of(812_345), 2)]);
    }
}

/// A whole batch of the version before stays what it was when it is written again.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_was_read_in_version_2_is_written_in_version_2() {
    assert_eq!(binary::encode(&binary::decode(V2_BINARY).unwrap()), V2_BINARY);
    assert_eq!(json::encode(&json::decode(V2_JSON.as_bytes()).unwrap()), V2_JSON.trim_end());
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
