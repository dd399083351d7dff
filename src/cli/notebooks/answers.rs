//! Right and wrong answers to a notebook's exercises, from `tests/notebooks/answers/NN.md`.
//!
//! ````markdown
//! ## Exercise 1
//!
//! ### Right: loops
//! ```rust
//! fn my_dw(…) … { … }
//! ```
//!
//! ### Wrong: no mean over the samples, named "divided by N"
//! ```rust
//! fn my_dw(…) … { … }
//! ```
//! ````
//!
//! An answer takes the stub's place. The stub's last statement, which calls the checker, follows it unless the answer has
//! one of its own. The words in quotes after `named` must appear in the checker's verdict; an answer that no checker
//! can name is `unnamed`.

use super::document;
use super::judge::{self, Verdict};
use super::together;
use crate::cli::lab::driver::Kernel;
use anyhow::{Context, bail, ensure};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use serde_json::Value;
use std::fmt::Write;

/// An answer to an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Number of the exercise in its notebook, from 1.
    pub exercise: usize,
    /// What it does, according to its heading.
    pub title: String,
    /// Whether it is right, or else what the checker must say about it.
    pub kind: Kind,
    code: String,
}

/// The expected verdict on an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Right,
    /// Refused, with these words.
    Named(String),
    /// Refused.
    Unnamed,
}

/// The answers in a file.
///
/// # Errors
/// If a heading is not one that a file of answers may have, or if an answer has no code.
pub fn read(markdown: &str) -> anyhow::Result<Vec<Answer>> {
    let (mut answers, mut exercise): (Vec<Answer>, usize) = (vec![], 0);
    let (mut heading, mut text, mut is_code) = (None, String::new(), false);
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => (heading, text) = (Some(level), String::new()),
            Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                let number = text.strip_prefix("Exercise ").and_then(|number| number.parse().ok());
                exercise = number.with_context(|| format!("\"{text}\" is not \"Exercise\" and a number"))?;
                heading = None;
            }
            Event::End(TagEnd::Heading(level)) => {
                if level == HeadingLevel::H3 {
                    ensure!(exercise > 0, "\"{text}\" stands before the first exercise");
                    let (title, kind) = title_and_kind(&text)?;
                    answers.push(Answer { exercise, title, kind, code: String::new() });
                }
                heading = None;
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(name))) if &*name == "rust" => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(words) | Event::Code(words) if heading.is_some() => text += &words,
            Event::Text(code) if is_code => {
                answers.last_mut().context("code stands before the first answer")?.code += &code;
            }
            _ => {}
        }
    }
    if let Some(empty) = answers.iter().find(|answer| answer.code.is_empty()) {
        bail!("the answer \"{}\" to exercise {} has no ```rust block", empty.title, empty.exercise);
    }
    Ok(answers)
}

fn title_and_kind(heading: &str) -> anyhow::Result<(String, Kind)> {
    if let Some(title) = heading.strip_prefix("Right: ") {
        return Ok((title.to_owned(), Kind::Right));
    }
    let wrong = heading.strip_prefix("Wrong: ");
    let wrong = wrong.with_context(|| format!("\"{heading}\" begins neither with \"Right: \" nor with \"Wrong: \""))?;
    if let Some(title) = wrong.strip_suffix(", unnamed") {
        return Ok((title.to_owned(), Kind::Unnamed));
    }
    let quotes = ['"', '“', '”'];
    let named = wrong.split_once(", named ").filter(|(_, words)| words.starts_with(quotes) && words.ends_with(quotes));
    let (title, words) = named.with_context(|| {
        format!("\"{heading}\" ends neither in \", unnamed\" nor in \", named\" and words in quotes")
    })?;
    let words = words.trim_matches(quotes);
    ensure!(!words.trim().is_empty(), "\"{heading}\" names no words that the checker must say");
    Ok((title.to_owned(), Kind::Named(words.to_owned())))
}

impl Answer {
    /// Its exercise and title.
    fn place(&self) -> String {
        format!("exercise {}, \"{}\"", self.exercise, self.title)
    }

    /// The cell that is run: the answer, and the stub's call of the checker.
    pub fn cell(&self, stub: &str) -> String {
        let lines: Vec<&str> = stub.lines().collect();
        let end = lines.iter().rposition(|line| line.starts_with('}')).map_or(lines.len(), |last| last + 1);
        let call = lines[end..].join("\n");
        let checker = call.trim().split(['(', '?']).next().unwrap_or_default().to_owned();
        match checker.is_empty() || self.code.contains(&format!("{checker}(")) {
            true => self.code.clone(),
            false => format!("{}\n{}", self.code, call.trim()),
        }
    }
}

/// The results for the answers to one exercise.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    right: usize,
    accepted: usize,
    wrong: usize,
    refused: usize,
    named: usize,
}

