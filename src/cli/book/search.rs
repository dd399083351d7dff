//! The search index: the sections of all pages, as a script that a page can load from a file.

use super::page::Page;
use serde_json::json;

/// `const SECTIONS = […]`: for every section its page's title, heading, address and words.
pub fn index(pages: &[Page]) -> String {
    let sections = pages.iter().flat_map(|page| {
        page.sections.iter().map(move |section| {
            let address = format!("{}#{}", page.file, section.id);
            let words = section.words.split_whitespace().collect::<Vec<_>>().join(" ");
            json!({"page": page.title, "heading": section.heading, "address": address, "words": words})
        })
    });
    format!("const SECTIONS = {};\n", serde_json::Value::from_iter(sections))
}
