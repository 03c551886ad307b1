//! The demo: real traffic through the whole of it, and at the end the books.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock;
use crate::deployment::{Deployment, Reconciliation, Settings};
use crate::load::{Load, Progress};
use crate::plan::demo_backends;
use crate::reconcile::NAMES;
use crate::truth::Sent;

/// Without `--seconds` the demo ends by itself after so many rounds.
const ROUNDS: u32 = 90;
const ROUND_SECONDS: u32 = 10;

/// Sends traffic through a real Envoy with Weir's filter to simulated providers of models, into a real
/// collector, and sets everybody's books side by side at the end.
#[derive(Debug, Parser)]
#[command(name = "scripts/demo")]
pub struct Options {
    /// End after so many seconds of load; without it, Ctrl-C ends it, or a quarter of an hour.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: Option<u32>,
    /// Requests a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5000))]
    rate: u32,
    /// Decides what every request is and how it ends.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Envoy's worker threads.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    workers: u32,
    /// Fail if an event takes more bytes on the wire.
    #[arg(long)]
    max_event_bytes: Option<f64>,
    /// Keep the database, logs and configuration, and say where.
    #[arg(long)]
    keep: bool,
    /// Tamper with the run, to see that the reconciliation finds it (and exits with 1).
    #[arg(long, value_enum)]
    plant_fault: Option<Fault>,
}

/// A fault that the reconciliation must find.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fault {
    /// A delivery's events vanish from the database.
    LostBlock,
    /// A delivery's events stand in the database twice.
    DoubledBlock,
    /// The client's book says one request less.
    ForgottenRequest,
}

/// Runs the demo. Returns whether all books agree.
///
/// # Errors
/// When a part fails, with its log.
pub async fn run(options: Options) -> Result<bool> {
    let settings = Settings {
        seed: options.seed,
        backends: demo_backends(),
        module: None,
        token: None,
        flush_interval_ms: 1_000,
        workers: options.workers,
        filter: serde_json::Map::new(),
    };
    let mut deployment = Deployment::start(settings).await?;
    announce(&deployment, &options)?;
    let result = drive(&mut deployment, &options).await;
    if options.keep {
        say(&format!("kept: {}", deployment.keep_directory().display()))?;
    }
    match result {
        Ok(agreed) => {
            let bytes = deployment.stop().await?;
            say(&format!("Stopped cleanly; the database file is {} KiB.", bytes / 1024))?;
            Ok(agreed)
        }
        Err(error) => Err(error.context(deployment.logs())),
    }
}

fn announce(deployment: &Deployment, options: &Options) -> Result<()> {
    let (collector, envoy) = (deployment.collector.address(), &deployment.envoy);
    say(&format!("Weir      http://{collector}/"))?;
    say(&format!("requests  http://{collector}/api/v1/requests?limit=20"))?;
    say(&format!("metrics   http://{collector}/metrics"))?;
    say(&format!("Envoy     http://{}/  (admin http://{}/)", envoy.gateway(), envoy.admin()))?;
    let end = options
        .seconds
        .map_or("until Ctrl-C, 15 minutes at most".to_owned(), |seconds| format!("for {seconds} s"));
    say(&format!(
        "load      {} requests a second to {} backends {end}\n",
        options.rate,
        demo_backends().len()
    ))
}

async fn drive(deployment: &mut Deployment, options: &Options) -> Result<bool> {
    let mut sent = match options.seconds {
        Some(seconds) => one_load(deployment, options.rate, seconds).await?,
        None => rounds(deployment, options.rate).await?,
    };
    deployment.settle(sent.len()).await?;
    if let Some(fault) = options.plant_fault {
        plant(fault, deployment.collector.database(), &mut sent)?;
    }
    let reconciliation = deployment.reconcile(&sent).await?;
    report(deployment, &reconciliation, options).await
}

async fn one_load(deployment: &Deployment, rate: u32, seconds: u32) -> Result<Vec<Sent>> {
    let load = deployment.load(rate, seconds, 0);
    let mut enough = std::pin::pin!(asked_to_end());
    tokio::select! {
        sent = watch(&load, 0) => sent,
        signal = &mut enough => bail!("{} before the end: the books are not complete", signal?),
    }
}

/// Waits for Ctrl-C or SIGTERM, and says which.
async fn asked_to_end() -> Result<&'static str> {
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| "Ctrl-C")?,
        _ = terminated.recv() => "SIGTERM",
    })
}

/// Round after round until somebody presses Ctrl-C.
async fn rounds(deployment: &Deployment, rate: u32) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    let mut enough = std::pin::pin!(asked_to_end());
    for _ in 0..ROUNDS {
        let first = u64::try_from(sent.len()).unwrap_or(u64::MAX);
        let load = deployment.load(rate, ROUND_SECONDS, first);
        let mut round = std::pin::pin!(watch(&load, first));
        tokio::select! {
            ended = &mut round => sent.extend(ended?),
            signal = &mut enough => {
                say(&format!("\n{}: this round to its end, then the books", signal?))?;
                sent.extend(round.await?);
                break;
            }
        }
    }
    Ok(sent)
}

