//! Layers, step by step: which numbers meet which, and what comes of it.
//!
//! Each call runs the layer's own function on [traced numbers](crate::numbers::traced) and draws what the run wrote
//! down: a cell is lit if its symbol stands in the formula of the number that is computed. So the pictures cannot
//! disagree with the code.
//!
//! ```
//! use handgrad::prelude::*;
//! let z = Tensor4::from_fn([1, 1, 5, 5], |_, _, i, j| (i * j) as f64);
//! let k = Tensor4::from_fn([1, 1, 3, 3], |_, _, u, v| u as f64 - v as f64);
//! let steps = show::steps::conv_forward(&z, &k, &dvector![1.0], Slide::by(2, 2).padding(1, 1))?;
//! assert_eq!(steps.len(), 9);
//! assert_eq!(steps.captions()[8], ["y₃₃ = z₄₄·w₁₁ + z₄₅·w₁₂ + z₅₄·w₂₁ + z₅₅·w₂₂ + b",
//!     "y₃₃ = 9·0 + 12·(−1) + 12·1 + 16·0 + 1 = 1"]);
//! # Ok::<(), ShapeError>(())
//! ```

mod cells;
mod conv;
mod correlation;
mod fc;
mod film;
mod formula;
mod page;
mod pooling;
mod scene;
mod words;

pub use conv::{ConvSteps, conv_backward, conv_forward};
pub use fc::{FcSteps, fc_backward, fc_forward};
pub use pooling::*;

use super::canvas;
use super::figure::Figure;
use cells::Sheet;
use scene::{Layout, MARGIN, Step};
use std::fmt;
use std::ops::Range;

/// Room for the title and for a line of a caption, in half pixels.
const HEAD: i32 = 64;
const LINE: i32 = 40;

/// A walk through a layer: one picture and a caption for each step.
///
/// As the last line of a notebook's cell it is shown as an animation, with its steps one by one to unfold below it.
/// Where the notebook is trusted, and in an exported page, a slider (arrow keys, or a click on a result) takes the
/// animation's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    title: String,
    steps: Vec<Step>,
    /// How many steps there would be if all were drawn.
    all: usize,
    symbols: bool,
    alt: Option<String>,
}

/// At most this many steps are drawn.
const STEPS: usize = 64;

impl Steps {
    fn new(title: impl Into<String>, mut steps: Vec<Step>) -> Self {
        let all = steps.len();
        steps.truncate(STEPS);
        Steps { title: title.into(), steps, all, symbols: false, alt: None }
    }

    /// The same walk with symbols in the cells in place of numbers.
    pub fn symbols(mut self) -> Self {
        self.symbols = true;
        self
    }

    /// Other words for what the picture shows.
    pub fn alt(mut self, alt: impl Into<String>) -> Self {
        self.alt = Some(alt.into());
        self
    }

    /// How many steps are drawn.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What is said about each step, line by line.
    pub fn captions(&self) -> Vec<Vec<String>> {
        self.steps.iter().map(|step| step.caption.clone()).collect()
    }

    /// Step k, counted from 0, as a still picture; the last one if there are not so many.
    pub fn still(&self, k: usize) -> Figure {
        let k = k.min(self.steps.len().saturating_sub(1));
        let caption = self.steps.get(k).map_or(String::new(), |step| step.caption.join(" "));
        let alt = format!("{}, step {} of {}: {caption}", self.title, k + 1, self.len());
        let layout = self.layout();
        let sheets: Vec<Sheet> = (k..self.len().min(k + 1)).map(|k| self.sheet(&layout, k)).collect();
        Figure { size: pixels(layout.size), alt, body: film::film(&sheets, 0) }
    }

    /// All steps as one animated picture; without animation, it shows one of them.
    pub fn figure(&self) -> Figure {
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        let layout = self.layout();
        let sheets: Vec<Sheet> = (0..self.len()).map(|k| self.sheet(&layout, k)).collect();
        Figure { size: pixels(layout.size), alt, body: film::film(&sheets, self.representative()) }
    }

