//! A real Envoy with the filter.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::bootstrap::Bootstrap;
use super::fetch::get;
use super::process::{Process, until};

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    gateway: SocketAddr,
}

impl Envoy {
    /// Starts one with as many workers, and waits until its listener answers.
    ///
    /// # Errors
    /// When it does not, with its log.
    pub async fn start(binary: &Path, directory: &Path, bootstrap: &Bootstrap, workers: u32) -> Result<Self> {
        Self::run(Command::new(binary), directory, &bootstrap.write(directory)?, workers).await
    }

    /// The same with a configuration that is already there; `command` is Envoy, or what becomes it.
    ///
    /// # Errors
    /// When its listener does not answer, with its log.
    pub async fn run(
        mut command: Command,
        directory: &Path,
        configuration: &Path,
        workers: u32,
    ) -> Result<Self> {
        let admin_file = directory.join("envoy-admin");
        let mut process = Process::start(
            "envoy",
            command
                .arg("-c")
                .arg(configuration)
                .arg("--admin-address-path")
                .arg(&admin_file)
                .args(["--concurrency", &workers.to_string(), "--disable-hot-restart"])
                .args(["-l", "warn", "--component-log-level", "wasm:info"])
                .current_dir(directory),
            directory,
        )?;
        let admin = until("Envoy's admin address", Duration::from_secs(30), async || {
            process.must_run()?;
            Ok(std::fs::read_to_string(&admin_file).ok().and_then(|text| text.trim().parse().ok()))
        })
        .await?;
        let gateway = until("Envoy's listener", Duration::from_secs(30), async || {
            process.must_run()?;
            listener(admin).await
        })
        .await
        .with_context(|| process.tail())?;
        Ok(Self { process, admin, gateway })
    }

    /// Where requests go.
    pub fn gateway(&self) -> SocketAddr {
        self.gateway
    }

    /// Where its admin interface is.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process behind it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The memory that it holds now, bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
    }

    /// All its stats in Prometheus' text form.
    ///
    /// # Errors
    /// When the admin interface does not answer.
    pub async fn stats(&self) -> Result<String> {
        let answer = get(self.admin, "/stats/prometheus").await?;
        ensure!(answer.status == 200, "Envoy's stats: {}", answer.status);
        Ok(answer.text())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.terminate(Duration::from_secs(20)).await.map(|_| ())
    }
}

/// The first listener's address, once Envoy is live and has one.
async fn listener(admin: SocketAddr) -> Result<Option<SocketAddr>> {
    let Ok(ready) = get(admin, "/ready").await else { return Ok(None) };
    if ready.status != 200 {
        return Ok(None);
    }
    let listeners = get(admin, "/listeners?format=json").await?.json()?;
    let place = "/listener_statuses/0/local_address/socket_address";
    let Some(socket) = listeners.pointer(place) else { return Ok(None) };
    let (ip, port) =
        (socket.get("address").and_then(Value::as_str), socket.get("port_value").and_then(Value::as_u64));
    let (Some(ip), Some(port)) = (ip, port) else { return Ok(None) };
    Ok(Some(format!("{ip}:{port}").parse()?))
}
