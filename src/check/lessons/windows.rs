//! The shapes of convolutions and poolings: generated grids for the proofs, and problems for a reader.

use crate::check::draw::Draw;
use crate::check::judge::Feature;
use crate::check::lesson::{Grid, Setting};
use crate::check::values::Named;
use crate::{Slide, Tensor4};
use std::fmt;

/// One convolution's shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// (N, C, H, W).
    pub z: [usize; 4],
    /// D.
    pub depth: usize,
    /// (k1, k2).
    pub kernel: (usize, usize),
    /// Strides, padding, and rounding down where the strides do not tile.
    pub slide: Slide,
}

impl fmt::Display for ConvShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([n, c, h, w], (k1, k2)) = (self.z, self.kernel);
        write!(f, "z {:?}, K {:?}{}", (n, c, h, w), (c, self.depth, k1, k2), sliding(self.slide))
    }
}

/// Strides and padding, if there are any.
pub(super) fn sliding(slide: Slide) -> String {
    let padding = if slide.padding == (0, 0) { String::new() } else { format!(", padding {:?}", slide.padding) };
    let rounded = if slide.round_down { ", rounded down" } else { "" };
    format!(", strides {:?}{padding}{rounded}", slide.strides)
}

/// H × W pixels of every map, from pixel (top, left) on; 0 outside the map.
pub(super) fn cut(maps: &Tensor4<f64>, (top, left): (usize, usize), [height, width]: [usize; 2]) -> Tensor4<f64> {
    let [n, c, rows, columns] = maps.shape();
    Tensor4::from_fn([n, c, height, width], |n, c, i, j| {
        let (i, j) = (i + top, j + left);
        if i < rows && j < columns { maps[(n, c, i, j)] } else { 0.0 }
    })
}

/// The outputs `y` for z, of as many windows as there are if 1 is added before the division by the stride.
pub(super) fn last_window_lost(
    z: &Tensor4<f64>,
    (k1, k2): (usize, usize),
    slide: Slide,
    y: &Tensor4<f64>,
) -> Tensor4<f64> {
    let ([_, _, h, w], (s1, s2), (p1, p2)) = (z.shape(), slide.strides, slide.padding);
    cut(y, (0, 0), [(h + 2 * p1 - k1 + 1) / s1, (w + 2 * p2 - k2 + 1) / s2])
}

/// The slide of a case of PyTorch's.
fn slide_of_reference(of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Slide> {
    let ((s1, s2), (p1, p2)) = (pair(of, "stride")?, pair(of, "padding")?);
    let slide = Slide::by(s1, s2).padding(p1, p2);
    Some(if of("round_down") == Some(vec![1.0]) { slide.round_down() } else { slide })
}

fn pair(of: &dyn Fn(&str) -> Option<Vec<f64>>, name: &str) -> Option<(usize, usize)> {
    let [a, b] = of(name)?.try_into().ok()?;
    Some((a as usize, b as usize))
}

impl Setting for ConvShape {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let kernel = [self.z[1], self.depth, self.kernel.0, self.kernel.1];
        Named::default()
            .with("z", draw.tensor(self.z))
            .with("k", draw.tensor(kernel))
            .with("b", draw.vector(self.depth))
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        let ([n, c, h, w], (k1, k2)) = (self.z, self.kernel);
        let ((s1, s2), (p1, p2)) = (self.slide.strides, self.slide.padding);
        vec![
            (n > 1, Feature::Batch),
            (c > 1, Feature::Maps),
            (self.depth > 1, Feature::OutputMaps),
            (h != w || k1 != k2, Feature::Rectangle),
            (s1 > 1 || s2 > 1, Feature::Strides),
            (s1 != s2, Feature::UnevenStrides),
            (s1 > k1 || s2 > k2, Feature::Gaps),
            (p1 > 0 || p2 > 0, Feature::Padding),
            (p1 != p2, Feature::UnevenPadding),
            (p1 >= k1 || p2 >= k2, Feature::WidePadding),
            (self.slide.round_down, Feature::LeftOver),
        ]
    }

    fn of_reference(x: &Named<f64>, of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let ([_, depth, k1, k2], slide) = (x.tensor("k").shape(), slide_of_reference(of)?);
        Some(ConvShape { z: x.tensor("z").shape(), depth, kernel: (k1, k2), slide })
    }
}

