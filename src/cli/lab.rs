//! `handgrad lab`.

use std::process::ExitCode;

/// Flags of `lab`.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("lab is not written yet")
}
