//! The rules by which a notebook is judged and stored.

use super::answers::{self, Kind};
use super::document::{self, Notebook};
use super::judge::{Verdict, difference, failure, undrawn, verdict};
use super::proved::entries_proved;
use super::times::{Times, table};
use anyhow::Context;
use serde_json::{Value, json};

fn stream(name: &str, text: &str) -> Value {
    json!({"output_type": "stream", "name": name, "text": text})
}

fn shown(text: &str) -> Value {
    json!({"output_type": "execute_result", "metadata": {}, "data": {"text/plain": text}})
}

#[test]
fn an_error_a_panic_and_a_word_on_stderr_are_failures() {
    let error = json!({"output_type": "error", "ename": "Error", "evalue": "\u{1b}[31mno such\u{1b}[0m value\nhelp"});
    assert_eq!(failure(&[shown("1"), error]).as_deref(), Some("no such value"));
    assert_eq!(failure(&[stream("stderr", "\nfc_forward: z is\n")]).as_deref(), Some("fc_forward: z is"));
    let panic = "\nthread '<unnamed>' panicked at src/lib.rs:6:1:\nassertion failed: x\nstack backtrace:\n";
    assert_eq!(failure(&[stream("stderr", panic)]).as_deref(), Some("assertion failed: x"));
    assert_eq!(failure(&[stream("stdout", panic)]).as_deref(), Some("assertion failed: x"));
    assert_eq!(failure(&[shown("Err(ShapeError)")]).as_deref(), Some("Err(ShapeError)"));
    assert_eq!(failure(&[stream("stdout", "an error of 1e-16"), shown("2")]), None);
}

#[test]
fn a_picture_shown_as_text_is_noticed() {
    let data = |data: Value| json!({"output_type": "execute_result", "data": data});
    assert_eq!(undrawn(&[data(json!({"text/plain": "Chart { title: None }"}))]), Some("Chart"));
    assert_eq!(undrawn(&[data(json!({"text/plain": "Chart { title: None }", "text/html": "<img>"}))]), None);
    assert_eq!(undrawn(&[stream("stdout", "Chart {"), data(json!({"text/plain": "a Chart {"}))]), None);
}

#[test]
fn one_failed_check_is_a_failed_exercise() {
    assert_eq!(verdict(&[stream("stdout", "dw  ✓\n"), shown("Proved")]), Verdict::Passed);
    assert_eq!(verdict(&[stream("stdout", "dw  ✓\n"), shown("db  ✗")]), Verdict::Failed);
    assert_eq!(verdict(&[shown("42")]), Verdict::Missing);
}

#[test]
fn the_last_digits_may_differ_and_nothing_else() {
    let same = |a: &str, b: &str| difference(&[shown(a)], &[shown(b)]).is_none();
    assert!(same("loss: 0.693147", "loss:  0.693148"));
    assert!(same("[1.1e-16, 2]", "[-3.3e-16, 2]"));
    assert!(!same("loss: 0.693", "loss: 0.700"));
    assert!(!same("12 cases", "13 cases"));
    assert!(!same("dw is right", "dw is wrong"));
    assert!(!same("1 2", "1 2 3"));
    let row = |exact: &str| format!("  dw (3, 2)  6  {exact}  7.2e-16  1.1e-10  4e-17  ✓");
    assert!(same(&row("3"), &row("0")));
    assert!(!same(&row("6"), &row("5")));
    assert!(!same("3 of 6 right ✓", "4 of 6 right ✓"));
    assert!(difference(&[shown("1")], &[stream("stdout", "1")]).is_some());
    for kind in ["text/html", "text/markdown", "text/latex"] {
        let card = |text: &str| json!({"output_type": "execute_result", "data": {kind: [text]}});
        assert!(difference(&[card("dw = zᵀ·δ / N")], &[card("dw = zᵀ·δ")]).is_some(), "{kind}");
    }
    assert!(difference(&[], &[shown("1")]).is_some());
}