/// Three grids, one after the other.
///
/// 1. Every kernel from 1×1 to 5×5 with every stride from 1×1 to 3×3; paddings, remainders, N, C and D of 1–4 and
///    outputs of 1–3 rows and columns vary alongside, each with its own period.
/// 2. Along the rows every side of a kernel (1–5) with every stride (1–3), padding (0–3) and remainder that the stride
///    can leave, along the columns the same in another order.
/// 3. 1×1 images under every kernel, padding and stride that fits them.
#[must_use]
pub fn conv_shapes() -> Vec<ConvShape> {
    let mut shapes = Vec::new();
    let kernels = (1..=5).flat_map(|k1| (1..=5).map(move |k2| (k1, k2)));
    let strides = (1..=3).flat_map(|s1| (1..=3).map(move |s2| (s1, s2)));
    for (a, kernel) in kernels.enumerate() {
        for (b, strides) in strides.clone().enumerate() {
            let padding = ((a + b) % 4, (a / 4 + b / 2) % 4);
            let (height, left_rows) = image_side(kernel.0, strides.0, padding.0, a / 2 + b, a);
            let (width, left_columns) = image_side(kernel.1, strides.1, padding.1, a / 4 + b / 3, a / 3);
            let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
            let slide = if left_rows + left_columns > 0 { slide.round_down() } else { slide };
            let (samples, channels, depth) = (1 + (a + 2 * b) % 4, 1 + (a / 3 + b) % 4, 1 + (a / 2 + b / 2) % 4);
            shapes.push(ConvShape { z: [samples, channels, height, width], depth, kernel, slide });
        }
    }
    let sides: Vec<_> = (1..=5)
        .flat_map(|k| (1..=3).map(move |s| (k, s)))
        .flat_map(|(k, s)| (0..=3).map(move |p| (k, s, p)))
        .flat_map(|(k, s, p)| (0..s).map(move |left| (k, s, p, left)))
        .collect();
    for (t, &(k1, s1, p1, left_rows)) in sides.iter().enumerate() {
        let (k2, s2, p2, left_columns) = sides[(37 * t + 11) % sides.len()]; // 37 has no factor in common with 120
        let (height, width) = (image_side(k1, s1, p1, t, left_rows).0, image_side(k2, s2, p2, t / 3, left_columns).0);
        let slide = Slide::by(s1, s2).padding(p1, p2).round_down();
        let (samples, channels, depth) = (1 + t % 4, 1 + t / 4 % 3, 1 + t / 2 % 3);
        shapes.push(ConvShape { z: [samples, channels, height, width], depth, kernel: (k1, k2), slide });
    }
    for (k, p) in (1..=5).flat_map(|k: usize| (k / 2..=3).map(move |p| (k, p))) {
        for s in 1..=3 {
            let t = shapes.len();
            let slide = Slide::by(s, s).padding(p, p).round_down();
            let (samples, channels, depth) = (1 + t % 4, 1 + t / 2 % 4, 1 + t / 3 % 4);
            shapes.push(ConvShape { z: [samples, channels, 1, 1], depth, kernel: (k, k), slide });
        }
    }
    shapes
}

/// The side of an image with `outputs` % 3 + 1 windows along it (more if the padding alone holds that many) and what
/// the last window leaves of it.
fn image_side(k: usize, s: usize, p: usize, outputs: usize, remainder: usize) -> (usize, usize) {
    let left = remainder % s;
    let mut padded = k + outputs % 3 * s + left;
    while padded <= 2 * p {
        padded += s;
    }
    (padded - 2 * p, left)
}

/// A complication of a case.
type Complication<S> = fn(&mut S);

