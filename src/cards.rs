//! Formula cards: a layer on half a page.
//!
//! A card is generated from the documentation at the top of the layer's own file, which holds its equation, its
//! symbols, the steps of its derivation and its edge cases. So the file, its rustdoc page, the last section of a
//! chapter and the printed card always say the same.
//!
//! ```
//! use handgrad::cards::Card;
//! let card = Card::of("fc")?;
//! assert_eq!(card.title, "The fully connected layer");
//! assert_eq!(card.results, ["dz = δ·Wᵀ", "dw = zᵀ·δ / N", "db = Σₙ δₙ / N"]);
//! # Ok::<(), handgrad::cards::NoCard>(())
//! ```

use crate::check::lesson::{Lesson, Visitor};
use crate::check::lessons;
use std::fmt;

/// A card's name, the functions or the type that it is about, and the text of the file that it is read from.
type File = (&'static str, String, &'static str);

/// The optimizers; everything else with a card says so in its [lesson](crate::check::lesson).
const OPTIMIZERS: [(&str, &str, &str); 6] = [
    ("sgd", "Sgd", include_str!("optim/sgd.rs")),
    ("adagrad", "AdaGrad", include_str!("optim/adagrad.rs")),
    ("rmsprop", "RmsProp", include_str!("optim/rmsprop.rs")),
    ("adadelta", "Adadelta", include_str!("optim/adadelta.rs")),
    ("adam", "Adam", include_str!("optim/adam.rs")),
    ("adamw", "AdamW", include_str!("optim/adamw.rs")),
];

/// Everything that has a card: layers, activations, losses, optimizers.
fn files() -> Vec<File> {
    struct Files(Vec<File>);
    impl Visitor for Files {
        fn visit<L: Lesson>(&mut self) {
            let Some((name, source)) = L::CARD else { return };
            let functions = L::FUNCTIONS.join(", ");
            match self.0.iter_mut().find(|(known, _, _)| *known == name) {
                Some((_, known, _)) => *known += &format!(", {functions}"),
                None => self.0.push((name, functions, source)),
            }
        }
    }
    let mut files = Files(vec![]);
    lessons::visit(&mut files);
    files.0.extend(OPTIMIZERS.map(|(name, kind, source)| (name, kind.into(), source)));
    files.0
}

/// The essentials of a layer, an activation, a loss or an optimizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub title: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// The functions, or the type, that it is about.
    pub functions: String,
    /// Its equation, in lines.
    pub equation: String,
    /// Its symbols with their shapes, as a Markdown table; empty if it has none.
    pub symbols: String,
    /// The results of its derivation: gradients or updates.
    pub results: Vec<String>,
    /// Kinks, edge cases, cost, rounding: a paragraph each.
    pub notes: Vec<String>,
    /// Its source.
    pub source: String,
}

/// There is no card with this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCard(pub String);

impl fmt::Display for NoCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = files().into_iter().map(|(name, _, _)| name).collect();
        write!(f, "Card::of: there is no card {:?}, only {}", self.0, names.join(", "))
    }
}

impl std::error::Error for NoCard {}

impl Card {
    /// The card with this name.
    ///
    /// # Errors
    /// If there is none; the error lists all names.
    pub fn of(name: &str) -> Result<Card, NoCard> {
        let file = files().into_iter().find(|(known, _, _)| *known == name);
        file.map(|(_, functions, source)| read(functions, source)).ok_or_else(|| NoCard(name.into()))
    }

    /// All cards: layers, activations, losses, optimizers.
    #[must_use]
    pub fn all() -> Vec<Card> {
        files().into_iter().map(|(_, functions, source)| read(functions, source)).collect()
    }

    /// The card as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let functions: Vec<String> = self.functions.split(", ").map(|name| format!("`{name}`")).collect();
        let mut text = format!("## {}\n\n{}  \n{}\n", self.title, self.summary, functions.join(", "));
        text += &format!("\n```text\n{}\n```\n", self.equation);
        if !self.symbols.is_empty() {
            text += &format!("\n{}\n", self.symbols);
        }
        let results: String = self.results.iter().map(|result| format!("* {result}\n")).collect();
        text += &format!("\n**Derived**\n\n{results}");
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        if !self.source.is_empty() {
            text += &format!("\n*{}*\n", self.source.replace('*', ""));
        }
        text
    }

    /// Shows the card in a notebook.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/markdown\n{}\nEVCXR_END_CONTENT", self.markdown());
    }
}

/// The card that a file's documentation holds.
fn read(functions: String, source: &str) -> Card {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let docs: String =
        lines.flat_map(|line| [without_links(line.strip_prefix(' ').unwrap_or(line)), "\n".into()]).collect();
    let (head, derivation) = docs.split_once("\n# Derivation\n").unwrap_or((&docs, ""));

    let first = head.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let (title, summary) = first.split_once(": ").unwrap_or((first.trim_end_matches('.'), ""));
    let equation = head.split("```math\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap_or_default();
    let is_symbols = |part: &&str| part.starts_with("| symbol");
    let symbols = head.split("\n\n").find(is_symbols).unwrap_or_default();

    // Steps, and paragraphs that belong to them, are numbered or indented; text at the margin is a note.
    let paragraphs = || derivation.split("\n\n").map(|text| text.trim_matches('\n'));
    let is_step = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit() || c == ' ');
    let results = paragraphs().filter(is_step).flat_map(bold).filter(|result| result.contains(['=', '←']));
    let after = paragraphs().skip_while(|text| !is_step(text)).filter(|text| !is_step(text) && !text.is_empty());
    let (sources, notes): (Vec<&str>, Vec<&str>) = after.partition(|text| text.starts_with("Source"));
    Card {
        title: title.into(),
        summary: capitalised(summary),
        functions,
        equation: equation.into(),
        symbols: symbols.trim_end().into(),
        results: results.collect(),
        notes: notes.into_iter().map(|note| note.replace('\n', " ")).collect(),
        source: sources.join(" ").replace('\n', " "),
    }
}

/// The text between `**` and `**`; a star that is part of it, as in y*, stays.
fn bold(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, from)) = rest.split_once("**") {
        let Some(end) = from.find("**") else { break };
        let end = if from[end..].starts_with("***") { end + 1 } else { end };
        found.push(from[..end].split_whitespace().collect::<Vec<_>>().join(" "));
        rest = &from[end + 2..];
    }
    found
}

/// A line of rustdoc without links to items; the link texts stay.
fn without_links(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some((before, from)) = rest.split_once('[') {
        let link = from
            .split_once(']')
            .filter(|(label, after)| label.starts_with('`') && label.ends_with('`') || after.starts_with('('));
        match link {
            Some((label, after)) if !before.ends_with(|c: char| c.is_alphanumeric()) => {
                out.extend([before, label]);
                rest = match after.strip_prefix('(') {
                    Some(target) => target.split_once(')').map_or("", |(_, rest)| rest),
                    None => after,
                };
            }
            _ => {
                out.extend([before, "["]);
                rest = from;
            }
        }
    }
    out + rest
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
