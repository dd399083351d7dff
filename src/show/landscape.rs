//! A function of two variables as a map, with the paths of optimizers on it.

use super::axis::{Axis, Length, Scale};
use super::canvas::{self, Anchor, Canvas, INK, LARGE, LINE, MIDDLE, MUTED, SERIES, SMALL, bold, fine, font};
use super::chart::float;
use super::figure::{Figure, shown};
use super::ground::{GRID, Ground, outline, thinned};
use super::palette::{Palette, level};
use super::png;
use crate::Float;
use crate::text::{counted, number};
use plotters::prelude::*;
use std::fmt::Write;
use std::sync::Arc;

/// Width and height of the map, in pixels, if no size is set.
const MAP: (f64, f64) = (440.0, 330.0);
/// Left edge of the map.
const LEFT: f64 = 56.0;
/// Below the map, with the numbers of its axis.
const FOOT: f64 = 40.0;
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
    /// Shared by all copies, so that it is drawn once.
    ground: Arc<Ground>,
    paths: Vec<(String, Vec<(f64, f64)>)>,
    still: bool,
    /// Whether the scale of the colours is beside the map.
    scale: bool,
    size: Option<(u32, u32)>,
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
    let ground = Arc::new(Ground::new(|i, j| f(at(x, j, GRID.1), at(y, GRID.0 - 1 - i, GRID.0))));
    Landscape { title: title.into(), x, y, ground, paths: Vec::new(), still: false, scale: true, size: None, alt: None }
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

    /// Leaves out the scale of the colours.
    pub fn without_scale(mut self) -> Self {
        self.scale = false;
        self
    }

    /// Sets width and height of the whole picture in pixels, at least 240 × 160.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width.max(240), height.max(160)));
        self
    }

    /// Where the map lies in the picture, in pixels: its upper left corner, its width and its height.
    pub(crate) fn area(&self) -> [f64; 4] {
        let (_, top) = self.legend();
        let (width, height) = match self.size {
            None => MAP,
            Some((width, height)) => (self.right(f64::from(width)) - LEFT, (f64::from(height) - top - FOOT).max(FOOT)),
        };
        [LEFT, top, width, height]
    }

    /// The right edge of the map in a picture of this width.
    fn right(&self, width: f64) -> f64 {
        width - if self.scale { 110.0 } else { 20.0 }
    }

    /// The finished picture. Without animation, it shows the whole paths.
    pub fn figure(&self) -> Figure {
        let [left, top, width, height] = self.area();
        let fitting = (left + width - self.right(0.0), top + height + FOOT);
        let size = self.size.unwrap_or((fitting.0 as u32, fitting.1 as u32));
        let mut body = self.map();
        body += &canvas::draw(size, |canvas| self.paint(canvas));
        Figure { size, alt: self.alt.clone().unwrap_or_else(|| self.describe()), body }
    }

    fn describe(&self) -> String {
        let span = match self.ground.span() {
            Some((low, high)) => format!(", from {} to {}", number(low), number(high)),
            None => String::new(),
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

    /// The places of the names of the paths, and the top of the map.
    fn legend(&self) -> (Vec<(f64, f64)>, f64) {
        let (mut x, mut y) = (20.0, if self.title.is_empty() { 20.0 } else { 46.0 });
        let mut places = Vec::new();
        let width = self.size.map_or(LEFT + MAP.0 + 100.0, |(width, _)| f64::from(width) - 10.0);
        for (name, _) in &self.paths {
            let entry = 36.0 + canvas::width(name, MIDDLE) + 18.0;
            if x > 20.0 && x + entry > width {
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
        let [_, _, width, height] = self.area();
        (half_pixels(share(x, self.x), width), half_pixels(1.0 - share(y, self.y), height))
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }
}

/// The inside of the map.
impl Landscape {
    fn map(&self) -> String {
        let paths: String = (0..self.paths.len()).map(|k| self.trail(k)).collect();
        let [left, top, width, height] = self.area();
        let ground = self.ground.picture((width, height));
        let [x, y, width, height] = [left, top, width, height].map(fine);
        format!(
            "<style>@media(prefers-reduced-motion:reduce){{.walk{{display:none}}}}</style>\n\
             <svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\">\n{ground}{paths}{}</svg>\n",
            self.walkers()
        )
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
    fn paint(&self, canvas: &mut Canvas) {
        let [left, top, width, height] = self.area();
        if !self.title.is_empty() {
            canvas.text((20.0, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        }
        for (k, ((x, y), (name, points))) in self.legend().0.into_iter().zip(&self.paths).enumerate() {
            let colour = SERIES[k % SERIES.len()].0;
            canvas.line(&[(x, y), (x + 28.0, y)], colour, f64::from(LINE / canvas::FINE));
            canvas.marker(k, (fine(x + 14.0), fine(y)));
            canvas.text((x + 36.0, y), name, &font(MIDDLE, INK), Anchor::Left);
            if let Some(&end) = points.last().filter(|end| self.shows(**end)) {
                let (dx, dy) = self.place(end);
                canvas.marker(k, (fine(left) + dx, fine(top) + dy));
            }
        }
        canvas.frame((left, top), (width, height), RGBColor(0xc4, 0xcc, 0xd4));
        let scale = |range, length| -> Scale {
            Axis { range: Some(range), ..Axis::default() }.scale([range.0, range.1].into_iter(), length, 0.0)
        };
        for (x, label) in scale(self.x, Length::Across(width)).ticks {
            let x = left + width * (x - self.x.0) / (self.x.1 - self.x.0);
            canvas.text((x, top + height + 14.0), &label, &font(SMALL, MUTED), Anchor::Centre);
        }
        for (y, label) in scale(self.y, Length::Down(height)).ticks {
            let y = top + height * (1.0 - (y - self.y.0) / (self.y.1 - self.y.0));
            canvas.text((left - 8.0, y), &label, &font(SMALL, MUTED), Anchor::Right);
        }
        if self.scale {
            self.paint_scale(canvas, (left + width + 18.0, top), height);
        }
    }

    /// The scale of the colours.
    fn paint_scale(&self, canvas: &mut Canvas, (x, y): (f64, f64), height: f64) {
        let palette = Palette::relief();
        let colours: Vec<u8> = (0..64).map(|k| level(1.0 - f64::from(k) / 63.0, (0.0, 1.0))).collect();
        canvas.image((x, y), (12.0, height), &png::by_palette(1, &colours, palette.colours()));
        canvas.frame((x, y), (12.0, height), RGBColor(0xc4, 0xcc, 0xd4));
        for share in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
            if let Some(value) = self.ground.at_share(share) {
                let place = (x + 18.0, y + 5.0 + (1.0 - share) * (height - 10.0));
                canvas.text(place, &number(value), &font(SMALL, MUTED), Anchor::Left);
            }
        }
    }
}

fn hex(k: usize) -> String {
    let RGBColor(r, g, b) = SERIES[k % SERIES.len()].0;
    format!("#{r:02x}{g:02x}{b:02x}")
}