    /// Writes the animated picture as an SVG file, whole or not at all; directories that are not there are made.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn save(&self, file: impl AsRef<std::path::Path>) -> std::io::Result<()> {
        self.figure().save(file)
    }

    /// Shows the walk in a notebook.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }
}

/// The drawing.
impl Steps {
    /// One step with everything that is said about it.
    fn sheet(&self, layout: &Layout, k: usize) -> Sheet {
        let (step, mut sheet) = (&self.steps[k], Sheet::default());
        let (left, right) = (MARGIN, layout.size.0 - MARGIN);
        sheet.text((left, 44), &self.title, " font-size=\"28\" font-weight=\"bold\" text-anchor=\"start\"");
        sheet.text((right, 44), &format!("{} / {}", k + 1, self.len()), " text-anchor=\"end\"");
        layout.paint(step, &mut sheet);
        let caption = wrapped(&step.caption, right - left);
        let lines = caption.iter().map(String::as_str);
        sheet.lines((left, layout.foot + LINE / 2), LINE, lines, " text-anchor=\"start\"");
        sheet
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout::new(&self.steps, self.symbols, HEAD);
        let title = room(&self.title, canvas::LARGE) + 2 * MARGIN + 130;
        layout.size.0 = layout.size.0.max(title);
        let lines = self.steps.iter().map(|step| wrapped(&step.caption, layout.size.0 - 2 * MARGIN).len());
        layout.size.1 += LINE * lines.max().unwrap_or(0) as i32 + LINE / 2;
        layout
    }

    /// The steps of a part, one below the other.
    fn strip(&self, part: Range<usize>) -> Figure {
        let layout = self.layout();
        let (width, height) = pixels(layout.size);
        let sheets: Vec<Sheet> = part.clone().map(|k| self.sheet(&layout, k)).collect();
        let body = film::strip(&sheets, layout.size.1);
        let alt: Vec<String> = self.steps[part].iter().map(|step| step.caption.join("; ")).collect();
        Figure { size: (width, height * sheets.len() as u32), alt: alt.join("\n"), body }
    }

    /// The step that shows most: of those with the longest formula, the last.
    fn representative(&self) -> usize {
        let length = |k: &usize| self.steps[*k].caption.iter().map(String::len).sum::<usize>();
        (0..self.len()).filter(|&k| self.steps[k].result.is_some()).max_by_key(length).unwrap_or(0)
    }

    fn describe(&self) -> String {
        let steps = match self.all {
            all if all > self.len() => format!("the first {} of {all} steps", self.len()),
            all => format!("{all} steps"),
        };
        let last = self.steps.last().and_then(|step| step.caption.last());
        format!("{}, {steps}. The last: {}.", self.title, last.map_or("", String::as_str))
    }
}

/// The captions, step by step.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        for (k, step) in self.steps.iter().enumerate() {
            write!(f, "\n{}. {}", k + 1, step.caption.join("\n   "))?;
        }
        if self.all > self.len() {
            write!(f, "\n… {} steps more", self.all - self.len())?;
        }
        Ok(())
    }
}

/// Half pixels as pixels.
fn pixels((width, height): (i32, i32)) -> (u32, u32) {
    (width.unsigned_abs().div_ceil(canvas::FINE), height.unsigned_abs().div_ceil(canvas::FINE))
}

/// How wide a text may become in the widest of the usual fonts, in half pixels.
fn room(text: &str, size: f64) -> i32 {
    canvas::fine(1.15 * canvas::width(text, size))
}

/// Lines that are too long, broken between words.
fn wrapped(lines: &[String], width: i32) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for line in lines {
        let mut rest = String::new();
        for word in line.split(' ') {
            let longer = if rest.is_empty() { word.to_owned() } else { format!("{rest} {word}") };
            if !rest.is_empty() && room(&longer, canvas::MIDDLE) > width {
                wrapped.push(std::mem::replace(&mut rest, format!("\u{2003}{word}")));
            } else {
                rest = longer;
            }
        }
        wrapped.push(rest);
    }
    wrapped
}
