//! A page: a notebook's cells and outputs, and the frame around them.

use super::colours::{self, escape};
use super::live;
use super::text::{self, Section};
use crate::cli::notebooks::document::{self, Notebook, has_tag, is_code, joined, outputs, source, without_colours};
use crate::cli::notebooks::proved::entries_proved;
use anyhow::Context;
use handgrad::cards::Card;
use handgrad::prelude::*;
use serde_json::Value;

/// A page of the book.
pub struct Page {
    /// The name of its file.
    pub file: String,
    /// Its title as text.
    pub title: String,
    /// Its headings, the title first, and the words below each.
    pub sections: Vec<Section>,
    /// Its introduction, as HTML: everything between the title and what the reader needs, and how much it proves.
    promise: String,
    body: String,
}

impl Page {
    /// The page of a notebook, as its outputs are stored.
    ///
    /// # Errors
    /// If it has no title, or a formula in it cannot be read.
    pub fn of_notebook(notebook: &Notebook) -> anyhow::Result<Self> {
        let name = notebook.name();
        let (mut sections, mut body) = (Vec::new(), String::new());
        for (number, cell) in notebook.cells().iter().enumerate() {
            let html = if is_code(cell) { code(cell) } else { text::html(&source(cell), &mut sections) };
            body += &html.with_context(|| format!("{name}, cell {}", number + 1))?;
        }
        let title = sections.first().filter(|section| section.level == 1);
        let title = title.with_context(|| format!("{name} does not begin with a title"))?.heading.clone();
        let promise = body.split_once("</h1>").and_then(|(_, rest)| rest.split_once("<p><strong>You need"));
        let mut promise = promise.map_or(String::new(), |(promise, _)| promise.to_owned());
        match entries_proved(notebook.cells()) {
            0 => {}
            proved => promise += &format!("<p class=\"note\">Proves {} entries of gradients.</p>", grouped(proved)),
        }
        Ok(Page { file: format!("{name}.html"), title, sections, promise, body })
    }

    /// The page of all formula cards.
    ///
    /// # Errors
    /// If a card cannot be made HTML.
    pub fn of_cards() -> anyhow::Result<Self> {
        let (title, promise) = ("Formula cards", "<p>Each layer, loss and optimizer on half a page, for printing.</p>");
        let (mut sections, mut body) = (Vec::new(), text::html(&format!("# {title}"), &mut Vec::new())? + promise);
        for card in Card::all() {
            body += &format!("<section class=\"card\">\n{}</section>\n", text::html(&card.markdown(), &mut sections)?);
        }
        Ok(Page { file: "cards.html".into(), title: title.into(), sections, promise: promise.into(), body })
    }

    /// The whole page, number `number` of `pages`.
    pub fn html(&self, pages: &[Page], number: usize) -> String {
        let link = |page: Option<&Page>, rel: &str, arrow: &str| match page {
            Some(page) => format!("<a rel=\"{rel}\" href=\"{}\"><small>{arrow}</small>{}</a>", page.file, page.title),
            None => "<span></span>".into(),
        };
        let before = number.checked_sub(1).and_then(|before| pages.get(before));
        let neighbours = format!(
            "<nav class=\"neighbours\" aria-label=\"Previous and next chapter\">{}{}</nav>",
            link(before, "prev", "← before"),
            link(pages.get(number + 1), "next", "next →")
        );
        let name = self.file.trim_end_matches(".html");
        frame(name, (&self.title, &self.description()), pages, Some(number), &format!("{}{neighbours}", self.body))
    }

    /// The page in a sentence or two, for search engines and previews: how its text begins.
    fn description(&self) -> String {
        let first = self.sections.first().map_or("", |section| &section.words);
        let text = first.strip_prefix(self.title.as_str()).unwrap_or(first);
        let mut description = String::new();
        for word in text.split_whitespace() {
            if description.len() + word.len() > DESCRIPTION {
                return escape(&(description + " …"));
            }
            if !description.is_empty() {
                description.push(' ');
            }
            description += word;
        }
        escape(&description)
    }

    /// The page's line in the contents at the side; its sections too if it is open.
    fn entry(&self, open: bool) -> String {
        let current = if open { " aria-current=\"page\"" } else { "" };
        let mut entry = format!("<li><a href=\"{}\"{current}>{}</a>", self.file, self.title);
        if open {
            let sections = self.sections.iter().filter(|section| section.level == 2);
            let items = sections.map(|section| format!("<li><a href=\"#{}\">{}</a></li>", section.id, section.heading));
            entry += &format!("<ul>{}</ul>", items.collect::<String>());
        }
        entry + "</li>\n"
    }
}

/// A number with a comma between thousands: 44,561.
pub fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1000), number % 1000) }
}

/// Letters of a page's description, at most.
const DESCRIPTION: usize = 160;

/// What the book is, in a sentence.
const BOOK: &str = "Neural-network layers in Rust whose every gradient is derived by hand and proved in every entry.";

