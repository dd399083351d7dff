//! `handgrad book`: every notebook as a page, made from its stored outputs.
//!
//! The pages need no server and no network. Scripts serve the search, the colour switch and the live figures; without
//! them, a page is complete: formulas become MathML here, code is coloured here, a live figure is a still picture, and the
//! one font that formulas need is stored beside them.
//!
//! The generator is our own because Sphinx with its book theme, tried on two chapters, took about 80 Python packages and
//! fetched MathJax from the network, framed dark figures in white, and named every folded cell "Show code cell source".

mod colours;
mod live;
mod page;
mod search;
#[cfg(test)]
mod tests;
mod text;

use super::lab::place::Place;
use super::notebooks::document::Notebook;
use anyhow::Context;
use handgrad::{files, show};
use page::Page;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `book`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder to write the pages to [default: `target/book` in the project].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// The files beside the pages.
const ASSETS: [(&str, &[u8]); 5] = [
    ("book.js", include_bytes!("book/book.js")),
    ("live.js", include_bytes!("book/live.js")),
    ("preview.png", include_bytes!("book/preview.png")),
    ("handgrad-math.woff2", include_bytes!("book/handgrad-math.woff2")),
    ("handgrad-math.LICENSE.txt", include_bytes!("book/handgrad-math.LICENSE.txt")),
];

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let place = Place::find()?;
    let out = arguments.out.unwrap_or_else(|| folder(&place));
    let titles = write_pages(&place, &out)?;
    for title in &titles {
        eprintln!("✓ {title}");
    }
    eprintln!("Compiling the live figures to WebAssembly (a minute or two at first) …");
    bring_to_life(&place, &out);
    eprintln!("✓ {} pages: open {}", titles.len() + 1, out.join("index.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Where the pages are written if no folder is named.
pub fn folder(place: &Place) -> PathBuf {
    place.root().join("target/book")
}

/// Writes all pages to a folder, and returns the titles of all but the first.
///
/// # Errors
/// If a notebook cannot be made a page, or a file cannot be written.
pub fn write_pages(place: &Place, out: &Path) -> anyhow::Result<Vec<String>> {
    let pages = pages(place)?;
    fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    for (name, content) in ASSETS {
        write(out, name, content)?;
    }
    write(out, "book.css", style().as_bytes())?;
    write(out, "index.html", page::contents(&pages)?.as_bytes())?;
    for (number, page) in pages.iter().enumerate() {
        write(out, &page.file, page.html(&pages, number).as_bytes())?;
    }
    write(out, "search.js", search::index(&pages).as_bytes())?;
    Ok(pages.into_iter().map(|page| page.title).collect())
}

/// Compiles the live figures and writes them beside the pages. Where that cannot be done, the figures stay still, and a
/// line says why.
pub fn bring_to_life(place: &Place, out: &Path) {
    match live::bring_to_life(place, out) {
        Ok(bytes) => eprintln!("✓ live figures, {} KB", bytes / 1000),
        Err(error) => eprintln!("The figures stay still: {error:#}."),
    }
}

/// The style sheet: ours, and the dark colours of pictures that are part of a page.
fn style() -> String {
    let dark = show::dark_style();
    format!(
        "{}\n@media screen {{ :root[data-colours=\"dark\"] .picture {{ {dark} }} }}\n\
         @media screen and (prefers-color-scheme: dark) {{ :root:not([data-colours]) .picture {{ {dark} }} }}\n",
        include_str!("book/book.css")
    )
}

/// The notebooks in their order, then the formula cards.
fn pages(place: &Place) -> anyhow::Result<Vec<Page>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(place.notebooks())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ipynb") {
            paths.push(path);
        }
    }
    paths.sort();
    let chapters = paths.iter().map(|path| Page::of_notebook(&Notebook::read(path)?));
    chapters.chain([Page::of_cards()]).collect()
}

/// Writes a file of the book, completely or not at all.
fn write(out: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    Ok(files::write(out.join(name), content)?)
}
