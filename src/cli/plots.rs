//! `handgrad plots`.

use std::process::ExitCode;

/// Flags of `plots`.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("plots is not written yet")
}
