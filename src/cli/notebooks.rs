//! `handgrad notebooks`: runs the notebooks from top to bottom, and stores or checks what they show.

mod claims;
pub mod document;
pub mod driver;
mod judge;
pub mod proved;
#[cfg(test)]
mod tests;

use super::lab::place::Place;
use super::lab::progress::Progress;
use super::lab::setup;
use anyhow::Context;
use document::{Notebook, has_tag, is_code, outputs, solution, source};
use driver::{Kernel, Run};
use judge::Verdict;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Flags of `notebooks`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Run these only: files, or the beginnings of names under notebooks/ ("02").
    names: Vec<String>,
    /// Store nothing; also run every exercise's solution, and compare the outputs with the stored ones.
    #[arg(long)]
    check: bool,
    /// Succeed only if each of the notebooks fails, and fails in its last cell.
    #[arg(long)]
    expect_failure: bool,
    /// Seconds a cell may take.
    #[arg(long, default_value_t = 1200)]
    timeout: u64,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = Place::find()?;
    setup::set_up(&place)?;
    let mut wrong = 0;
    let paths = chosen(&place, &arguments.names)?;
    for path in &paths {
        let mut notebook = Notebook::read(path)?;
        let problems = run_one(&place, &mut notebook, &arguments)?;
        for problem in &problems {
            eprintln!("  {problem}");
        }
        let last = format!("cell [{}]: ", notebook.cells().iter().filter(|cell| is_code(cell)).count());
        let as_expected = match arguments.expect_failure {
            true => problems.first().is_some_and(|problem| problem.starts_with(&last)),
            false => problems.is_empty(),
        };
        wrong += usize::from(!as_expected);
        if arguments.expect_failure {
            eprintln!("  {}", if as_expected { "and so it must" } else { "but it must fail, and in its last cell" });
        }
    }
    eprintln!("{} of {} notebooks as expected", paths.len() - wrong, paths.len());
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The notebooks that the names choose; all of them without a name.
fn chosen(place: &Place, names: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(place.notebooks())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ipynb") {
            all.push(path);
        }
    }
    all.sort();
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen = Vec::new();
    for name in names {
        let file = PathBuf::from(name);
        if file.is_file() {
            chosen.push(file);
            continue;
        }
        let begins = |path: &&PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(name.as_str()));
        let found: Vec<_> = all.iter().filter(begins).cloned().collect();
        anyhow::ensure!(!found.is_empty(), "no notebook's name begins with \"{name}\"");
        chosen.extend(found);
    }
    Ok(chosen)
}

/// Runs one notebook in a kernel of its own, and returns what is wrong with it.
fn run_one(place: &Place, notebook: &mut Notebook, arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let begin = Instant::now();
    let progress = Progress::begin(&notebook.name());
    progress.at("starting a kernel");
    let mut kernel = Kernel::start(place, arguments.timeout, None, |_| ())?;
    let mut problems = Vec::new();
    let mut seconds = Vec::new();
    let mut solutions = Vec::new();

    if arguments.check {
        let unbacked = claims::unbacked(notebook.cells()).into_iter();
        problems.extend(unbacked.map(|words| format!("no cell asserts or prints what the prose states: \"{words}\"")));
    }
    let code: Vec<usize> = (0..notebook.cells().len()).filter(|&i| is_code(&notebook.cells()[i])).collect();
    for (count, &cell) in (1..).zip(&code) {
        progress.at(&format!("cell {count} of {}", code.len()));
        let this = &notebook.cells()[cell];
        let Run { outputs: now, seconds: took } =
            kernel.run(&source(this)).with_context(|| format!("{}: cell [{count}]", notebook.name()))?;
        let now = document::normalised(now, count);
        seconds.push((took, count));
        match (judge::failure(&now), has_tag(this, "raises-exception")) {
            (Some(failure), false) => {
                problems.push(format!("cell [{count}]: {failure}"));
                break;
            }
            (None, true) => problems.push(format!("cell [{count}] is tagged raises-exception, and raises none")),
            _ => {}
        }
        if let Some(kind) = judge::undrawn(&now) {
            problems.push(format!("cell [{count}]: a {kind} is shown as text: give it a cell of its own"));
        }
        if has_tag(this, "exercise") {
            match judge::verdict(&now) {
                Verdict::Failed => {}
                Verdict::Passed => problems.push(format!("cell [{count}]: the exercise's stub passes its check")),
                Verdict::Missing => problems.push(format!("cell [{count}]: the exercise's stub shows no verdict")),
            }
            match solution(notebook.cells(), cell) {
                Some(solution) => solutions.push((count, solution)),
                None => problems.push(format!("cell [{count}]: no solution in <details> follows the exercise")),
            }
        }
        if arguments.check {
            if !has_tag(this, "varies")
                && let Some(difference) = judge::difference(outputs(this), &now)
            {
                problems.push(format!("cell [{count}]: {difference} (`cargo notebooks` stores it)"));
            }
        } else {
            notebook.set_outputs(cell, count, now);
        }
    }

    if arguments.check && problems.is_empty() {
        for (count, solution) in &solutions {
            progress.at(&format!("the solution of [{count}]"));
            let outputs = document::normalised(kernel.run(solution)?.outputs, *count);
            match (judge::failure(&outputs), judge::verdict(&outputs)) {
                (Some(failure), _) => problems.push(format!("the solution of [{count}]: {failure}")),
                (None, Verdict::Passed) => {}
                (None, Verdict::Failed) => problems.push(format!("the solution of [{count}] fails its check")),
                (None, Verdict::Missing) => problems.push(format!("the solution of [{count}] shows no verdict")),
            }
        }
    }
    let late = kernel.finish();
    if problems.is_empty() {
        let late = late?;
        if let Some(line) = late.lines().find(|line| !line.trim().is_empty()) {
            problems.push(format!("cell [{}]: this came to stderr after its end: {line}", code.len()));
        }
    }
    if problems.is_empty() && !arguments.check {
        notebook.write()?;
    }

    seconds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, slowest) = (seconds.get(seconds.len() / 2), seconds.last());
    let (median, (slowest, count)) = (median.map_or(0.0, |cell| cell.0), slowest.copied().unwrap_or((0.0, 0)));
    let all = begin.elapsed().as_secs_f64();
    let line = format!(
        "{}: {} cells, {} exercises, {all:.1} s; median cell {median:.2} s, slowest [{count}] {slowest:.1} s",
        notebook.name(),
        code.len(),
        solutions.len(),
    );
    drop(progress);
    eprintln!("{} {line}", if problems.is_empty() { '✓' } else { '✗' });
    Ok(problems)
}
