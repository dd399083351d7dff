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
    for event in Parser::new_ext(markdown, options) {
        let event = match event {
            Event::InlineMath(latex) => Event::InlineHtml(formula(&latex, DisplayMode::Inline)?.into()),
            Event::DisplayMath(latex) => Event::InlineHtml(formula(&latex, DisplayMode::Block)?.into()),
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
        if let (Event::Text(text) | Event::Code(text), None, Some(section)) = (&event, heading, sections.last_mut()) {
            section.words.extend([" ", text]);
        }
        events.push(event);
    }
    Ok(rendered(events.into_iter()))
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

/// The page of a chapter that a notebook links to by its file.
fn page_of(link: &str) -> CowStr<'static> {
    match link.split_once(".ipynb") {
        Some((chapter, rest)) if !link.contains("://") => format!("{chapter}.html{rest}").into(),
        _ => link.to_owned().into(),
    }
}

/// The heading's words in lower case, joined by dashes, with a number if another heading has the same words.
fn free_id(heading: &str, sections: &[Section]) -> String {
    let lower = heading.to_lowercase();
    let id: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let id = id.join("-");
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
        None if display_mode == DisplayMode::Block => Ok(format!("<span class=\"wide\">{out}</span>")),
        None if latex.len() > LONG => Ok(format!("<span class=\"long\">{out}</span>")),
        None => Ok(out),
    }
}

/// MathML as LaTeX would set it: µ slants, because it is the Greek letter and not a unit; a slash and a full stop have
/// no space around them; and a root sign sits on the line, because its content is never lower than a letter with a
/// descender.
fn as_latex_sets_it(mathml: String) -> String {
    const CHANGES: [(&str, &str); 4] = [
        ("\u{b5}", "\u{3bc}"),
        ("<mo>/</mo>", "<mo lspace=\"0\" rspace=\"0\">/</mo>"),
        ("<mo>.</mo>", "<mo lspace=\"0\" rspace=\"0\">.</mo>"),
        ("<msqrt>", "<msqrt><mspace height=\"0.7em\" depth=\"0.2em\"/>"),
    ];
    CHANGES.iter().fold(mathml, |mathml, (from, to)| mathml.replace(from, to))
}

/// The formulas of a `text/latex` output: the text between `$$` and `$$`, or all of it.
pub fn latex(output: &str) -> anyhow::Result<String> {
    let bare = output.trim().trim_start_matches('$').trim_end_matches('$');
    formula(bare, DisplayMode::Block)
}
