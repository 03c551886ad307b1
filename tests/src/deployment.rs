//! All of it together: simulated providers, a collector, an Envoy with the filter, in one directory.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::load::{Load, Order, Target};
use crate::plan::BackendSpec;
use crate::providers::Providers;
use crate::reconcile::{
    Comparison, Ledger, from_database, from_envoy_stats, from_filter_stats, from_metrics, from_truth,
};
use crate::rendezvous::Meetings;
use crate::stack::{Artifacts, Bootstrap, Collector, Envoy, FilterConfig, until};
use crate::truth::{Attempt, Sent, Truth, join};

/// How long the collector may take to have everything after the last request.
const SETTLING: Duration = Duration::from_secs(30);

/// What a deployment is made of.
#[derive(Debug)]
pub struct Settings {
    /// Decides every request.
    pub seed: u64,
    /// The backends.
    pub backends: Vec<BackendSpec>,
    /// The filter's module; `dist/weir-filter.wasm` if absent.
    pub module: Option<PathBuf>,
    /// The token that the filter shows to the collector.
    pub token: Option<String>,
    /// Milliseconds between flushes.
    pub flush_interval_ms: u32,
    /// Envoy's worker threads.
    pub workers: u32,
    /// More keys of the filter's configuration, or others for those above.
    pub filter: Map<String, Value>,
}

/// Everything running.
#[derive(Debug)]
pub struct Deployment {
    /// The things under test.
    pub artifacts: Artifacts,
    /// The collector.
    pub collector: Collector,
    /// Envoy.
    pub envoy: Envoy,
    settings: Settings,
    providers: Providers,
    meetings: Arc<Meetings>,
    directory: TempDir,
}

/// What the ledgers of one run say.
#[derive(Debug)]
pub struct Reconciliation {
    /// The ledgers.
    pub comparison: Comparison,
    /// Requests of which the providers' and the client's books alone cannot tell what the gateway saw: the
    /// machine was too slow for the simulation. A clean run has none.
    pub uncertain: Vec<Truth>,
}

/// Loopback, any port.
pub fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// The filter's configuration as the demo and the tests have it.
fn filter_config(settings: &Settings) -> String {
    let mut collector = json!({ "timeout_ms": 2_000 });
    if let (Some(token), Some(collector)) = (&settings.token, collector.as_object_mut()) {
        collector.insert("token".to_owned(), json!(token));
    }
    let mut filter = json!({ "flush_interval_ms": settings.flush_interval_ms, "collector": collector });
    if let Some(filter) = filter.as_object_mut() {
        filter.extend(settings.filter.clone());
    }
    filter.to_string()
}

impl Deployment {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// When a part does not start, with its log.
    pub async fn start(settings: Settings) -> Result<Self> {
        let artifacts = Artifacts::find()?;
        let directory = TempDir::with_prefix("weir-").context("a directory for the run")?;
        let meetings = Arc::new(Meetings::default());
        let providers = Providers::start(settings.seed, &settings.backends, &meetings).await?;
        let collector = Collector::start(&artifacts.collector, directory.path(), any_port(), &[]).await?;
        let addresses = providers.addresses().iter().map(|(_, address)| *address);
        let bootstrap = Bootstrap {
            sample: artifacts.sample.clone(),
            module: settings.module.clone().unwrap_or_else(|| artifacts.filter.clone()),
            filter: FilterConfig::Text(filter_config(&settings)),
            collector: collector.address(),
            backends: settings.backends.iter().cloned().zip(addresses).collect(),
        };
        let envoy = Envoy::start(&artifacts.envoy, directory.path(), &bootstrap, settings.workers).await?;
        Ok(Self { artifacts, collector, envoy, settings, providers, meetings, directory })
    }

    /// The directory of the run: database, logs, configuration.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Keeps the directory after the end, and says where it is.
    pub fn keep_directory(&mut self) -> PathBuf {
        self.directory.disable_cleanup(true);
        self.directory.path().to_owned()
    }

    /// A load of `rate` requests a second, numbered from `first`.
    pub fn load(&self, rate: u32, seconds: u32, first: u64) -> Load {
        let order = Order {
            seed: self.settings.seed,
            backends: self.settings.backends.clone(),
            rate,
            seconds,
            first,
            patience: Duration::from_secs(30),
        };
        Load::new(order, Target::Gateway(self.envoy.gateway()), &self.meetings)
    }

    /// Starts the collector anew on the same address and database, after its end.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn restart_collector(&mut self) -> Result<()> {
        let address = self.collector.address();
        self.collector =
            Collector::start(&self.artifacts.collector, self.directory.path(), address, &[]).await?;
        Ok(())
    }

    /// The same with a configuration of its own, in JSON.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn restart_collector_with(&mut self, configuration: &str) -> Result<()> {
        let file = self.directory.path().join("weir.json");
        std::fs::write(&file, configuration)?;
        let (address, arguments) = (self.collector.address(), ["--config", "weir.json"]);
        self.collector =
            Collector::start(&self.artifacts.collector, self.directory.path(), address, &arguments).await?;
        Ok(())
    }

    /// Waits until the collector has as many requests as were sent, or can have no more.
    ///
    /// # Errors
    /// When a part has ended; that requests are missing is for the reconciliation to say.
    pub async fn settle(&mut self, sent: usize) -> Result<()> {
        let Self { collector, envoy, .. } = self;
        let settled = until("the collector to have every request", SETTLING, async || {
            envoy.process().must_run()?;
            collector.process().must_run()?;
            let arrived = from_metrics(&collector.metrics().await?)?.requests();
            Ok((arrived >= sent as u128).then_some(()))
        });
        let settled = settled.await;
        self.envoy.process().must_run()?;
        self.collector.process().must_run()?;
        if let Err(error) = settled {
            eprint_line(&format!("{error:#}"));
        }
        Ok(())
    }

    /// The providers' book so far.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.providers.attempts()
    }

    /// Reads all five ledgers.
    ///
    /// # Errors
    /// When one cannot be read.
    pub async fn reconcile(&self, sent: &[Sent]) -> Result<Reconciliation> {
        let truths = join(sent, &self.providers.attempts())?;
        let stats = self.envoy.stats().await?;
        let metrics = self.collector.metrics().await?;
        let ledgers: [Ledger; 5] = [
            from_truth(&truths),
            from_envoy_stats(&stats)?,
            from_filter_stats(&stats)?,
            from_metrics(&metrics)?,
            from_database(self.collector.database())?,
        ];
        let uncertain = truths.into_iter().filter(|truth| !truth.certain).collect();
        Ok(Reconciliation { comparison: Comparison { ledgers }, uncertain })
    }

    /// Ends everything in order: Envoy, then the collector, which must end well. Returns the size of the
    /// database that it leaves, bytes.
    ///
    /// # Errors
    /// When a part does not end, or the collector's exit code is not 0.
    pub async fn stop(mut self) -> Result<u64> {
        self.envoy.stop().await?;
        let status = self.collector.stop().await?;
        ensure!(status.success(), "the collector ended with {status}\n{}", self.collector.process().tail());
        self.providers.stop().await;
        Ok(std::fs::metadata(self.collector.database())?.len())
    }

    /// The last lines of every log, for a failure's message.
    pub fn logs(&mut self) -> String {
        self.envoy.process().tail() + &self.collector.process().tail()
    }
}

#[expect(clippy::print_stderr, reason = "said to whoever watches the run")]
fn eprint_line(line: &str) {
    eprintln!("{line}");
}