#[test]
fn a_text_is_compared_without_its_pictures() {
    let picture = |data: &str| {
        let html = format!("<img alt=\"a curve\" src=\"data:image/svg+xml;base64,{data}\">");
        json!({"output_type": "execute_result", "data": {"text/html": html}})
    };
    assert_eq!(difference(&[picture("AAAA")], &[picture("BBBB")]), None);
}

#[test]
fn a_solution_stands_in_the_details_behind_its_stub() {
    let cell = |kind: &str, source: &str| json!({"cell_type": kind, "source": source});
    let folded = "<details><summary>Solution</summary>\n\n```rust\nlet a = 1;\na\n```\n\n</details>";
    let cells = [cell("code", "stub"), cell("markdown", "A hint."), cell("markdown", folded), cell("code", "next")];
    assert_eq!(document::solution(&cells, 0).as_deref(), Some("let a = 1;\na"));
    assert_eq!(document::solution(&cells, 3), None);
    assert_eq!(document::solution(&[cell("code", "stub"), cell("code", "next"), cells[2].clone()], 0), None);
}

#[test]
fn a_stored_notebook_has_nothing_that_changes_from_run_to_run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.ipynb");
    let written = json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "# A\r\nπ"},
        {"cell_type": "code", "metadata": {"execution": {"iopub.status.busy": "now"}, "tags": ["exercise"]},
         "source": ["1\n", "2"], "outputs": [], "execution_count": 7},
    ]});
    std::fs::write(&path, written.to_string())?;
    let store = || -> anyhow::Result<String> {
        let mut notebook = Notebook::read(&path)?;
        let outputs = vec![stream("stdout", "a\n"), stream("stdout", "b\n"), shown("()"), shown("c")];
        notebook.set_outputs(1, 1, document::normalised(outputs, 1));
        notebook.write()?;
        Ok(std::fs::read_to_string(&path)?)
    };
    let text = store()?;
    assert_eq!(text, store()?, "stored twice, it is the same");
    assert!(text.starts_with("{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\",\n   \"id\": "), "{text}");
    assert!(text.contains("\"# A\\n\",\n    \"π\""), "{text}");
    assert!(text.contains("\"a\\n\",\n      \"b\\n\""), "{text}");
    assert!(!text.contains("null"), "a stream has no data: {text}");
    assert!(!text.contains("()"), "the value of a loop is not shown: {text}");
    assert!(!text.contains("busy") && text.contains("\"exercise\""), "{text}");
    assert!(text.ends_with("\"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"), "{text}");
    Ok(())
}

#[test]
fn what_was_changed_after_it_was_stored_is_noticed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.ipynb");
    let code = |source: &str| json!({"cell_type": "code", "metadata": {}, "source": source, "outputs": []});
    let cells = [code("plot(1.5)"), code("2")];
    std::fs::write(&path, json!({"nbformat": 4, "metadata": {}, "cells": cells}).to_string())?;
    let mut notebook = Notebook::read(&path)?;
    let picture = json!({"text/html": "<img src=\"data:image/svg+xml;base64,AAAA\">"});
    notebook.set_outputs(0, 1, vec![json!({"output_type": "execute_result", "data": picture, "metadata": {}})]);
    notebook.write()?;
    assert_eq!(Notebook::read(&path)?.unsealed(), Vec::<usize>::new());
    let text = std::fs::read_to_string(&path)?;
    for (change, to) in [("AAAA", "AAAB"), ("plot(1.5)", "plot(1.6)")] {
        std::fs::write(&path, text.replace(change, to))?;
        assert_eq!(Notebook::read(&path)?.unsealed(), [1], "{change}");
    }
    let mut sealless: Value = serde_json::from_str(&text)?;
    sealless["cells"][1]["metadata"] = json!({});
    std::fs::write(&path, sealless.to_string())?;
    assert_eq!(Notebook::read(&path)?.unsealed(), [2], "without its seal");
    Ok(())
}

