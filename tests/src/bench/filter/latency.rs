//! What the filter adds to latency, at a rate that the gateway has no trouble with.

use anyhow::Result;

use super::Plan;
use super::gateway::{Gateway, Variant};
use crate::bench::load::{Latencies, closed_loop, open_loop};
use crate::bench::report::{Report, lower_quartile, progress};
use crate::bench::upstream::{Answers, StubCollector, Upstream};

/// Requests a second.
const RATE: u32 = 2_000;

const WARM_UP: u64 = 3_000;

const PERCENTILES: [usize; 2] = [50, 99];

const VARIANTS: [Variant; 2] = [Variant::None, Variant::Weir];

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    // For each variant and percentile, one value a round.
    let mut rows = VARIANTS.map(|variant| (variant, PERCENTILES.map(|percent| (percent, Vec::new()))));
    for round in 1..=plan.rounds {
        let mut said = Vec::new();
        for (variant, percentiles) in &mut rows {
            let latencies = once(plan, *variant).await?;
            for (percent, values) in percentiles {
                values.push(latencies.percentile(*percent));
            }
            let [p50, p99] = PERCENTILES.map(|percent| latencies.percentile(percent));
            said.push(format!("{} {p50:.0} and {p99:.0}", variant.name()));
        }
        progress(&format!("  round {round} of {}: p50 and p99, µs: {}", plan.rounds, said.join(", ")));
    }
    report.title(&format!("latency: the answer of `json` at {RATE} requests a second, open loop"));
    report.line("  from when a request is due     p50 µs    added     p99 µs    added");
    let [none, _] = rows.each_ref().map(|(_, percentiles)| quartiles(percentiles));
    for (variant, percentiles) in &rows {
        let [p50, p99] = quartiles(percentiles);
        let [more_p50, more_p99] = [p50 - none[0], p99 - none[1]];
        let name = variant.name();
        report.line(&format!("  {name:<26} {p50:>10.1} {more_p50:>8.1} {p99:>10.1} {more_p99:>8.1}"));
    }
    Ok(())
}

fn quartiles(percentiles: &[(usize, Vec<f64>); 2]) -> [f64; 2] {
    percentiles.each_ref().map(|(_, values)| lower_quartile(values))
}

async fn once(plan: &Plan, variant: Variant) -> Result<Latencies> {
    let upstream = Upstream::start(Answers::json(1), Default::default()).await?;
    let collector = StubCollector::start().await?;
    let gateway = Gateway::start(plan, variant, upstream.address(), collector.address()).await?;
    closed_loop(gateway.address(), WARM_UP, None).await?;
    let latencies = open_loop(gateway.address(), RATE, plan.latency_run).await?;
    gateway.stop().await?;
    Ok(latencies)
}
