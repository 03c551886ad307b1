//! Breakers and buckets that are full.

use anyhow::Result;
use serde_json::{Value, json};
use weir_tests::scripted::{Gateway, Layout, Protocol, Step, with};

use super::{BEGINNING, USAGE, chat, ended, stream, whole};

/// These depend on one another: what one holds, the other does not get.
#[tokio::test(flavor = "multi_thread")]
async fn who_finds_the_breaker_or_the_bucket_full_is_rejected() -> Result<()> {
    let mut gateway = Gateway::start(&Layout::new(2)).await?;
    let holder = chat("the one that holds the place")
        .by("tight")
        .upstream(stream().data(BEGINNING).then(Step::Gate).data(USAGE).end())
        .gets(200)
        .record(with(ended("success", Value::Null), json!({ "breaker": null })));
    let overflow = chat("one too many").by("tight").gets(503).record(with(
        ended("rejected", "overflow"),
        json!({
            "status": 503, "response_flags": ["UO"], "breaker": "overflow", "backend": "tight",
            "ttfb_ms": null, "usage": { "status": null },
        }),
    ));
    let id = gateway.new_id();
    let (held, refused) = tokio::join!(gateway.play(&holder, &id), async {
        while gateway.board.attempts(&id) == 0 {
            tokio::task::yield_now().await;
        }
        let refused = gateway.play(&overflow, &gateway.new_id()).await;
        let again = gateway.play(&overflow.clone().over(Protocol::Http2), &gateway.new_id()).await;
        gateway.board.open_gate();
        refused.and(again)
    });
    held.and(refused).map_err(|error| error.context(gateway.logs()))?;

    let first = chat("the bucket's one token")
        .by("bucket")
        .upstream(whole())
        .gets(200)
        .record(ended("success", Value::Null));
    let second = chat("an empty bucket")
        .by("bucket")
        .gets(429)
        .attempts(0)
        .record(with(ended("rejected", "rate_limited"), json!({ "status": 429, "response_flags": ["RL"] })));
    gateway.check(&[first]).await?;
    gateway.check(&[second]).await
}
