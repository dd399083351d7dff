//! A walk as HTML: an animated picture, and below it the single steps to unfold.

use super::scene::Scene;
use super::walk::Steps;
use crate::show::figure::{Figure, escape};
use std::ops::Range;

/// Replaces the animation by a picture with a slider. Without scripts, the page is still complete.
const STEPPER: &str = include_str!("stepper.js");

/// At most this many steps unfold at once.
const TOGETHER: usize = 8;

impl Steps {
    /// The walk as HTML that reads well with and without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = format!("<div>\n{}\n", self.figure().inline());
        for part in parts(&self.scenes) {
            let (first, last) = (part.start + 1, part.end);
            let numbers = if first == last { format!("Step {first}") } else { format!("Steps {first} to {last}") };
            let [from, to] = [part.start, part.end - 1].map(|k| escape(&self.scenes[k].name));
            let names = if first == last { from } else { format!("{from} … {to}") };
            let strip = self.strip(part).inline();
            html += &format!("<details><summary>{numbers}: {names}</summary>{strip}</details>\n");
        }
        if self.len() > 1 {
            html += &format!("<script>\n{}\n</script>\n", script());
        }
        html + "</div>"
    }

    /// Shows the walk in a notebook.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }
}

/// The script without indentation and comments.
fn script() -> String {
    let lines = STEPPER.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The steps that unfold together: those that fill one row of a result.
fn parts(scenes: &[Scene]) -> Vec<Range<usize>> {
    let row = |k: usize| scenes[k].result.map(|(slot, (row, _))| (slot, row));
    let mut parts: Vec<Range<usize>> = Vec::new();
    for k in 0..scenes.len() {
        match parts.last_mut() {
            Some(part) if part.len() < TOGETHER && row(part.start) == row(k) => part.end = k + 1,
            _ => parts.push(k..k + 1),
        }
    }
    parts
}

impl Figure {
    /// The picture as an HTML image like [`html`](Figure::html), with a readable source that is a quarter shorter.
    fn inline(&self) -> String {
        let svg = self.svg().replace('\'', "").replace('"', "'"); // the only apostrophes are around the names of fonts
        let svg = svg.replace('%', "%25").replace('#', "%23").replace('&', "%26").replace('\n', "");
        let alt = escape_lines(&self.alt);
        format!("<img alt=\"{alt}\" width=\"{}\" src=\"data:image/svg+xml;charset=utf-8,{svg}\">", self.size.0)
    }
}

/// A text of several lines as the value of an attribute.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}
