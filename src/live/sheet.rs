//! A picture of plots, cells and words from top to bottom, whose parts a reader drags and types into.

use super::board::FRAME;
use super::lines::{LETTERS, LINE, lines};
use crate::show::canvas::{FINE, SMALL, fitted};
use crate::show::{Figure, escape};
use crate::text::{number, superscript};
use std::fmt::Write;

pub(super) const BLUE: &str = "#0072b2";
pub(super) const ORANGE: &str = "#d55e00";
pub(super) const GREEN: &str = "#007a58";
pub(super) const GREY: &str = "#8c959f";

pub(super) const MARGIN: f64 = 16.0;
/// The smallest letters of a number that would not fit into its cell.
const SMALLEST: f64 = 9.0;
/// Pictures that are narrower than this are a phone's.
const PHONE: f64 = 500.0;

/// A picture, as far as it is drawn.
pub(super) struct Sheet {
    pub width: f64,
    /// Where the next part begins.
    pub y: f64,
    body: String,
}

impl Sheet {
    /// An empty picture of this width.
    pub fn new(width: u32) -> Self {
        Sheet { width: f64::from(width), y: 12.0, body: String::new() }
    }

    /// Whether it is as narrow as a phone.
    pub fn is_narrow(&self) -> bool {
        self.width < PHONE
    }

    /// Adds elements, drawn in half pixels.
    pub fn add(&mut self, elements: &str) {
        self.body += elements;
    }

    /// Words from margin to margin, broken evenly where they are too long; bold if they are a heading.
    pub fn words(&mut self, words: &str, bold: bool) {
        let look = if bold { "font-weight=\"bold\"" } else { "fill=\"#57606a\"" };
        let look = format!("text-anchor=\"start\" font-size=\"{}\" {look}", half(LETTERS));
        for line in lines(words, self.width - 2.0 * MARGIN, bold) {
            self.body += &text((MARGIN, self.y + LINE / 2.0), &line, &look);
            self.y += LINE;
        }
        self.y += 5.0;
    }

    /// The finished picture.
    pub fn figure(self, alt: String) -> Figure {
        Figure::of((self.width as u32, (self.y + 8.0) as u32), alt, self.body)
    }
}

/// A text that is vertically centred on y.
pub(super) fn text((x, y): (f64, f64), words: &str, look: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" {look}>{}</text>\n", half(x), half(y) + 9, escape(words))
}

/// A cell with a number, which the page can light up, and in which a number can be typed if it belongs to a knob.
#[derive(Default)]
pub(super) struct Cell {
    pub value: f64,
    /// Its fill, as attributes; none if empty.
    pub fill: String,
    pub id: String,
    /// The cells that it was computed from, with spaces between.
    pub from: String,
    pub note: String,
    /// The knob that it is typed into, its place in the knob's list, and its name for a screen reader.
    pub knob: Option<(&'static str, usize, String)>,
}

impl Cell {
    /// The cell at this place (left, top, width, height).
    pub fn draw(&self, [left, top, wide, high]: [f64; 4]) -> String {
        let fill = if self.fill.is_empty() { "fill=\"none\"" } else { &self.fill };
        let line = match &self.knob {
            Some((knob, at, label)) => {
                format!("{FRAME} data-knob=\"{knob}\" data-at=\"{at}\" data-label=\"{}\"", escape(label))
            }
            None => format!("stroke=\"{GREY}\" stroke-width=\"2\""),
        };
        let (value, font) = fitted(self.value, wide - 6.0, (SMALL, SMALLEST));
        format!(
            "<g data-cell=\"{}\" data-from=\"{}\" data-note=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" \
             {fill} {line}/>{}</g>\n",
            escape(&self.id),
            escape(&self.from),
            escape(&self.note),
            half(left),
            half(top),
            half(wide),
            half(high),
            text((left + wide / 2.0, top + high / 2.0), &value, &format!("font-size=\"{}\"", half(font)))
        )
    }
}

/// The range of an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub from: f64,
    pub to: f64,
    pub log: bool,
}

impl Axis {
    pub fn linear(from: f64, to: f64) -> Self {
        Axis { from, to, log: false }
    }

    pub fn log(from: f64, to: f64) -> Self {
        Axis { from, to, log: true }
    }

