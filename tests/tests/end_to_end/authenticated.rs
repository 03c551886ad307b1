//! A collector that wants a token: who has none is refused, and what it measured waits.

use std::time::Duration;

use anyhow::{Result, ensure};
use weir_tests::deployment::Settings;
use weir_tests::reconcile::from_metrics;
use weir_tests::stack::get;

use crate::{agree, scenario, settings};

const TOKENS: &str =
    r#"{"auth": {"tokens": [{"name": "gateways", "role": "ingest", "token": "open-sesame-0123456789"}]}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_taken_and_nothing_is_lost() -> Result<()> {
    scenario(settings(17), async |deployment| {
        deployment.collector.stop().await?;
        deployment.restart_collector_with(TOKENS).await?;
        let sent = deployment.load(50, 2, 0).run().await?;
        let page = get(deployment.collector.address(), "/api/v1/requests").await?;
        ensure!(page.status == 401, "{}: {}", page.status, page.text());
        let log = deployment.envoy.process().log();
        ensure!(log.contains("status 401") && log.contains("collector.token"), "{log}");
        deployment.collector.stop().await?;
        deployment.restart_collector().await?;
        agree(deployment, &sent).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_token_all_is_well_and_it_is_never_shown() -> Result<()> {
    let settings = Settings { token: Some("open-sesame-0123456789".to_owned()), ..settings(18) };
    scenario(settings, async |deployment| {
        deployment.collector.stop().await?;
        deployment.restart_collector_with(TOKENS).await?;
        let sent = deployment.load(50, 2, 0).run().await?;
        // What arrives does so while tokens are demanded: nothing is ever refused.
        let log = deployment.envoy.process().log();
        ensure!(!log.contains("status 401"), "{log}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        deployment.collector.stop().await?;
        deployment.restart_collector().await?;
        let arrived = from_metrics(&deployment.collector.metrics().await?)?.requests();
        ensure!(arrived == sent.len() as u128, "{arrived} of {} came with the token", sent.len());
        agree(deployment, &sent).await?;
        let logs = deployment.envoy.process().log() + &deployment.collector.process().log();
        ensure!(!logs.contains("open-sesame"), "a log shows the token");
        Ok(())
    })
    .await
}
