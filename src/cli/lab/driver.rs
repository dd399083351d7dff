//! A running kernel, driven cell by cell.

use super::kernel;
use super::place::Place;
use anyhow::{Context, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Jupyter's side of it: a kernel behind a pipe.
const DRIVER: &str = include_str!("driver.py");

/// A kernel, and the Python process that talks to it.
pub struct Kernel {
    child: Child,
    cells: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

/// What a cell did.
pub struct Run {
    /// As they appear in a notebook, except that neighbouring streams are not merged.
    pub outputs: Vec<Value>,
    pub seconds: f64,
}

impl Kernel {
    /// Starts a kernel that may take `timeout` seconds for a cell. `said` receives its messages about what it
    /// compiles.
    pub fn start(
        place: &Place,
        timeout: u64,
        folder: Option<&Path>,
        mut said: impl FnMut(String) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let mut command = place.jupyter(["-c", DRIVER, &timeout.to_string()]);
        command.env(kernel::STRICT, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = folder {
            command.env(kernel::FOLDER, folder);
        }
        let mut child = command.spawn().context("Jupyter's Python does not start")?;
        let (cells, answers, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let answers = BufReader::new(answers.context("Python has no stdout")?).lines();
        let stderr = stderr.context("Python has no stderr")?;
        std::thread::spawn(move || {
            each_line(stderr, |line| {
                said(line);
                true
            })
        });
        let mut kernel = Self { child, cells, answers };
        kernel.answer()?;
        Ok(kernel)
    }

    /// Runs a cell to its end.
    pub fn run(&mut self, source: &str) -> anyhow::Result<Run> {
        if let Some(cells) = &mut self.cells {
            writeln!(cells, "{}", Value::from(source)).context("the kernel is gone")?;
        }
        let mut answer = self.answer()?;
        let Value::Array(outputs) = answer["outputs"].take() else { bail!("the kernel answered {answer}") };
        Ok(Run { outputs, seconds: answer["seconds"].as_f64().unwrap_or(0.0) })
    }

    /// Ends the kernel, and returns what it printed to stderr after its cells were done.
    pub fn finish(mut self) -> anyhow::Result<String> {
        self.cells = None;
        let answer = self.answer()?;
        self.child.wait()?;
        Ok(answer["late"].as_str().unwrap_or_default().to_owned())
    }

    fn answer(&mut self) -> anyhow::Result<Value> {
        let line = self.answers.next().context("the kernel is gone")??;
        let answer: Value = serde_json::from_str(&line)?;
        match answer["error"].as_str() {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }
}

/// A cell whose variable has no type. To find out why, the kernel runs `cargo check`, which checks every dependency the
/// first time: better now than while a reader waits.
const WRONG: &str = "let wrong = 1.0 * 2;";

/// Runs one cell in a folder, which then holds the cell's compiled dependencies.
pub fn warm(place: &Place, folder: &Path, cell: &str, said: impl FnMut(String) + Send + 'static) -> anyhow::Result<()> {
    let mut kernel = Kernel::start(place, 3600, Some(folder), said)?;
    let Run { outputs, .. } = kernel.run(cell)?;
    kernel.run(WRONG)?;
    let late = kernel.finish()?;
    let failed = outputs.iter().find(|output| output["output_type"] == "error" || output["name"] == "stderr");
    let said = failed.and_then(|output| [&output["evalue"], &output["text"]].into_iter().find_map(Value::as_str));
    anyhow::ensure!(failed.is_none(), "{}", said.unwrap_or("the first cell failed without a message"));
    anyhow::ensure!(late.is_empty(), "{late}");
    Ok(())
}

/// Calls `line` with every line of a stream; a carriage return ends one too, as progress bars use it.
pub fn each_line(stream: impl Read, mut line: impl FnMut(String) -> bool) {
    let mut text = Vec::new();
    for byte in BufReader::new(stream).bytes() {
        match byte {
            Ok(b'\n' | b'\r') => {
                let whole = String::from_utf8_lossy(&std::mem::take(&mut text)).into_owned();
                if !whole.trim().is_empty() && !line(whole) {
                    return;
                }
            }
            Ok(byte) => text.push(byte),
            Err(_) => return,
        }
    }
}
