//! The ground of a map: a function's values in shades of grey, with lines of equal height.

use super::base64::base64;
use super::canvas::{self, fine};
use super::contour::contours;
use super::palette::{NOT_FINITE, Palette, level};
use super::png;
use nalgebra::DMatrix;
use std::fmt::Write;
use std::sync::OnceLock;

/// How many places the function is evaluated at, down and to the right.
pub(super) const GRID: (usize, usize) = (77, 101);
/// The fraction of the map that lies below each contour line.
const SHARES: [f64; 10] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// A function on a grid. Its picture is drawn once for each size, as long as the size stays the same.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// Row by row from the largest y down.
    values: DMatrix<f64>,
    /// The finite values in order.
    sorted: Vec<f64>,
    /// The picture in its first size.
    drawn: OnceLock<((f64, f64), String)>,
}

impl PartialEq for Ground {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Ground {
    /// The ground of f(row, column).
    pub fn new(f: impl FnMut(usize, usize) -> f64) -> Self {
        let values = DMatrix::from_fn(GRID.0, GRID.1, f);
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Ground { values, sorted, drawn: OnceLock::new() }
    }

    /// The lowest and the highest finite value.
    pub fn span(&self) -> Option<(f64, f64)> {
        Some((*self.sorted.first()?, *self.sorted.last()?))
    }

    /// The value below which this fraction of the others lies.
    pub fn at_share(&self, share: f64) -> Option<f64> {
        self.sorted.get((share * self.sorted.len().saturating_sub(1) as f64).round() as usize).copied()
    }

    /// The colours and the contour lines, for a map of this many pixels.
    pub fn picture(&self, size: (f64, f64)) -> String {
        let (first, drawn) = self.drawn.get_or_init(|| (size, self.draw(size)));
        if *first == size { drawn.clone() } else { self.draw(size) }
    }

    fn draw(&self, size: (f64, f64)) -> String {
        let cell = (size.0 / (GRID.1 - 1) as f64, size.1 / (GRID.0 - 1) as f64);
        let mut lines = String::new();
        for height in self.levels() {
            for line in contours(&self.values, height) {
                let line: Vec<_> = line.into_iter().map(|(j, i)| (fine(j * cell.0), fine(i * cell.1))).collect();
                lines += &outline(&thinned(&line));
            }
        }
        // A pixel is centred on each place where the function is evaluated.
        let pixels: Vec<u8> = self.values.transpose().iter().map(|v| self.shade(*v)).collect();
        let source = base64(&png::by_palette(GRID.1, &pixels, Palette::relief().colours()));
        let place =
            [("x", -cell.0 / 2.0), ("y", -cell.1 / 2.0), ("width", size.0 + cell.0), ("height", size.1 + cell.1)];
        let place: String = place.iter().map(|(name, v)| format!(" {name}=\"{}\"", fine(*v))).collect();
        format!(
            "<image{place} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{source}\"/>\n\
             <path d=\"{lines}\" stroke=\"#57606a\" stroke-opacity=\".55\" stroke-width=\"1.5\"/>\n"
        )
    }

    /// Equal areas of the map get equal shares of the colours.
    fn shade(&self, value: f64) -> u8 {
        if !value.is_finite() {
            return NOT_FINITE;
        }
        let below = self.sorted.partition_point(|v| *v < value);
        level(below as f64, (0.0, self.sorted.len() as f64))
    }

    /// The heights of the contour lines: numbers of two digits, each once.
    fn levels(&self) -> Vec<f64> {
        let round = |value: f64| format!("{value:.1e}").parse().unwrap_or(value);
        let mut levels: Vec<f64> = SHARES.iter().filter_map(|share| self.at_share(*share)).map(round).collect();
        levels.dedup();
        levels
    }
}

/// Points as the outline of an SVG path.
pub(super) fn outline(points: &[(i32, i32)]) -> String {
    let Some((x, y)) = points.first() else { return String::new() };
    let mut text = format!("M{x} {y}");
    for (k, pair) in points.windows(2).enumerate() {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        canvas::sure(write!(text, "{}{dx}{}{dy}", if k == 0 { "l" } else { " " }, if dy < 0 { "" } else { " " }));
    }
    text
}

/// The same line without points that are less than half a pixel off it.
pub(super) fn thinned(points: &[(i32, i32)]) -> Vec<(i32, i32)> {
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
