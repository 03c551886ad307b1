//! A JSON answer of 0.8 KiB with every header that the filter reads, batches acknowledged.

use anyhow::Result;

use super::Plan;
use super::cpu::{self, Case};
use super::gateway::Variant;
use crate::bench::report::Report;
use crate::bench::upstream::Answers;

const WARM_UP: u64 = 3_000;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let variants = [Variant::None, Variant::AccessLog, Variant::Noop, Variant::Naive, Variant::Weir];
    let cases = variants.map(|variant| Case {
        name: variant.name().to_owned(),
        variant,
        answers: Answers::json(1),
        in_step: false,
        warm_up: WARM_UP,
        requests: plan.requests,
    });
    let measured = cpu::measure(plan, &cases).await?;
    report.title("json: an answer of 0.8 KiB, every field filled, batches acknowledged");
    measured.show(report);
    report.at_most("weir / noop", measured.added("weir") / measured.added("noop"), 2.5);
    report.at_most("weir / naive", measured.added("weir") / measured.added("naive"), 0.35);
    Ok(())
}
