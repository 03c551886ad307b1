//! One series and a thousand: the table of series may cost nothing as it grows.

use anyhow::Result;

use super::Plan;
use super::cpu::{self, Case};
use super::gateway::Variant;
use crate::bench::report::Report;
use crate::bench::upstream::Answers;

/// Each of the thousand is met three times before it counts.
const WARM_UP: u64 = 3_000;

/// What noise may add to a figure that should be 1.
const NOISE: f64 = 1.1;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let cases = [(Variant::None, 1), (Variant::Weir, 1), (Variant::Weir, 1_000)].map(|(variant, models)| {
        let name = if variant == Variant::None { "none".to_owned() } else { format!("weir, {models}") };
        Case {
            name,
            variant,
            answers: Answers::json(models),
            in_step: false,
            warm_up: WARM_UP,
            requests: plan.requests,
        }
    });
    let measured = cpu::measure(plan, &cases).await?;
    report.title("series: answers of 1 model, and of 1,000 models in turn");
    measured.show(report);
    report.at_most(
        "1,000 series / 1 series",
        measured.added("weir, 1000") / measured.added("weir, 1"),
        NOISE,
    );
    Ok(())
}
