//! A notebook's Markdown as HTML: formulas as MathML, code coloured, links to chapters as links to their pages.

use super::colours::{self, escape};
use anyhow::bail;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Storage, mathml};

/// A heading and the text below it, up to the next heading.
#[derive(Default)]
pub struct Section {
    /// 1 for the title of a page.
    pub level: u8,
    /// Its id in the page.
    pub id: String,
    /// The heading as HTML.
    pub heading: String,
    /// The words of the section, for the search.
    pub words: String,
}

/// Markdown as HTML; every heading in it begins a new section.
///
/// # Errors
/// If a formula cannot be read.
pub fn html(markdown: &str, sections: &mut Vec<Section>) -> anyhow::Result<String> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_MATH | Options::ENABLE_FOOTNOTES;
    let (mut events, mut heading, mut code) = (Vec::new(), None, None);
    let mut parser = Parser::new_ext(markdown, options).peekable();
    while let Some(event) = parser.next() {
        let event = match event {
            Event::InlineMath(latex) => {
                let formula = formula(&latex, DisplayMode::Inline)?;
                if let (None, Some(section)) = (heading, sections.last_mut()) {
                    section.words += &read_out(&formula);
                }
                // What follows without a space stays on the formula's line.
                let close = match parser.peek() {
                    Some(Event::Text(text)) => text.split(char::is_whitespace).next().unwrap_or_default().to_owned(),
                    _ => String::new(),
                };
                if close.is_empty() {
                    events.push(Event::InlineHtml(formula.into()));
                    continue;
                }
                let Some(Event::Text(text)) = parser.next() else { continue };
                events.push(Event::InlineHtml(
                    format!("<span class=\"close\">{formula}{}</span>", escape(&close)).into(),
                ));
                if let (None, Some(section)) = (heading, sections.last_mut()) {
                    section.words += &close;
                }
                Event::Text(text[close.len()..].to_owned().into())
            }
            Event::DisplayMath(latex) => {
                let formula = formula(&latex, DisplayMode::Block)?;
                if let Some(section) = sections.last_mut() {
                    section.words.extend([" ", &read_out(&formula), " "]);
                }
                Event::InlineHtml(formula.into())
            }
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as u8, events.len()));
                continue;
            }
            Event::End(TagEnd::Heading(_)) => {
                let Some((level, from)) = heading.take() else { continue };
                let (html, words) = (rendered(events[from..].iter().cloned()), words(&events[from..]));
                events.truncate(from);
                let id = free_id(&words, sections);
                let line = format!(
                    "<h{level} id=\"{id}\">{html} <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section\">#</a></h{level}>\n"
                );
                sections.push(Section { level, id, heading: html, words });
                Event::Html(line.into())
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                code = Some((matches!(kind, CodeBlockKind::Fenced(name) if &*name == "rust"), String::new()));
                continue;
            }
            Event::End(TagEnd::CodeBlock) => {
                let Some((rust, text)) = code.take() else { continue };
                let html = if rust { colours::rust(&text) } else { escape(&text) };
                Event::Html(format!("<pre class=\"code\"><code>{html}</code></pre>\n").into())
            }
            Event::Text(text) if code.is_some() => {
                code.iter_mut().for_each(|(_, whole)| whole.push_str(&text));
                continue;
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                Event::Start(Tag::Link { link_type, dest_url: page_of(&dest_url), title, id })
            }
            // A wide table scrolls by itself, without the page.
            Event::Start(Tag::Table(_)) => {
                events.push(Event::Html("<div class=\"wide\">".into()));
                event
            }
            Event::End(TagEnd::Table) => {
                events.push(event);
                Event::Html("</div>".into())
            }
            other => other,
        };
        if let (None, Some(section)) = (heading, sections.last_mut()) {
            match &event {
                Event::Text(text) | Event::Code(text) => section.words += text,
                Event::SoftBreak | Event::HardBreak | Event::Start(_) | Event::End(_) if !inline(&event) => {
                    section.words.push(' ');
                }
                _ => {}
            }
        }
        events.push(event);
    }
    Ok(rendered(events.into_iter()))
}