#[test]
fn a_file_that_is_no_notebook_is_refused_and_names_the_cell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ipynb");
    let refused = |notebook: Value| {
        std::fs::write(&path, notebook.to_string()).unwrap();
        Notebook::read(&path).map(|_| ()).unwrap_err().to_string()
    };
    let cell = json!({"cell_type": "code", "metadata": {}, "source": "1", "outputs": []});
    for (other, found) in [
        (json!("text"), "\"text\""),
        (json!([]), "[]"),
        (json!({"cell_type": "code", "metadata": []}), "\"metadata\":[]"),
    ] {
        let error = refused(json!({"nbformat": 4, "metadata": {}, "cells": [cell, other]}));
        assert!(error.contains("number 2 of its cells is no object with metadata") && error.contains(found), "{error}");
    }
    let error = refused(json!({"nbformat": 4, "metadata": [], "cells": [cell]}));
    assert!(error.ends_with("the notebook's metadata are no object"), "{error}");
    assert!(refused(json!([1])).ends_with("is not a notebook of format 4"));
}

#[test]
fn a_folded_cell_says_what_is_inside() {
    let cell = |source: &str, tags: &[&str], hidden: bool| {
        let metadata = json!({"tags": tags, "jupyter": {"source_hidden": hidden}});
        json!({"cell_type": "code", "metadata": metadata, "source": source})
    };
    let plot = cell("// The plot.\ndraw()", &["hide-input"], true);
    assert_eq!(document::folded(&plot).as_deref(), Some("The plot."));
    assert_eq!(document::folded(&cell("// Not folded.", &[], false)), None);
    assert_eq!(document::misfolded(&[plot, cell("1", &[], false)]), Vec::<String>::new());
    for wrong in [
        cell("draw()", &["hide-input"], true),
        cell("// The plot.", &["hide-input"], false),
        cell("// The plot.", &[], true),
        cell(&"1\n".repeat(1000), &[], false),
    ] {
        assert_eq!(document::misfolded(&[wrong]).len(), 1);
    }
}

#[test]
fn the_answer_to_a_question_is_folded() {
    let text = |text: &str| json!({"cell_type": "markdown", "metadata": {}, "source": text});
    let cell = |tags: &[&str], hidden: bool, printed: &str| {
        let metadata = json!({"tags": tags, "jupyter": {"outputs_hidden": hidden}});
        let outputs = if printed.is_empty() { vec![] } else { vec![stream("stdout", printed)] };
        json!({"cell_type": "code", "metadata": metadata, "source": "f()", "outputs": outputs})
    };
    let (open, folded, silent) = (cell(&[], false, "4"), cell(&["hide-output"], true, "4"), cell(&[], false, ""));
    let (question, remark) = (text("**Predict.** Will it print 4?"), text("Run it."));
    let problems =
        |cells: &[&Value]| document::misfolded(&cells.iter().map(|cell| (*cell).clone()).collect::<Vec<_>>());
    for right in [
        [&question, &folded, &folded, &remark, &open].as_slice(),
        &[&question, &silent],
        &[&remark, &open],
        &[&text("**Predict.** 3 or 4?\n<details>\n\n4\n\n</details>"), &open],
        &[&cell(&["exercise", "hide-output"], true, "✗")],
    ] {
        assert_eq!(problems(right), Vec::<String>::new());
    }
    for wrong in [
        [&question, &open].as_slice(),
        &[&question, &folded, &open],
        &[&cell(&["exercise"], false, "✗")],
        &[&cell(&["hide-output"], false, "4")],
        &[&cell(&[], true, "4")],
    ] {
        assert_eq!(problems(wrong).len(), 1, "{wrong:?}");
    }
}