/// The plainest case, then each complication alone, then every pair of them, then all `at_once`.
fn combined<S: Clone + PartialEq>(plain: S, complications: &[Complication<S>], at_once: &[Complication<S>]) -> Vec<S> {
    let with = |complications: &[Complication<S>]| {
        let mut shape = plain.clone();
        complications.iter().for_each(|complicate| complicate(&mut shape));
        shape
    };
    let mut shapes = vec![plain.clone()];
    let mut offer = |shape: S| {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    };
    complications.iter().for_each(|&a| offer(with(&[a])));
    for (k, &a) in complications.iter().enumerate() {
        complications[k + 1..].iter().for_each(|&b| offer(with(&[a, b])));
    }
    offer(with(at_once));
    shapes
}

/// A convolution for a reader: its image is as large as its sides ask for.
#[derive(Clone, PartialEq)]
struct Convolution {
    samples: usize,
    channels: usize,
    depth: usize,
    /// H and W are at least these.
    least: (usize, usize),
    kernel: (usize, usize),
    strides: (usize, usize),
    padding: (usize, usize),
    left_over: usize,
}

/// The case of 5×5 with a kernel of 3×3.
const PLAIN: Convolution = Convolution {
    samples: 1,
    channels: 1,
    depth: 1,
    least: (5, 5),
    kernel: (3, 3),
    strides: (1, 1),
    padding: (0, 0),
    left_over: 0,
};

const BATCH: Complication<Convolution> = |s| s.samples = 3;
const MAPS: Complication<Convolution> = |s| s.channels = 2;
const OUTPUT_MAPS: Complication<Convolution> = |s| s.depth = 2;
/// The complications of a single map.
const SLIDING: [Complication<Convolution>; 8] = [
    |s| s.strides = (2, 2),
    |s| s.padding = (1, 1),
    |s| (s.least, s.kernel) = ((5, 7), (3, 2)),
    |s| s.strides = (4, 4),
    |s| s.strides.1 += 1,
    |s| s.padding.0 += 1,
    |s| s.padding = s.kernel,
    |s| {
        s.strides = (s.strides.0.max(2), s.strides.1.max(2));
        s.left_over = 1;
    },
];
/// Strides, padding and sides that differ.
const AT_ONCE: [Complication<Convolution>; 5] = [SLIDING[0], SLIDING[1], SLIDING[2], SLIDING[4], SLIDING[5]];

/// The convolutions: those of [`conv_shapes`], and some that are larger than a block of the kernels, and no multiple of it.
pub(super) fn conv_grid() -> Grid<ConvShape> {
    let shape = |z, depth, kernel, slide| ConvShape { z, depth, kernel, slide };
    let all = [&[BATCH, MAPS, OUTPUT_MAPS], &SLIDING[..]].concat();
    let at_once = [&[BATCH, MAPS, |s| s.depth = 3], &AT_ONCE[..]].concat();
    Grid {
        small: shape([2, 2, 6, 3], 3, (3, 2), Slide::by(2, 1).padding(1, 2).round_down()),
        proved: conv_shapes(),
        large: vec![
            shape([9, 4, 28, 27], 8, (5, 5), Slide::by(1, 1).padding(2, 2)),
            shape([5, 3, 40, 41], 6, (3, 3), Slide::by(2, 2).padding(1, 1).round_down()),
            shape([33, 2, 17, 16], 16, (4, 3), Slide::by(1, 1)),
        ],
        problems: combined(PLAIN, &all, &at_once).iter().map(Convolution::shape).collect(),
    }
}

/// Convolutions of one map by one kernel, for a reader.
pub(super) fn single_channel_problems() -> Vec<ConvShape> {
    combined(PLAIN, &SLIDING, &AT_ONCE).iter().map(Convolution::shape).collect()
}

