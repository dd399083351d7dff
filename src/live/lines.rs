//! Words in lines.

use crate::show::canvas::width;

/// The size of the letters.
pub(super) const LETTERS: f64 = 14.0;
/// The height of a line.
pub(super) const LINE: f64 = 21.0;

/// The words in lines that fit into this width. They are broken evenly, and not within an equation.
pub(super) fn lines(words: &str, room: f64, bold: bool) -> Vec<String> {
    let room = room / if bold { 1.25 } else { 1.12 }; // a font may be wider than the average one
    let parts = unbroken(words);
    let widths: Vec<f64> = parts.iter().map(|part| width(part, LETTERS)).collect();
    let needed = counts(&widths, room);
    // As narrow as the same number of lines allows.
    let even = (1..20).map(|k| counts(&widths, room * f64::from(k) / 20.0)).find(|even| even.len() == needed.len());
    let mut parts = parts.into_iter();
    let line = |count| parts.by_ref().take(count).collect::<Vec<_>>().join(" ");
    even.unwrap_or(needed).into_iter().map(line).collect()
}

/// How many parts of these widths each line of this width holds: as many as fit, and at least one.
fn counts(widths: &[f64], room: f64) -> Vec<usize> {
    let space = width(" ", LETTERS);
    let (mut counts, mut used): (Vec<usize>, f64) = (Vec::new(), 0.0);
    for wide in widths {
        match counts.last_mut() {
            Some(count) if used + space + wide <= room => {
                *count += 1;
                used += space + wide;
            }
            _ => {
                counts.push(1);
                used = *wide;
            }
        }
    }
    counts
}

/// The words, where a line may be broken between any two: an equation or a sum is one word.
fn unbroken(words: &str) -> Vec<String> {
    let joins = |word: &str| matches!(word, "=" | "+" | "·" | "⋆" | "/" | "Σ" | "≈");
    let mut parts: Vec<String> = Vec::new();
    let mut joined = false;
    for word in words.split(' ') {
        match parts.last_mut() {
            Some(part) if joined || joins(word) => *part += &format!(" {word}"),
            _ => parts.push(word.into()),
        }
        joined = joins(word);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_evenly_and_not_within_an_equation() {
        let words = "Forward: y = b + Σ z·K, a sum for each window";
        let whole = width(words, LETTERS) * 1.25;
        assert_eq!(lines(words, whole + 1.0, true), [words]);
        assert_eq!(lines(words, 0.9 * whole, true), ["Forward: y = b + Σ z·K, a", "sum for each window"]);
        assert_eq!(lines(words, 0.9 * whole, false), [words]);
        assert_eq!(lines("a b = c", 1.0, false), ["a", "b = c"]);
        assert_eq!(lines("", 100.0, false), [""]);
    }
}