/// Runs a load with a line of progress.
async fn watch(load: &Load, before: u64) -> Result<Vec<Sent>> {
    let begun = clock::now();
    let live = std::io::stdout().is_terminal();
    let mut run = std::pin::pin!(load.run());
    let mut tick =
        tokio::time::interval(if live { Duration::from_millis(500) } else { Duration::from_secs(5) });
    tick.tick().await;
    let sent = loop {
        tokio::select! {
            sent = &mut run => break sent,
            _ = tick.tick() => progress(load.progress(), before, clock::since(begun), live)?,
        }
    };
    progress(load.progress(), before, clock::since(begun), live)?;
    if live {
        say("")?;
    }
    sent
}

fn progress(now: Progress, before: u64, elapsed: Duration, live: bool) -> Result<()> {
    let in_flight = now.sent.saturating_sub(now.finished);
    let line = format!(
        "{:>4.0} s  {:>7} sent  {:>7} ok  {:>5} failed  {:>5} left  {:>4} in flight",
        elapsed.as_secs_f64(),
        now.sent.saturating_add(before),
        now.succeeded,
        now.failed,
        now.aborted,
        in_flight
    );
    if !live {
        return say(&line);
    }
    let mut out = std::io::stdout().lock();
    write!(out, "\r{line}")?;
    Ok(out.flush()?)
}

fn plant(fault: Fault, database: &Path, sent: &mut Vec<Sent>) -> Result<()> {
    say(&format!("planting a fault: {fault:?}"))?;
    let alter = |statement: &str| -> Result<()> {
        let connection = rusqlite::Connection::open(database)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        ensure!(connection.execute(statement, [])? == 1, "the fault could not be planted");
        Ok(())
    };
    match fault {
        Fault::LostBlock => alter("DELETE FROM blocks WHERE id = (SELECT max(id) FROM blocks)"),
        Fault::DoubledBlock => alter(
            "INSERT INTO blocks SELECT max(id) + 1, events, min_ended_us, max_ended_us, received_us, batch_bytes, body FROM blocks",
        ),
        Fault::ForgottenRequest => {
            // One that no provider saw, or the books could not even be joined.
            let refused = sent.iter().position(|sent| sent.backend == "unreachable" || sent.overloaded);
            sent.remove(refused.context("no request was refused: send more")?);
            Ok(())
        }
    }
}

async fn report(deployment: &Deployment, reconciliation: &Reconciliation, options: &Options) -> Result<bool> {
    let comparison = &reconciliation.comparison;
    say(&format!("\n{comparison}"))?;
    say("truth     the providers' and the client's own books")?;
    say("envoy     its own stats, which know nothing of tokens and money")?;
    say("filter    the filter's counters in Envoy")?;
    say("metrics   the collector's /metrics")?;
    say("database  every stored event, added up\n")?;
    let bytes = event_bytes(deployment).await?;
    say(&format!(
        "{bytes:.1} bytes an event on the wire: its id's 16, and its share of names and headers\n"
    ))?;
    if let Some(first) = reconciliation.uncertain.first() {
        bail!(
            "this machine was too slow for the simulation: of {} requests the providers and the client cannot \
             tell what the gateway saw; try a lower --rate. The first: {first:?}",
            reconciliation.uncertain.len()
        );
    }
    if let Some(most) = options.max_event_bytes {
        let bytes = event_bytes(deployment).await?;
        ensure!(bytes <= most, "{bytes:.1} bytes an event on the wire are more than {most}");
    }
    let differences = comparison.differences();
    for difference in &differences {
        say(&format!("DIFFERENCE  {difference}"))?;
    }
    let requests = comparison.ledgers.first().map_or(0, crate::reconcile::Ledger::requests);
    if differences.is_empty() {
        say(&format!("All books agree: {requests} requests, {} ledgers, no difference.", NAMES.len()))?;
    } else {
        say(&format!("The books differ in {} places.", differences.len()))?;
    }
    Ok(differences.is_empty() && requests > 0)
}

/// How large an event is on its way, bytes.
async fn event_bytes(deployment: &Deployment) -> Result<f64> {
    let metrics = deployment.collector.metrics().await?;
    let value = |name: &str| {
        let line = metrics.lines().find(|line| line.split([' ', '{']).next() == Some(name));
        let value = line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        value.with_context(|| format!("/metrics has no {name}"))
    };
    Ok(value("weir_ingest_received_bytes_total")? / value("weir_ingest_events_total")?.max(1.0))
}

#[expect(clippy::print_stdout, reason = "the demo speaks to whoever started it")]
fn say(line: &str) -> Result<()> {
    println!("{line}");
    Ok(())
}
