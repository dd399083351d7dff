//! `handgrad notebooks`.

use std::process::ExitCode;

/// Flags of `notebooks`.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("notebooks is not written yet")
}
