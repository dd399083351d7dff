//! `handgrad notebooks`: runs the notebooks from top to bottom, and stores or checks what they show.

mod answers;
mod claims;
pub mod document;
mod judge;
mod pictures;
pub mod proved;
#[cfg(test)]
mod tests;
mod times;
mod together;

use super::lab::driver::{Kernel, Run};
use super::lab::place::Place;
use super::lab::progress::Progress;
use super::lab::setup;
use super::print;
use anyhow::Context;
use document::{Notebook, has_tag, is_code, outputs, solution, source};
use judge::Verdict;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
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
    /// How many notebooks to run side by side. Those that measure times run alone.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
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
    let paths = chosen(&place, &arguments.names)?;
    let mut notebooks = paths.iter().map(|path| Notebook::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    if arguments.stores() {
        notebooks.iter().try_for_each(Notebook::probe)?;
    }
    // Those that measure times run after the others, and alone.
    let (alone, beside): (Vec<_>, Vec<_>) = notebooks.iter_mut().partition(|notebook| notebook.measures());
    let mut done = run_side_by_side(&place, beside, &arguments, arguments.jobs)?;
    done.extend(run_side_by_side(&place, alone, &arguments, 1)?);

    let right = done.iter().filter(|(_, as_expected)| *as_expected).count();
    eprintln!("{right} of {} notebooks as expected", paths.len());
    if arguments.times {
        let mut times: Vec<Times> = done.into_iter().map(|(times, _)| times).collect();
        times.sort_by(|a, b| a.name.cmp(&b.name));
        print(times::table(&times).trim_end())?;
    }
    Ok(if right == paths.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs notebooks, `jobs` at a time; each with its times, and whether it did what it should.
fn run_side_by_side(
    place: &Place,
    notebooks: Vec<&mut Notebook>,
    arguments: &Arguments,
    jobs: usize,
) -> anyhow::Result<Vec<(Times, bool)>> {
    let waiting = Mutex::new(notebooks.into_iter());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
    let work = || -> anyhow::Result<Vec<(Times, bool)>> {
        let mut done = Vec::new();
        while let Some(notebook) = next() {
            done.push(run_and_tell(place, notebook, arguments)?);
        }
        Ok(done)
    };
    let done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let done: anyhow::Result<Vec<_>> = done;
    Ok(done?.concat())
}

/// Runs one notebook, and says what is wrong with it.
fn run_and_tell(place: &Place, notebook: &mut Notebook, arguments: &Arguments) -> anyhow::Result<(Times, bool)> {
    let (problems, times) = run_one(place, notebook, arguments)?;
    let mut said: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    let as_expected = if arguments.expect_failure {
        let last = format!("cell [{}]: ", notebook.cells().iter().filter(|cell| is_code(cell)).count());
        let fails_there = problems.first().is_some_and(|problem| problem.starts_with(&last));
        said += if fails_there { "\n  as it must" } else { "\n  but it must fail, and in its last cell" };
        fails_there
    } else {
        problems.is_empty()
    };
    let (number, slowest) = times.slowest();
    eprintln!(
        "{} {}: {} cells, {:.1} s; median cell {:.2} s, slowest [{number}] {slowest:.1} s{said}",
        if problems.is_empty() { '✓' } else { '✗' },
        times.name,
        times.cells.len(),
        times.all,
        times.median(),
    );
    Ok((times, as_expected))
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
    let name = notebook.name();
    let progress = Progress::begin(&name);
    let number = name.split('_').next().unwrap_or_default();
    progress.at(&format!("{number}: starting a kernel"));
    let mut kernel = Kernel::start(place, arguments.timeout, None, |_| ())?;
    let start = begin.elapsed().as_secs_f64();
    let mut problems = Vec::new();
    let mut cells = Vec::new();
    let mut solutions = Vec::new();

    if arguments.check && !arguments.expect_failure {
        problems.extend(document::misfolded(notebook.cells()));
        let unsealed = notebook.unsealed().into_iter();
        problems
            .extend(unsealed.map(|cell| {
                format!("cell [{cell}]: its code and its outputs are not those that were stored together")
            }));
        let unbacked = claims::unbacked(notebook.cells()).into_iter();
        problems.extend(unbacked.map(|words| format!("no cell asserts or prints what the prose claims: \"{words}\"")));
    }
    let code: Vec<usize> = (0..notebook.cells().len()).filter(|&i| is_code(&notebook.cells()[i])).collect();
    for (count, &cell) in (1..).zip(&code) {
        progress.at(&format!("{number}: cell {count} of {}", code.len()));
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
            let (stored, varies) = (outputs(this), has_tag(this, "varies"));
            let difference = || judge::difference(stored, &now).or_else(|| pictures::difference(stored, &now));
            if let Some(difference) = (!varies).then(difference).flatten() {
                problems.push(format!("cell [{count}]: {difference} (`cargo notebooks` stores it)"));
            }
        } else if arguments.stores() {
            notebook.set_outputs(cell, count, now);
        }
    }

    if arguments.check && problems.is_empty() {
        for (count, solution) in &solutions {
            progress.at(&format!("{number}: the solution of [{count}]"));
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
        problems.extend(answers::try_all(&mut kernel, &stubs, &answers, |answer| {
            progress.at(&format!("{number}: {answer}"))
        })?);
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
    Ok((problems, times))
}
