//! 10,000 streams open at once: every one has its record, and what the filter holds for each is bounded.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use weir_tests::reconcile::{Figure, TokenKind, from_metrics};
use weir_tests::scripted::{Case, Gateway, Http2, Layout, Leave, Script, Step};
use weir_tests::stack::until;
use weir_tests::truth::Outcome;

use crate::{mib, scenario};

const STREAMS: usize = 10_000;
const CONNECTIONS: usize = 20;
/// Every tenth client leaves before its stream's end.
const LEAVES: usize = 10;
/// What Envoy may hold more with the filter than without it: 16 MiB a VM for scanning, which the filter
/// promises, and as much again for the rest.
const MORE_BYTES: u64 = 2 * 2 * (16 << 20);

const BEGINNING: &str = "data: {\"model\":\"gpt-4.1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}\n\n";

/// Opens all streams, says how much Envoy has grown when all are open, and lets them end.
async fn play(gateway: &Gateway, route: &str) -> Result<u64> {
    let connections: Vec<Http2> =
        stream::iter(0..CONNECTIONS).then(|_| Http2::connect(gateway.envoy.gateway())).try_collect().await?;
    let script = Script::answer(200, &[("content-type", "text/event-stream")])
        .data(BEGINNING)
        .then(Step::Gate)
        .data(USAGE)
        .end();
    let stays = Case::new("one of many", route, "/v1/chat/completions").upstream(script);
    let leaves = stays.clone().leaves(Leave::After(BEGINNING.len() + USAGE.len() / 2));
    let before = gateway.resident_bytes()?;
    let streams = stream::iter(0..STREAMS).map(|number| {
        let case = if number % LEAVES == 0 { &leaves } else { &stays };
        let connection = connections.get(number % CONNECTIONS);
        async move {
            let connection = connection.context("no connection")?;
            let answer = gateway.ask_on(connection, case, &gateway.new_id()).await?;
            ensure!(number % LEAVES == 0 || answer.whole, "stream {number} ended early: {answer:?}");
            anyhow::Ok(())
        }
    });
    let all = streams.buffer_unordered(STREAMS).try_collect::<Vec<()>>();
    let watching = async {
        gateway.board.until_waiting(STREAMS).await;
        let open = gateway.resident_bytes()?;
        gateway.board.open_gate();
        anyhow::Ok(open.saturating_sub(before))
    };
    let (ended, grown) =
        tokio::time::timeout(Duration::from_secs(120), async { tokio::join!(all, watching) })
            .await
            .context("the streams do not come to their ends")?;
    ended?;
    grown
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_streams_at_once_are_all_counted() -> Result<()> {
    let without = scenario(&Layout::new(2), async |gateway| play(gateway, "off-http2").await).await?;
    let with = scenario(&Layout::new(2), async |gateway| {
        let grown = play(gateway, "patient-http2").await?;
        let all = STREAMS as u128;
        until("every record", Duration::from_secs(60), async || {
            Ok((gateway.arrived().await? >= all).then_some(()))
        })
        .await?;
        let ledger = from_metrics(&gateway.collector.metrics().await?)?;
        let sum = |figure| ledger.sum(figure).unwrap_or_default();
        let (ended, left) =
            (sum(Figure::Requests(Outcome::Success)), sum(Figure::Requests(Outcome::Aborted)));
        ensure!(ended + left == all && ledger.requests() == all, "{ended} ended, {left} left");
        let (reported, missing) = (sum(Figure::UsageReported), sum(Figure::UsageMissing));
        ensure!(reported + missing == all && reported >= ended, "{reported} reported, {missing} missing");
        let (input, output) = (sum(Figure::Tokens(TokenKind::Input)), sum(Figure::Tokens(TokenKind::Output)));
        ensure!(input == 40 * reported && output == 2 * reported, "{input} in, {output} out of {reported}");
        Ok(grown)
    })
    .await?;
    let more = with.saturating_sub(without);
    ensure!(
        more <= MORE_BYTES,
        "with the filter Envoy grew by {} MiB, without it by {}",
        mib(with),
        mib(without)
    );
    Ok(())
}
