//! `handgrad certify`: run every proof, and print the table of results.

use super::print;
use handgrad::check::certificate::{Certificate, Row};
use handgrad::check::grids;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Flags of `certify`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the table as Markdown, as in the README.
    #[arg(long)]
    markdown: bool,
}

/// Runs the command: exit code 1 if anything is not proved.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let cases = grids::all();
    let bar = ProgressBar::new(cases.len() as u64); // on stderr, and silent if that is not a terminal
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos} of {len} cases, {elapsed}")?);
    let certificate = Certificate::of(&cases, || bar.inc(1));
    bar.finish_and_clear();

    if arguments.json {
        print(format_args!("{:#}", to_json(&certificate)))?;
    } else if arguments.markdown {
        print(certificate.to_markdown().trim_end())?;
    } else {
        print(&certificate)?;
    }
    Ok(if certificate.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn to_json(certificate: &Certificate) -> Value {
    let row = |row: &Row| {
        json!({
            "function": row.function,
            "compared_with": row.oracle,
            "cases": row.cases,
            "entries": row.entries,
            "exact_demanded": row.demanded,
            "exact": row.exact,
            "error": row.error,
            "error_by_differences": row.differences,
            "error_in_f32": row.single,
            "entries_with_infinities": row.infinite,
            "symbolic": row.symbolic,
            "passed": row.passed(),
            "failures": row.failures,
        })
    };
    json!({
        "passed": certificate.passed(),
        "functions": certificate.rows.iter().map(row).collect::<Vec<_>>(),
        "total": row(&certificate.total()),
    })
}
