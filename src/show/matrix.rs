//! Matrices as colours, a cell for each entry.

use super::canvas::{self, Anchor, Canvas, INK, LARGE, MUTED, ON_LIGHT, SMALL, bold, font};
use super::chart::float;
use super::figure::{Figure, shown};
use super::palette::{EXACT, NOT_FINITE, Palette, extent, level};
use super::png;
use crate::error::same_shape;
use crate::text::number;
use crate::{Float, ShapeError};
use nalgebra::DMatrix;
use plotters::style::RGBColor;

/// Up to this many rows and columns, the cells hold their numbers.
const WRITTEN: usize = 12;
/// The smallest letters of a number that would not fit into its cell.
const SMALLEST: f64 = 8.0;
/// Of a matrix with more rows or columns, only every second (third, …) one is drawn.
const CELLS: usize = 512;

/// A matrix, a colour for each entry. Made by [`heat`] or [`error_map`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    title: String,
    values: DMatrix<f64>,
    errors: bool,
    /// The values at the ends of the colours, if they were set.
    range: Option<(f64, f64)>,
    /// The width that it must not exceed, in pixels.
    within: f64,
    alt: Option<String>,
}

shown!(Heat);

/// The entries of a matrix: blue below zero and orange above it, or from light to dark if all have one sign. The cells of
/// a small matrix also hold their numbers.
///
/// ```
/// # use handgrad::{prelude::*, show};
/// show::heat("W", &dmatrix![1.0, -2.0; 0.5, 0.0]).figure();
/// ```
pub fn heat<T: Float>(title: &str, matrix: &DMatrix<T>) -> Heat {
    Heat {
        title: title.into(),
        values: matrix.map(float),
        errors: false,
        range: None,
        within: f64::INFINITY,
        alt: None,
    }
}

/// |got − expected| of every entry, on a logarithmic scale. Entries that are exactly equal have their own colour.
///
/// # Errors
/// If the shapes of the two matrices differ.
///
/// ```
/// # use handgrad::{prelude::*, show};
/// let (got, expected) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![1.0, 2.0 + 1e-9; 3.0, 5.0]);
/// let figure = show::error_map("dw", &got, &expected)?.figure();
/// assert_eq!(figure.alt, "dw: errors of a 2 × 2 matrix. 2 of 4 entries exact, the largest error 1 at (1, 1).");
/// # Ok::<(), ShapeError>(())
/// ```
pub fn error_map<T: Float>(title: &str, got: &DMatrix<T>, expected: &DMatrix<T>) -> Result<Heat, ShapeError> {
    same_shape("error_map", ("got", got.shape()), ("expected", expected.shape()))?;
    // The difference is taken in T, so that equal entries count as exact.
    let values = got.zip_map(expected, |g, e| if g == e { 0.0 } else { float((g - e).abs()) });
    Ok(Heat { title: title.into(), values, errors: true, range: None, within: f64::INFINITY, alt: None })
}

