//! CPU time of the gateway a request, one variant after the other, in rounds.
//!
//! What else happens on the machine comes and goes. In turn, all variants get their share of it; and since it
//! can only add, the lower quartile of the rounds counts.

use std::sync::Arc;

use anyhow::{Result, ensure};

use super::Plan;
use super::gateway::{Gateway, Variant};
use crate::bench::load::closed_loop;
use crate::bench::machine::{cpu_us, float};
use crate::bench::report::{Report, lower_quartile, progress};
use crate::bench::upstream::{Answers, StubCollector, Upstream};
use crate::rendezvous::Meetings;

/// What is measured in turn with others.
pub(super) struct Case {
    /// What the table calls it.
    pub(super) name: String,
    pub(super) variant: Variant,
    pub(super) answers: Answers,
    /// Whether the provider waits for the client to have read each chunk.
    pub(super) in_step: bool,
    pub(super) warm_up: u64,
    pub(super) requests: u64,
}

/// What was measured: CPU microseconds a request, for each case one value a round.
pub(super) struct Measured {
    rows: Vec<(String, Vec<f64>)>,
}

/// Measures all cases in turn, as many rounds as planned. The first is what the others are compared with.
pub(super) async fn measure(plan: &Plan, cases: &[Case]) -> Result<Measured> {
    let mut rows: Vec<(String, Vec<f64>)> = cases.iter().map(|case| (case.name.clone(), vec![])).collect();
    for round in 1..=plan.rounds {
        let mut said = Vec::new();
        for (case, (name, values)) in cases.iter().zip(&mut rows) {
            let value = once(plan, case).await?;
            values.push(value);
            said.push(format!("{name} {value:.1}"));
        }
        progress(&format!("  round {round} of {}: µs a request: {}", plan.rounds, said.join(", ")));
    }
    Ok(Measured { rows })
}

async fn once(plan: &Plan, case: &Case) -> Result<f64> {
    let meetings = Arc::new(Meetings::default());
    let upstream = Upstream::start(case.answers.clone(), Arc::clone(&meetings)).await?;
    let collector = StubCollector::start().await?;
    let mut gateway = Gateway::start(plan, case.variant, upstream.address(), collector.address()).await?;
    let meetings = case.in_step.then_some(&meetings);
    closed_loop(gateway.address(), case.warm_up, meetings).await?;
    let before = cpu_us(gateway.pid())?;
    closed_loop(gateway.address(), case.requests, meetings).await?;
    let used = cpu_us(gateway.pid())? - before;
    ensure!(
        case.variant != Variant::Weir || collector.batches() > 0,
        "the filter has delivered nothing, so it was not measured at its work"
    );
    gateway.stop().await?;
    Ok(used / float(case.requests))
}

impl Measured {
    /// CPU microseconds a request that a case adds to the first one.
    pub(super) fn added(&self, name: &str) -> f64 {
        self.of(name) - self.rows.first().map_or(f64::NAN, |(_, values)| lower_quartile(values))
    }

    fn of(&self, name: &str) -> f64 {
        let found = self.rows.iter().find(|(known, _)| known == name);
        found.map_or(f64::NAN, |(_, values)| lower_quartile(values))
    }

    /// Shows all cases.
    pub(super) fn show(&self, report: &Report) {
        report.line("  CPU a request          µs   added µs    least .. most");
        for (row, (name, values)) in self.rows.iter().enumerate() {
            let added = if row == 0 { "–".to_owned() } else { format!("{:.2}", self.added(name)) };
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(0.0, f64::max);
            report.line(&format!(
                "  {name:<16} {:>8.2}   {added:>8}   {least:>7.1} ..{most:>7.1}",
                self.of(name)
            ));
        }
    }
}
