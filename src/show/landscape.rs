//! A function of two variables as a map, with the paths of optimizers on it.

use super::axis::{Axis, Length, Scale};
use super::base64::base64;
use super::canvas::{self, Anchor, Canvas, INK, LARGE, LINE, MIDDLE, MUTED, SERIES, SMALL, bold, fine, font};
use super::chart::float;
use super::contour::contours;
use super::figure::{Figure, shown};
use super::palette::{NOT_FINITE, Palette, level};
use super::png;
use crate::Float;
use crate::text::{counted, number};
use nalgebra::DMatrix;
use plotters::prelude::*;
use std::fmt::Write;

/// How many places the function is evaluated at, down and to the right.
const GRID: (usize, usize) = (77, 101);
/// Width and height of the map, in pixels.
const MAP: (f64, f64) = (440.0, 330.0);
/// Left edge of the map.
const LEFT: f64 = 56.0;
/// The fraction of the map that lies below each contour line.
const SHARES: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/// An animation has at most this many moments.
const MOMENTS: usize = 120;
/// Paths of up to this many points have a dot at each.
const DOTTED: usize = 60;

/// A map of a function with paths on it. Made by [`landscape`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Landscape {
    title: String,
    x: (f64, f64),
    y: (f64, f64),
    /// The function, row by row from the largest y down.
    values: DMatrix<f64>,
    paths: Vec<(String, Vec<(f64, f64)>)>,
    still: bool,
    alt: Option<String>,
}

shown!(Landscape);

/// A map of f(x, y) over a range of x and a range of y, light where f is low, with contour lines. y grows upwards.
///
/// Equal areas of the map get equal shares of the colours, so that x² and x⁴ are equally readable; the scale beside the
/// map gives the values.
///
/// ```
/// use handgrad::prelude::*;
/// use handgrad::optim::surface::Surface;
/// let path = Surface::Valley.descend(&mut Sgd::new(0.07), [-4.0, 1.5], 30)?;
/// let figure = show::landscape("Valley", (-5.0, 5.0), (-3.0, 3.0), |x, y| Surface::Valley.value([x, y]))
///     .path("SGD", &path)
///     .figure();
/// assert_eq!(figure.alt, "Valley: map of a function, from 0 to 125. SGD: 30 steps, (−4, 1.5) to (−0.453, 2.68·10⁻⁴).");
/// # Ok::<(), ShapeError>(())
/// ```
pub fn landscape(title: &str, x: (f64, f64), y: (f64, f64), f: impl Fn(f64, f64) -> f64) -> Landscape {
    let [x, y] = [x, y].map(|(a, b)| if a < b && (b - a).is_finite() { (a, b) } else { (0.0, 1.0) });
    let at = |(from, to): (f64, f64), k: usize, count: usize| from + (to - from) * k as f64 / (count - 1) as f64;
    let value = |i, j| f(at(x, j, GRID.1), at(y, GRID.0 - 1 - i, GRID.0));
    Landscape {
        title: title.into(),
        x,
        y,
        values: DMatrix::from_fn(GRID.0, GRID.1, value),
        paths: Vec::new(),
        still: false,
        alt: None,
    }
}

impl Landscape {
    /// Adds a path from its first point (a ring) to its last (a mark). A second mark walks along it.
    ///
    /// All marks walk at the same pace, step by step. A path ends before the first point that is not finite.
    pub fn path<T: Float>(mut self, name: &str, points: &[[T; 2]]) -> Self {
        let points = points.iter().map(|p| (float(p[0]), float(p[1])));
        self.paths.push((name.into(), points.take_while(|(x, y)| x.is_finite() && y.is_finite()).collect()));
        self
    }

    /// Leaves out the marks that walk along the paths.
    pub fn still(mut self) -> Self {
        self.still = true;
        self
    }

    /// Where the map lies in the picture, in pixels: its upper left corner, its width and its height.
    pub(crate) fn area(&self) -> [f64; 4] {
        [LEFT, self.legend().1, MAP.0, MAP.1]
    }

