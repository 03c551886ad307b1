//! The reconciliation itself is put to the test: a fault in any of the books must be found.

use anyhow::{Result, ensure};

use crate::{agree, scenario, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_delivery_a_doubled_one_and_a_forged_token_are_found() -> Result<()> {
    scenario(settings(15), async |deployment| {
        let sent = deployment.load(100, 2, 0).run().await?;
        agree(deployment, &sent).await?;
        let database = rusqlite::Connection::open(deployment.collector.database())?;
        for fault in [
            "DELETE FROM blocks WHERE id = (SELECT min(id) FROM blocks)",
            "INSERT INTO blocks SELECT max(id) + 1, events, min_ended_us, max_ended_us, received_us, batch_bytes, body FROM blocks",
        ] {
            database.execute_batch("BEGIN IMMEDIATE")?;
            database.execute(fault, [])?;
            database.execute_batch("COMMIT")?;
            let differences = deployment.reconcile(&sent).await?.comparison.differences();
            ensure!(!differences.is_empty(), "not found: {fault}");
            ensure!(differences.iter().all(|difference| difference.contains("database")), "{differences:?}");
        }
        Ok(())
    })
    .await
}
