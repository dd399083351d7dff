//! Numbers as people write them, and text tables.

use std::fmt;

/// A number with three significant digits, with a power of ten if it is far from 1.
pub(crate) fn number(value: f64) -> String {
    significant(value, 3)
}

/// A number with up to this many significant digits (at least 1), without trailing zeros: 0.125, −2.5, 1.2·10⁻⁷, ∞.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    match value {
        0.0 => return "0".into(), // without the sign that it may have
        v if v.is_nan() => return "NaN".into(),
        v if v.is_infinite() => return if v > 0.0 { "∞".into() } else { "−∞".into() },
        _ => {}
    }
    let exponent = value.abs().log10().floor() as i32;
    let last = digits as i32 - 1;
    let text = if (-3..6).contains(&exponent) {
        let places = (last - exponent).max(0) as usize;
        let text = format!("{value:.places$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
    } else {
        let places = last.max(0) as usize;
        let text = format!("{value:.places$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = if places > 0 { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
        let power = format!("10{}", superscript(exponent.parse().unwrap_or(0)));
        match mantissa {
            "1" => power,
            "-1" => format!("-{power}"),
            _ => format!("{mantissa}·{power}"),
        }
    };
    text.replace('-', "−")
}

/// An exponent in superscript digits.
pub(crate) fn superscript(exponent: i32) -> String {
    let raise = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}

/// 1234567 as "1 234 567".
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let starts = |at: &usize| *at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.char_indices().flat_map(|(at, digit)| starts(&at).then_some(' ').into_iter().chain([digit])).collect()
}

/// The text in lines of at most this many characters.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines.join("\n")
}

/// "1 row", "2 rows".
pub(crate) fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Rows of cells in aligned columns, two spaces apart. No line ends in spaces.
pub(crate) struct Table {
    /// Whether each column is aligned to the right.
    right: Vec<bool>,
    /// The rows; `None` is a rule.
    rows: Vec<Option<Vec<String>>>,
}

impl Table {
    /// No rows yet. `sides` has a character for each column: `<` to align its cells left, `>` right.
    pub fn new(sides: &str) -> Self {
        Table { right: sides.chars().map(|side| side == '>').collect(), rows: Vec::new() }
    }

    /// Adds a row; it may end before the last column.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(Some(cells.into_iter().map(Into::into).collect()));
    }

    /// Adds a line as wide as the table.
    pub fn rule(&mut self) {
        self.rows.push(None);
    }
}

/// The table, without a newline at the end.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |column: usize| self.rows.iter().flatten().filter_map(move |row| row.get(column));
        let width = |column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        let whole = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let aligned = |((cell, &width), &right): ((&String, &usize), &bool)| {
            if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        };
        let line = |row: &Option<Vec<String>>| match row {
            Some(cells) => {
                let cells: Vec<String> = cells.iter().zip(&widths).zip(&self.right).map(aligned).collect();
                cells.join("  ").trim_end().to_string()
            }
            None => "─".repeat(whole),
        };
        f.write_str(&self.rows.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}
