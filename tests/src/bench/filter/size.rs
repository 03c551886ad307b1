//! The module's size: each gateway fetches it and compiles it.

use anyhow::Result;

use super::Plan;
use crate::bench::machine::float;
use crate::bench::report::Report;

pub(super) fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let bytes = std::fs::metadata(&plan.artifacts.filter)?.len();
    report.title("size of the module");
    report.at_most("KiB", float(bytes) / 1024.0, 300.0);
    Ok(())
}
