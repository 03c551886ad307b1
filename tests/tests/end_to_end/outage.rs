//! The collector is away for longer than the filter's memory lasts: detail goes, and no total.

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, json};
use weir_tests::deployment::{Deployment, Settings};

use crate::{agree, scenario, settings, value};

/// Room for some 300 requests a worker.
fn little_memory() -> Map<String, serde_json::Value> {
    let limits = json!({ "max_batch_bytes": 16_384, "max_buffer_bytes": 32_768 });
    limits.as_object().cloned().unwrap_or_default()
}

/// Requests of which the database has all detail.
fn detailed(deployment: &Deployment) -> Result<u64> {
    let file = deployment.collector.database();
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let events: i64 =
        connection.query_row("SELECT coalesce(sum(events), 0) FROM blocks", [], |row| row.get(0))?;
    Ok(u64::try_from(events)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_longer_than_the_buffer_costs_detail_and_no_total() -> Result<()> {
    let settings = Settings { filter: little_memory(), ..settings(19) };
    scenario(settings, async |deployment| {
        let mut sent = deployment.load(100, 1, 0).run().await?;
        agree(deployment, &sent).await?;
        let status = deployment.collector.stop().await?;
        ensure!(status.success(), "SIGTERM: {status}");
        sent.extend(deployment.load(300, 6, 100).run().await?);
        deployment.restart_collector().await?;
        sent.extend(deployment.load(100, 1, 1_900).run().await?);
        agree(deployment, &sent).await?;
        let page = deployment.collector.metrics().await?;
        let summarised = value(&page, "weir_events_summarised_total{")?;
        let all = u64::try_from(sent.len()).context("so many")?;
        ensure!(summarised > all / 4, "only {summarised} of {all} were summed up");
        ensure!(value(&page, "weir_events_missing{")? == 0, "some are missing");
        let dropped = "weir_producer_events_dropped_total{gateway=\"edge-1\",reason=\"overflow\"}";
        ensure!(value(&page, dropped)? == 0, "some were dropped");
        let stats = deployment.envoy.stats().await?;
        ensure!(value(&stats, "weir_events_summarised_total{")? == summarised, "Envoy has another number");
        let detail = detailed(deployment)?;
        ensure!(detail + summarised == all, "{detail} in detail and {summarised} summed up of {all}");
        Ok(())
    })
    .await
}
