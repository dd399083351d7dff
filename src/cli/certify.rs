//! `handgrad certify`.

use std::process::ExitCode;

/// Flags of `certify`.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("certify is not written yet")
}
