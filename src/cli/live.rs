//! `handgrad live`: a live figure of the book at given settings, as the native crate draws it.

use anyhow::Context;
use handgrad::cuts::{Cuts, Vectors};
use handgrad::live;
use std::process::ExitCode;

/// Flags of `live`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The figure and its settings, as a link to it in a page has them: `descent?rate=0.05`.
    query: String,
    /// The width of the picture in pixels.
    #[arg(long, default_value_t = 720, value_name = "PIXELS")]
    width: u32,
    /// Let a figure that moves by itself move on by this many steps.
    #[arg(long, default_value_t = 0, value_name = "STEPS")]
    advance: usize,
    /// A file with data that the figure needs: `weights=FILE`.
    #[arg(long, value_name = "NAME=FILE")]
    data: Vec<String>,
    /// Print what the picture shows in words, not the picture.
    #[arg(long)]
    words: bool,
    /// Print what is said about a cell, by the name that its `data-cell` has, not the picture.
    #[arg(long, value_name = "CELL", conflicts_with = "words")]
    note: Option<String>,
}

/// Runs the command. It rounds as a page does: on one thread, and without those vectors and fused instructions of
/// this processor that WebAssembly lacks.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let as_in_a_page = Cuts { vectors: Vectors::Short, ..Cuts::PRODUCTION };
    as_in_a_page.on_threads(1, || {
        let mut figure = live::open(&arguments.query)?;
        for data in &arguments.data {
            let (name, file) = data.split_once('=').with_context(|| format!("\"{data}\" is not NAME=FILE"))?;
            figure = figure.data(name, std::fs::read(file).with_context(|| format!("cannot read {file}"))?)?;
        }
        figure.set(&format!("width={}", arguments.width))?;
        for _ in 0..arguments.advance {
            if !figure.advance()? {
                break;
            }
        }
        if let Some(cell) = &arguments.note {
            println!("{}", figure.note(cell)?.unwrap_or_default());
            return Ok(ExitCode::SUCCESS);
        }
        let picture = figure.picture()?;
        if arguments.words {
            println!("{}", picture.alt);
        } else {
            print!("{}", picture.svg());
        }
        Ok(ExitCode::SUCCESS)
    })?
}
