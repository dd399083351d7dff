//! Whether the numbers in a notebook's prose are numbers in its cells.
//!
//! A number with a point, an exponent or a comma, or of percent (0.0403, 1.2 · 10⁻¹⁰, 12,000, 98 %), is a claim. It must be, rounded to as many
//! digits, a number that stands in a cell's code, as an assertion holds it, or that a cell prints, as `--check` compares
//! it. What is quoted from elsewhere stands in a markdown cell with the tag `quotes`.

use super::document::{has_tag, is_code, joined, outputs, source};
use super::judge::{digits, fraction_length};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

/// The claims that no cell supports, each with the words around it.
pub fn unbacked(cells: &[Value]) -> Vec<String> {
    let mut known = Vec::new();
    for cell in cells.iter().filter(|cell| is_code(cell)) {
        known.extend(numbers(&without_comments(&source(cell))).map(|number| number.value));
        if !has_tag(cell, "varies") {
            for output in outputs(cell) {
                for part in [&output["text"], &output["data"]["text/plain"]] {
                    known.extend(numbers(&joined(part)).map(|number| number.value));
                }
            }
        }
    }
    let prose = cells.iter().filter(|cell| !is_code(cell) && !has_tag(cell, "quotes"));
    let texts: Vec<String> = prose.map(|cell| said(&source(cell))).collect();
    let mut unbacked = Vec::new();
    for text in &texts {
        for claim in numbers(text).filter(|number| number.is_claim) {
            if !known.iter().any(|&value| claim.rounds(value)) {
                unbacked.push(around(text, claim.at));
            }
        }
    }
    unbacked
}

/// The prose of a markdown text: without headings and code.
fn said(markdown: &str) -> String {
    let mut text = String::new();
    let mut heading = false;
    let mut code = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_MATH | Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Text(words) | Event::InlineMath(words) | Event::DisplayMath(words) if !heading && !code => {
                text += &words
            }
            _ => text.push(' '),
        }
    }
    text
}

/// Code without `//` comments.
fn without_comments(code: &str) -> String {
    let lines = code.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// A number in a text.
struct Number {
    at: usize,
    value: f64,
    /// One unit in its last digit.
    unit: f64,
    is_claim: bool,
    is_percentage: bool,
}

impl Number {
    /// Whether a value, rounded as this number is, is this number.
    fn rounds(&self, value: f64) -> bool {
        let near = |value: f64| (value.abs() - self.value).abs() <= 0.5 * self.unit * (1.0 + 1e-6);
        near(value) || self.is_percentage && near(100.0 * value)
    }
}

/// The numbers in a text, without their signs.
fn numbers(text: &str) -> impl Iterator<Item = Number> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let first = rest.find(|c: char| c.is_ascii_digit())?;
            let begin = at + first;
            let (number, length) = number_at(text, begin);
            at = begin + length;
            let before = &text[..begin];
            let in_a_name = before.ends_with(|c: char| c.is_alphabetic() || c == '_');
            let is_field = before.ends_with('.') && !before.ends_with("..");
            if !in_a_name && !is_field {
                return Some(number);
            }
        }
    })
}

