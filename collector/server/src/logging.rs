//! The log, on standard error.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log. `levels` is a level, or levels by module such as `info,weir::store=debug`.
///
/// # Errors
/// For levels that cannot be understood.
pub(crate) fn start(format: Format, levels: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(levels)
        .with_context(|| format!("--log-level {levels:?} is not a level such as info or weir=debug"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}
