//! Whether the numbers in a notebook's prose are numbers in its cells.
//!
//! A number with a point, an exponent or a comma, or of percent (0.0403, 1.2 · 10⁻¹⁰, 12,000, 98 %), is a claim, and so
//! is a whole number from 10 up, in digits or in words, that is no chapter, index, year, angle or reading time. It must
//! be, rounded to as many digits, a number that stands in a cell's code, as an assertion holds it, or that a cell prints,
//! as `--check` compares it. What is quoted from elsewhere stands in a markdown cell with the tag `quotes`.

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
    let texts: Vec<String> = prose.map(|cell| in_digits(&said(&source(cell)))).collect();
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

/// A text whose number words from eleven to ninety-nine are written in digits.
fn in_digits(text: &str) -> String {
    let word = |word: &str| {
        let lower = word.to_lowercase();
        let (tens, unit) = lower.split_once('-').unwrap_or((&lower, ""));
        let tens = 10 * (2 + TENS.iter().position(|known| *known == tens)?);
        match unit {
            "" => Some(tens),
            unit => Some(tens + 1 + UNITS[..9].iter().position(|known| *known == unit)?),
        }
    };
    let small = |word: &str| UNITS.iter().position(|known| *known == word.to_lowercase()).map(|at| at + 1);
    let is_part = |c: char| c.is_alphabetic() || c == '-';
    let mut written = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let (before, after) = rest.split_at(begin);
        let (this, after) = after.split_at(after.find(|c| !is_part(c)).unwrap_or(after.len()));
        let number = word(this).or(small(this).filter(|number| *number > 10));
        written += before;
        written += &number.map_or(this.to_owned(), |number| number.to_string());
        rest = after;
    }
    written + rest
}

/// The number words from one to nineteen.
const UNITS: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
/// Twenty to ninety.
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Whether a whole number at this place of a text names something and counts nothing: a chapter, an index, a year, an
/// angle, the time that a chapter takes.
fn is_name(before: &str, number: &str, after: &str) -> bool {
    let is_year = matches!(number.parse(), Ok(1600..=1999 | 2001..=2099));
    let list = before.trim_end_matches(|c: char| c.is_ascii_digit() || " ,\u{a0}".contains(c));
    let list = list.strip_suffix("and").or(list.strip_suffix("to")).unwrap_or(list);
    let list = list.trim_end_matches(|c: char| c.is_ascii_digit() || " ,\u{a0}".contains(c)).to_lowercase();
    let is_place = ["chapter", "chapters", "section", "sections", "next:"].iter().any(|kind| list.ends_with(kind));
    let is_index = before.ends_with("_{") || before.ends_with('_');
    let is_unit = ["°", " degrees", " minutes", "^\\circ"].iter().any(|unit| after.starts_with(unit));
    is_year || is_place || is_index || is_unit
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
    /// Whether a value, rounded as this number is, is this number. No value is one that is too large for an `f64`.
    fn rounds(&self, value: f64) -> bool {
        let near =
            |value: f64| self.unit.is_finite() && (value.abs() - self.value).abs() <= 0.5 * self.unit * (1.0 + 1e-6);
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
            let stem = before.strip_suffix('-').unwrap_or(before); // LeNet-5, AVX-512
            let in_a_name = stem.ends_with(|c: char| c.is_alphabetic() || c == '_');
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
        exponent = exponent.saturating_add(power);
        length += taken;
    }
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let scale = 10f64.powi(exponent);
    let is_percentage = text[at + length..].trim_start_matches(['\\', ' ', '\u{a0}', '\u{202f}', ',']).starts_with('%');
    let is_whole = !number.contains(['.', 'e']) && number.len() > 1 && !number.starts_with('0');
    let is_count = is_whole && !is_name(&text[..at], &number, &text[at + length..]);
    let number = Number {
        at,
        value: mantissa.parse::<f64>().unwrap_or(f64::NAN) * scale,
        unit: 10f64.powi(-decimals) * scale,
        is_claim: is_count || decimals > 0 || exponent != 0 || is_grouped || is_percentage,
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
            ("about $1e9 \\cdot 10^{2147483647}$", "", "1"),
        ] {
            assert_eq!(unbacked(&book(prose, "", code, printed)).len(), 1, "{prose}");
            assert!(unbacked(&book(prose, "quotes", code, printed)).is_empty(), "{prose}");
        }
    }

    #[test]
    fn a_whole_number_from_10_up_is_a_claim_unless_it_is_a_name() {
        for said in [
            "2000 steps later",
            "all 44 formulas",
            "Forty-four formulas",
            "It takes sixteen.",
            "$\\sqrt{76}$",
            "40 to 6 %",
        ] {
            assert_eq!(unbacked(&book(said, "", "", "6")).len(), 1, "{said}");
            assert!(unbacked(&book(said, "", "f(2000, 44, 16, 76, 0.06)", "40")).is_empty(), "{said}");
        }
        for named in [
            "see chapter 16, section 12",
            "Chapters 12 and 13",
            "Next: 12 · Pooling",
            "$z_{11} + z_12$",
            "Polyak (1964)",
            "turned by 180°, or 45 degrees",
            "about 60 minutes",
            "one of two, 9 or ten",
            "fortyish nine-pins",
            "E10, x86_64",
            "VGG-11 with AVX-512",
        ] {
            assert_eq!(unbacked(&book(named, "", "", "")), Vec::<String>::new(), "{named}");
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