/// The number that begins here, and how long it is.
fn number_at(text: &str, at: usize) -> (Number, usize) {
    let mut number = String::new();
    let mut length = 0;
    // Thousands: 12,000 in prose, 12{,}000 in a formula, 12_000 in code.
    loop {
        let rest = &text[at + length..];
        let whole = digits(rest);
        number += &rest[..whole];
        length += whole;
        let comma = [",", "{,}", "_"].into_iter().find(|comma| {
            let group = digits(rest[whole..].strip_prefix(comma).unwrap_or_default());
            group == 3 || group > 0 && *comma == "_"
        });
        match comma {
            Some(comma) => length += comma.len(),
            None => break,
        }
    }
    let is_grouped = length > number.len();
    let rest = &text[at + length..];
    let fraction = fraction_length(rest);
    number += &rest[..fraction];
    length += fraction;
    let (mantissa, exponent) = number.split_once('e').unwrap_or((&number, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    if let Some((power, taken)) = power_of_ten(&text[at + length..]) {
        exponent += power;
        length += taken;
    }
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let scale = 10f64.powi(exponent);
    let is_percentage = text[at + length..].trim_start_matches(['\\', ' ', '\u{a0}', '\u{202f}', ',']).starts_with('%');
    let number = Number {
        at,
        value: mantissa.parse::<f64>().unwrap_or(f64::NAN) * scale,
        unit: 10f64.powi(-decimals) * scale,
        is_claim: decimals > 0 || exponent != 0 || is_grouped || is_percentage,
        is_percentage,
    };
    (number, length)
}

/// ` · 10⁻³` or ` \cdot 10^{-3}` at the beginning: the exponent, and how long it is.
fn power_of_ten(text: &str) -> Option<(i32, usize)> {
    let rest = text.trim_start();
    let rest = ["\\cdot", "·", "\\times", "×"].iter().find_map(|dot| rest.strip_prefix(dot))?.trim_start();
    let rest = rest.strip_prefix("10")?;
    let (digits, rest) = match rest.strip_prefix('^') {
        Some(rest) => match rest.strip_prefix('{') {
            Some(rest) => rest.split_once('}')?,
            None => rest.split_at_checked(1)?,
        },
        None => {
            let end = rest.find(|c| !"⁻⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c)).unwrap_or(rest.len());
            rest.split_at(end)
        }
    };
    let plain = |c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == c).map_or(c, |d| (b'0' + d as u8) as char);
    let digits: String = digits.chars().map(|c| if c == '⁻' { '-' } else { plain(c) }).collect();
    Some((digits.parse().ok()?, text.len() - rest.len()))
}

/// The words around a place in a text.
fn around(text: &str, at: usize) -> String {
    let begin = text[..at].char_indices().rev().nth(30).map_or(0, |(i, _)| i);
    let end = text[at..].char_indices().nth(30).map_or(text.len(), |(i, _)| at + i);
    text[begin..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn book(prose: &str, tag: &str, code: &str, printed: &str) -> Vec<Value> {
        let prints = json!([{"output_type": "stream", "name": "stdout", "text": printed}]);
        vec![
            json!({"cell_type": "markdown", "metadata": {"tags": [tag]}, "source": prose}),
            json!({"cell_type": "code", "metadata": {}, "source": code, "outputs": prints}),
        ]
    }

    #[test]
    fn a_number_of_the_prose_must_be_a_number_of_a_cell() {
        for (prose, code, printed) in [
            ("it is 0.0403", "assert!(x < 0.0403);", ""),
            ("it is 2.3026", "", "loss 2.302585"),
            ("it is $2.2 \\cdot 10^{-16}$", "", "2.22e-16"),
            ("it is −1.2 · 10⁻¹⁰", "assert!(x > -1.2e-10)", ""),
            ("98.7 % are right", "assert!(right > 0.987)", ""),
            ("98 % are right", "assert!(right > 0.98)", ""),
            ("after 12,000 steps", "for _ in 0..12_000 {}", ""),
            ("after $12{,}000$ steps", "", "12000"),
            ("## 9.1 · Two of 3, `0.7`\n```rust\n0.9\n```", "", ""),
        ] {
            assert_eq!(unbacked(&book(prose, "", code, printed)), Vec::<String>::new(), "{prose}");
        }
        for (prose, code, printed) in [
            ("it is 0.0403", "assert!(x < 0.0404);", "0.04"),
            ("it is $2.2 \\cdot 10^{-16}$", "", "2.2"),
            ("98.7 % are right", "// 0.987", ""),
            ("98.7 are right", "assert!(right > 0.987)", ""),
            ("98 % are right", "assert!(right > 0.95)", ""),
            ("after 12,000 steps", "12", "000"),
        ] {
            assert_eq!(unbacked(&book(prose, "", code, printed)).len(), 1, "{prose}");
            assert!(unbacked(&book(prose, "quotes", code, printed)).is_empty(), "{prose}");
        }
    }

    #[test]
    fn a_claim_is_shown_among_its_words() {
        assert_eq!(
            unbacked(&book("so many words, it is 0.25, and on", "", "", "")),
            ["so many words, it is 0.25, and on"]
        );
    }
}
