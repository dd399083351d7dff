//! What a cell's outputs say: whether it failed, whether a proof in it passed, whether it still prints what it printed.

use super::document::{joined, without_colours};
use serde_json::Value;

/// The marks of a verdict, as `handgrad::check` prints them behind each gradient.
const PASSED: char = '✓';
const FAILED: char = '✗';

/// Why a cell failed, in one line; its outputs are merged. The kernel answers "ok" to a cell that ends with `?`, so
/// stderr also counts.
pub fn failure(outputs: &[Value]) -> Option<String> {
    outputs.iter().find_map(|output| {
        let text = match output["output_type"].as_str() {
            Some("error") => joined(&output["evalue"]),
            Some("stream") if output["name"] == "stderr" => joined(&output["text"]),
            // A cell that shows a `Result` of its own has also failed.
            _ if joined(&output["data"]["text/plain"]).starts_with("Err(") => joined(&output["data"]["text/plain"]),
            _ => {
                let text = texts(std::slice::from_ref(output));
                text[text.find("panicked at")?..].to_owned()
            }
        };
        let text = without_colours(&text);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or("an error without a message");
        // A panic first says where it happened, which is not in the notebook, and then what.
        Some(if first.contains("panicked at") { lines.next().unwrap_or(first) } else { first }.to_owned())
    })
}

/// A picture or a card that is shown as the text of its fields. (The kernel falls back to this if a cell moves one of its
/// own variables into the expression that it shows.)
pub fn undrawn(outputs: &[Value]) -> Option<&'static str> {
    let texts = outputs.iter().filter(|output| output["data"]["text/html"].is_null());
    let texts: Vec<String> = texts.map(|output| joined(&output["data"]["text/plain"])).collect();
    let kinds = [
        "Card {",
        "Chart {",
        "Cost {",
        "Equations {",
        "Figure {",
        "Graph {",
        "Heat {",
        "Images {",
        "Landscape {",
        "Proof {",
        "Ratios {",
        "Steps {",
        "SymbolicProof {",
        "Verdict {",
    ];
    kinds
        .into_iter()
        .find(|kind| texts.iter().any(|text| text.starts_with(kind)))
        .map(|kind| kind.trim_end_matches(" {"))
}

/// The verdict on an exercise by the marks in its outputs.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    Missing,
}

/// One failed check is a failed exercise, whatever else passed.
pub fn verdict(outputs: &[Value]) -> Verdict {
    let text = texts(outputs);
    match (text.contains(FAILED), text.contains(PASSED)) {
        (true, _) => Verdict::Failed,
        (false, true) => Verdict::Passed,
        (false, false) => Verdict::Missing,
    }
}

/// The first difference between two cells' outputs that is more than another processor's last digits.
///
/// Pictures are compared by [`pictures`](super::pictures). Numbers with a point or an exponent may differ by a thousandth of their
/// value or by 1e-9 (a rounding error printed as 1e-16 differs elsewhere), and so may the number of entries that a
/// proof found exact, unless it is all of them; everything else must be equal.
pub fn difference(stored: &[Value], now: &[Value]) -> Option<String> {
    if kinds(stored) != kinds(now) {
        return Some(format!("it stored {}, and now gives {}", listed(stored), listed(now)));
    }
    let (stored, now) = (without_exact_counts(&texts(stored)), without_exact_counts(&texts(now)));
    let (mut old, mut new) = (stored.split_whitespace(), now.split_whitespace());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (Some(a), Some(b)) if same_word(a, b) => {}
            (a, b) => {
                return Some(format!("it stored \"{}\", and now prints \"{}\"", a.unwrap_or(""), b.unwrap_or("")));
            }
        }
    }
}

fn listed(outputs: &[Value]) -> String {
    if outputs.is_empty() { "no output".to_owned() } else { kinds(outputs).join(", ") }
}

fn kinds(outputs: &[Value]) -> Vec<String> {
    let mut kinds = Vec::new();
    for output in outputs {
        match output["data"].as_object() {
            Some(data) => kinds.extend(data.keys().cloned()),
            None => kinds.push(output["output_type"].as_str().unwrap_or_default().to_owned()),
        }
    }
    kinds.sort();
    kinds
}

/// All readable text in some outputs, without pictures.
pub fn texts(outputs: &[Value]) -> String {
    let mut all = String::new();
    for output in outputs {
        let data = ["text/plain", "text/html", "text/markdown", "text/latex"].map(|kind| &output["data"][kind]);
        for part in [&output["text"], &output["evalue"]].into_iter().chain(data) {
            all += &without_data_uris(&joined(part));
            all.push('\n');
        }
    }
    all
}

/// A text without the payloads of its `data:` URIs.
fn without_data_uris(text: &str) -> String {
    let mut pieces = text.split("data:");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(['"', '\'', ')']).unwrap_or(0);
        kept += &piece[end..];
    }
    kept
}

/// A row of the table that a proof prints.
pub struct ProofRow<'a> {
    pub entries: usize,
    exact: usize,
    /// The gradient's name and shape and, after the counts, the errors and the mark.
    words: (Vec<&'a str>, [&'a str; 4]),
}

/// The row that a line is, if it is one: gradient, entries, exact, three errors, mark.
pub fn proof_row(line: &str) -> Option<ProofRow<'_>> {
    let mut words: Vec<_> = line.split_whitespace().collect();
    let tail = words.split_off(words.len().checked_sub(6)?);
    let [entries, exact, dual, differences, adjoint, mark] = tail[..] else { return None };
    let (entries, exact) = (entries.parse().ok()?, exact.parse().ok()?);
    let words = (words, [dual, differences, adjoint, mark]);
    mark.starts_with([PASSED, FAILED]).then_some(ProofRow { entries, exact, words })
}

/// A text whose proofs' rows say "all" or "some" in place of how many entries were exact.
fn without_exact_counts(text: &str) -> String {
    let plain = |line: &str| match proof_row(line) {
        Some(ProofRow { entries, exact, words: (gradient, errors) }) => {
            let exact = if exact == entries { "all" } else { "some" };
            format!("{} {entries} {exact} {}", gradient.join(" "), errors.join(" "))
        }
        None => line.to_owned(),
    };
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// Whether two words agree: their numbers nearly, the rest exactly.
pub fn same_word(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (pieces(a), pieces(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_piece(a, b))
}

fn same_piece(a: &str, b: &str) -> bool {
    let is_fraction = |text: &str| text.contains(['.', 'e']);
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) if is_fraction(a) || is_fraction(b) => (x - y).abs() <= 1e-3 * x.abs().max(y.abs()) + 1e-9,
        _ => a == b,
    }
}

/// Cuts a word into numbers and the text between them.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let number = number_length(rest);
        let length = if number > 0 {
            number
        } else {
            let mut starts = rest.char_indices().map(|(i, _)| i).skip(1);
            starts.find(|&i| number_length(&rest[i..]) > 0).unwrap_or(rest.len())
        };
        let (piece, after) = rest.split_at(length);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The length of the number a text begins with: sign, digits, point, digits, exponent.
fn number_length(text: &str) -> usize {
    let sign = usize::from(text.starts_with(['+', '-']));
    match digits(&text[sign..]) {
        0 => 0,
        whole => sign + whole + fraction_length(&text[sign + whole..]),
    }
}

/// How many digits a text begins with.
pub fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The length of what follows a number's whole part: point, digits, exponent.
pub fn fraction_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| digits(&text[from..]);
    let mut end = 0;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if bytes.get(end) == Some(&b'e') {
        let sign = usize::from(bytes.get(end + 1).is_some_and(|byte| b"+-".contains(byte)));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