/// Whether an event begins or ends a tag within a line.
fn inline(event: &Event<'_>) -> bool {
    use TagEnd::{Emphasis, Link, Strong};
    let ends = |tag: &TagEnd| matches!(tag, Emphasis | Link | Strong);
    match event {
        Event::Start(tag) => ends(&tag.to_end()),
        Event::End(tag) => ends(tag),
        _ => false,
    }
}

fn rendered<'a>(events: impl Iterator<Item = Event<'a>>) -> String {
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn words(events: &[Event<'_>]) -> String {
    let words = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    words.collect()
}

/// HTML as text for a page's title and its attributes: without tags.
pub fn unmarked(html: &str) -> String {
    let mut pieces = html.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    let text = pieces.fold(first, |text, piece| text + piece.split_once('>').map_or("", |(_, rest)| rest));
    text.replace('"', "&quot;")
}

/// The page of a chapter that a notebook links to by its file.
fn page_of(link: &str) -> CowStr<'static> {
    match link.split_once(".ipynb") {
        Some((chapter, rest)) if !link.contains("://") => format!("{chapter}.html{rest}").into(),
        _ => link.to_owned().into(),
    }
}

/// The heading's words in lower case, joined by dashes, or "section" if it has none; with a number if another heading
/// has the same words.
fn free_id(heading: &str, sections: &[Section]) -> String {
    let lower = heading.to_lowercase();
    let id: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let id = if id.is_empty() { "section".into() } else { id.join("-") };
    let taken = |id: &str| sections.iter().any(|section| section.id == id);
    if !taken(&id) {
        return id;
    }
    (2..).map(|number| format!("{id}-{number}")).find(|id| !taken(id)).unwrap_or(id)
}

/// A formula with more letters than this does not fit on one line on a phone.
const LONG: usize = 36;

/// A formula as MathML; one that may be wider than the page can be scrolled.
///
/// # Errors
/// If it is not valid LaTeX; the error says where.
pub fn formula(latex: &str, display_mode: DisplayMode) -> anyhow::Result<String> {
    if display_mode == DisplayMode::Inline {
        let out = mathml(latex, display_mode)?;
        return Ok(if latex.len() > LONG { format!("<span class=\"long\">{out}</span>") } else { out });
    }
    let parts = parts(latex);
    if parts.len() == 1 {
        return Ok(format!("<span class=\"wide\">{}</span>", mathml(latex, display_mode)?));
    }
    let parts: Vec<String> = parts.iter().map(|part| mathml(part, display_mode)).collect::<anyhow::Result<_>>()?;
    let parts = parts.join("\n").replace("display=\"block\"", "display=\"inline\" displaystyle=\"true\"");
    Ok(format!("<span class=\"wide parts\">{parts}</span>"))
}

/// A displayed formula, divided at every `\qquad` outside braces and environments: where a phone breaks it.
fn parts(latex: &str) -> Vec<&str> {
    const GAP: &str = r"\qquad";
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0);
    for (at, letter) in latex.char_indices() {
        let rest = &latex[at..];
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            '\\' if rest.starts_with(r"\begin") || rest.starts_with(r"\left") && !rest.starts_with(r"\lefta") => {
                depth += 1
            }
            '\\' if rest.starts_with(r"\end") || rest.starts_with(r"\right") && !rest.starts_with(r"\righta") => {
                depth -= 1
            }
            '\\' if depth == 0 && rest.starts_with(GAP) => {
                parts.push(&latex[from..at]);
                from = at + GAP.len();
            }
            _ => {}
        }
    }
    parts.push(&latex[from..]);
    parts.retain(|part| !part.trim().is_empty());
    if parts.is_empty() { vec![latex] } else { parts }
}

/// A formula as MathML alone.
fn mathml(latex: &str, display_mode: DisplayMode) -> anyhow::Result<String> {
    let storage = Storage::new();
    let mut failure = None;
    let events = pulldown_latex::Parser::new(latex, &storage).inspect(|event| {
        if let Err(error) = event {
            failure.get_or_insert_with(|| error.to_string());
        }
    });
    let mut out = String::new();
    let config = RenderConfig { display_mode, ..RenderConfig::default() };
    mathml::push_mathml(&mut out, events, config)?;
    let out = as_latex_sets_it(out);
    match failure {
        Some(error) => bail!("the formula {latex:?} cannot be read: {error}"),
        None => Ok(out),
    }
}

