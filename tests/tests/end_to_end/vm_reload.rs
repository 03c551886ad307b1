//! The module fails (a test build, on demand): it is loaded anew, and what came before and after is measured.

use anyhow::{Result, ensure};
use weir_tests::deployment::Settings;
use weir_tests::stack::{Artifacts, get, post};

use crate::{agree, scenario, settings};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_panic_the_module_is_loaded_anew_and_goes_on_measuring() -> Result<()> {
    let module = Artifacts::find()?.planted_panic;
    ensure!(module.exists(), "{} is not there: run scripts/build --planted-panic", module.display());
    let settings = Settings { module: Some(module), workers: 1, ..settings(16) };
    scenario(settings, async |deployment| {
        let mut sent = deployment.load(100, 1, 0).run().await?;
        agree(deployment, &sent).await?;
        for _ in 0..2 {
            // The stream that makes it panic has no end that could be measured.
            let _ = post(deployment.envoy.gateway(), "/", &[("x-weir-plant-panic", "1")], Vec::new()).await;
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