#[test]
fn the_table_of_times_has_each_notebook_and_the_middle_of_all_their_cells() {
    let times = |name: &str, start: f64, cells: &[f64]| Times {
        name: name.into(),
        start,
        cells: cells.to_vec(),
        all: start + cells.iter().sum::<f64>(),
    };
    let all = [times("00_a", 2.0, &[9.0, 0.25, 0.5]), times("01_b", 4.0, &[8.0, 0.125, 30.0, 0.75])];
    let expected = "\
        | seconds of | kernel's start | first cell | median cell | slowest cell | all |\n\
        | --- | ---: | ---: | ---: | ---: | ---: |\n\
        | 00_a | 2.0 | 9.0 | 0.50 | 9.0 [1] | 11.8 |\n\
        | 01_b | 4.0 | 8.0 | 8.00 | 30.0 [3] | 42.9 |\n\
        | **all** | 4.0 | 9.0 | 0.75 | 30.0 | 54.6 |\n";
    assert_eq!(table(&all), expected);
    assert!(table(&[times("00_a", 1.0, &[])]).contains("| 00_a | 1.0 | 0.0 | 0.00 | 0.0 [0] | 1.0 |"));
}

/// The table in the README: a row for each notebook, its fourth column the number of entries that it proves.
#[test]
fn the_readme_says_what_the_notebooks_prove() -> anyhow::Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md"))?;
    let mut names: Vec<_> = std::fs::read_dir(root.join("notebooks"))?.collect::<Result<_, _>>()?;
    names.retain(|entry| entry.path().extension().is_some_and(|extension| extension == "ipynb"));
    for entry in &names {
        let notebook = Notebook::read(&entry.path())?;
        let link = format!("(notebooks/{}.ipynb)", notebook.name());
        let row = readme.lines().find(|line| line.starts_with('|') && line.contains(&link));
        let row = row.with_context(|| format!("the README's table has no row for {}", notebook.name()))?;
        let digits: String = row.split('|').nth(4).unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        let proved = entries_proved(notebook.cells());
        assert_eq!(digits.parse().unwrap_or(0), proved, "entries proved by {}", notebook.name());
    }
    Ok(())
}

#[test]
fn the_prose_states_no_number_that_no_cell_shows() -> anyhow::Result<()> {
    let notebooks = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks");
    let mut unbacked = Vec::new();
    for entry in std::fs::read_dir(notebooks)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ipynb") {
            let notebook = Notebook::read(&path)?;
            let claims = super::claims::unbacked(notebook.cells()).into_iter();
            unbacked.extend(claims.map(|words| format!("{}: {words}", notebook.name())));
        }
    }
    assert_eq!(unbacked, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_exercise_has_right_and_wrong_answers() -> anyhow::Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("notebooks"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "ipynb") {
            continue;
        }
        let notebook = Notebook::read(&path)?;
        let exercises = notebook.cells().iter().filter(|cell| document::has_tag(cell, "exercise")).count();
        let name = notebook.name();
        let number = name.split('_').next().unwrap_or_default();
        let text = std::fs::read_to_string(root.join(format!("tests/notebooks/answers/{number}.md")))?;
        let answers = answers::read(&text)?;
        for exercise in 1..=exercises {
            let of = |is_right: bool| {
                let these = answers.iter().filter(|answer| answer.exercise == exercise);
                these.filter(|answer| (answer.kind == Kind::Right) == is_right).count()
            };
            assert!(of(true) >= 2 && of(false) >= 6, "{name}, exercise {exercise}: {} and {}", of(true), of(false));
        }
        assert!(answers.iter().all(|answer| answer.exercise <= exercises), "{name} has {exercises} exercises");
        let unnamed = answers.iter().filter(|answer| answer.kind == Kind::Unnamed).count();
        let wrong = answers.iter().filter(|answer| answer.kind != Kind::Right).count();
        assert!(10 * unnamed <= wrong, "{name}: {unnamed} of {wrong} wrong answers have no name");
    }
    Ok(())
}