impl Count {
    /// Counts an answer by its outputs, and returns what is wrong with them.
    fn add(&mut self, kind: &Kind, outputs: Vec<Value>) -> Option<String> {
        let outputs = document::normalised(outputs, 0);
        if let Some(failure) = judge::failure(&outputs) {
            return Some(format!(": {failure}"));
        }
        let said = judge::texts(&outputs);
        let is_right = *kind == Kind::Right;
        self.right += usize::from(is_right);
        self.wrong += usize::from(!is_right);
        match (kind, judge::verdict(&outputs)) {
            (_, Verdict::Missing) => return Some(" gets no verdict".to_owned()),
            (Kind::Right, Verdict::Passed) => self.accepted += 1,
            (Kind::Right, Verdict::Failed) => return Some(format!(" is right but refused: {said}")),
            (_, Verdict::Passed) => return Some(" is wrong but accepted".to_owned()),
            (Kind::Named(words), Verdict::Failed) => {
                self.refused += 1;
                if !one_line(&said).contains(&one_line(words)) {
                    return Some(format!(" is not named \"{words}\": {said}"));
                }
                self.named += 1;
            }
            (Kind::Unnamed, Verdict::Failed) => self.refused += 1,
        }
        None
    }
}

/// Tries every answer on the exercises' stubs, in order, and prints a table of the results.
///
/// A right answer that is refused, a wrong one that is accepted, and a missing name are problems; so are fewer than two
/// right answers or six wrong ones per exercise, and more than one unnamed answer in ten.
pub fn try_all(
    kernel: &mut Kernel,
    stubs: &[String],
    answers: &[Answer],
    mut at: impl FnMut(&str),
) -> anyhow::Result<Vec<String>> {
    let (mut problems, mut counts) = (vec![], vec![Count::default(); stubs.len()]);
    for answers in answers.chunk_by(|a, b| a.exercise == b.exercise) {
        let exercise = answers[0].exercise;
        let Some(stub) = stubs.get(exercise - 1) else {
            problems.push(format!("exercise {exercise}: the notebook has {} exercises", stubs.len()));
            continue;
        };
        let cells: Vec<String> = answers.iter().map(|answer| answer.cell(stub)).collect();
        at(&format!("exercise {exercise}, {} answers together", answers.len()));
        let outputs = document::normalised(kernel.run(&together::cell(&cells))?.outputs, 0);
        let count = &mut counts[exercise - 1];
        match count_all(*count, answers, &outputs) {
            Ok(all) => *count = all,
            Err(reason) => {
                // What goes wrong together may be another answer's fault: only those that run alone are judged by it.
                let reason = reason.lines().next().unwrap_or_default();
                eprintln!("  exercise {exercise}: each answer in a cell of its own, because of the one cell: {reason}");
                for (answer, cell) in answers.iter().zip(&cells) {
                    let place = answer.place();
                    at(&place);
                    let problem = count.add(&answer.kind, kernel.run(cell)?.outputs);
                    problems.extend(problem.map(|problem| place + &problem));
                }
            }
        }
    }
    let mut table =
        "| exercise | right | accepted | wrong | refused | named |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for (number, Count { right, accepted, wrong, refused, named }) in (1..).zip(&counts) {
        let _ = writeln!(table, "| {number} | {right} | {accepted} | {wrong} | {refused} | {named} |");
        if *right < 2 || *wrong < 6 {
            problems.push(format!("exercise {number} has {right} right and {wrong} wrong answers: it needs 2 and 6"));
        }
    }
    eprint!("{table}");
    let (wrong, named) = counts.iter().fold((0, 0), |(w, n), count| (w + count.wrong, n + count.named));
    if 10 * named < 9 * wrong {
        problems.push(format!("{named} of {wrong} wrong answers are named: nine in ten are needed"));
    }
    Ok(problems)
}

/// Counts the answers that ran together, if nothing is wrong with any of them, or else returns the first problem.
fn count_all(mut count: Count, answers: &[Answer], outputs: &[Value]) -> Result<Count, String> {
    for (answer, outputs) in answers.iter().zip(together::outputs(outputs, answers.len())?) {
        if let Some(problem) = count.add(&answer.kind, outputs) {
            return Err(answer.place() + &problem);
        }
    }
    Ok(count)
}

/// A text in lower case, without line breaks and entities.
fn one_line(text: &str) -> String {
    let text = text.to_lowercase().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Answers\n\n## Exercise 2\n\n### Right: `a` sum\n```rust\nfn f() {\n}\n```\n\n\
        ### Wrong: no \"N\", named \"divided by N\"\n```rust\nfn g() {}\ncheck_f(g)\n```\n\n\
        ### Wrong: odd, unnamed\n```rust\nfn h() {}\n```\n";

    #[test]
    fn a_file_of_answers_is_read() {
        let answers = read(FILE).unwrap();
        let kinds: Vec<_> =
            answers.iter().map(|answer| (answer.exercise, &*answer.title, answer.kind.clone())).collect();
        let named = Kind::Named("divided by N".into());
        assert_eq!(kinds, [(2, "a sum", Kind::Right), (2, "no \"N\"", named), (2, "odd", Kind::Unnamed)]);
        assert_eq!(answers[0].cell("fn f() {\n    1\n}\n\ncheck_f(f)?;\n"), "fn f() {\n}\n\ncheck_f(f)?;");
        assert_eq!(answers[1].cell("fn f() {\n}\n\ncheck_f(f)?;\n"), "fn g() {}\ncheck_f(g)\n");
    }

    #[test]
    fn a_heading_that_says_neither_right_nor_wrong_is_an_error() {
        for wrong in [
            "### Right: x",
            "## Exercise 1\n### Good: x",
            "## Exercise 1\n### Wrong: x",
            "## Exercise 1\n### Wrong: x, named \"\"\n```rust\n1\n```",
            "## Exercise 1\n### Wrong: x, named \"\n```rust\n1\n```",
            "## Task 1",
            "## Exercise 1\n### Right: x",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
