//! `weir`, the collector: takes batches, keeps history, answers questions.

mod access;
mod app;
mod cli;
mod clock;
mod command;
mod http;
mod logging;
mod metrics;
mod problem;
mod settings;
mod signals;
mod store;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Gives memory back to the system when it is free; the system's own keeps it, thread by thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let run = || {
        logging::start(cli.log_format, &cli.log_level)?;
        match cli.command {
            cli::Command::Serve(arguments) => command::serve::run(arguments),
            cli::Command::Check(arguments) => command::check::run(&arguments),
        }
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed, the exit code is all that is left to say it with.
            let _ = writeln!(std::io::stderr(), "weir: {error:#}");
            ExitCode::FAILURE
        }
    }
}
