//! A notebook's file: reading it, its cells, and writing it so that a diff shows only what changed.

use anyhow::{Context, bail};
use handgrad::files;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A notebook of the current format (4.5).
pub struct Notebook {
    path: PathBuf,
    text: String,
    value: Value,
}

impl Notebook {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not a notebook", path.display()))?;
        if value["nbformat"] != 4 || !value["cells"].is_array() {
            bail!("{} is not a notebook of format 4", path.display());
        }
        let described = |part: &Value| part["metadata"].is_object() || part["metadata"].is_null();
        if !described(&value) {
            bail!("{}: the notebook's metadata are no object", path.display());
        }
        let cells = value["cells"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        if let Some(at) = cells.iter().position(|cell| !cell.is_object() || !described(cell)) {
            bail!("{}: number {} of its cells is no object with metadata: {}", path.display(), at + 1, cells[at]);
        }
        Ok(Self { path: path.to_owned(), text, value })
    }

    /// Checks that [`write`](Self::write) can replace the file.
    pub fn probe(&self) -> anyhow::Result<()> {
        files::probe(&self.path)?;
        Ok(())
    }

    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether its cells measure times, as its metadata say: `"handgrad": {"measures_times": true}`.
    pub fn measures(&self) -> bool {
        self.value["metadata"]["handgrad"]["measures_times"] == true
    }

    pub fn cells(&self) -> &[Value] {
        self.value["cells"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Gives a code cell its (normalised) outputs and its number.
    pub fn set_outputs(&mut self, cell: usize, count: usize, outputs: Vec<Value>) {
        let cell = &mut self.value["cells"][cell];
        cell["execution_count"] = count.into();
        cell["outputs"] = outputs.into();
    }

    /// The numbers, from 1, of the code cells whose source and outputs are not those that [`write`](Self::write) stored
    /// together: one of them, or the seal itself, has been changed by hand since.
    pub fn unsealed(&self) -> Vec<usize> {
        let code = (1..).zip(self.cells().iter().filter(|cell| is_code(cell)));
        code.filter(|(_, cell)| cell["metadata"][SEAL] != seal(cell)).map(|(number, _)| number).collect()
    }

    /// Writes the notebook if that changes its file: completely or not at all.
    pub fn write(&mut self) -> anyhow::Result<()> {
        let text = self.normalised_text()?;
        if text != self.text {
            files::write(&self.path, text.as_bytes())?;
            self.text = text;
        }
        Ok(())
    }

    /// The file as Jupyter writes it (keys sorted, one space of indent, LF), without what changes from run to run.
    fn normalised_text(&mut self) -> anyhow::Result<String> {
        self.value["nbformat_minor"] = 5.into();
        self.value["metadata"]["kernelspec"] = json!({"display_name": "Rust", "language": "rust", "name": "rust"});
        self.value["metadata"]["language_info"] = json!({
            "codemirror_mode": "rust",
            "file_extension": ".rs",
            "mimetype": "text/rust",
            "name": "rust",
            "pygments_lexer": "rust",
            "version": "",
        });
        let mut ids = Vec::new();
        for cell in self.value["cells"].as_array_mut().context("a notebook has cells")? {
            let text = source(cell).replace("\r\n", "\n");
            let id = match cell["id"].as_str() {
                Some(id) if !ids.iter().any(|known| known == id) => id.to_owned(),
                _ => (0u64..).map(|n| id_of(&text, n)).find(|id| !ids.contains(id)).context("an id is left")?,
            };
            ids.push(id.clone());
            cell["id"] = id.into();
            cell["source"] = lines(&text);
            if is_code(cell) {
                cell["metadata"][SEAL] = seal(cell);
            }
            if let Some(metadata) = cell["metadata"].as_object_mut() {
                metadata.retain(|key, _| !["execution", "trusted", "scrolled", "collapsed"].contains(&key.as_str()));
            }
        }
        self.value.sort_all_objects();
        // serde_json indents by two spaces, Jupyter by one; a JSON string has no line breaks of its own.
        let mut text = String::new();
        for line in format!("{:#}", self.value).lines() {
            let content = line.trim_start_matches(' ');
            text.extend(std::iter::repeat_n(' ', (line.len() - content.len()) / 2));
            text.extend([content, "\n"]);
        }
        Ok(text)
    }
}

/// Where a cell's metadata holds its seal.
const SEAL: &str = "seal";

/// A hash of a code cell's source and outputs: it changes with any character in them, a picture's too.
fn seal(cell: &Value) -> Value {
    let mut outputs = cell["outputs"].clone();
    outputs.sort_all_objects();
    format!("{:016x}", hash(&format!("{}\0{outputs}", source(cell)), 0)).into()
}

/// A cell's text. In the file it is a string or a list of lines.
pub fn source(cell: &Value) -> String {
    joined(&cell["source"])
}

pub fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// A text without a terminal's colours.
pub fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept += piece.split_once('m').map_or("", |(_, rest)| rest);
    }
    kept
}

