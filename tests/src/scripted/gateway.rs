//! An Envoy with the filter between scripted clients and scripted upstreams, and a collector that is asked
//! about every request.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tempfile::TempDir;

use super::board::Board;
use super::case::{Case, Protocol};
use super::client::{Answer, Http2, Leave, ask_http1, ask_http2};
use super::expect::differences;
use super::layout::Layout;
use super::upstream::Upstreams;
use crate::deployment::any_port;
use crate::reconcile::{Figure, from_filter_stats, from_metrics};
use crate::stack::{Artifacts, Collector, Envoy, get, until};

/// How many cases are under way at once.
const AT_ONCE: usize = 12;
/// How long an exchange may take, and how long its record may be under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything running.
#[derive(Debug)]
pub struct Gateway {
    /// Envoy.
    pub envoy: Envoy,
    /// The collector.
    pub collector: Collector,
    /// What the upstreams play.
    pub board: Arc<Board>,
    ids: AtomicU64,
    known: AtomicU64,
    _upstreams: Upstreams,
    _directory: TempDir,
}

impl Gateway {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a part does not start, with its log.
    pub async fn start(layout: &Layout) -> Result<Self> {
        let artifacts = Artifacts::find()?;
        let directory = TempDir::with_prefix("weir-")?;
        let board = Arc::new(Board::default());
        let upstreams = Upstreams::start(&board).await?;
        let collector = Collector::start(&artifacts.collector, directory.path(), any_port(), &[]).await?;
        let file = layout.write(&artifacts, directory.path(), collector.address(), &upstreams)?;
        let envoy =
            Envoy::run(Command::new(&artifacts.envoy), directory.path(), &file, layout.workers).await?;
        let (ids, known) = (AtomicU64::new(1), AtomicU64::new(0));
        Ok(Self { envoy, collector, board, ids, known, _upstreams: upstreams, _directory: directory })
    }

    /// A request id that nobody has had.
    pub fn new_id(&self) -> String {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        format!("5c0a11ed-0000-4000-8000-{number:012x}")
    }

