//! Convolution and the bricks of its backward.

use super::answer::{Answer, Part};
use super::features::Feature;
use super::numbers::{Complication, combined, draw, matrix, tensor, vector};
use super::trial::Case;
use super::{Exercise, Inputs, Judged, Verdict};
use crate::check::mistakes;
use crate::check::signatures::{ConvBackward, ConvForward, Resize, SingleChannelConv};
use crate::layers;
use crate::{Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// Judges a reader's [`conv_forward`](layers::conv_forward).
pub fn conv_forward(yours: ConvForward) -> Verdict {
    FORWARD.judge(yours)
}

/// Judges a reader's [`conv_backward`](layers::conv_backward).
///
/// ```
/// use handgrad::check::{exercise, mistakes};
/// use handgrad::prelude::*;
/// let verdict = exercise::conv_backward(|next_dz, k, z, slide| {
///     let right = conv_backward(next_dz, k, z, slide)?;
///     Ok(ConvGradients { dk: right.dk.rotate_180(), ..right })
/// });
/// assert_eq!(verdict.suspicions()[0].name, "dK is rotated");
/// assert!(exercise::conv_backward(conv_backward_naive).passed());
/// ```
pub fn conv_backward(yours: ConvBackward) -> Verdict {
    BACKWARD.judge(yours)
}

/// Judges a reader's [`single_channel_conv`](layers::single_channel_conv).
pub fn single_channel_conv(yours: SingleChannelConv) -> Verdict {
    SINGLE_CHANNEL.judge(yours)
}

/// Judges a reader's [`insert_zeros`](layers::insert_zeros).
pub fn insert_zeros(yours: Resize) -> Verdict {
    INSERT_ZEROS.judge(yours)
}

/// Judges a reader's [`remove_padding`](layers::remove_padding).
pub fn remove_padding(yours: Resize) -> Verdict {
    REMOVE_PADDING.judge(yours)
}

/// Every mistake in these functions, judged.
pub(super) fn judged() -> Vec<Judged> {
    [
        FORWARD.judge_mistakes(),
        BACKWARD.judge_mistakes(),
        SINGLE_CHANNEL.judge_mistakes(),
        INSERT_ZEROS.judge_mistakes(),
        REMOVE_PADDING.judge_mistakes(),
    ]
    .concat()
}

const FORWARD: Exercise<Forward, ConvForward> = Exercise {
    function: "conv_forward",
    cases: || convolutions().into_iter().map(Forward).collect(),
    right: layers::conv_forward,
    call: |f, Forward(c)| Ok(vec![Part::output("y", &f(&c.z, &c.k, &c.b, c.slide)?)]),
    mistakes: mistakes::CONV_FORWARD,
    questions: &[
        ("y", Feature::Maps, "is the sum over the input maps c there, and is c the first axis of K?"),
        ("y", Feature::OutputMaps, "is d the second axis of K, and has every output map its own bias?"),
        ("y", Feature::Strides, "does window (i, j) begin at row i·s1 and column j·s2?"),
        ("y", Feature::UnevenStrides, "which of the two strides belongs to the rows?"),
        ("y", Feature::Gaps, "does window (i, j) begin at row i·s1 and column j·s2?"),
        ("y", Feature::Padding, "does tap u of window i lie over z[i·s + u − p], and over 0 outside?"),
        ("y", Feature::UnevenPadding, "which of the two paddings belongs to the rows?"),
        ("y", Feature::LeftOver, "is the number of windows rounded down?"),
        ("y", Feature::Rectangle, "which index runs over rows, and which over columns?"),
        ("y", Feature::Batch, "does every sample go its own way?"),
    ],
};

const BACKWARD: Exercise<Backward, ConvBackward> = Exercise {
    function: "conv_backward",
    cases: || convolutions().into_iter().map(Backward).collect(),
    right: layers::conv_backward,
    call: |f, Backward(c)| {
        let g = f(&c.next_dz, &c.k, &c.z, c.slide)?;
        Ok(vec![Part::parameter("dk", &g.dk), Part::parameter("db", &g.db), Part::input("dz", &g.dz)])
    },
    mistakes: mistakes::CONV_BACKWARD,
    questions: &[
        ("dk", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("db", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dk", Feature::Strides, "does δ[i] meet the pixels of window i, which begins at row i·s?"),
        ("dz", Feature::Strides, "were zeros inserted between the rows and columns of next_dz?"),
        ("dk", Feature::UnevenStrides, "which of the two strides belongs to the rows?"),
        ("dz", Feature::UnevenStrides, "which of the two strides belongs to the rows?"),
        ("dk", Feature::Padding, "was it computed from the padded z?"),
        ("dz", Feature::Padding, "was the padding cut off, by p at either end?"),
        ("dz", Feature::UnevenPadding, "which of the two paddings belongs to the rows?"),
        ("dz", Feature::WidePadding, "k − 1 − p is negative there: are rows cut off instead of added?"),
        ("dk", Feature::LeftOver, "does it have k1·k2 taps, whatever the windows leave over?"),
        ("dz", Feature::LeftOver, "do the rows that no window reaches get a 0?"),
        ("dk", Feature::Maps, "which axis of dk is c?"),
        ("dz", Feature::Maps, "which axis of K is c?"),
        ("dk", Feature::OutputMaps, "which axis of dk is d?"),
        ("dz", Feature::OutputMaps, "does it sum over the output maps d, and which axis of K is that?"),
        ("dk", Feature::Rectangle, "which index runs over rows, and which over columns?"),
        ("dz", Feature::Rectangle, "which index runs over rows, and which over columns?"),
    ],
};

const SINGLE_CHANNEL: Exercise<OneMap, SingleChannelConv> = Exercise {
    function: "single_channel_conv",
    cases: one_maps,
    right: layers::single_channel_conv,
    call: |f, c| Ok(vec![Part::output("y", &f(&c.z, &c.k, c.b, c.slide)?)]),
    mistakes: mistakes::SINGLE_CHANNEL_CONV,
    questions: FORWARD.questions,
};

const INSERT_ZEROS: Exercise<Resized, Resize> = Exercise {
    function: "insert_zeros",
    cases: || resized("strides", |maps, (s1, s2)| (maps.clone(), (s1 + 1, s2 + 1))),
    right: layers::insert_zeros,
    call: resize,
    mistakes: mistakes::INSERT_ZEROS,
    questions: &[("y", Feature::UnevenStrides, "which of the two strides belongs to the rows?")],
};

const REMOVE_PADDING: Exercise<Resized, Resize> = Exercise {
    function: "remove_padding",
    cases: || resized("padding", |maps, (p1, p2)| (surrounded(maps, (p1, p2)), (p1, p2))),
    right: layers::remove_padding,
    call: resize,
    mistakes: mistakes::REMOVE_PADDING,
    questions: &[("y", Feature::UnevenStrides, "which of the two paddings belongs to the rows?")],
};

/// The shapes of a convolution.
#[derive(Clone, PartialEq)]
struct Shape {
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
const PLAIN: Shape = Shape {
    samples: 1,
    channels: 1,
    depth: 1,
    least: (5, 5),
    kernel: (3, 3),
    strides: (1, 1),
    padding: (0, 0),
    left_over: 0,
};

const BATCH: Complication<Shape> = |s| s.samples = 3;
const MAPS: Complication<Shape> = |s| s.channels = 2;
const OUTPUT_MAPS: Complication<Shape> = |s| s.depth = 2;
const STRIDES: Complication<Shape> = |s| s.strides = (2, 2);
const PADDING: Complication<Shape> = |s| s.padding = (1, 1);
const RECTANGLE: Complication<Shape> = |s| (s.least, s.kernel) = ((5, 7), (3, 2));
const GAPS: Complication<Shape> = |s| s.strides = (4, 4);
const UNEVEN_STRIDES: Complication<Shape> = |s| s.strides.1 += 1;
const UNEVEN_PADDING: Complication<Shape> = |s| s.padding.0 += 1;
const WIDE_PADDING: Complication<Shape> = |s| s.padding = s.kernel;
const LEFT_OVER: Complication<Shape> = |s| {
    s.strides = (s.strides.0.max(2), s.strides.1.max(2));
    s.left_over = 1;
};

fn shapes() -> Vec<Shape> {
    let all = [
        BATCH,
        MAPS,
        OUTPUT_MAPS,
        STRIDES,
        PADDING,
        RECTANGLE,
        GAPS,
        UNEVEN_STRIDES,
        UNEVEN_PADDING,
        WIDE_PADDING,
        LEFT_OVER,
    ];
    let at_once =
        [BATCH, MAPS, OUTPUT_MAPS, |s| s.depth = 3, STRIDES, PADDING, RECTANGLE, UNEVEN_STRIDES, UNEVEN_PADDING];
    combined(PLAIN, &all, &at_once)
}

impl Shape {
    fn slide(&self) -> Slide {
        let slide = Slide::by(self.strides.0, self.strides.1).padding(self.padding.0, self.padding.1);
        if self.left_over > 0 { slide.round_down() } else { slide }
    }

    /// (H, W): the smallest sides that are large enough and leave over what they shall.
    fn image(&self) -> (usize, usize) {
        let side = |least: usize, k: usize, s: usize, p: usize| {
            let padded = (0..).map(|windows| k + s * windows + self.left_over).find(|&padded| padded >= least + 2 * p);
            padded.map_or(least, |padded| padded - 2 * p)
        };
        let ((s1, s2), (p1, p2)) = (self.strides, self.padding);
        (side(self.least.0, self.kernel.0, s1, p1), side(self.least.1, self.kernel.1, s2, p2))
    }

    /// (H', W').
    fn output(&self) -> (usize, usize) {
        let ((h, w), (k1, k2), (s1, s2), (p1, p2)) = (self.image(), self.kernel, self.strides, self.padding);
        ((h + 2 * p1 - k1) / s1 + 1, (w + 2 * p2 - k2) / s2 + 1)
    }

    fn features(&self) -> Vec<Feature> {
        let ((h, w), (k1, k2), (s1, s2), (p1, p2)) = (self.image(), self.kernel, self.strides, self.padding);
        let all = [
            (self.samples > 1, Feature::Batch),
            (self.channels > 1, Feature::Maps),
            (self.depth > 1, Feature::OutputMaps),
            (h != w || k1 != k2, Feature::Rectangle),
            (s1 > 1 || s2 > 1, Feature::Strides),
            (s1 != s2, Feature::UnevenStrides),
            (s1 > k1 || s2 > k2, Feature::Gaps),
            (p1 > 0 || p2 > 0, Feature::Padding),
            (p1 != p2, Feature::UnevenPadding),
            (p1 >= k1 || p2 >= k2, Feature::WidePadding),
            (self.left_over > 0, Feature::LeftOver),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect()
    }
}

/// One convolution with all that its forward and its backward take.
struct Convolution {
    z: Tensor4<f64>,
    k: Tensor4<f64>,
    b: DVector<f64>,
    next_dz: Tensor4<f64>,
    slide: Slide,
    features: Vec<Feature>,
}

struct Forward(Convolution);

struct Backward(Convolution);

fn convolutions() -> Vec<Convolution> {
    let of = |(case, shape): (usize, Shape)| {
        let (mut numbers, (h, w), (rows, columns)) = (draw(case), shape.image(), shape.output());
        let Shape { samples, channels, depth, kernel, .. } = shape;
        Convolution {
            z: tensor(&mut numbers, [samples, channels, h, w]),
            k: tensor(&mut numbers, [channels, depth, kernel.0, kernel.1]),
            b: vector(&mut numbers, depth),
            next_dz: tensor(&mut numbers, [samples, depth, rows, columns]),
            slide: shape.slide(),
            features: shape.features(),
        }
    };
    shapes().into_iter().enumerate().map(of).collect()
}

impl Convolution {
    fn case(&self, inputs: Vec<Part>) -> Case {
        let setting = format!("z {:?}, K {:?}{}", self.z.dims(), self.k.dims(), sliding(self.slide));
        Case { setting, samples: self.z.shape()[0], inputs, features: self.features.clone() }
    }
}

impl Inputs for Forward {
    fn case(&self) -> Case {
        let Convolution { z, k, b, .. } = &self.0;
        self.0.case(vec![Part::output("z", z), Part::output("K", k), Part::output("b", b)])
    }
}

impl Inputs for Backward {
    fn case(&self) -> Case {
        let Convolution { z, k, next_dz, .. } = &self.0;
        self.0.case(vec![Part::output("z", z), Part::output("K", k), Part::output("next_dz", next_dz)])
    }
}

/// Strides and padding, as far as there are any.
pub(super) fn sliding(slide: Slide) -> String {
    let padding = if slide.padding == (0, 0) { String::new() } else { format!(", padding {:?}", slide.padding) };
    let rounded = if slide.round_down { ", rounded down" } else { "" };
    format!(", strides {:?}{padding}{rounded}", slide.strides)
}

struct OneMap {
    z: DMatrix<f64>,
    k: DMatrix<f64>,
    b: f64,
    slide: Slide,
    features: Vec<Feature>,
}

fn one_maps() -> Vec<OneMap> {
    let all = [STRIDES, PADDING, RECTANGLE, GAPS, UNEVEN_STRIDES, UNEVEN_PADDING, WIDE_PADDING, LEFT_OVER];
    let at_once = [STRIDES, PADDING, RECTANGLE, UNEVEN_STRIDES, UNEVEN_PADDING];
    let of = |(case, shape): (usize, Shape)| {
        let (mut numbers, (h, w)) = (draw(case), shape.image());
        OneMap {
            z: matrix(&mut numbers, h, w),
            k: matrix(&mut numbers, shape.kernel.0, shape.kernel.1),
            b: numbers.nonzero(),
            slide: shape.slide(),
            features: shape.features(),
        }
    };
    combined(PLAIN, &all, &at_once).into_iter().enumerate().map(of).collect()
}

impl Inputs for OneMap {
    fn case(&self) -> Case {
        let OneMap { z, k, b, slide, features } = self;
        Case {
            setting: format!("z {:?}, K {:?}, b = {b}{}", z.shape(), k.shape(), sliding(*slide)),
            samples: 1,
            inputs: vec![Part::output("z", z), Part::output("K", k)],
            features: features.clone(),
        }
    }
}

/// Maps, and what is done to their rows and columns.
struct Resized {
    what: &'static str,
    z: Tensor4<f64>,
    by: (usize, usize),
}

/// A change of maps and of the numbers for their rows and columns.
type Change = fn(&Tensor4<f64>, (usize, usize)) -> (Tensor4<f64>, (usize, usize));

/// Maps of several shapes, each with several numbers for rows and columns, both of which `of` may change.
fn resized(what: &'static str, of: Change) -> Vec<Resized> {
    let shapes = [[1, 1, 2, 2], [1, 1, 2, 3], [2, 3, 3, 2], [1, 2, 1, 1]];
    let by = [(0, 0), (1, 1), (2, 2), (1, 0), (0, 2), (3, 1)];
    let pairs = by.into_iter().flat_map(|by| shapes.map(|shape| (shape, by)));
    let case = |(case, (shape, by)): (usize, ([usize; 4], (usize, usize)))| {
        let (z, by) = of(&tensor(&mut draw(case), shape), by);
        Resized { what, z, by }
    };
    pairs.enumerate().map(case).collect()
}

/// The maps in a padding of nines, which stand for zeros too: a padding is removed, whatever it holds.
fn surrounded(maps: &Tensor4<f64>, (p1, p2): (usize, usize)) -> Tensor4<f64> {
    let [n, c, h, w] = maps.shape();
    Tensor4::from_fn([n, c, h + 2 * p1, w + 2 * p2], |n, c, i, j| {
        let inside = (p1..p1 + h).contains(&i) && (p2..p2 + w).contains(&j);
        inside.then(|| maps[(n, c, i - p1, j - p2)]).filter(|x| *x != 0.0).unwrap_or(9.0)
    })
}

fn resize(f: Resize, c: &Resized) -> Answer {
    Ok(vec![Part::output("y", &f(&c.z, c.by)?)])
}

impl Inputs for Resized {
    fn case(&self) -> Case {
        let Resized { what, z, by } = self;
        let uneven = if by.0 == by.1 { vec![] } else { vec![Feature::UnevenStrides] };
        Case {
            setting: format!("z {:?}, {what} {by:?}", z.dims()),
            samples: z.shape()[0],
            inputs: vec![Part::output("z", z)],
            features: uneven,
        }
    }
}