impl Convolution {
    fn shape(&self) -> ConvShape {
        let Convolution { samples, channels, depth, least, kernel, strides, padding, left_over } = self.clone();
        let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
        let slide = if left_over > 0 { slide.round_down() } else { slide };
        // The smallest sides that are large enough and leave the required remainder.
        let side = |least: usize, k: usize, s: usize, p: usize| {
            let padded = (0..).map(|windows| k + s * windows + left_over).find(|&padded| padded >= least + 2 * p);
            padded.map_or(least, |padded| padded - 2 * p)
        };
        let (height, width) =
            (side(least.0, kernel.0, strides.0, padding.0), side(least.1, kernel.1, strides.1, padding.1));
        ConvShape { z: [samples, channels, height, width], depth, kernel, slide }
    }
}

/// One pooling's shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolingShape {
    /// (N, C, H, W).
    pub z: [usize; 4],
    /// (k1, k2).
    pub window: (usize, usize),
    /// Strides, padding, and rounding down where the strides do not tile.
    pub slide: Slide,
    /// Which numbers the maps hold.
    pub(super) values: Values,
}

impl fmt::Display for PoolingShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [n, c, h, w] = self.z;
        write!(f, "z {:?}, window {:?}{}", (n, c, h, w), self.window, sliding(self.slide))
    }
}

impl Setting for PoolingShape {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        Named::of([("z", self.values.draw(draw, self.z).into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        let ([n, c, h, w], (k1, k2)) = (self.z, self.window);
        let ((s1, s2), (p1, p2)) = (self.slide.strides, self.slide.padding);
        vec![
            (n > 1, Feature::Batch),
            (c > 1, Feature::Maps),
            (h != w || k1 != k2, Feature::Rectangle),
            (s1 != s2, Feature::UnevenStrides),
            (s1 < k1 || s2 < k2, Feature::Overlap),
            (s1 > k1 || s2 > k2, Feature::Gaps),
            ((p1, p2) != (0, 0), Feature::Padding),
            (p1 != p2, Feature::UnevenPadding),
            (self.slide.round_down, Feature::LeftOver),
            (self.values == Values::Negative, Feature::Negative),
            (self.values == Values::Tied, Feature::Ties),
        ]
    }

    fn is_smooth(&self) -> bool {
        self.values != Values::Tied
    }

    fn of_reference(x: &Named<f64>, of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let (window, slide) = (pair(of, "window")?, slide_of_reference(of)?);
        Some(PoolingShape { z: x.tensor("z").shape(), window, slide, values: Values::Distinct })
    }
}

/// The numbers in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// No two of them are equal.
    Distinct,
    /// The same, all below 0.
    Negative,
    /// From three values alone.
    Tied,
}

impl Values {
    pub(super) const PROVED: [Values; 2] = [Values::Distinct, Values::Tied];

    pub(super) fn draw(self, draw: &mut Draw, shape: [usize; 4]) -> Tensor4<f64> {
        match self {
            Values::Distinct => draw.distinct(shape),
            Values::Negative => {
                let z = draw.distinct(shape);
                let above = z.as_slice().iter().fold(f64::NEG_INFINITY, |max, x| max.max(*x)) + 1.0;
                z.map(|x| x - above)
            }
            Values::Tied => draw.tensor(shape).map(|x| (x / 2.0).round()),
        }
    }
}

/// Every window from 1×1 to 4×4 with seven strides from 1×1 to 3×3, so that windows overlap, tile and leave gaps;
/// paddings smaller than the window, N and C 1–4, outputs of 1–3 and remainders of 0–2 vary alongside. Then
/// 1×1 images.
#[must_use]
pub fn pooling_shapes() -> Vec<PoolingShape> {
    let mut shapes = Vec::new();
    let windows = (1..=4).flat_map(|k1| (1..=4).map(move |k2| (k1, k2)));
    for (a, window) in windows.enumerate() {
        for (b, strides) in [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1), (2, 3), (3, 1)].into_iter().enumerate() {
            let padding = ((a + b) % window.0, (a / 2 + b) % window.1);
            let (height, left_rows) = image_side(window.0, strides.0, padding.0, a / 2 + b, a);
            let (width, left_columns) = image_side(window.1, strides.1, padding.1, a / 4 + b / 3, a / 3);
            let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
            let slide = if left_rows + left_columns > 0 { slide.round_down() } else { slide };
            let (samples, channels) = (1 + (a + 2 * b) % 4, 1 + (a / 3 + b) % 4);
            let z = [samples, channels, height, width];
            shapes.push(PoolingShape { z, window, slide, values: Values::Distinct });
        }
    }
    for (k, p) in [(1, 0), (2, 1), (3, 1), (3, 2)] {
        for s in 1..=3 {
            let t = shapes.len();
            let slide = Slide::by(s, s).padding(p, p).round_down();
            let z = [1 + t % 4, 1 + t / 2 % 4, 1, 1];
            shapes.push(PoolingShape { z, window: (k, k), slide, values: Values::Distinct });
        }
    }
    shapes
}