/// The first page's live figure, as a chapter has stored it: LeNet, trained there, reads what one draws.
fn alive(pages: &[Page]) -> Option<String> {
    let begin = "<figure data-live=\"digit?";
    let (page, at) = pages.iter().find_map(|page| Some((page, page.body.find(begin)?)))?;
    let (figure, _) = page.body[at..].split_once("</figure>")?;
    Some(format!(
        "<div class=\"hero\">{figure}</figure>\n<p>Draw a digit. LeNet, trained in <a href=\"{}\">{}</a>, reads it \
         while you draw. The middle picture is the gradient of its loss with respect to each pixel, with its sign \
         reversed. The crate itself computes all of it, here in the page.</p></div>\n",
        page.file, page.title
    ))
}

/// The first page's film: a convolution's backward, drawn from the run of the crate's own function.
///
/// # Errors
/// If the arrays did not fit each other.
fn film() -> Result<String, ShapeError> {
    let z = Tensor4::from_row_major([1, 1, 3, 3], &[1.0, 2.0, 0.0, 3.0, -1.0, 2.0, 0.0, 1.0, 1.0])?;
    let k = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, -2.0, 3.0, 0.5])?;
    let next_dz = Tensor4::from_row_major([1, 1, 2, 2], &[2.0, -1.0, 1.0, 4.0])?;
    Ok(show::steps::conv_backward(&next_dz, &k, &z, Slide::default())?.dz.figure().html())
}

/// The book's first page: the introduction of each chapter.
///
/// # Errors
/// If its picture cannot be drawn.
pub fn contents(pages: &[Page]) -> anyhow::Result<String> {
    let chapters =
        pages.iter().map(|page| format!("<li><a href=\"{}\">{}</a>{}</li>\n", page.file, page.title, page.promise));
    let alive = alive(pages).unwrap_or_default();
    let cover = filled(include_str!("cover.html"), &[("alive", &alive), ("film", &film()?)]);
    let body = format!("{cover}<ol class=\"chapters\">\n{}</ol>", chapters.collect::<String>());
    Ok(frame("index", ("handgrad", BOOK), pages, None, &body))
}

/// A page of this name.
fn frame(name: &str, (title, description): (&str, &str), pages: &[Page], open: Option<usize>, body: &str) -> String {
    let entries = pages.iter().enumerate().map(|(number, page)| page.entry(open == Some(number)));
    let values = [
        ("title", &*text::unmarked(title)),
        ("book", if open.is_some() { " · handgrad" } else { ": every gradient derived by hand and proved" }),
        ("kind", if open.is_some() { "article" } else { "book" }),
        ("description", description),
        ("module", &live::script(name)),
        ("entries", &entries.collect::<String>()),
        ("body", body),
    ];
    filled(include_str!("frame.html"), &values)
}

/// A template with a value in each place that bears its name in braces. Braces in a value stay as they are.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut pieces = template.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let place = piece.split_once('}');
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        match place.and_then(|(name, rest)| Some((value(name)?, rest))) {
            Some((value, rest)) => filled.extend([value, rest]),
            None => filled.extend(["{", piece]),
        }
    }
    filled
}

/// A code cell and its outputs.
fn code(cell: &Value) -> anyhow::Result<String> {
    let note = match has_tag(cell, "exercise") {
        true => "<p class=\"note\">Exercise: edit this stub until its check says ✓</p>",
        false => "",
    };
    let code = format!("<pre class=\"code\"><code>{}</code></pre>", colours::rust(&source(cell)));
    let code = match document::folded(cell) {
        Some(inside) => folded(&format!("Code: {}", escape(&inside)), &code),
        None => code,
    };
    let mut html = format!("<div class=\"cell\">{note}{code}\n");
    let mut shown = String::new();
    for one in outputs(cell) {
        shown += &format!("<div class=\"output\">{}</div>\n", output(one)?);
    }
    html += &match (document::folds_outputs(cell) && !shown.is_empty(), has_tag(cell, "exercise")) {
        (false, _) => shown,
        (true, true) => folded("What the check says of the stub", &shown),
        (true, false) => folded("What the cell shows", &shown),
    };
    Ok(html + "</div>\n")
}

/// Something that a button unfolds.
fn folded(summary: &str, html: &str) -> String {
    format!("<details class=\"fold\"><summary>{summary}</summary>\n{html}</details>")
}

/// An output in the richest form that it was stored in.
fn output(output: &Value) -> anyhow::Result<String> {
    let data = |kind: &str| output["data"].get(kind).map(joined);
    let plain = |text: &str| format!("<pre>{}</pre>", escape(text.trim_matches('\n')));
    if output["output_type"] == "stream" {
        return Ok(plain(&joined(&output["text"])));
    }
    if output["output_type"] == "error" {
        let lines = output["traceback"].as_array().map_or(&[] as &[Value], Vec::as_slice).iter().map(joined);
        return Ok(plain(&without_colours(&lines.collect::<Vec<_>>().join("\n"))));
    }
    if let Some(html) = data("text/html") {
        return Ok(html);
    }
    if let Some(base64) = data("image/png") {
        let alt = data("text/plain").unwrap_or_default();
        return Ok(format!("<img alt=\"{}\" src=\"data:image/png;base64,{}\">", escape(&alt), base64.trim()));
    }
    if let Some(latex) = data("text/latex") {
        return text::latex(&latex);
    }
    if let Some(markdown) = data("text/markdown") {
        return text::html(&markdown, &mut Vec::new());
    }
    Ok(plain(&data("text/plain").unwrap_or_default()))
}