    /// The finished picture. Without animation, it shows the whole paths.
    pub fn figure(&self) -> Figure {
        let (rows, top) = self.legend();
        let width = LEFT + MAP.0 + 110.0;
        let size = (width as u32, (top + MAP.1 + 40.0) as u32);
        let mut body = self.map(top);
        body += &canvas::draw(size, |canvas| self.paint(canvas, &rows, top));
        Figure { size, alt: self.alt.clone().unwrap_or_else(|| self.describe()), body }
    }

    fn describe(&self) -> String {
        let sorted = self.sorted();
        let span = match (sorted.first(), sorted.last()) {
            (Some(low), Some(high)) => format!(", from {} to {}", number(*low), number(*high)),
            _ => String::new(),
        };
        let mut text = format!("{}: map of a function{span}.", self.title);
        let point = |(x, y): &(f64, f64)| format!("({}, {})", number(*x), number(*y));
        for (name, points) in &self.paths {
            text += &match &points[..] {
                [] => format!(" {name}: no points."),
                [only] => format!(" {name}: {}.", point(only)),
                [from, .., to] => {
                    format!(" {name}: {}, {} to {}.", counted(points.len() - 1, "step"), point(from), point(to))
                }
            };
        }
        text
    }

    /// The finite values in order.
    fn sorted(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// The places of the names of the paths, and the top of the map.
    fn legend(&self) -> (Vec<(f64, f64)>, f64) {
        let (mut x, mut y) = (20.0, if self.title.is_empty() { 20.0 } else { 46.0 });
        let mut places = Vec::new();
        for (name, _) in &self.paths {
            let entry = 36.0 + canvas::width(name, MIDDLE) + 18.0;
            if x > 20.0 && x + entry > LEFT + MAP.0 + 100.0 {
                (x, y) = (20.0, y + 20.0);
            }
            places.push((x, y));
            x += entry;
        }
        (places, if self.paths.is_empty() { y - 6.0 } else { y + 18.0 })
    }

    /// A point on the map, in half pixels from its upper left corner.
    fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let share = |value: f64, (from, to): (f64, f64)| (value - from) / (to - from);
        // A point far outside need not be exact.
        let half_pixels = |share: f64, length: f64| fine((share * length).clamp(-1e4, 1e4));
        (half_pixels(share(x, self.x), MAP.0), half_pixels(1.0 - share(y, self.y), MAP.1))
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }
}

/// The inside of the map.
impl Landscape {
    fn map(&self, top: f64) -> String {
        let sorted = self.sorted();
        let mut lines = String::new();
        for height in levels(&sorted) {
            for line in contours(&self.values, height) {
                let cell = (MAP.0 / (GRID.1 - 1) as f64, MAP.1 / (GRID.0 - 1) as f64);
                let line: Vec<_> = line.into_iter().map(|(j, i)| (fine(j * cell.0), fine(i * cell.1))).collect();
                lines += &outline(&thinned(&line));
            }
        }
        let paths: String = (0..self.paths.len()).map(|k| self.trail(k)).collect();
        let (x, y, width, height) = (fine(LEFT), fine(top), fine(MAP.0), fine(MAP.1));
        format!(
            "<style>@media(prefers-reduced-motion:reduce){{.walk{{display:none}}}}</style>\n\
             <svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\">\n{}\n\
             <path d=\"{lines}\" stroke=\"#57606a\" stroke-opacity=\".55\" stroke-width=\"1.5\"/>\n{paths}{}</svg>\n",
            self.ground(&sorted),
            self.walkers()
        )
    }

    /// The colours: a pixel centred on each place where the function is evaluated.
    fn ground(&self, sorted: &[f64]) -> String {
        let byte = |value: f64| match value.is_finite() {
            true => level(sorted.partition_point(|v| *v < value) as f64, (0.0, sorted.len() as f64)),
            false => NOT_FINITE,
        };
        let pixels: Vec<u8> = self.values.transpose().iter().map(|v| byte(*v)).collect();
        let source = base64(&png::by_palette(GRID.1, &pixels, Palette::relief().colours()));
        let (w, h) = (MAP.0 / (GRID.1 - 1) as f64, MAP.1 / (GRID.0 - 1) as f64);
        let place = [("x", -w / 2.0), ("y", -h / 2.0), ("width", MAP.0 + w), ("height", MAP.1 + h)];
        let place: String = place.iter().map(|(name, v)| format!(" {name}=\"{}\"", fine(*v))).collect();
        format!("<image{place} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{source}\"/>")
    }