impl Heat {
    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the values at the two ends of the colours: maps with the same range can be compared. Values outside have the
    /// colour of the nearer end.
    ///
    /// ```
    /// # use handgrad::{prelude::*, show};
    /// let (before, after) = (dmatrix![0.1, 0.4; 0.2, 0.9], dmatrix![0.0, 0.1; 0.1, 0.2]);
    /// show::row([show::heat("before", &before).range(0.0, 1.0), show::heat("after", &after).range(0.0, 1.0)]);
    /// ```
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.range = Some((from, to));
        self
    }

    /// Makes the picture at most this many pixels wide, 240 or more: with narrower cells, which hold no numbers if there is
    /// no room for them. A title that is too long is not broken.
    pub fn within(mut self, pixels: u32) -> Self {
        self.within = f64::from(pixels.max(240));
        self
    }

    /// The finished picture.
    pub fn figure(&self) -> Figure {
        let size = self.layout().size;
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        Figure { size, alt, body: canvas::draw(size, |canvas| self.paint(canvas)) }
    }

    fn describe(&self) -> String {
        let (rows, columns) = self.values.shape();
        if self.errors {
            return format!("{}: errors of a {rows} × {columns} matrix. {}.", self.title, self.summary());
        }
        let finite = || self.values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let span = if low > high { String::new() } else { format!(" from {} to {}", number(low), number(high)) };
        format!("{}: heat map of a {rows} × {columns} matrix{span}.", self.title)
    }

    /// How many entries are exact, and the largest error.
    fn summary(&self) -> String {
        let all = self.values.len();
        let exact = self.values.iter().filter(|v| **v == 0.0).count();
        let not_finite = self.values.iter().filter(|v| !v.is_finite()).count();
        let finite = self.values.iter().copied().enumerate().filter(|(_, v)| v.is_finite());
        let largest = finite.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, v)| *v > 0.0);
        let entries = if all == 1 { "entry" } else { "entries" };
        let mut text = format!("{exact} of {all} {entries} exact");
        if let Some((k, error)) = largest {
            let rows = self.values.nrows();
            text += &format!(", the largest error {} at ({}, {})", number(error), k % rows, k / rows);
        }
        if not_finite > 0 {
            text += &format!(", {not_finite} not finite");
        }
        text
    }

    /// The lines of text below the picture.
    fn foot(&self, every: usize) -> Vec<String> {
        let drawn = match every {
            1 => String::new(),
            2 => "Drawn: every other row and column.".into(),
            3 => "Drawn: every third row and column.".into(),
            _ => format!("Drawn: every {every}th row and column."),
        };
        let errors = if self.errors { self.summary() } else { String::new() };
        let text = [drawn, errors].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        match text.split_once(", ") {
            _ if text.is_empty() => vec![],
            Some((first, rest)) if 40.0 + canvas::room(&text, SMALL) > self.within => {
                vec![format!("{first},"), rest.into()]
            }
            _ => vec![text],
        }
    }

    fn layout(&self) -> Layout {
        let (rows, columns) = self.values.shape();
        // What is left of the width for a cell.
        let room = (self.within - 150.0) / columns.max(1) as f64;
        let written = rows <= WRITTEN && columns <= WRITTEN && room >= 36.0;
        let every = rows.max(columns).div_ceil(CELLS).max(1);
        let (rows, columns) = (rows.div_ceil(every), columns.div_ceil(every));
        let cell = match written {
            true => (f64::min(if self.errors { 66.0 } else { 54.0 }, room), 34.0),
            false => {
                let side = f64::min(520.0, self.within - 150.0) / columns.max(1) as f64;
                let side = side.min(360.0 / rows.max(1) as f64).min(34.0);
                (side, side)
            }
        };
        let grid = (cell.0 * columns as f64, cell.1 * rows as f64);
        let title = if self.title.is_empty() { 0.0 } else { 28.0 };
        let origin = (44.0, 14.0 + title + 20.0);
        let foot = self.foot(every);
        let below = foot.iter().map(|line| canvas::room(line, SMALL)).fold(0.0, f64::max);
        let least = 40.0 + canvas::room(&self.title, LARGE + 1.0).max(below);
        let width = (origin.0 + grid.0 + 106.0).max(least).ceil() as u32;
        let foot = if foot.is_empty() { 16.0 } else { 16.0 + 18.0 * foot.len() as f64 };
        let height = (origin.1 + grid.1.max(84.0) + foot).ceil() as u32;
        Layout { size: (width, height), origin, cell, grid, written, every }
    }

    fn paint(&self, canvas: &mut Canvas) {
        let Layout { size, origin, cell, grid, written, every } = self.layout();
        let values = self.values.iter().copied();
        let span = match self.range {
            Some((from, to)) if self.errors => (from.log10(), to.log10()),
            Some(range) => range,
            None if self.errors => decades(values),
            None => extent(values),
        };
        let palette = match span {
            _ if self.errors => Palette::alarm(),
            (low, high) if low < 0.0 && high > 0.0 => Palette::diverging(),
            _ => Palette::sequential(),
        };
        let byte = |v: f64| match v {
            0.0 if self.errors => EXACT,
            _ if self.errors => level(v.log10(), span),
            _ => level(v, span),
        };

        if !self.title.is_empty() {
            canvas.text((20.0, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        }
        let (rows, columns) = (self.values.nrows().div_ceil(every), self.values.ncols().div_ceil(every));
        if rows * columns == 0 {
            canvas.text((20.0, origin.1 + 20.0), "nothing to draw", &font(SMALL, MUTED), Anchor::Left);
            return;
        }
        let at = |i: usize, j: usize| self.values[(i * every, j * every)];
        let pixels: Vec<u8> =
            (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| byte(at(i, j))).collect();
        canvas.image(origin, grid, &png::by_palette(columns, &pixels, palette.colours()));
        canvas.frame(origin, grid, RGBColor(0xc4, 0xcc, 0xd4));

        if written {
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let place = (origin.0 + cell.0 * (j as f64 + 0.5), origin.1 + cell.1 * (i as f64 + 0.5));
                let ink = if dark(palette.colour(byte(at(i, j)))) { RGBColor(0xff, 0xff, 0xff) } else { ON_LIGHT };
                let (text, size) = canvas::fitted(at(i, j), cell.0 - 4.0, (SMALL, SMALLEST));
                canvas.text(place, &text, &font(size, ink), Anchor::Centre);
            }
        }
        // Indices along the upper and the left side.
        for j in marked(columns, cell.0, 30.0) {
            let place = (origin.0 + cell.0 * (j as f64 + 0.5), origin.1 - 9.0);
            canvas.text(place, &(j * every).to_string(), &font(SMALL, MUTED), Anchor::Centre);
        }
        for i in marked(rows, cell.1, 18.0) {
            let place = (origin.0 - 8.0, origin.1 + cell.1 * (i as f64 + 0.5));
            canvas.text(place, &(i * every).to_string(), &font(SMALL, MUTED), Anchor::Right);
        }
        self.paint_scale(canvas, (origin.0 + grid.0 + 18.0, origin.1), grid.1.clamp(84.0, 200.0), &palette, span);

        for (k, line) in self.foot(every).iter().rev().enumerate() {
            let place = (20.0, f64::from(size.1) - 15.0 - 18.0 * k as f64);
            canvas.text(place, line, &font(SMALL, MUTED), Anchor::Left);
        }
    }

    /// The scale of the colours.
    fn paint_scale(&self, canvas: &mut Canvas, (x, y): (f64, f64), height: f64, palette: &Palette, span: (f64, f64)) {
        let has = |special: fn(f64) -> bool| self.values.iter().any(|v| special(*v));
        let mut special = Vec::new();
        if self.errors && has(|v| v == 0.0) {
            special.push((EXACT, "exact"));
        }
        if has(|v| !v.is_finite()) {
            special.push((NOT_FINITE, "not finite"));
        }
        let shown = if self.errors { has(|v| v.is_finite() && v != 0.0) } else { has(f64::is_finite) };
        let height = height - 20.0 * special.len() as f64;
        if shown {
            let steps: Vec<u8> = (0..64).map(|k| level(1.0 - f64::from(k) / 63.0, (0.0, 1.0))).collect();
            canvas.image((x, y), (12.0, height), &png::by_palette(1, &steps, palette.colours()));
            let label = |v: f64| if self.errors { number(10_f64.powf(v)) } else { number(v) };
            let middle = 0.5 * (span.0 + span.1);
            let middle =
                (span.0 < span.1 && height > 50.0 && (!self.errors || middle.fract() == 0.0)).then_some((middle, 0.5));
            let ends = [Some((span.1, 0.0)), middle, (span.0 < span.1).then_some((span.0, 1.0))];
            for (value, share) in ends.into_iter().flatten() {
                let place = (x + 18.0, y + 5.0 + share * (height - 10.0));
                canvas.text(place, &label(value), &font(SMALL, MUTED), Anchor::Left);
            }
        }
        for (k, (byte, name)) in special.into_iter().enumerate() {
            let y = y + if shown { height } else { 0.0 } + 8.0 + 20.0 * k as f64;
            let [r, g, b] = palette.colour(byte);
            canvas.rectangle((x, y), (12.0, 12.0), RGBColor(r, g, b));
            canvas.text((x + 18.0, y + 6.0), name, &font(SMALL, MUTED), Anchor::Left);
        }
    }
}

struct Layout {
    size: (u32, u32),
    origin: (f64, f64),
    cell: (f64, f64),
    grid: (f64, f64),
    written: bool,
    every: usize,
}

/// The logarithms of two powers of ten that enclose all errors except zero.
fn decades(errors: impl Iterator<Item = f64>) -> (f64, f64) {
    let logarithms = errors.filter(|e| *e > 0.0 && e.is_finite()).map(f64::log10);
    let (low, high) = logarithms.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high { (-16.0, 0.0) } else { (low.floor(), high.ceil().max(low.floor() + 1.0)) }
}

/// Which of `count` cells get an index, so that two of them are `room` pixels apart.
fn marked(count: usize, cell: f64, room: f64) -> impl Iterator<Item = usize> {
    let every = [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|&every| every as f64 * cell >= room);
    (0..count).step_by(every.unwrap_or(1000))
}

/// Whether white letters are easier to read on this colour than dark ones.
fn dark([r, g, b]: [u8; 3]) -> bool {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b) < 140.0
}
