//! A walk: its scenes as one animated picture, as stills, and as captions.

use super::cells::Sheet;
use super::film;
use super::scene::{Layout, MARGIN, Scene};
use crate::show::canvas;
use crate::show::figure::{Figure, sentence};
use crate::text::counted;
use std::fmt;
use std::ops::Range;

/// Room for the title and for a line of a caption, in half pixels.
const HEAD: i32 = 64;
const LINE: i32 = 40;

/// A walk through a layer: one picture and a caption for each step.
///
/// As the last line of a notebook's cell it appears as an animation; below it, the single steps unfold. In a trusted
/// notebook and in an exported page, a slider replaces the animation: use the arrow keys, or click a result.
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    title: String,
    pub(super) scenes: Vec<Scene>,
    /// How many steps there would be if all were drawn.
    all: usize,
    symbols: bool,
    alt: Option<String>,
}

/// At most this many steps are drawn.
const STEPS: usize = 64;

impl Steps {
    pub(super) fn new(title: impl Into<String>, mut scenes: Vec<Scene>) -> Self {
        let all = scenes.len();
        scenes.truncate(STEPS);
        Steps { title: title.into(), scenes, all, symbols: false, alt: None }
    }

    /// Writes symbols into the cells instead of numbers.
    pub fn symbols(mut self) -> Self {
        self.symbols = true;
        self
    }

    /// Replaces the alt text made from the data.
    pub fn alt(mut self, alt: impl Into<String>) -> Self {
        self.alt = Some(alt.into());
        self
    }

    /// How many steps are drawn.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scenes.len()
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scenes.is_empty()
    }

    /// The caption of each step, line by line.
    #[must_use]
    pub fn captions(&self) -> Vec<Vec<String>> {
        self.scenes.iter().map(|scene| scene.caption.clone()).collect()
    }

    /// Step k, counted from 0, as a still picture; the last step if k is too large.
    pub fn still(&self, k: usize) -> Figure {
        let k = k.min(self.scenes.len().saturating_sub(1));
        let caption = self.scenes.get(k).map_or(String::new(), |scene| scene.caption.join(" "));
        let alt = format!("{}, step {} of {}: {caption}", self.title, k + 1, self.len());
        let layout = self.layout();
        let sheets: Vec<Sheet> = (k..self.len().min(k + 1)).map(|k| self.sheet(&layout, k)).collect();
        Figure { size: pixels(layout.size), alt, body: film::film(&sheets, 0) }
    }

    /// All steps as one animated picture. A viewer without animation shows one step.
    pub fn figure(&self) -> Figure {
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        let layout = self.layout();
        let sheets: Vec<Sheet> = (0..self.len()).map(|k| self.sheet(&layout, k)).collect();
        Figure { size: pixels(layout.size), alt, body: film::film(&sheets, self.representative()) }
    }

    /// Writes the animated picture to an SVG file, whole or not at all. Missing directories are created.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn save(&self, file: impl AsRef<std::path::Path>) -> std::io::Result<()> {
        self.figure().save(file)
    }
}

/// The drawing.
impl Steps {
    /// One step with its title, grids and caption.
    fn sheet(&self, layout: &Layout, k: usize) -> Sheet {
        let (scene, mut sheet) = (&self.scenes[k], Sheet::default());
        let (left, right) = (MARGIN, layout.size.0 - MARGIN);
        sheet.text((left, 44), &self.title, " font-size=\"28\" font-weight=\"bold\" text-anchor=\"start\"");
        sheet.text((right, 44), &format!("{} / {}", k + 1, self.len()), " text-anchor=\"end\"");
        layout.paint(scene, &mut sheet);
        let caption = wrapped(&scene.caption, right - left);
        let lines = caption.iter().map(String::as_str);
        sheet.lines((left, layout.foot + LINE / 2), LINE, lines, " text-anchor=\"start\"");
        sheet
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout::new(&self.scenes, self.symbols, HEAD);
        let title = room(&self.title, canvas::LARGE) + 2 * MARGIN + 130;
        layout.size.0 = layout.size.0.max(title);
        let lines = self.scenes.iter().map(|scene| wrapped(&scene.caption, layout.size.0 - 2 * MARGIN).len());
        layout.size.1 += LINE * lines.max().unwrap_or(0) as i32 + LINE / 2;
        layout
    }

    /// The steps of a part, one below the other.
    pub(super) fn strip(&self, part: Range<usize>) -> Figure {
        let layout = self.layout();
        let (width, height) = pixels(layout.size);
        let sheets: Vec<Sheet> = part.clone().map(|k| self.sheet(&layout, k)).collect();
        let body = film::strip(&sheets, layout.size.1);
        let alt: Vec<String> = self.scenes[part].iter().map(|scene| scene.caption.join("; ")).collect();
        Figure { size: (width, height * sheets.len() as u32), alt: alt.join("\n"), body }
    }

    /// The step shown without animation: the last of those with the longest caption.
    fn representative(&self) -> usize {
        let length = |k: &usize| self.scenes[*k].caption.iter().map(String::len).sum::<usize>();
        (0..self.len()).filter(|&k| self.scenes[k].result.is_some()).max_by_key(length).unwrap_or(0)
    }

    fn describe(&self) -> String {
        let steps = match self.all {
            all if all > self.len() => format!("the first {} of {all} steps", self.len()),
            all => counted(all, "step"),
        };
        let last = self.scenes.last().and_then(|scene| scene.caption.last());
        let last = last.map_or(String::new(), |last| format!(" The last: {}", sentence(last)));
        format!("{}, {steps}.{last}", self.title)
    }
}

/// The captions, step by step.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        for (k, scene) in self.scenes.iter().enumerate() {
            write!(f, "\n{}. {}", k + 1, scene.caption.join("\n   "))?;
        }
        if self.all > self.len() {
            write!(f, "\n… {} more", self.all - self.len())?;
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
    canvas::fine(canvas::room(text, size))
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
