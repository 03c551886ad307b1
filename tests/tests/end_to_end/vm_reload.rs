//! The module fails (a test build, on demand): it is loaded anew, and what came before and after is measured.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures_util::future::join_all;
use weir_tests::deployment::Settings;
use weir_tests::scripted::{Case, Gateway, Layout, Script, Step};
use weir_tests::stack::{Artifacts, Envoy, get, post, until};

use crate::{agree, scenario, settings, value};

/// Longer than it takes until a failed VM is known to be dead.
const PATIENCE: Duration = Duration::from_secs(30);

/// The module that fails on demand.
fn planted() -> Result<PathBuf> {
    let module = Artifacts::find()?.planted_panic;
    ensure!(module.exists(), "{} is not there: run scripts/build --planted-panic", module.display());
    Ok(module)
}

/// The stream that makes it panic has no end that could be measured.
async fn panic(envoy: &Envoy) {
    let _ = post(envoy.gateway(), "/", &[("x-weir-plant-panic", "1")], Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_panic_the_module_is_loaded_anew_and_goes_on_measuring() -> Result<()> {
    let settings = Settings { module: Some(planted()?), workers: 1, ..settings(16) };
    scenario(settings, async |deployment| {
        let mut sent = deployment.load(100, 1, 0).run().await?;
        agree(deployment, &sent).await?;
        for _ in 0..2 {
            panic(&deployment.envoy).await;
            let first = u64::try_from(sent.len())?;
            sent.extend(deployment.load(100, 1, first).run().await?);
            agree(deployment, &sent).await?;
        }
        let stats = deployment.envoy.stats().await?;
        let reloads = stats.lines().find(|line| line.starts_with("envoy_wasm_weir_vm_reload_success"));
        ensure!(reloads.is_some_and(|line| line.ends_with(" 2")), "{reloads:?}");
        let page = get(deployment.collector.address(), "/metrics").await?.text();
        let missing = page.lines().find(|line| line.starts_with("weir_events_missing{"));
        ensure!(missing.is_some_and(|line| line.ends_with(" 0")), "{missing:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_down_before_a_panic_is_delivered_although_the_collector_was_away() -> Result<()> {
    let settings = Settings { module: Some(planted()?), ..settings(20) };
    scenario(settings, async |deployment| {
        let mut sent = deployment.load(100, 1, 0).run().await?;
        agree(deployment, &sent).await?;
        deployment.collector.process().kill().await?;
        sent.extend(deployment.load(100, 2, 100).run().await?);
        let recorded = u64::try_from(sent.len())?;
        until("every record to be written down", PATIENCE, async || {
            let stats = deployment.envoy.stats().await?;
            Ok((value(&stats, "weir_events_recorded_total{")? == recorded).then_some(()))
        })
        .await?;
        panic(&deployment.envoy).await;
        deployment.restart_collector().await?;
        sent.extend(deployment.load(100, 1, 300).run().await?);
        agree(deployment, &sent).await?;
        let stats = deployment.envoy.stats().await?;
        let figures =
            ["weir_outboxes_adopted_total", "weir_events_lost_crash_total", "weir_streams_lost_crash_total"];
        let figures = figures.map(|name| value(&stats, name));
        ensure!(matches!(figures, [Ok(1), Ok(0), Ok(1)]), "adopted, events lost, streams lost: {figures:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_in_a_panic_is_counted() -> Result<()> {
    let layout = Layout { module: Some(planted()?), ..Layout::new(1) };
    let mut gateway = Gateway::start(&layout).await?;
    count_losses(&mut gateway).await.map_err(|error| error.context(gateway.logs()))
}

/// Some requests have ended and some are open when the module fails.
async fn count_losses(gateway: &mut Gateway) -> Result<()> {
    const ENDED: u64 = 40;
    const OPEN: usize = 7;
    let case = Case::new("one of some", "plain", "/v1/chat/completions");
    let ends = case.clone().upstream(Script::json(200, "{}"));
    let stays = case.upstream(Script::answer(200, &[]).data("some").then(Step::Gate).end());
    let gateway = &*gateway;
    for _ in 0..ENDED / 2 {
        gateway.ask(&ends, &gateway.new_id()).await?;
    }
    let open = join_all((0..OPEN).map(async |_| gateway.ask(&stays, &gateway.new_id()).await));
    let fails = async {
        gateway.board.until_waiting(OPEN).await;
        // Some of these are not written down yet.
        for _ in 0..ENDED / 2 {
            gateway.ask(&ends, &gateway.new_id()).await?;
        }
        panic(&gateway.envoy).await;
        gateway.board.open_gate();
        anyhow::Ok(())
    };
    let (_, failed) = tokio::join!(open, fails);
    failed?;
    // The stream that made it fail was open as well.
    let open = u64::try_from(OPEN)? + 1;
    // A module that has failed is loaded anew for a later stream.
    until("the module to be loaded anew", PATIENCE, async || {
        let answer = gateway.ask(&ends, &gateway.new_id()).await?;
        Ok((answer.status == Some(200)).then_some(()))
    })
    .await?;
    let ended = ENDED + 1;
    let mut last = String::new();
    let counted = until("the losses to be counted", PATIENCE, async || {
        let stats = gateway.envoy.stats().await?;
        let page = gateway.collector.metrics().await?;
        let arrived = u64::try_from(gateway.arrived().await?)?;
        let streams = [
            value(&stats, "weir_streams_lost_crash_total{")?,
            value(&page, "weir_producer_streams_lost_total{")?,
        ];
        let events = [
            value(&stats, "weir_events_lost_crash_total{")?,
            value(&page, "weir_producer_events_lost_total{")?,
        ];
        last = format!("{streams:?} streams and {events:?} events lost, {arrived} arrived");
        let all = events.iter().all(|events| arrived + events == ended);
        Ok((streams == [open; 2] && all).then_some(()))
    });
    if let Err(error) = counted.await {
        bail!("{error:#}: {last}");
    }
    Ok(())
}
