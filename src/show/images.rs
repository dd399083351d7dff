//! The maps of a tensor as pictures: images, kernels, feature maps, and photographs in colour.

use super::canvas::{self, Anchor, Canvas, INK, LARGE, MIDDLE, MUTED, SERIES, SMALL, bold, font};
use super::chart::float;
use super::figure::{Figure, shown};
use super::palette::{PAPER, Palette, extent, level};
use super::png;
use crate::text::{counted, number};
use crate::{Float, ShapeError, Tensor4};

/// At most this many maps are drawn.
const MAPS: usize = 100;
/// The largest width of a row of maps, in pixels.
const WIDTH: f64 = 640.0;

/// The maps of a tensor, side by side. Made by [`images`] or [`photographs`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    title: String,
    /// The first maps, (h, w) each, or the first photographs, (3, h, w) each; the last index fastest.
    maps: Vec<Vec<f64>>,
    /// Whether they are photographs.
    coloured: bool,
    side: (usize, usize),
    /// How many maps the tensor has.
    all: usize,
    shape: [usize; 4],
    columns: usize,
    /// Screen pixels for each pixel of a map, if the picture was fitted.
    scale: Option<u32>,
    /// The values at the ends of the colours, if they were set.
    range: Option<(f64, f64)>,
    captions: Vec<(String, bool)>,
    alt: Option<String>,
}

shown!(Images);

/// Every map of a tensor (N, C, H, W): N·C of them, in a row for each n if N and C are both greater than 1.
///
/// Non-negative numbers run from white, 0, to black, the largest. Negative ones run from the smallest, white, to the
/// largest, black. If both signs occur, blue is below zero and orange above it. All maps share one scale.
///
/// ```
/// # use handgrad::{prelude::*, show};
/// let kernels = Tensor4::from_fn([1, 6, 5, 5], |_, d, i, j| (d * i) as f64 - j as f64);
/// show::images("six kernels", &kernels).figure();
/// ```
pub fn images<T: Float>(title: &str, tensor: &Tensor4<T>) -> Images {
    let [n, c, ..] = tensor.shape();
    let columns = if n > 1 && c > 1 { c.min(MAPS) } else { 0 };
    Images { columns, ..gathered(title, tensor, 1) }
}

/// Every sample of a tensor (N, 3, H, W) as one picture; its maps are red, green and blue, from 0 to 1.
///
/// # Errors
/// If a sample does not have three maps.
///
/// ```
/// # use handgrad::{prelude::*, show};
/// let dusk = Tensor4::from_fn([1, 3, 8, 8], |_, c, i, _| if c == 2 { 0.5 } else { i as f64 / 8.0 });
/// show::photographs("a yellow ground under a blue sky", &dusk)?.figure();
/// # Ok::<(), ShapeError>(())
/// ```
pub fn photographs<T: Float>(title: &str, tensor: &Tensor4<T>) -> Result<Images, ShapeError> {
    let [n, c, h, w] = tensor.shape();
    if c != 3 {
        let found = format!("the tensor is {:?}", (n, c, h, w));
        return Err(ShapeError::new("photographs", found, "it must be (N, 3, H, W)"));
    }
    Ok(Images { coloured: true, ..gathered(title, tensor, 3) })
}

/// The pictures of a tensor, each made of `maps` consecutive maps.
fn gathered<T: Float>(title: &str, tensor: &Tensor4<T>, maps: usize) -> Images {
    let shape @ [n, c, h, w] = tensor.shape();
    let picture = |p: usize| {
        let at = |q: usize| {
            let m = p * maps + q / (h * w);
            float(tensor[(m / c, m % c, q / w % h, q % w)])
        };
        (0..maps * h * w).map(at).collect()
    };
    let all = n * c / maps;
    let drawn = if h * w == 0 { 0 } else { all.min(MAPS) };
    Images {
        title: title.into(),
        maps: (0..drawn).map(picture).collect(),
        coloured: false,
        side: (h, w),
        all,
        shape,
        columns: 0,
        scale: None,
        range: None,
        captions: Vec::new(),
        alt: None,
    }
}

