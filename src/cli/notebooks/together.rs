//! Several cells run as one: a cell takes most of its time to compile, whatever it holds.
//!
//! Each cell becomes a block, so that its items and variables are its own. [`BEGIN`] is printed before what a block
//! prints, and [`VALUE`] before the value of its last expression.

use super::document::joined;
use super::judge;
use serde_json::{Value, json};
use std::fmt::Write;

/// A control character that no cell prints: U+001E, the record separator.
const BEGIN: char = '\u{1e}';
/// U+001F, the unit separator.
const VALUE: char = '\u{1f}';

/// What every block needs: a name for the text of a value, which is its `Display` if it has one, or else its `Debug`,
/// and an error that `?` makes of any other.
const PRELUDE: &str = "\
struct TogetherShown<T>(T);
impl<T: std::fmt::Display> TogetherShown<T> {
    fn text(&self) -> String { self.0.to_string() }
}
trait TogetherDebug {
    fn text(&self) -> String;
}
impl<T: std::fmt::Debug> TogetherDebug for TogetherShown<T> {
    fn text(&self) -> String { format!(\"{:?}\", self.0) }
}
struct TogetherError;
impl<E: std::fmt::Debug> From<E> for TogetherError {
    fn from(_: E) -> Self { Self }
}
";

/// The cell that runs all `cells`. One that panics or returns early does not stop the next.
///
/// It is a `let` because the kernel would try to show the value of an expression.
pub fn cell(cells: &[String]) -> String {
    let mut all = format!("let () = {{\n{PRELUDE}");
    for cell in cells {
        let _ = write!(
            all,
            "println!(\"{{}}\", {BEGIN:?});\n\
             let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| -> Result<(), TogetherError> {{\n\
             let text = TogetherShown({{\n{cell}\n}}).text();\n\
             println!(\"{{}}{{text}}\", {VALUE:?});\n\
             Ok(())\n\
             }}));\n"
        );
    }
    all + "};"
}

/// The outputs of each of `count` cells as if it had run alone, from the outputs of all.
///
/// # Errors
/// If that cannot be told: the kernel failed, or a cell ended before its last expression.
pub fn outputs(of_all: &[Value], count: usize) -> Result<Vec<Vec<Value>>, String> {
    if let Some(failure) = judge::failure(of_all) {
        return Err(failure);
    }
    let text: String = of_all.iter().map(|output| joined(&output["text"])).collect();
    let cells: Option<Vec<_>> = text.split(BEGIN).skip(1).map(|text| text.split_once(VALUE)).collect();
    let cells = cells.filter(|cells| cells.len() == count).ok_or("a cell ended early")?;
    let outputs = |(printed, value): (&str, &str)| {
        vec![
            json!({"output_type": "stream", "name": "stdout", "text": printed}),
            json!({"output_type": "execute_result", "metadata": {}, "data": {"text/plain": value}}),
        ]
    };
    Ok(cells.into_iter().map(outputs).collect())
}

#[cfg(test)]
mod tests {
    use super::super::document::normalised;
    use super::*;
    use std::process::Command;

    /// What a program with one cell prints: on stdout, as a cell's output, and on stderr.
    fn printed(cells: &[&str]) -> anyhow::Result<(Value, String)> {
        let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
        let folder = tempfile::tempdir()?;
        let (source, program) = (folder.path().join("cell.rs"), folder.path().join("cell"));
        let earlier = "fn twice(x: i32) -> i32 { 0 * x }\n#[derive(Debug)] struct Plain;\n";
        std::fs::write(&source, format!("{earlier}fn main() {{\nlet seven = vec![7];\n{}\n}}\n", cell(&cells)))?;
        let compiled = Command::new("rustc").args(["--cap-lints=allow", "-o"]).args([&program, &source]).output()?;
        anyhow::ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let run = Command::new(&program).output()?;
        let stdout = json!({"output_type": "stream", "name": "stdout", "text": String::from_utf8(run.stdout)?});
        Ok((stdout, String::from_utf8(run.stderr)?))
    }

    #[test]
    fn cells_run_together_as_they_run_alone() -> anyhow::Result<()> {
        let (stdout, stderr) = printed(&[
            "fn twice(x: i32) -> i32 { 2 * x }\n\nprintln!(\"{}\", twice(seven[0]));\n\"✓ a text\"",
            "fn twice(x: i32) -> i32 { x + x + 1 }\ntwice(seven[0])",
            "twice(seven[0]);",
            "\"8\".parse::<i32>()?",
            "\"x\".parse::<i32>() // not a number",
            "Plain",
        ])?;
        assert_eq!(stderr, "");
        let cells = outputs(&[stdout], 6).map_err(anyhow::Error::msg)?;
        let texts =
            |cell: Vec<Value>| judge::texts(&normalised(cell, 0)).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(judge::failure(&cells[4]).as_deref(), Some("Err(ParseIntError { kind: InvalidDigit })"));
        let texts: Vec<String> = cells.into_iter().map(texts).collect();
        assert_eq!(texts, ["14 ✓ a text", "15", "", "8", "Err(ParseIntError { kind: InvalidDigit })", "Plain"]);
        Ok(())
    }

    #[test]
    fn a_cell_that_ends_early_is_noticed_and_does_not_stop_the_next() -> anyhow::Result<()> {
        let (returned, stderr) = printed(&["\"x\".parse::<i32>()?", "println!(\"last\")"])?;
        assert_eq!(stderr, "");
        assert!(joined(&returned["text"]).contains("last"), "{returned}");
        assert_eq!(outputs(&[returned], 2), Err("a cell ended early".to_owned()));
        assert!(outputs(&[], 1).is_err(), "a cell that did not run prints nothing");

        let (panicked, stderr) = printed(&["seven[1]", "println!(\"last\")"])?;
        assert!(joined(&panicked["text"]).contains("last"), "{panicked}");
        let stderr = json!({"output_type": "stream", "name": "stderr", "text": stderr});
        let failure = outputs(&[panicked, stderr], 2).unwrap_err();
        assert!(failure.starts_with("index out of bounds"), "{failure}");
        Ok(())
    }
}
