//! A real collector with a real database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::fetch::get;
use super::process::{Process, until};

/// A running `weir serve`.
#[derive(Debug)]
pub struct Collector {
    process: Process,
    address: SocketAddr,
    database: PathBuf,
}

/// What the collector writes before its address.
const ANNOUNCED: &str = "listening url=http://";

impl Collector {
    /// Starts one on `listen` (port 0 for any) with its database in `directory`, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready, with its log.
    pub async fn start(
        binary: &Path,
        directory: &Path,
        listen: SocketAddr,
        arguments: &[&str],
    ) -> Result<Self> {
        let database = directory.join("weir.db");
        let mut command = Command::new(binary);
        command
            .args(["serve", "--log-format", "text", "--listen", &listen.to_string(), "--database"])
            .arg(&database);
        command.args(arguments).current_dir(directory);
        let before = std::fs::read(directory.join("collector.log")).map_or(0, |log| log.len());
        let mut process = Process::start("collector", &mut command, directory)?;
        let address = until("the collector's address", Duration::from_secs(20), async || {
            process.must_run()?;
            Ok(announced(process.log().get(before..).unwrap_or_default()))
        })
        .await?;
        until("the collector to be ready", Duration::from_secs(20), async || {
            process.must_run()?;
            Ok(get(address, "/readyz").await.ok().filter(|answer| answer.status == 200))
        })
        .await
        .with_context(|| process.tail())?;
        Ok(Self { process, address, database })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its database file.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// The process behind it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it serves at `/metrics`.
    ///
    /// # Errors
    /// When it does not answer with 200.
    pub async fn metrics(&self) -> Result<String> {
        let answer = get(self.address, "/metrics").await?;
        ensure!(answer.status == 200, "/metrics: {} {}", answer.status, answer.text());
        Ok(answer.text())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.process.terminate(Duration::from_secs(20)).await
    }
}

fn announced(log: &str) -> Option<SocketAddr> {
    let plain: String = strip_colour(log);
    let (_, rest) = plain.rsplit_once(ANNOUNCED)?;
    rest.split(|end: char| end.is_whitespace() || end == '/' || end == '"').next()?.parse().ok()
}

fn strip_colour(log: &str) -> String {
    let mut parts = log.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}
