//! `handgrad notebooks`: runs the notebooks from top to bottom, and stores or checks what they show.

mod answers;
mod claims;
pub mod document;
mod judge;
pub mod proved;
#[cfg(test)]
mod tests;
mod times;

use super::lab::driver::{Kernel, Run};
use super::lab::place::Place;
use super::lab::progress::Progress;
use super::lab::setup;
use anyhow::Context;
use document::{Notebook, has_tag, is_code, outputs, solution, source};
use judge::Verdict;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use times::Times;

/// Flags of `notebooks`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Run only these: files, or prefixes of names under notebooks/ ("02").
    names: Vec<String>,
    /// Store nothing; also run every exercise's solution, and compare the outputs with the stored ones.
    #[arg(long)]
    check: bool,
    /// Store nothing; try the right and wrong answers in tests/notebooks/answers/ on the exercises, and succeed only if
    /// every right one is accepted, every wrong one is refused, and its mistake is named as expected.
    #[arg(long)]
    answers: bool,
    /// Succeed only if every notebook fails, and fails in its last cell.
    #[arg(long)]
    expect_failure: bool,
    /// Store nothing; print how long the kernel's start and the cells took, as a Markdown table.
    #[arg(long)]
    times: bool,
    /// Time limit for a cell, in seconds.
    #[arg(long, default_value_t = 1200)]
    timeout: u64,
}

impl Arguments {
    /// Whether the outputs are stored in the notebooks.
    fn stores(&self) -> bool {
        !self.check && !self.times && !self.answers
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = Place::find()?;
    setup::set_up(&place)?;
    let (mut wrong, mut all_times) = (0, Vec::new());
    let paths = chosen(&place, &arguments.names)?;
    for path in &paths {
        let mut notebook = Notebook::read(path)?;
        if arguments.stores() {
            notebook.probe()?;
        }
        let (problems, times) = run_one(&place, &mut notebook, &arguments)?;
        all_times.push(times);
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
            eprintln!("  {}", if as_expected { "as it must" } else { "but it must fail in its last cell" });
        }
    }
    eprintln!("{} of {} notebooks as expected", paths.len() - wrong, paths.len());
    if arguments.times {
        print!("{}", times::table(&all_times));
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The notebooks that match the names; all of them if there are no names.
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

/// Runs one notebook in a kernel of its own, and returns what is wrong with it and how long it took.
fn run_one(place: &Place, notebook: &mut Notebook, arguments: &Arguments) -> anyhow::Result<(Vec<String>, Times)> {
    let begin = Instant::now();
    let progress = Progress::begin(&notebook.name());
    progress.at("starting a kernel");
    let mut kernel = Kernel::start(place, arguments.timeout, None, |_| ())?;
    let start = begin.elapsed().as_secs_f64();
    let mut problems = Vec::new();
    let mut cells = Vec::new();
    let mut solutions = Vec::new();

    if arguments.check && !arguments.expect_failure {
        problems.extend(document::misfolded(notebook.cells()));
        let unsealed = notebook.unsealed().into_iter();
        problems.extend(
            unsealed.map(|cell| format!("cell [{cell}]: its code or its outputs were changed after they were stored")),
        );
        let unbacked = claims::unbacked(notebook.cells()).into_iter();
        problems.extend(unbacked.map(|words| format!("no cell asserts or prints what the prose claims: \"{words}\"")));
    }
    let code: Vec<usize> = (0..notebook.cells().len()).filter(|&i| is_code(&notebook.cells()[i])).collect();
    for (count, &cell) in (1..).zip(&code) {
        progress.at(&format!("cell {count} of {}", code.len()));
        let this = &notebook.cells()[cell];
        let Run { outputs: now, seconds } =
            kernel.run(&source(this)).with_context(|| format!("{}: cell [{count}]", notebook.name()))?;
        let now = document::normalised(now, count);
        cells.push(seconds);
        match (judge::failure(&now), has_tag(this, "raises-exception")) {
            (Some(failure), false) => {
                problems.push(format!("cell [{count}]: {failure}"));
                break;
            }
            (None, true) => problems.push(format!("cell [{count}] is tagged raises-exception, but raises none")),
            _ => {}
        }
        if let Some(kind) = judge::undrawn(&now) {
            problems.push(format!("cell [{count}]: a {kind} is shown as text: give it a cell of its own"));
        }
        if has_tag(this, "exercise") {
            match judge::verdict(&now) {
                Verdict::Failed => {}
                Verdict::Passed => problems.push(format!("cell [{count}]: the exercise's stub passes its own check")),
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
        } else if arguments.stores() {
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
    if arguments.answers && problems.is_empty() {
        let file = place.answers(&notebook.name());
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let answers = answers::read(&text).with_context(|| file.display().to_string())?;
        let exercises = notebook.cells().iter().filter(|cell| is_code(cell) && has_tag(cell, "exercise"));
        let stubs: Vec<String> = exercises.map(source).collect();
        problems.extend(answers::try_all(&mut kernel, &stubs, &answers, |answer| progress.at(answer))?);
    }
    let late = kernel.finish();
    if problems.is_empty() {
        let late = late?;
        if let Some(line) = late.lines().find(|line| !line.trim().is_empty()) {
            problems.push(format!("cell [{}]: printed to stderr after it ended: {line}", code.len()));
        }
    }
    if problems.is_empty() && arguments.stores() {
        notebook.write()?;
    }

    let times = Times { name: notebook.name(), start, cells, all: begin.elapsed().as_secs_f64() };
    let (number, slowest) = times.slowest();
    drop(progress);
    eprintln!(
        "{} {}: {} cells, {} exercises, {:.1} s; median cell {:.2} s, slowest [{number}] {slowest:.1} s",
        if problems.is_empty() { '✓' } else { '✗' },
        times.name,
        code.len(),
        solutions.len(),
        times.all,
        times.median(),
    );
    Ok((problems, times))
}