impl Images {
    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets how many maps a row has.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }

    /// Makes the maps as large as they can be in a picture of this width, in pixels: those of another shape are drawn
    /// larger or smaller, by a whole number of screen pixels for each of theirs.
    ///
    /// ```
    /// # use handgrad::{prelude::*, show};
    /// let digit = Tensor4::from_fn([1, 1, 28, 28], |_, _, i, j| (i * j) as f64);
    /// assert_eq!(show::images("a digit", &digit).fit(280).figure().size.0, 20 + 8 * 28 + 20);
    /// ```
    pub fn fit(mut self, width: u32) -> Self {
        let fits = |scale: &u32| Images { scale: Some(*scale), ..self.clone() }.layout().size.0 <= width;
        self.scale = (1..=20).rev().find(fits).or(Some(1));
        self
    }

    /// Sets the values at the two ends of the colours: pictures with the same range can be compared. Values outside have
    /// the colour of the nearer end.
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.range = Some((from, to));
        self
    }

    /// Where the first map lies in the picture: left, top, width, height, in pixels.
    pub(crate) fn area(&self) -> [f64; 4] {
        let Layout { origin, scale, .. } = self.layout();
        [origin.0, origin.1, self.side.1 as f64 * scale, self.side.0 as f64 * scale]
    }

    /// Sets the text below each map.
    pub fn captions<S: ToString>(mut self, captions: impl IntoIterator<Item = S>) -> Self {
        self.captions = captions.into_iter().map(|caption| (caption.to_string(), false)).collect();
        self
    }

    /// Writes the predicted class below each map; a wrong one in another colour, with the true class.
    pub fn predictions(mut self, predicted: &[usize], labels: &[usize]) -> Self {
        let caption =
            |(p, t): (&usize, &usize)| if p == t { (p.to_string(), false) } else { (format!("{p}, not {t}"), true) };
        self.captions = predicted.iter().zip(labels).map(caption).collect();
        self
    }

    /// The finished picture.
    pub fn figure(&self) -> Figure {
        let size = self.layout().size;
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        Figure { size, alt, body: canvas::draw(size, |canvas| self.paint(canvas)) }
    }

    fn describe(&self) -> String {
        let [n, c, h, w] = self.shape;
        let all = counted(self.all, if self.coloured { "photograph" } else { "map" });
        let mut text = format!("{}: {all} of {h} × {w} from a tensor ({n}, {c}, {h}, {w}).", self.title);
        if !self.captions.is_empty() {
            let captions: Vec<&str> = self.captions.iter().take(self.maps.len()).map(|(c, _)| c.as_str()).collect();
            text += &format!(" Captions: {}.", captions.join("; "));
        }
        text
    }

    fn layout(&self) -> Layout {
        let (h, w) = (self.side.0.max(1) as f64, self.side.1.max(1) as f64);
        let captions = if self.captions.is_empty() { 0.0 } else { 18.0 };
        let count = self.maps.len();
        let columns = match self.columns {
            0 => count.min(if w > 40.0 { 5 } else { 10 }),
            asked => asked.min(count),
        }
        .max(1);
        let rows = count.div_ceil(columns);
        // Whole pixels, so that all have the same size; gaps are whole pixels of the maps.
        let longest = self.captions.iter().map(|(caption, _)| canvas::width(caption, SMALL)).fold(0.0, f64::max);
        let room = (WIDTH / columns as f64 - 6.0).min(96.0);
        let largest = (room / w).min(200.0 / h).floor().max(if w > room { 0.5 } else { 1.0 });
        let scale = self.scale.map_or(largest, f64::from);
        let gap = ((6.0 / scale).max((longest + 4.0) / scale - w).ceil().max(1.0), ((6.0 + captions) / scale).ceil());
        let grid = ((columns as f64 * (w + gap.0) - gap.0) * scale, (rows as f64 * (h + gap.1) - gap.1) * scale);
        let overhang = ((longest - w * scale) / 2.0).max(0.0);
        let origin = (20.0 + overhang, if self.title.is_empty() { 18.0 } else { 44.0 });
        let foot = if self.note().is_empty() { 12.0 } else { 30.0 };
        let least = canvas::room(&self.title, LARGE + 1.0).max(canvas::room(&self.note(), SMALL));
        let width = (2.0 * origin.0 + grid.0).max(least + 40.0).ceil() as u32;
        let height = (origin.1 + grid.1.max(20.0) + captions + foot).ceil() as u32;
        Layout { size: (width, height), origin, scale, gap: (gap.0 as usize, gap.1 as usize), columns, rows }
    }

    /// The meaning of the colours, and how many maps are left out.
    fn note(&self) -> String {
        let values = || self.maps.iter().flatten().copied();
        let (low, high) = self.range.unwrap_or_else(|| extent(values()));
        let mut notes = Vec::new();
        if low < 0.0 && high > 0.0 && !self.coloured {
            notes.push(format!("blue {}, white 0, orange {}", number(low), number(high)));
        }
        let not_finite = values().filter(|v| !v.is_finite()).count();
        if not_finite > 0 && !self.coloured {
            notes.push(format!("purple: {not_finite} not finite"));
        }
        if self.all > self.maps.len() && !self.maps.is_empty() {
            notes.push(format!("the first {} of {}", self.maps.len(), self.all));
        }
        notes.join("; ")
    }

    fn paint(&self, canvas: &mut Canvas) {
        let Layout { size, origin, scale, gap, columns, rows } = self.layout();
        if !self.title.is_empty() {
            canvas.text((20.0, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        }
        if self.maps.is_empty() {
            canvas.text((20.0, origin.1 + 12.0), "nothing to draw", &font(MIDDLE, MUTED), Anchor::Left);
            return;
        }
        let (h, w) = self.side;
        let (across, down) = (columns * (w + gap.0) - gap.0, rows * (h + gap.1) - gap.1);
        let place = |pixels: usize| pixels as f64 * scale;
        let corner = |m: usize| (m / columns * (h + gap.1), m % columns * (w + gap.0));
        let png = if self.coloured { self.colours(across, down, corner) } else { self.levels(across, down, corner) };
        canvas.image(origin, (place(across), place(down)), &png);
        for m in 0..self.maps.len() {
            let (top, left) = corner(m);
            let corner = (origin.0 + place(left), origin.1 + place(top));
            canvas.frame(corner, (place(w), place(h)), canvas::GRID);
            if let Some((caption, wrong)) = self.captions.get(m) {
                let look = if *wrong { bold(SMALL, SERIES[1].0) } else { font(SMALL, MUTED) };
                canvas.text((corner.0 + place(w) / 2.0, corner.1 + place(h) + 11.0), caption, &look, Anchor::Centre);
            }
        }
        canvas.text((20.0, f64::from(size.1) - 15.0), &self.note(), &font(SMALL, MUTED), Anchor::Left);
    }

    /// The maps as levels of one scale, each with its first pixel at `corner`.
    fn levels(&self, across: usize, down: usize, corner: impl Fn(usize) -> (usize, usize)) -> Vec<u8> {
        let span = self.range.unwrap_or_else(|| extent(self.maps.iter().flatten().copied()));
        let palette = if span.0 < 0.0 && span.1 > 0.0 { Palette::diverging() } else { Palette::ink() };
        // Without negative numbers, zero is white.
        let span = if span.0 >= 0.0 && span.1 > 0.0 && self.range.is_none() { (0.0, span.1) } else { span };
        let mut pixels = vec![PAPER; across * down];
        for (m, map) in self.maps.iter().enumerate() {
            let (top, left) = corner(m);
            for (q, &value) in map.iter().enumerate() {
                let (i, j) = (q / self.side.1, q % self.side.1);
                pixels[(top + i) * across + left + j] = level(value, span);
            }
        }
        png::by_palette(across, &pixels, palette.colours())
    }

    /// The photographs, each with its first pixel at `corner`.
    fn colours(&self, across: usize, down: usize, corner: impl Fn(usize) -> (usize, usize)) -> Vec<u8> {
        let (h, w) = self.side;
        let mut pixels = vec![[255; 3]; across * down];
        for (m, photograph) in self.maps.iter().enumerate() {
            let (top, left) = corner(m);
            for q in 0..h * w {
                // The cast clamps to a byte and turns NaN into 0.
                let channel = |c: usize| (photograph[c * h * w + q] * 255.0).round() as u8;
                pixels[(top + q / w) * across + left + q % w] = [0, 1, 2].map(channel);
            }
        }
        png::in_colours(across, &pixels)
    }
}

struct Layout {
    size: (u32, u32),
    origin: (f64, f64),
    /// Screen pixels for each pixel of a map.
    scale: f64,
    /// Gap between two maps, in pixels of a map.
    gap: (usize, usize),
    columns: usize,
    rows: usize,
}
