//! A walk as a piece of HTML: a film, and its steps to be unfolded.

use super::Steps;
use super::scene::Step;
use crate::show::figure::{Figure, escape};
use std::ops::Range;

/// Turns the film into a picture with a slider. Where scripts are taken out, nothing is missing.
const STEPPER: &str = include_str!("stepper.js");

/// At most so many steps are unfolded at once.
const TOGETHER: usize = 8;

impl Steps {
    /// The walk as a piece of HTML that reads well with and without scripts.
    pub fn html(&self) -> String {
        let mut html = format!("<div>\n{}\n", self.figure().inline());
        for part in parts(&self.steps) {
            let (first, last) = (part.start + 1, part.end);
            let numbers = if first == last { format!("Step {first}") } else { format!("Steps {first} to {last}") };
            let [from, to] = [part.start, part.end - 1].map(|k| escape(&self.steps[k].name));
            let names = if first == last { from } else { format!("{from} … {to}") };
            let strip = self.strip(part).inline();
            html += &format!("<details><summary>{numbers}: {names}</summary>{strip}</details>\n");
        }
        if self.len() > 1 {
            html += &format!("<script>\n{}\n</script>\n", script());
        }
        html + "</div>"
    }
}

/// The script without what only its reader needs.
fn script() -> String {
    let lines = STEPPER.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Steps that belong together: those that fill one row of a result.
fn parts(steps: &[Step]) -> Vec<Range<usize>> {
    let row = |k: usize| steps[k].result.map(|(slot, (row, _))| (slot, row));
    let mut parts: Vec<Range<usize>> = Vec::new();
    for k in 0..steps.len() {
        match parts.last_mut() {
            Some(part) if part.len() < TOGETHER && row(part.start) == row(k) => part.end = k + 1,
            _ => parts.push(k..k + 1),
        }
    }
    parts
}

impl Figure {
    /// The picture as an HTML image like that of [`html`](Figure::html), its source readable and a quarter shorter.
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
