//! A body of 100 MB passes whole, and Envoy's memory stays as it was: nobody gathers it.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use weir_tests::scripted::{Case, Gateway, Layout, Script, Step, differences, with};

use crate::{mib, scenario};

/// The body's size in pieces of 64 KiB: 100 MiB.
const PIECES: u32 = 1_600;
const PIECE: usize = 64 * 1024;
/// What Envoy may hold more than before, at any moment: its own buffers on both sides, and what its
/// allocator keeps. A filter that gathered the body would need a hundred.
const MORE_BYTES: u64 = 24 << 20;

/// The most that Envoy holds while `work` goes on.
async fn highest<T>(gateway: &Gateway, work: impl Future<Output = Result<T>>) -> Result<(T, u64)> {
    let mut most = gateway.resident_bytes()?;
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    loop {
        tokio::select! {
            done = &mut work => return Ok((done?, most.max(gateway.resident_bytes()?))),
            _ = ticks.tick() => most = most.max(gateway.resident_bytes()?),
        }
    }
}

/// Plays `case`, whose body has `size` bytes, and looks at the memory; the record must say `expected`.
async fn stays_flat(gateway: &Gateway, case: &Case, size: usize, expected: Value) -> Result<()> {
    // Once before, so that what is made once is there.
    let small = Case::new("before", "plain", "/v1/files").upstream(Script::json(200, "{}"));
    gateway.ask(&small, &gateway.new_id()).await?;
    let before = gateway.resident_bytes()?;
    let id = gateway.new_id();
    let (answer, most) = highest(gateway, gateway.ask(case, &id)).await?;
    ensure!(answer.whole && answer.body.len() == size, "{}: {} bytes came", case.name(), answer.body.len());
    let more = most.saturating_sub(before);
    ensure!(more <= MORE_BYTES, "{}: Envoy grew from {} to {} MiB", case.name(), mib(before), mib(most));
    let record = gateway.records(&id, 1).await?.into_iter().next().unwrap_or_default();
    let expected = with(json!({ "outcome": "success", "response_bytes": size }), expected);
    let wrong = differences(&expected, &record);
    ensure!(wrong.is_empty(), "{}: {wrong:?} of {record}", case.name());
    Ok(())
}

fn piece(text: &str) -> Vec<u8> {
    text.bytes().cycle().take(PIECE).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_whatever_the_body_is() -> Result<()> {
    let whole = usize::try_from(PIECES)? * PIECE;
    let counted = json!({ "usage": { "status": "reported", "input_tokens": 40, "output_tokens": 2 } });
    let (begin, end) =
        (r#"{"model":"m","data":""#, r#"","usage":{"prompt_tokens":40,"completion_tokens":2}}"#);
    let json = Script::answer(200, &[("content-type", "application/json")])
        .data(begin)
        .then(Step::Again(piece("what \\\"usage\\\": was ").into(), PIECES))
        .data(end)
        .end();
    // One event that never seems to end, then the usage.
    let (opens, closes) = (
        "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"",
        "\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}\n\n",
    );
    let events = Script::answer(200, &[("content-type", "text/event-stream")])
        .data(opens)
        .then(Step::Again(piece("x").into(), PIECES))
        .data(closes)
        .end();
    let bytes = Script::answer(200, &[("content-type", "application/octet-stream")])
        .then(Step::Again(piece("\u{1}").into(), PIECES))
        .end();
    scenario(&Layout::new(1), async |gateway| {
        for route in ["patient", "patient-http2"] {
            let case = |name: &str, script: &Script| {
                Case::new(format!("{name} by {route}"), route, "/v1/chat/completions")
                    .upstream(script.clone())
            };
            stays_flat(gateway, &case("bytes", &bytes), whole, json!({ "usage": { "status": "missing" } }))
                .await?;
            let size = whole + begin.len() + end.len();
            stays_flat(gateway, &case("a document", &json), size, counted.clone()).await?;
            let size = whole + opens.len() + closes.len();
            stays_flat(gateway, &case("an event", &events), size, counted.clone()).await?;
        }
        Ok(())
    })
    .await
}

/// What is 100 MB only when it is unpacked passes packed; unpacking it takes no memory either.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_large_only_when_unpacked_takes_no_memory() -> Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(br#"{"model":"m","data":""#)?;
    for _ in 0..PIECES {
        encoder.write_all(&piece("x"))?;
    }
    encoder.write_all(br#"","usage":{"prompt_tokens":40,"completion_tokens":2}}"#)?;
    let packed = encoder.finish()?;
    let size = packed.len();
    ensure!(size < 200_000, "{size} bytes");
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let case = Case::new("packed", "patient", "/v1/chat/completions")
        .upstream(Script::answer(200, &headers).data(packed).end());
    scenario(&Layout::new(1), async |gateway| {
        // Read to its end or given up: but never wrong.
        stays_flat(gateway, &case, size, json!({})).await?;
        let id = gateway.new_id();
        gateway.ask(&case, &id).await?;
        let record = gateway.records(&id, 1).await?.into_iter().next().unwrap_or_default();
        let reported = json!({ "usage": { "status": "reported", "input_tokens": 40, "output_tokens": 2 } });
        let missing =
            json!({ "usage": { "status": "missing", "input_tokens": null, "output_tokens": null } });
        let fits = [reported, missing].iter().any(|expected| differences(expected, &record).is_empty());
        ensure!(fits, "{record}");
        Ok(())
    })
    .await
}
