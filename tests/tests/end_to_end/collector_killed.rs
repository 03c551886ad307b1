//! The collector is killed in the middle of its work, again and again: no event is lost, none counted twice.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{agree, scenario, settings};

/// How often, unless `KILLS` says otherwise (`scripts/test --full` does).
const KILLS: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_ingest_loses_and_doubles_nothing() -> Result<()> {
    let settings = weir_tests::deployment::Settings { flush_interval_ms: 20, ..settings(14) };
    scenario(settings, async |deployment| {
        let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
        let load = deployment.load(200, kills.saturating_add(2), 0);
        let kills = async {
            for kill in 1..=kills {
                // Not in step with the flushes: each kill falls somewhere else in a delivery.
                tokio::time::sleep(Duration::from_millis(u64::from(kill) * 137 % 500 + 400)).await;
                deployment.collector.process().kill().await?;
                deployment.restart_collector().await?;
            }
            anyhow::Ok(())
        };
        let (sent, killed) = tokio::join!(load.run(), kills);
        killed?;
        agree(deployment, &sent?).await?;
        // Some delivery met a collector that was gone, and was tried again.
        let page = deployment.collector.metrics().await?;
        let retried = page.lines().find_map(|line| {
            line.strip_prefix("weir_producer_deliveries_retried_total{gateway=\"edge-1\"} ")
        });
        ensure!(
            retried.is_some_and(|retried| retried != "0"),
            "no delivery was ever tried again: {retried:?}"
        );
        Ok(())
    })
    .await
}
