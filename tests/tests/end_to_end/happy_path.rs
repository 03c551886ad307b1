//! Traffic as it comes: everything is counted once and can be looked up.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weir_tests::stack::get;
use weir_tests::truth::{Outcome, join};

use crate::{agree, scenario, settings};

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_counted_once_and_can_be_looked_up() -> Result<()> {
    scenario(settings(11), async |deployment| {
        let sent = deployment.load(200, 5, 0).run().await?;
        agree(deployment, &sent).await?;
        let truths = join(&sent, &deployment.attempts())?;
        for outcome in
            [Outcome::Success, Outcome::Error, Outcome::Timeout, Outcome::Rejected, Outcome::Aborted]
        {
            let truth = truths.iter().find(|truth| truth.outcome == outcome);
            let truth = truth.with_context(|| format!("the load had no {outcome}: choose another seed"))?;
            let path = format!("/api/v1/requests/{}", truth.request_id);
            let found = get(deployment.collector.address(), &path).await?.json()?;
            let records = found.as_array().context("not a list")?;
            ensure!(records.len() == 1, "{} records of {}", records.len(), truth.request_id);
            let record = records.first().context("no record")?;
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            ensure!(text("outcome") == outcome.to_string() && text("backend") == truth.backend, "{record:#}");
            ensure!(text("gateway") == "edge-1" && text("method") == "POST", "{record:#}");
            let cost = record.pointer("/cost/nano_usd").and_then(Value::as_u64);
            ensure!(cost == truth.cost_nano_usd, "{record:#}");
            let duration = record.get("duration_ms").and_then(Value::as_f64).context("no duration")?;
            ensure!(duration > 0.0, "{record:#}");
        }
        let slow =
            get(deployment.collector.address(), "/api/v1/requests?backend=gemini&outcome=success&limit=5")
                .await?;
        ensure!(slow.json()?.as_array().is_some_and(|records| records.len() == 5), "{}", slow.text());
        let page = get(deployment.collector.address(), "/").await?;
        ensure!(page.status == 200 && page.text().contains("openai-responses"), "{}", page.text());
        Ok(())
    })
    .await
}
