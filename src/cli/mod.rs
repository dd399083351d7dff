//! The commands, one file each: its flags and what it does.

pub mod book;
pub mod certify;
pub mod cost;
pub mod lab;
pub mod live;
pub mod notebooks;
pub mod plots;
pub mod train;

use anyhow::Context;
use std::fmt::Display;
use std::io::{Write, stdout};

/// Prints the result of a command.
///
/// # Errors
/// If it cannot be written: the disk is full, or the program that reads it has ended.
fn print(result: impl Display) -> anyhow::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{result}").and_then(|()| stdout.flush()).context("the result cannot be printed")
}

/// Prints a line about work in progress. If nobody reads it, as when a pipe is closed, the work goes on.
fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}
