//! `weir check`: runs the very code that `weir serve` starts with.

use std::io::Write;

use crate::access::Access;
use crate::cli::Check;
use crate::settings::{self, Overrides};

pub(crate) fn run(arguments: &Check) -> anyhow::Result<()> {
    let config = settings::load(Some(&arguments.file), Overrides::default())?;
    Access::of(&config.auth)?;
    writeln!(std::io::stdout(), "{}: ok", arguments.file.display())?;
    Ok(())
}
