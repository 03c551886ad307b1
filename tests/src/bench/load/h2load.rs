//! The load that `h2load` makes: it takes less of its core than we can, so that the gateway never waits for it.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::closed::CONNECTIONS;
use super::connection::HEADERS;

/// Whether there is one on PATH.
pub(super) fn is_there() -> bool {
    Command::new("h2load").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Sends so many requests on as many connections as we would.
///
/// # Errors
/// When one request fails.
pub(super) async fn run(gateway: SocketAddr, requests: u64) -> Result<()> {
    let mut command = Command::new("h2load");
    command.args(["--h1", "-t", "1", "-n", &requests.to_string(), "-c", &CONNECTIONS.to_string()]);
    for (name, value) in HEADERS {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    command.arg(format!("http://{gateway}/v1/chat/completions"));
    // The provider answers on this runtime meanwhile.
    let output = tokio::task::spawn_blocking(move || command.output()).await?.context("h2load")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let all = format!("{requests} succeeded, 0 failed, 0 errored");
    ensure!(said.contains(&all) && said.contains(&format!("{requests} 2xx")), "h2load: {said}");
    Ok(())
}
