//! The collector is away for a while: traffic goes on, and nothing is missing afterwards.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{agree, scenario, settings};

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_the_collector_is_away_arrives_afterwards() -> Result<()> {
    scenario(settings(12), async |deployment| {
        let mut sent = deployment.load(100, 1, 0).run().await?;
        let status = deployment.collector.stop().await?;
        ensure!(status.success(), "SIGTERM: {status}");
        sent.extend(deployment.load(100, 3, 100).run().await?);
        deployment.restart_collector().await?;
        sent.extend(deployment.load(100, 1, 400).run().await?);
        agree(deployment, &sent).await?;
        let log = deployment.envoy.process().log();
        let complaints = log.matches("does not take batches").count();
        ensure!((1..=2).contains(&complaints), "one line a worker, not one a try: {complaints}");
        ensure!(log.contains("takes batches again"), "the log does not say that all is well again");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_was_never_there_does_no_harm() -> Result<()> {
    scenario(settings(13), async |deployment| {
        deployment.collector.process().kill().await?;
        let load = deployment.load(100, 2, 0);
        let sent = tokio::time::timeout(Duration::from_secs(20), load.run()).await??;
        let answered = sent.iter().filter(|sent| sent.status == Some(200)).count();
        ensure!(answered > 100, "only {answered} of {} were answered", sent.len());
        deployment.restart_collector().await?;
        agree(deployment, &sent).await
    })
    .await
}