    /// A path with a white edge, a ring at its start and, if it is short, a dot at each point.
    fn trail(&self, k: usize) -> String {
        let points: Vec<_> = self.paths[k].1.iter().map(|p| self.place(*p)).collect();
        let Some((x, y)) = points.first() else { return String::new() };
        let (colour, dashes) = (hex(k), SERIES[k % SERIES.len()].1);
        let d = outline(&thinned(&points));
        let mut text = format!("<path d=\"{d}\" stroke=\"#fff\" stroke-width=\"8\"/>");
        canvas::sure(write!(text, "<path d=\"{d}\" stroke=\"{colour}\" stroke-width=\"{LINE}\""));
        text += &if dashes.is_empty() { "/>".into() } else { format!(" stroke-dasharray=\"{dashes}\"/>") };
        if points.len() <= DOTTED {
            let dots: String = points.iter().map(|(x, y)| format!("M{x} {y}h0")).collect();
            canvas::sure(write!(
                text,
                "<path d=\"{dots}\" stroke=\"{colour}\" stroke-width=\"9\" stroke-linecap=\"round\"/>"
            ));
        }
        text + &format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"10\" stroke=\"#24292f\" stroke-width=\"3\"/>\n")
    }

    /// The moving marks. Without animation, each stays at the end of its path.
    fn walkers(&self) -> String {
        let longest = self.paths.iter().map(|(_, points)| points.len()).max().unwrap_or(0);
        if longest < 2 || self.still {
            return String::new();
        }
        let moments = (longest - 1).min(MOMENTS);
        let rest = moments / 6 + 1; // how long the marks rest at the ends
        let seconds = (moments + rest) as f64 * (8.0 / moments as f64).clamp(0.08, 0.5);
        let step = |moment: usize| (moment * (longest - 1)).div_ceil(moments);
        let mut text = String::new();
        for (k, (_, points)) in self.paths.iter().enumerate().filter(|(_, (_, points))| !points.is_empty()) {
            let last = points.len() - 1;
            let place = |moment: usize| self.place(points[step(moment.min(moments)).min(last)]);
            let walk: Vec<_> = (0..=moments + rest).map(place).map(|(x, y)| format!("{x} {y}")).collect();
            let (x, y) = self.place(points[last]);
            let mark = canvas::draw((20, 20), |canvas| canvas.marker(k, (20, 20)));
            canvas::sure(writeln!(
                text,
                "<g class=\"walk\" stroke=\"#fff\" stroke-width=\"2\" transform=\"translate({x} {y})\">\
                 <g transform=\"scale(1.5) translate(-20 -20)\">{}</g><animateTransform attributeName=\"transform\" type=\"translate\" \
                 values=\"{}\" dur=\"{seconds:.1}s\" repeatCount=\"indefinite\"/></g>",
                mark.trim_end(),
                walk.join(";")
            ));
        }
        text
    }
}

