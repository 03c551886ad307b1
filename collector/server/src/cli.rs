//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::logging::Format;

/// Measures the traffic that an Envoy gateway sends to its backends: this is the collector.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(crate) log_format: Format,
    /// What is logged: a level, or levels by module such as `info,weir::store=debug`.
    #[arg(long, global = true, env = "WEIR_LOG", default_value = "info", value_name = "LEVELS")]
    pub(crate) log_level: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take batches, keep them, answer questions, until told to stop.
    Serve(Serve),
    /// Say whether a configuration is valid, and what is wrong with it.
    Check(Check),
}

/// Arguments of `weir serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The configuration, YAML or JSON. Variables `WEIR_SECTION__KEY` weigh more, flags most.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, in place of server.listen. With port 0 the system chooses one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// The database's file, in place of storage.url.
    #[arg(long, value_name = "PATH")]
    pub(crate) database: Option<String>,
}

/// Arguments of `weir check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The configuration, YAML or JSON.
    pub(crate) file: PathBuf,
}
