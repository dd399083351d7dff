//! `handgrad`: train, prove, draw, and open the book.

mod cli;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Neural-network layers whose every gradient is derived by hand, and proved.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a network on MNIST and draw its curves.
    Train(cli::train::Arguments),
    /// Prove every gradient, and print the table of proofs.
    Certify(cli::certify::Arguments),
    /// Count what a network costs, layer by layer.
    Cost(cli::cost::Arguments),
    /// Redraw everything under plots/.
    Plots(cli::plots::Arguments),
    /// Set up Jupyter with a Rust kernel inside the project, and open the notebooks.
    Lab(cli::lab::Arguments),
    /// Run every notebook from top to bottom and store its outputs.
    Notebooks(cli::notebooks::Arguments),
    /// Build the book: one page per notebook, with no server or network needed.
    Book(cli::book::Arguments),
    /// Draw a live figure of the book at given settings, as SVG.
    Live(cli::live::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse_from(without_separator(std::env::args())).command {
        Command::Train(arguments) => cli::train::run(arguments),
        Command::Certify(arguments) => cli::certify::run(arguments),
        Command::Cost(arguments) => cli::cost::run(arguments),
        Command::Plots(arguments) => cli::plots::run(arguments),
        Command::Lab(arguments) => cli::lab::run(arguments),
        Command::Notebooks(arguments) => cli::notebooks::run(arguments),
        Command::Book(arguments) => cli::book::run(arguments),
        Command::Live(arguments) => cli::live::run(arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// `cargo lab -- --no-open` is the alias `run … -- lab` followed by `-- --no-open`: drop the second `--`.
fn without_separator(arguments: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    arguments.enumerate().filter(|(i, argument)| !(*i == 2 && argument == "--")).map(|(_, argument)| argument)
}