/// Title, legend, axes and scale.
impl Landscape {
    fn paint(&self, canvas: &mut Canvas, rows: &[(f64, f64)], top: f64) {
        if !self.title.is_empty() {
            canvas.text((20.0, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        }
        for (k, (&(x, y), (name, points))) in rows.iter().zip(&self.paths).enumerate() {
            let colour = SERIES[k % SERIES.len()].0;
            canvas.line(&[(x, y), (x + 28.0, y)], colour, f64::from(LINE / canvas::FINE));
            canvas.marker(k, (fine(x + 14.0), fine(y)));
            canvas.text((x + 36.0, y), name, &font(MIDDLE, INK), Anchor::Left);
            if let Some(&end) = points.last().filter(|end| self.shows(**end)) {
                let (dx, dy) = self.place(end);
                canvas.marker(k, (fine(LEFT) + dx, fine(top) + dy));
            }
        }
        canvas.frame((LEFT, top), MAP, RGBColor(0xc4, 0xcc, 0xd4));
        let scale = |range, length| -> Scale {
            Axis { range: Some(range), ..Axis::default() }.scale([range.0, range.1].into_iter(), length, 0.0)
        };
        for (x, label) in scale(self.x, Length::Across(MAP.0)).ticks {
            let x = LEFT + MAP.0 * (x - self.x.0) / (self.x.1 - self.x.0);
            canvas.text((x, top + MAP.1 + 14.0), &label, &font(SMALL, MUTED), Anchor::Centre);
        }
        for (y, label) in scale(self.y, Length::Down(MAP.1)).ticks {
            let y = top + MAP.1 * (1.0 - (y - self.y.0) / (self.y.1 - self.y.0));
            canvas.text((LEFT - 8.0, y), &label, &font(SMALL, MUTED), Anchor::Right);
        }
        self.paint_scale(canvas, (LEFT + MAP.0 + 18.0, top));
    }

    /// The scale of the colours.
    fn paint_scale(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        let (sorted, palette) = (self.sorted(), Palette::relief());
        let colours: Vec<u8> = (0..64).map(|k| level(1.0 - f64::from(k) / 63.0, (0.0, 1.0))).collect();
        canvas.image((x, y), (12.0, MAP.1), &png::by_palette(1, &colours, palette.colours()));
        canvas.frame((x, y), (12.0, MAP.1), RGBColor(0xc4, 0xcc, 0xd4));
        for share in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
            if let Some(value) = at_share(&sorted, share) {
                let place = (x + 18.0, y + 5.0 + (1.0 - share) * (MAP.1 - 10.0));
                canvas.text(place, &number(value), &font(SMALL, MUTED), Anchor::Left);
            }
        }
    }
}

/// The value below which this fraction of the others lies.
fn at_share(sorted: &[f64], share: f64) -> Option<f64> {
    sorted.get((share * sorted.len().saturating_sub(1) as f64).round() as usize).copied()
}

/// The heights of the contour lines: numbers of two digits, each once.
fn levels(sorted: &[f64]) -> Vec<f64> {
    let round = |value: f64| format!("{value:.1e}").parse().unwrap_or(value);
    let mut levels: Vec<f64> = SHARES.iter().filter_map(|share| at_share(sorted, *share)).map(round).collect();
    levels.dedup();
    levels
}

fn hex(k: usize) -> String {
    let RGBColor(r, g, b) = SERIES[k % SERIES.len()].0;
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Points as the outline of an SVG path.
fn outline(points: &[(i32, i32)]) -> String {
    let Some((x, y)) = points.first() else { return String::new() };
    let mut text = format!("M{x} {y}");
    for (k, pair) in points.windows(2).enumerate() {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        canvas::sure(write!(text, "{}{dx}{}{dy}", if k == 0 { "l" } else { " " }, if dy < 0 { "" } else { " " }));
    }
    text
}

/// The same line without points that are less than half a pixel off it.
fn thinned(points: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut kept: Vec<(i32, i32)> = points.first().copied().into_iter().collect();
    let mut from = 0;
    for to in 2..points.len() {
        if points[from + 1..to].iter().any(|p| beside(*p, points[from], points[to]) > 1.0) {
            from = to - 1;
            kept.push(points[from]);
        }
    }
    kept.extend(points.last().filter(|_| points.len() > 1));
    kept
}

/// How far a point is from the segment between two others.
fn beside(point: (i32, i32), a: (i32, i32), b: (i32, i32)) -> f64 {
    let minus = |p: (i32, i32), q: (i32, i32)| (f64::from(p.0 - q.0), f64::from(p.1 - q.1));
    let ((x, y), (u, v)) = (minus(point, a), minus(b, a));
    let length = u * u + v * v;
    let along = if length > 0.0 { ((x * u + y * v) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - along * u).hypot(y - along * v)
}
