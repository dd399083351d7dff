//! `handgrad train`.

use std::process::ExitCode;

/// Flags of `train`.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("train is not written yet")
}