/// A pooling for a reader.
#[derive(Clone, PartialEq)]
struct Pool {
    samples: usize,
    channels: usize,
    window: (usize, usize),
    /// The strides, less the window: 0 where windows tile, negative where they overlap.
    gap: isize,
    /// Windows down and across.
    out: (usize, usize),
    padding: (usize, usize),
    left_over: usize,
    values: Values,
}

const POOL: Pool = Pool {
    samples: 1,
    channels: 1,
    window: (2, 2),
    gap: 0,
    out: (2, 2),
    padding: (0, 0),
    left_over: 0,
    values: Values::Distinct,
};

const COMPLICATIONS: [Complication<Pool>; 11] = [
    |s| s.samples = 3,
    |s| s.channels = 2,
    |s| (s.window, s.out) = ((2, 3), (2, 3)),
    |s| (s.gap, s.out) = (-1, (s.out.0 + 1, s.out.1 + 1)),
    |s| s.padding = (1, 1),
    |s| s.values = Values::Tied,
    |s| s.gap = 1,
    |s| s.padding = (0, 1),
    |s| s.left_over = 1,
    |s| s.values = Values::Negative,
    |s| (s.window, s.gap) = ((3, 3), -1), // windows that overlap by one row and column
];

/// The poolings: those of [`pooling_shapes`], on numbers that differ, and again with ties, where the definition says
/// which one takes the gradient; and one that is cut into parts.
pub(super) fn pooling_grid() -> Grid<PoolingShape> {
    let by = Slide::by(1, 2).padding(1, 1);
    let shape = |z, slide, values| PoolingShape { z, window: (3, 3), slide, values };
    let proved = pooling_shapes().into_iter();
    // Pixels are left over only if the stride is above 1.
    let fits = |pool: &&Pool| pool.left_over < pool.strides().0;
    let problems = combined(POOL, &COMPLICATIONS, &COMPLICATIONS[..6]);
    Grid {
        small: shape([2, 2, 4, 5], by, Values::Distinct),
        proved: proved.flat_map(|shape| Values::PROVED.map(|values| PoolingShape { values, ..shape })).collect(),
        large: vec![shape([40, 4, 30, 30], by.round_down(), Values::Tied)],
        problems: problems.iter().filter(fits).map(Pool::shape).collect(),
    }
}

impl Pool {
    fn strides(&self) -> (usize, usize) {
        (self.window.0.saturating_add_signed(self.gap), self.window.1.saturating_add_signed(self.gap))
    }

    fn shape(&self) -> PoolingShape {
        let ((k1, k2), (s1, s2), (p1, p2)) = (self.window, self.strides(), self.padding);
        // One window more for a padding, so that there is an image between its rows.
        let (rows, columns) = (self.out.0 + p1, self.out.1 + p2);
        let side = |k: usize, s: usize, windows: usize, p: usize| k + s * (windows - 1) + self.left_over - 2 * p;
        let z = [self.samples, self.channels, side(k1, s1, rows, p1), side(k2, s2, columns, p2)];
        let slide = Slide::by(s1, s2).padding(p1, p2);
        let slide = if self.left_over > 0 { slide.round_down() } else { slide };
        PoolingShape { z, window: self.window, slide, values: self.values }
    }
}