    /// Plays all cases, several at a time, and demands of each what it expects; then that the collector has
    /// those records and no others.
    ///
    /// # Errors
    /// Names every case that did not go as expected.
    pub async fn check(&mut self, cases: &[Case]) -> Result<()> {
        let mut failures = Vec::new();
        let before = self.arrived().await?;
        {
            let this = &*self;
            let mut results = stream::iter(cases)
                .map(|case| async move {
                    let id = this.new_id();
                    let result = this.play(case, &id).await;
                    result.with_context(|| format!("case \"{}\" ({id})", case.name))
                })
                .buffer_unordered(AT_ONCE);
            while let Some(result) = results.next().await {
                failures.extend(result.err().map(|error| format!("{error:#}")));
            }
        }
        self.envoy.process().must_run()?;
        self.collector.process().must_run()?;
        if failures.is_empty() {
            let expected: u128 = cases.iter().map(|case| case.records.len() as u128).sum();
            let arrived = self.arrived().await?.saturating_sub(before);
            ensure!(arrived == expected, "{arrived} records of {expected} cases' ends");
            return self.books_agree().await;
        }
        failures.sort();
        bail!("{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"))
    }

    /// Waits until the filter's counters in Envoy say what the collector says.
    async fn books_agree(&self) -> Result<()> {
        let mut last = String::new();
        let agreed = until("the filter's counters to be the collector's sums", PATIENCE, async || {
            let filter = from_filter_stats(&self.envoy.stats().await?)?;
            let metrics = from_metrics(&self.collector.metrics().await?)?;
            let differing = Figure::all().filter(|figure| filter.sum(*figure) != metrics.sum(*figure));
            let said = |figure: Figure| {
                format!("{}: {:?} and {:?}", figure.name(), filter.sum(figure), metrics.sum(figure))
            };
            last = differing.map(said).collect::<Vec<_>>().join(", ");
            Ok(last.is_empty().then_some(()))
        });
        agreed.await.with_context(|| last.clone())
    }

    /// Plays one case under that request id.
    ///
    /// # Errors
    /// Says what was not as expected.
    pub async fn play(&self, case: &Case, id: &str) -> Result<()> {
        self.client_got(case, &self.ask(case, id).await?)?;
        if case.records.is_empty() {
            return Ok(());
        }
        let records = self.records(id, case.records.len()).await?;
        let mut wrong = Vec::new();
        for (expected, found) in case.records.iter().zip(&records) {
            let list = differences(expected, found);
            if !list.is_empty() {
                wrong.push(format!("{}\n    of {found}", list.join("\n  ")));
            }
        }
        ensure!(records.len() == case.records.len(), "{} records", records.len());
        if let Some(attempts) = case.attempts {
            let came = self.board.attempts(id);
            ensure!(came == attempts, "{came} attempts reached the upstream, expected {attempts}");
        }
        ensure!(wrong.is_empty(), "\n  {}", wrong.join("\n  "));
        Ok(())
    }

    /// Plays the exchange alone, and leaves the record to the caller.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub async fn ask(&self, case: &Case, id: &str) -> Result<Answer> {
        self.board.put(id, case.scripts.clone());
        let gateway = self.envoy.gateway();
        let asked = async {
            match case.protocol {
                Protocol::Http1 => ask_http1(gateway, id, &case.ask, &self.board).await,
                Protocol::Http2 => ask_http2(gateway, id, &case.ask, &self.board).await,
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.context("no end of the exchange")?
    }

    /// The same on a connection that others use as well.
    ///
    /// # Errors
    /// When the request cannot be made.
    pub async fn ask_on(&self, connection: &Http2, case: &Case, id: &str) -> Result<Answer> {
        self.board.put(id, case.scripts.clone());
        connection.ask(id, &case.ask, &self.board).await
    }

    /// The records of a request, oldest first, once there are as many.
    ///
    /// # Errors
    /// When they do not come in time.
    pub async fn records(&self, id: &str, count: usize) -> Result<Vec<Value>> {
        let path = format!("/api/v1/requests/{id}");
        until(&format!("{count} records of {id}"), PATIENCE, async || {
            let found = get(self.collector.address(), &path).await?;
            if found.status == 404 {
                return Ok(None);
            }
            ensure!(found.status == 200, "{path}: {} {}", found.status, found.text());
            let mut records = found.json()?.as_array().cloned().context("not a list")?;
            records.sort_by_key(|record| record.get("sequence").and_then(Value::as_u64));
            Ok((records.len() >= count).then_some(records))
        })
        .await
    }

    /// The only record that the collector has got since it was asked for one last; waits for it.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn newest(&self) -> Result<Value> {
        let known = self.known.load(Ordering::Relaxed);
        until("a new record", PATIENCE, async || {
            let found = get(self.collector.address(), "/api/v1/requests?limit=1000").await?.json()?;
            let records = found.as_array().context("not a list")?;
            let count = u64::try_from(records.len())?;
            if count <= known {
                return Ok(None);
            }
            self.known.store(count, Ordering::Relaxed);
            Ok(records.first().cloned())
        })
        .await
    }

    /// The memory that Envoy holds now, bytes.
    ///
    /// # Errors
    /// When Envoy has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.envoy.resident_bytes()
    }

    /// How many requests the collector has.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn arrived(&self) -> Result<u128> {
        Ok(from_metrics(&self.collector.metrics().await?)?.requests())
    }

    /// The last lines of every log, for a failure's message.
    pub fn logs(&mut self) -> String {
        self.envoy.process().tail() + &self.collector.process().tail()
    }

    /// Whether the client got what it was to get; a whole answer exactly as the upstream sent it.
    fn client_got(&self, case: &Case, answer: &Answer) -> Result<()> {
        if let Some(status) = case.status {
            ensure!(answer.status == Some(status), "the client got {:?}, expected {status}", answer.status);
        }
        for (name, value) in &case.trailers {
            let got = answer.trailers.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            ensure!(got == Some(value), "the trailers are {:?}", answer.trailers);
        }
        let sent = case.scripts.last().and_then(|script| script.whole_body());
        let passed = answer.whole && answer.header("x-envoy-upstream-service-time").is_some();
        if let Some(sent) = sent.filter(|_| passed && case.ask.leave == Leave::AtTheEnd) {
            ensure!(answer.body == sent, "the client got another body than the upstream sent");
        }
        Ok(())
    }
}