pub fn is_code(cell: &Value) -> bool {
    cell["cell_type"] == "code"
}

pub fn has_tag(cell: &Value, tag: &str) -> bool {
    cell["metadata"]["tags"].as_array().is_some_and(|tags| tags.iter().any(|known| known == tag))
}

/// The summary of a folded code cell: its first line, which is a comment. `None` if the cell is not folded.
pub fn folded(cell: &Value) -> Option<String> {
    let is_folded = has_tag(cell, "hide-input");
    is_folded.then(|| source(cell).lines().next().unwrap_or_default().trim_start_matches('/').trim().to_owned())
}

/// Whether a cell's outputs are folded until its reader runs it: they answer the question that the reader was asked.
pub fn folds_outputs(cell: &Value) -> bool {
    has_tag(cell, "hide-output")
}

/// What is wrong with the folding of the code cells, if anything: a folded cell must be folded in both JupyterLab and
/// the book and begin with a comment that says what is inside, at most [`LINES`] lines of code may be in sight, and what
/// a "Predict" asks for, or what a check says of an exercise, must not be.
pub fn misfolded(cells: &[Value]) -> Vec<String> {
    let mut problems = vec![];
    let mut in_sight = 0;
    let mut number = 0;
    let mut is_asked = false;
    for cell in cells {
        if !is_code(cell) {
            let text = source(cell);
            is_asked = text.rsplit_once("**Predict").is_some_and(|(_, rest)| !rest.contains("<details>"));
            continue;
        }
        number += 1;
        if folds_outputs(cell) != (cell["metadata"]["jupyter"]["outputs_hidden"] == true) {
            problems.push(format!("cell [{number}]: the tag hide-output and jupyter.outputs_hidden go together"));
        }
        if (is_asked || has_tag(cell, "exercise")) && !outputs(cell).is_empty() && !folds_outputs(cell) {
            problems.push(format!("cell [{number}] shows the answer to a question: fold its outputs (hide-output)"));
        }
        let is_hidden = cell["metadata"]["jupyter"]["source_hidden"] == true;
        if is_hidden != has_tag(cell, "hide-input") {
            problems.push(format!("cell [{number}]: the tag hide-input and jupyter.source_hidden go together"));
        }
        if is_hidden && !source(cell).starts_with("// ") {
            problems
                .push(format!("cell [{number}] is folded, and its first line is no comment that says what is inside"));
        }
        if !is_hidden {
            in_sight += source(cell).lines().count();
        }
    }
    if in_sight > LINES {
        problems.push(format!("{in_sight} lines of code are in sight, and {LINES} are the limit"));
    }
    problems
}

/// Lines of code that are not folded, at most.
const LINES: usize = 400;

/// The outputs of a cell as stored in the file.
pub fn outputs(cell: &Value) -> &[Value] {
    cell["outputs"].as_array().map_or(&[], Vec::as_slice)
}

/// The Rust code in the first `<details>` between an exercise's stub and the next code cell.
pub fn solution(cells: &[Value], stub: usize) -> Option<String> {
    let text: String = cells[stub + 1..].iter().take_while(|cell| !is_code(cell)).map(source).collect();
    let (_, details) = text.split_once("<details>")?;
    let (details, _) = details.split_once("</details>")?;
    let (_, code) = details.split_once("```rust\n")?;
    let (code, _) = code.split_once("\n```")?;
    Some(code.to_owned())
}

/// Outputs as they are stored: neighbouring pieces of a stream as one, texts as lists of lines, and no `()`, which is the
/// value of a cell that ends with a loop.
pub fn normalised(outputs: Vec<Value>, count: usize) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for mut output in outputs {
        if output["output_type"] == "execute_result" && joined(&output["data"]["text/plain"]).trim() == "()" {
            continue;
        }
        if output["output_type"] == "stream" {
            let text = joined(&output["text"]);
            if let Some(last) = merged.last_mut()
                && last["output_type"] == "stream"
                && last["name"] == output["name"]
            {
                last["text"] = (joined(&last["text"]) + &text).into();
                continue;
            }
            output["text"] = text.into();
        } else if output["output_type"] == "execute_result" {
            output["execution_count"] = count.into();
        }
        merged.push(output);
    }
    for output in &mut merged {
        if output["output_type"] == "stream" {
            output["text"] = lines(&joined(&output["text"]));
        }
        let data = output.get_mut("data").and_then(Value::as_object_mut);
        for (_, content) in data.into_iter().flatten() {
            if let Some(text) = content.as_str() {
                *content = lines(text);
            }
        }
    }
    merged
}

/// A text as a list of its lines, each with its end.
fn lines(text: &str) -> Value {
    text.split_inclusive('\n').collect::<Vec<_>>().into()
}

/// An id for a cell that has none, made from its text so that it does not change.
fn id_of(text: &str, salt: u64) -> String {
    format!("{:08x}", hash(text, salt) >> 32)
}

/// FNV-1a.
fn hash(text: &str, salt: u64) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ salt, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
