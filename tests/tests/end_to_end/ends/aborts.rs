//! Clients that leave.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use weir_tests::reconcile::{Figure, from_metrics};
use weir_tests::scripted::{Case, Gateway, Http2, Layout, Leave, Script, Step, with, within};
use weir_tests::stack::until;
use weir_tests::truth::Outcome;

use super::{BEGINNING, USAGE, chat, ended, stream, whole};
use crate::exchanges;

/// What every record of an abort says.
fn aborted(more: Value) -> Value {
    with(ended("aborted", "client_disconnected"), more)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_is_an_abort_wherever_it_leaves() -> Result<()> {
    let reported = json!({ "status": "reported", "input_tokens": 40, "output_tokens": 2 });
    let cases = [
        chat("before its upload is complete")
            .body(vec![b' '; 4_000])
            .leaves(Leave::InUpload)
            .upstream(Script::silent().hold())
            .record(aborted(json!({
                // Envoy takes a content length at its word.
                "status": null, "streamed": null, "request_bytes": within(2_000.0, 4_000.0), "response_bytes": 0,
                "ttfb_ms": null, "ttft_ms": null, "usage": { "status": null, "input_tokens": null },
            }))),
        chat("while it waits for headers").leaves(Leave::Waiting).upstream(Script::silent().hold()).record(
            aborted(json!({
                "status": null, "request_bytes": 33, "response_bytes": 0, "ttfb_ms": null,
                "usage": { "status": null }, "cost": { "nano_usd": null, "source": "unknown" },
            })),
        ),
        chat("in the middle of a stream")
            .leaves(Leave::After(BEGINNING.len()))
            .upstream(stream().data(BEGINNING).hold())
            .record(aborted(json!({
                "status": 200, "streamed": true, "model": "gpt-4.1", "response_bytes": BEGINNING.len(),
                "usage": { "status": "missing", "input_tokens": null, "output_tokens": null },
            }))),
        chat("in the middle of a whole answer")
            .leaves(Leave::After(20))
            .upstream(
                Script::answer(200, &[("content-type", "application/json"), ("content-length", "500")])
                    .data(r#"{"model":"gpt-4.1","id":"x""#)
                    .hold(),
            )
            .record(aborted(json!({ "status": 200, "streamed": false, "usage": { "status": "missing" } }))),
        chat("when all is there but the end: the tokens are paid for")
            .leaves(Leave::After(BEGINNING.len() + USAGE.len()))
            .upstream(stream().data(BEGINNING).data(USAGE).hold())
            .record(aborted(json!({ "status": 200, "usage": reported }))),
    ];
    let mut all: Vec<Case> = cases.iter().flat_map(Case::over_both).collect();
    all.extend(
        chat("after the last byte: no abort")
            .upstream(whole())
            .gets(200)
            .record(with(ended("success", Value::Null), json!({ "response_flags": [], "usage": reported })))
            .over_both(),
    );
    exchanges(&Layout::new(2), &all).await
}

/// A connection takes all its streams with it: each is a record.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_aborts_every_stream_on_it() -> Result<()> {
    const STREAMS: usize = 40;
    let gateway = Gateway::start(&Layout::new(2)).await?;
    let connection = Http2::connect(gateway.envoy.gateway()).await?;
    let case = chat("one of many").by("http2").upstream(stream().data(BEGINNING).then(Step::Gate).end());
    let asks = (0..STREAMS).map(async |_| gateway.ask_on(&connection, &case, &gateway.new_id()).await);
    let all_open = tokio::time::timeout(Duration::from_secs(30), gateway.board.until_waiting(STREAMS));
    tokio::select! {
        ended = join_all(asks) => bail!("the streams ended: {ended:?}"),
        open = all_open => open?,
    }
    drop(connection);
    until("every record", Duration::from_secs(30), async || {
        Ok((gateway.arrived().await? >= STREAMS as u128).then_some(()))
    })
    .await?;
    let ledger = from_metrics(&gateway.collector.metrics().await?)?;
    let aborted = ledger.sum(Figure::Requests(Outcome::Aborted)).unwrap_or_default();
    ensure!(aborted == STREAMS as u128 && ledger.requests() == aborted, "{aborted} of {STREAMS} are aborted");
    Ok(())
}
