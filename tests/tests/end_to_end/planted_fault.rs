//! The reconciliation itself is put to the test: a fault in the database must be found, each by itself.

use anyhow::{Context, Result, ensure};

use crate::{agree, scenario, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_delivery_and_a_doubled_one_are_found() -> Result<()> {
    scenario(settings(15), async |deployment| {
        let sent = deployment.load(100, 2, 0).run().await?;
        agree(deployment, &sent).await?;
        let database = rusqlite::Connection::open(deployment.collector.database())?;
        let columns = "events, min_ended_us, max_ended_us, received_us, batch_bytes, body";
        let double = format!(
            "INSERT INTO blocks (id, {columns}) SELECT (SELECT max(id) + 1 FROM blocks), {columns} FROM blocks ORDER BY id LIMIT 1"
        );
        let lose = "CREATE TABLE kept AS SELECT * FROM blocks ORDER BY id LIMIT 1;
            DELETE FROM blocks WHERE id = (SELECT min(id) FROM blocks)";
        for (plant, undo) in [
            (lose, "INSERT INTO blocks SELECT * FROM kept; DROP TABLE kept"),
            (double.as_str(), "DELETE FROM blocks WHERE id = (SELECT max(id) FROM blocks)"),
        ] {
            database.execute_batch(plant).context(plant.to_owned())?;
            let differences = deployment.reconcile(&sent).await?.comparison.differences();
            ensure!(!differences.is_empty(), "not found: {plant}");
            ensure!(differences.iter().all(|difference| difference.contains("database")), "{differences:?}");
            database.execute_batch(undo)?;
            let restored = deployment.reconcile(&sent).await?.comparison.differences();
            ensure!(restored.is_empty(), "after {undo}: {restored:?}");
        }
        Ok(())
    })
    .await
}
