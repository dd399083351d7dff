//! How many entries of gradients the stored outputs of a notebook prove.

use super::document::{is_code, joined, outputs};
use super::judge::proof_row;
use serde_json::Value;

/// The entries of all proofs that passed: by dual numbers, by symbols, and on grids of cases.
///
/// A proof by dual numbers is a table with a row for each gradient and a verdict below it, and counts if all of it passed;
/// the others state their number in a sentence.
pub fn entries_proved(cells: &[Value]) -> usize {
    let outputs = cells.iter().filter(|cell| is_code(cell)).flat_map(outputs);
    let texts = outputs.flat_map(|output| [&output["text"], &output["data"]["text/plain"]]);
    texts.map(|text| of_text(&joined(text))).sum()
}

fn of_text(text: &str) -> usize {
    let (mut proved, mut rows) = (0, 0);
    for line in text.lines() {
        if let Some(row) = proof_row(line) {
            rows += row.entries;
        } else if line.starts_with("✓ Proved") {
            proved += std::mem::take(&mut rows);
        } else if line.starts_with("✗ Not proved") {
            rows = 0;
        } else if let Some((_, rest)) = line.split_once("proved ").and_then(|(_, rest)| rest.split_once(": the ")) {
            proved += first_number(rest, " entries of ");
        } else if let Some((_, rest)) = line.split_once(" cases, ") {
            proved += first_number(rest, " entries, all of them equal");
        }
    }
    proved
}

/// The number that a text begins with, if these words follow it; else 0.
fn first_number(text: &str, words: &str) -> usize {
    text.split_once(words).and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passed_is_counted() {
        let row = "  dw (3, 2)   6    6     0    1.1e-11   0  ✓\n  db (2)   2   0   1e-16    1e-11  0  ✓\n";
        assert_eq!(of_text(&format!("fc\n{row}✓ Proved: every entry\nfc\n{row}✓ Proved: every entry")), 16);
        assert_eq!(of_text(&format!("{row}✗ Not proved: db is wrong.\n{row}")), 0);
        assert_eq!(of_text("fc: proved identical: the 14 entries of dw, db, dz are the derivatives"), 14);
        assert_eq!(of_text("ce: proved with probability 1 − 4e-33: the 3 entries of dy are …, where z₂ > z₁"), 3);
        assert_eq!(of_text("387 cases, 44542 entries, all of them equal to the last bit"), 44_542);
        assert_eq!(of_text("all 12 entries are wrong; entries that are not 0: 144 of 1296"), 0);
    }
}
