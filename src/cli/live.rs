//! `handgrad live`: a live figure of the book at given settings, as the native crate draws it.

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
    /// Print what the picture shows in words, not the picture.
    #[arg(long)]
    words: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut figure = live::open(&arguments.query)?;
    figure.set(&format!("width={}", arguments.width))?;
    for _ in 0..arguments.advance {
        if !figure.advance()? {
            break;
        }
    }
    let picture = figure.picture()?;
    if arguments.words {
        println!("{}", picture.alt);
    } else {
        print!("{}", picture.svg());
    }
    Ok(ExitCode::SUCCESS)
}