    fn place(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    /// How far along the axis a value is, from 0 to 1; values outside are at its ends.
    fn share(&self, value: f64) -> f64 {
        let (from, to) = (self.place(self.from), self.place(self.to));
        ((self.place(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// About this many values with their labels.
    fn ticks(&self, count: f64) -> Vec<(f64, String)> {
        let (from, to) = (self.place(self.from), self.place(self.to));
        let steps = [0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
        let wide_enough = |step: &f64| (to - from) / step <= count && (!self.log || step.fract() == 0.0);
        let step = steps.into_iter().find(wide_enough).unwrap_or(1000.0);
        let label = |k: f64| match (self.log, k as i32) {
            (true, 0) => (1.0, "1".into()),
            (true, power) => (10_f64.powi(power), format!("10{}", superscript(power))),
            _ => (k, number(k)),
        };
        let (first, last) = ((from / step - 1e-9).ceil() as i32, (to / step + 1e-9).floor() as i32);
        (first..=last).map(|k| label(f64::from(k) * step)).collect()
    }

    /// The range as the page reads it where one drags.
    fn range(&self) -> String {
        format!("{} {}", self.place(self.from), self.place(self.to))
    }
}

/// A plot: where it is (left, top, width, height, in pixels), and its axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub area: [f64; 4],
    pub x: Axis,
    pub y: Axis,
}

impl Plane {
    /// The place of a point, in pixels.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let [left, top, wide, high] = self.area;
        (left + wide * self.x.share(x), top + high * (1.0 - self.y.share(y)))
    }

    /// The title above it and the lines of the grid; the labels of the y axis and, if asked for, of the x axis.
    pub fn frame(&self, title: &str, x_label: Option<&str>) -> String {
        let [left, top, wide, high] = self.area;
        let mut body = text((left - 4.0, top - 14.0), title, "text-anchor=\"start\" font-size=\"26\"");
        let mut line = |from: (f64, f64), to: (f64, f64), colour: &str| {
            let _ = writeln!(
                body,
                "<path d=\"M{} {}L{} {}\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                half(from.0),
                half(from.1),
                half(to.0),
                half(to.1)
            );
        };
        let ys = self.y.ticks((high / 26.0).max(2.0));
        let xs = if x_label.is_some() { self.x.ticks((wide / 44.0).max(2.0)) } else { Vec::new() };
        for (value, _) in &ys {
            let (_, y) = self.at(self.x.from, *value);
            line((left, y), (left + wide, y), "#E7EBF0");
        }
        for (value, _) in &xs {
            let (x, _) = self.at(*value, self.y.from);
            line((x, top), (x, top + high), "#E7EBF0");
        }
        line((left, top), (left, top + high), GREY);
        if !self.y.log && self.y.from < 0.0 {
            let (_, y) = self.at(self.x.from, 0.0);
            line((left, y), (left + wide, y), GREY);
        } else {
            line((left, top + high), (left + wide, top + high), GREY);
        }
        for (value, label) in &ys {
            let (_, y) = self.at(self.x.from, *value);
            body += &text((left - 5.0, y), label, "text-anchor=\"end\" fill=\"#57606a\"");
        }
        for (value, label) in &xs {
            let (x, _) = self.at(*value, self.y.from);
            body += &text((x, top + high + 12.0), label, "fill=\"#57606a\"");
        }
        if let Some(label) = x_label.filter(|label| !label.is_empty()) {
            body += &text((left + wide / 2.0, top + high + 29.0), label, "fill=\"#57606a\"");
        }
        body
    }

    /// A curve; it is cut where a number is none, and runs along the edge where it leaves the plot.
    pub fn curve(&self, points: impl IntoIterator<Item = (f64, f64)>, look: &str) -> String {
        let (mut path, mut pen) = (String::new(), 'M');
        for (x, y) in points {
            if x.is_nan() || y.is_nan() {
                pen = 'M';
                continue;
            }
            let (x, y) = self.at(x, y);
            let _ = write!(path, "{pen}{} {}", half(x), half(y));
            pen = 'L';
        }
        format!("<path d=\"{path}\" fill=\"none\" {look}/>\n")
    }

    /// A dot on a point.
    pub fn dot(&self, (x, y): (f64, f64), colour: &str) -> String {
        let (x, y) = self.at(x, y);
        if x.is_nan() || y.is_nan() {
            return String::new();
        }
        format!("<circle cx=\"{}\" cy=\"{}\" r=\"7\" fill=\"{colour}\"/>\n", half(x), half(y))
    }

    /// A bar from one height to another.
    pub fn bar(&self, x: f64, half_width: f64, (from, to): (f64, f64), look: &str) -> String {
        let ((left, a), (right, b)) = (self.at(x - half_width, from), self.at(x + half_width, to));
        let place = [("x", left), ("y", a.min(b)), ("width", right - left), ("height", (a - b).abs())];
        let place: Vec<String> = place.iter().map(|(name, v)| format!("{name}=\"{}\"", half(*v))).collect();
        format!("<rect {} {look}/>\n", place.join(" "))
    }

    /// A ring on a point that is dragged along x, to set this knob: over the whole plot, or by the ring alone.
    pub fn drag_x(&self, knob: &str, at: (f64, f64), everywhere: bool) -> String {
        let log = if self.x.log { " data-log=\"\"" } else { "" };
        self.ring(&format!("data-drag=\"{knob}\" data-x=\"{}\"{log}", self.x.range()), at, everywhere)
    }

    /// A ring on a point that is dragged along y, to set a number of this knob.
    pub fn drag_y(&self, knob: &str, place: usize, at: (f64, f64)) -> String {
        self.ring(&format!("data-drag=\"{knob}\" data-at=\"{place}\" data-y=\"{}\"", self.y.range()), at, true)
    }

    fn ring(&self, drag: &str, (x, y): (f64, f64), everywhere: bool) -> String {
        let [left, top, wide, high] = self.area.map(half);
        let (x, y) = self.at(x, y);
        let through = if everywhere { "" } else { " pointer-events=\"none\"" };
        format!(
            "<g {drag}><rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\" fill=\"transparent\"{through}/>\
             <circle cx=\"{0}\" cy=\"{1}\" r=\"36\" fill=\"transparent\"/>\
             <circle cx=\"{0}\" cy=\"{1}\" r=\"15\" fill=\"#fff\" fill-opacity=\".35\" stroke=\"#24292F\" \
             stroke-width=\"4\"/></g>\n",
            half(x),
            half(y)
        )
    }
}

/// Pixels in half pixels.
pub(super) fn half(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}
