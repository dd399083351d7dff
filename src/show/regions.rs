//! A part of the plane, coloured by the classes that a classifier sees in it, with points on it.

use super::base64::base64;
use super::canvas::{self, Anchor, INK, LARGE, SERIES, bold, fine};
use super::figure::Figure;
use super::ground::outline;
use super::png;
use nalgebra::DMatrix;
use plotters::style::RGBColor;
use std::fmt::Write;

const MARGIN: f64 = 20.0;
/// The top of the plane, below the title.
const TOP: f64 = 42.0;
/// A place whose probabilities are not finite.
const UNKNOWN: [u8; 3] = [0xd8; 3];

/// A square of the plane. Made by [`regions`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Regions {
    title: String,
    range: (f64, f64),
    side: usize,
    pixels: Vec<[u8; 3]>,
    points: Vec<Point>,
    lines: Vec<[f64; 3]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    at: (f64, f64),
    class: usize,
    marked: bool,
}

/// The centres of the places of a square of the plane, `side` times `side` of them, row by row from the top: (x, y).
pub(crate) fn places((from, to): (f64, f64), side: usize) -> Vec<(f64, f64)> {
    let at = |k: usize| from + (to - from) * (k as f64 + 0.5) / side as f64;
    (0..side * side).map(|k| (at(k % side), at(side - 1 - k / side))).collect()
}

/// A square of the plane, with the probability of each class (a column) at each of its [`places`] (a row). A place has the
/// colour of its most probable class: the surer, the stronger.
pub(crate) fn regions(title: &str, range: (f64, f64), side: usize, probabilities: &DMatrix<f64>) -> Regions {
    let even = 1.0 / probabilities.ncols() as f64;
    let colour = |place: usize| {
        let (class, probability) = probabilities.row(place).transpose().argmax();
        let RGBColor(r, g, b) = SERIES[class % SERIES.len()].0;
        // Pale even where it is sure, so that the points stand out.
        let strength = 0.15 + 0.35 * (probability - even) / (1.0 - even);
        let mixed = [r, g, b].map(|channel| (255.0 - strength * (255.0 - f64::from(channel))).round() as u8);
        if probability.is_finite() { mixed } else { UNKNOWN }
    };
    let pixels = (0..probabilities.nrows()).map(colour).collect();
    Regions { title: title.into(), range, side, pixels, points: Vec::new(), lines: Vec::new() }
}

impl Regions {
    /// Adds a point of a class, with a dark rim if it is marked.
    pub fn point(mut self, at: (f64, f64), class: usize, marked: bool) -> Self {
        self.points.push(Point { at, class, marked });
        self
    }

    /// Adds the line a·x + b·y + c = 0.
    pub fn line(mut self, [a, b, c]: [f64; 3]) -> Self {
        self.lines.push([a, b, c]);
        self
    }

    /// The picture, this many pixels wide.
    pub fn figure(&self, width: u32, alt: &str) -> Figure {
        let across = f64::from(width) - 2.0 * MARGIN;
        let size = (width, (TOP + across + 16.0) as u32);
        let (x, y, length) = (fine(MARGIN), fine(TOP), fine(across));
        let source = base64(&png::in_colours(self.side, &self.pixels));
        let mut body = format!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{length}\" height=\"{length}\" fill=\"none\">\n\
             <image width=\"{length}\" height=\"{length}\" preserveAspectRatio=\"none\" \
             href=\"data:image/png;base64,{source}\"/>\n"
        );
        let lines: String = self.lines.iter().filter_map(|line| self.stretch(*line, across)).collect();
        if !lines.is_empty() {
            let look = "stroke=\"#24292f\" stroke-opacity=\".5\" stroke-width=\"2\" stroke-dasharray=\"8 6\"";
            body += &format!("<path d=\"{lines}\" {look}/>\n");
        }
        body += &self.dots(across, "#fff", 11, |point| !point.marked);
        body += &self.dots(across, "#24292f", 15, |point| point.marked);
        for (class, (RGBColor(r, g, b), _)) in SERIES.iter().enumerate() {
            body += &self.dots(across, &format!("#{r:02x}{g:02x}{b:02x}"), 8, |point| point.class == class);
        }
        body += "</svg>\n";
        body += &canvas::draw(size, |canvas| {
            canvas.text((MARGIN, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
            canvas.frame((MARGIN, TOP), (across, across), RGBColor(0xc4, 0xcc, 0xd4));
        });
        Figure::of(size, alt, body)
    }

    /// Dots of this colour and diameter at some points: round for classes 0, 2, …, square for the others.
    fn dots(&self, across: f64, colour: &str, diameter: u32, which: impl Fn(&Point) -> bool) -> String {
        let mut text = String::new();
        for (rest, cap) in [(0, "round"), (1, "square")] {
            let mut dots = String::new();
            for point in self.points.iter().filter(|point| point.class % 2 == rest && which(point)) {
                let (x, y) = self.place(point.at, across);
                canvas::sure(write!(dots, "M{x} {y}h0"));
            }
            if !dots.is_empty() {
                canvas::sure(writeln!(
                    text,
                    "<path d=\"{dots}\" stroke=\"{colour}\" stroke-width=\"{diameter}\" stroke-linecap=\"{cap}\"/>"
                ));
            }
        }
        text
    }

    /// A line from one side of the square far enough to the other; what is outside is cut off by the picture.
    fn stretch(&self, [a, b, c]: [f64; 3], across: f64) -> Option<String> {
        let (square, reach) = (a * a + b * b, 2.0 * (self.range.1 - self.range.0));
        let foot = (-a * c / square, -b * c / square);
        let along = (-b * reach / square.sqrt(), a * reach / square.sqrt());
        // Otherwise it is far away, or no line.
        let is_near = foot.0.hypot(foot.1) < reach;
        let from = self.place((foot.0 - along.0, foot.1 - along.1), across);
        let to = self.place((foot.0 + along.0, foot.1 + along.1), across);
        is_near.then(|| outline(&[from, to]))
    }

    /// A point in half pixels from the upper left corner of the square.
    fn place(&self, (x, y): (f64, f64), across: f64) -> (i32, i32) {
        let share = |value: f64| (value - self.range.0) / (self.range.1 - self.range.0);
        (fine(share(x) * across), fine((1.0 - share(y)) * across))
    }
}
