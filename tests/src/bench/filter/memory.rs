//! A long outage of the collector: the filter's memory is bounded, and afterwards the collector's totals are
//! exact, whatever became of the detail.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result};

use super::Plan;
use super::gateway::{Gateway, Variant};
use crate::bench::load::open_loop;
use crate::bench::machine::{float, linear_memories};
use crate::bench::report::{Report, progress};
use crate::bench::upstream::{Answers, Told, Upstream};
use crate::clock;
use crate::reconcile::{Figure, TokenKind, from_metrics};
use crate::stack::Collector;

/// Requests a second.
const RATE: u32 = 1_000;
/// Models, one series each.
const SERIES: u32 = 1_000;
/// The filter waits up to 30 s before it tries again, and then has its whole buffer to deliver.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let upstream = Upstream::start(Answers::json(SERIES), Default::default()).await?;
    let collector = free_address()?;
    let mut gateway = Gateway::start(plan, Variant::Weir, upstream.address(), collector).await?;
    let pid = gateway.pid();
    let at_start = linear_memories(pid)?;
    let at_start = at_start.first().copied().unwrap_or(0);
    let most = tokio::select! {
        ended = open_loop(gateway.address(), RATE, plan.outage) => { ended?; linear_memories(pid)? }
        failed = watch(pid, plan.outage) => return Err(failed),
    };
    // Linear memory never shrinks, so the last reading is the largest.
    let most = most.first().copied().unwrap_or(0);
    report.title(&format!(
        "memory: {SERIES} series, {RATE} requests a second, collector down for {} s",
        plan.outage.as_secs()
    ));
    report.line(&format!("  MiB of linear memory at the start            {:>9.2}", mib(at_start)));
    report.at_most("MiB of linear memory after the outage", mib(most), 8.0);

    progress("  the collector is back");
    let directory = tempfile::tempdir()?;
    let mut back = Collector::start(&plan.artifacts.collector, directory.path(), collector, &[]).await?;
    let expected = upstream.told();
    let arrived = settled(&back, &expected).await?;
    report.line("  totals at the collector, once it is back");
    report.exactly("requests", arrived.answers, expected.answers);
    report.exactly("input tokens", arrived.input_tokens, expected.input_tokens);
    report.exactly("output tokens", arrived.output_tokens, expected.output_tokens);
    report.exactly("cost, nano-USD", arrived.cost_nano_usd, expected.cost_nano_usd);
    let most = linear_memories(pid)?.first().copied().unwrap_or(0);
    report.at_most("MiB of linear memory after the delivery", mib(most), 8.0);
    gateway.stop().await?;
    back.stop().await?;
    Ok(())
}

/// An address where nobody listens.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Says now and then how large the memory is; returns only when it cannot be read.
async fn watch(pid: u32, outage: Duration) -> anyhow::Error {
    let begun = clock::now();
    loop {
        tokio::time::sleep(outage / 10).await;
        match linear_memories(pid) {
            Ok(memories) => {
                let sizes: Vec<String> = memories.iter().map(|bytes| format!("{:.2}", mib(*bytes))).collect();
                let seconds = clock::since(begun).as_secs();
                progress(&format!("  after {seconds} s: linear memories, MiB: {}", sizes.join(", ")));
            }
            Err(error) => return error.context("while the collector was down"),
        }
    }
}

/// What the collector says once it has everything, or when waiting for more is in vain.
async fn settled(collector: &Collector, expected: &Told) -> Result<Told> {
    let begun = clock::now();
    loop {
        let told = totals(&collector.metrics().await?)?;
        if told == *expected || clock::since(begun) > PATIENCE {
            return Ok(told);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn totals(metrics: &str) -> Result<Told> {
    let ledger = from_metrics(metrics).context("the collector's /metrics")?;
    let sum = |figure| ledger.sum(figure).unwrap_or(0);
    Ok(Told {
        answers: ledger.requests(),
        input_tokens: sum(Figure::Tokens(TokenKind::Input)),
        output_tokens: sum(Figure::Tokens(TokenKind::Output)),
        cost_nano_usd: sum(Figure::CostNanoUsd),
    })
}

fn mib(bytes: u64) -> f64 {
    float(bytes) / f64::from(1 << 20)
}
