//! Server-sent events: 50 KiB in 200 chunks, and 500 KiB in 2,000, each chunk by itself.

use anyhow::Result;

use super::Plan;
use super::cpu::{self, Case, Measured};
use super::gateway::Variant;
use crate::bench::report::Report;
use crate::bench::upstream::Answers;

/// Ten times the bytes may cost ten times as much, and noise a twentieth.
const LINEAR: f64 = 10.0 * 1.05;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let short = of_length(plan, 200, plan.requests / 40).await?;
    report.title("stream: server-sent events, 50 KiB in 200 chunks");
    short.show(report);
    report.at_most("weir / chunks", short.added("weir") / short.added("chunks"), 1.5);
    let long = of_length(plan, 2_000, plan.requests / 400).await?;
    report.title("stream: server-sent events, 500 KiB in 2,000 chunks");
    long.show(report);
    report.at_most("weir / chunks", long.added("weir") / long.added("chunks"), 1.5);
    report.at_most("weir: 500 KiB / 50 KiB", long.added("weir") / short.added("weir"), LINEAR);
    Ok(())
}

async fn of_length(plan: &Plan, events: usize, requests: u64) -> Result<Measured> {
    let cases = [Variant::None, Variant::Chunks, Variant::Weir].map(|variant| Case {
        name: variant.name().to_owned(),
        variant,
        answers: Answers::stream(events),
        in_step: true,
        warm_up: requests / 5,
        requests,
    });
    cpu::measure(plan, &cases).await
}