/// MathML as LaTeX would set it: µ slants, because it is the Greek letter and not a unit; a slash and a full stop have
/// no space around them; a comma between thousands is part of its number; an upright d or Δ touches the letter behind it;
/// and all roots of letters are equally high. (Firefox sets a space between an upright identifier and one that slants.
/// Chromium reserves the width of the second of the font's root signs for the first one too, so the first is not used.)
fn as_latex_sets_it(mathml: String) -> String {
    const FENCE: &str = "<mo symmetric=\"true\" stretchy=\"true\" minsize=";
    const CHANGES: [(&str, &str); 10] = [
        ("\u{b5}", "\u{3bc}"),
        ("<mo>/</mo>", "<mo lspace=\"0\" rspace=\"0\">/</mo>"),
        ("<mo>.</mo>", "<mo lspace=\"0\" rspace=\"0\">.</mo>"),
        ("</mn><mrow><mo>,</mo></mrow><mn>", ","),
        ("<mi mathvariant=\"normal\">d</mi>", "<mtext>d</mtext>"),
        ("<mi mathvariant=\"normal\">Δ</mi>", "<mtext>Δ</mtext>"),
        ("<msqrt>", "<msqrt><mspace height=\"0.75em\" depth=\"0.2em\"/>"),
        ("stretchy=\"true\"minsize", "stretchy=\"true\" minsize"),
        ("stretchy=\"true\">(</mo>", "stretchy=\"true\" class=\"round\">(</mo>"),
        ("stretchy=\"true\">)</mo>", "stretchy=\"true\" class=\"round\">)</mo>"),
    ];
    let mut mathml = CHANGES.iter().fold(mathml, |mathml, (from, to)| mathml.replace(from, to));
    // A browser makes a parenthesis large in a row only. A row of a fence alone does not count.
    for script in ["<msup>", "<msub>", "<msubsup>"] {
        let fence = format!("{script}{FENCE}");
        let mut pieces = mathml.split(&fence);
        let first = pieces.next().unwrap_or_default().to_owned();
        mathml = pieces.fold(first, |out, piece| {
            out + script + "<mrow>" + FENCE + &piece.replacen("</mo>", "</mo><mi></mi></mrow>", 1)
        });
    }
    mathml
}

/// A formula's letters for the search, with the signs that MathML draws: √x, a/b, x^2.
fn read_out(mathml: &str) -> String {
    // For every open element: its name, and how many children it has begun.
    let (mut open, mut text): (Vec<(&str, usize)>, _) = (Vec::new(), String::new());
    for piece in mathml.split('<').skip(1) {
        let Some((tag, letters)) = piece.split_once('>') else { continue };
        if tag.starts_with('/') {
            open.pop();
        } else {
            let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
            if let Some((parent, children)) = open.last_mut() {
                *children += 1;
                match (*parent, *children) {
                    ("mfrac", 2) => text.push('/'),
                    ("msup", 2) | ("msubsup", 3) => text.push('^'),
                    ("mtr", 2..) => text.push(' '),
                    _ => {}
                }
            }
            match name {
                "msqrt" => text.push('√'),
                "mspace" | "mtr" | "math" if !text.is_empty() && !text.ends_with(['√', ' ']) => text.push(' '),
                _ => {}
            }
            if !tag.ends_with('/') {
                open.push((name, 0));
            }
        }
        text += letters.trim();
        if matches!(letters, "=" | "≈" | "≤" | "≥" | "<" | ">" | "←" | "→") {
            text.truncate(text.len() - letters.len());
            text.extend([" ", letters, " "]);
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().to_owned()
}

/// The formulas of a `text/latex` output: the text between `$$` and `$$`, or all of it.
pub fn latex(output: &str) -> anyhow::Result<String> {
    let bare = output.trim().trim_start_matches('$').trim_end_matches('$');
    formula(bare, DisplayMode::Block)
}
