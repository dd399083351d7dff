//! Convolution by one kernel and by many, and the building blocks of its backward. The numbers in the mistakes are the
//! steps of [its derivation](crate::layers::conv).

use super::windows::*;
use super::{exercises, functions};
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, changed, mistakes};
use crate::check::lesson::{Answer, CardText, DZ, Gradient, Grid, Lesson, Question, Setting};
use crate::check::signatures::{ConvBackward, ConvForward, Resize, SingleChannelConv};
use crate::check::values::{Named, Value};
use crate::layers::*;
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// b + Σ ẑ[i·s1 + u, j·s2 + v]·K[u, v], on an explicitly padded image.
fn one_map<T: Float>(z: &DMatrix<T>, k: &DMatrix<T>, b: T, slide: Slide) -> DMatrix<T> {
    let ((p1, p2), (s1, s2)) = (slide.padding, slide.strides);
    let mut padded = DMatrix::zeros(z.nrows() + 2 * p1, z.ncols() + 2 * p2);
    padded.view_mut((p1, p2), z.shape()).copy_from(z);
    let rows = (padded.nrows() - k.nrows()) / s1 + 1;
    let columns = (padded.ncols() - k.ncols()) / s2 + 1;
    DMatrix::from_fn(rows, columns, |i, j| b + padded.view((i * s1, j * s2), k.shape()).dot(k))
}

/// One map and one kernel.
#[derive(Clone, Copy)]
pub(super) struct OneMap(ConvShape);

impl fmt::Display for OneMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConvShape { z: [_, _, h, w], kernel, slide, .. } = self.0;
        write!(f, "z {:?}, K {kernel:?}{}", (h, w), sliding(slide))
    }
}

impl Setting for OneMap {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let ConvShape { z: [_, _, h, w], kernel, .. } = self.0;
        Named::default()
            .with("z", draw.matrix(h, w))
            .with("k", draw.matrix(kernel.0, kernel.1))
            .with("b", Value::Number(draw.number()))
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        ConvShape { z: [1, 1, self.0.z[2], self.0.z[3]], depth: 1, ..self.0 }.features()
    }
}

/// [`single_channel_conv`].
pub(super) struct SingleChannel;

impl Lesson for SingleChannel {
    type Setting = OneMap;
    functions! { single_channel_conv: SingleChannelConv = SINGLE_CHANNEL_CONV }
    const GRADIENTS: &'static [Gradient] = &[];
    const IS_POLYNOMIAL: bool = true;
    const QUESTIONS: &'static [Question] = Conv::QUESTIONS;

    fn call_forward<T: Float>(f: SingleChannelConv<T>, setting: &OneMap, x: &Named<T>) -> Answer<T> {
        let y = f(x.matrix("z"), x.matrix("k"), x.number("b"), setting.0.slide)?;
        Ok(Named::of([("y", y.into())]))
    }
    fn definition<T: Float>(setting: &OneMap, x: &Named<T>) -> Answer<T> {
        let y = one_map(x.matrix("z"), x.matrix("k"), x.number("b"), setting.0.slide);
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<OneMap> {
        let Grid { small, proved, large, .. } = conv_grid();
        let all = |shapes: Vec<ConvShape>| shapes.into_iter().map(OneMap).collect();
        Grid { small: OneMap(small), proved: all(proved), large: all(large), problems: all(single_channel_problems()) }
    }
    fn samples<T: Float>(_: &Named<T>) -> usize {
        1
    }
}

fn call_conv<T: Float>(f: ConvForward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
    Ok(Named::of([("y", f(x.tensor("z"), x.tensor("k"), x.vector("b"), shape.slide)?.into())]))
}

fn call_conv_backward<T: Float>(f: ConvBackward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
    let g = f(x.tensor("next_dz"), x.tensor("k"), x.tensor("z"), shape.slide)?;
    Ok(Named::of([("dk", g.dk.into()), ("db", g.db.into()), ("dz", g.dz.into())]))
}

const GRADIENTS: &[Gradient] = &[("k", "dk", Role::Parameter), ("b", "db", Role::Parameter), DZ];

/// [`conv_forward_naive`] and [`conv_backward_naive`].
pub(super) struct ConvNaive;

impl Lesson for ConvNaive {
    type Setting = ConvShape;
    functions! { conv_forward_naive: ConvForward, conv_backward_naive: ConvBackward }
    const GRADIENTS: &'static [Gradient] = GRADIENTS;
    const IS_POLYNOMIAL: bool = true;

    fn call_forward<T: Float>(f: ConvForward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        call_conv(f, shape, x)
    }
    fn call_backward<T: Float>(f: ConvBackward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        call_conv_backward(f, shape, x)
    }

    /// `b[d]` plus the sum over c of the single-channel convolutions of `z[n, c]` by `K[c, d]`.
    fn definition<T: Float>(shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        let (z, k, b) = (x.tensor("z"), x.tensor("k"), x.vector("b"));
        let ([samples, channels, height, width], [_, depth, ..]) = (z.shape(), k.shape());
        let (rows, columns) = shape.slide.output_size((height, width), shape.kernel)?;
        let mut y = Tensor4::from_fn([samples, depth, rows, columns], |_, d, _, _| b[d]);
        for (n, d) in (0..samples).flat_map(|n| (0..depth).map(move |d| (n, d))) {
            for c in 0..channels {
                let map = one_map(&z.map_at(n, c), &k.map_at(c, d), T::zero(), shape.slide);
                for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                    y[(n, d, i, j)] += map[(i, j)];
                }
            }
        }
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<ConvShape> {
        Grid { large: vec![], problems: vec![], ..conv_grid() }
    }
}

/// [`conv_forward`] and [`conv_backward`], defined by the naive ones.
pub(super) struct Conv;

impl Lesson for Conv {
    type Setting = ConvShape;
    functions! { conv_forward: ConvForward = CONV_FORWARD, conv_backward: ConvBackward = CONV_BACKWARD }
    const GRADIENTS: &'static [Gradient] = GRADIENTS;
    const IS_POLYNOMIAL: bool = true;
    const DEFINES_INFINITIES: bool = true;
    const DEFINED_BY: &'static str = "naive";
    const CARD: CardText = Some(("conv", include_str!("../../layers/conv.rs")));
    const TORCH: &'static str = "conv2d";
    const QUESTIONS: &'static [Question] = &[
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
    ];

    fn call_forward<T: Float>(f: ConvForward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        call_conv(f, shape, x)
    }
    fn call_backward<T: Float>(f: ConvBackward<T>, shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        call_conv_backward(f, shape, x)
    }
    fn definition<T: Float>(shape: &ConvShape, x: &Named<T>) -> Answer<T> {
        let y = call_conv(conv_forward_naive, shape, x)?;
        if x.get("next_dz").is_none() {
            return Ok(y);
        }
        let g = call_conv_backward(conv_backward_naive, shape, x)?;
        Ok(g.iter().fold(y, |all, (name, value)| all.with(name, value.clone())))
    }
    fn grid() -> Grid<ConvShape> {
        conv_grid()
    }
}

/// Maps, and two numbers for their rows and columns.
#[derive(Clone, Copy)]
pub(super) struct Resized {
    z: [usize; 4],
    by: (usize, usize),
    what: &'static str,
}

impl fmt::Display for Resized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resized { z: [n, c, h, w], by, what } = *self;
        write!(f, "z {:?}, {what} {by:?}", (n, c, h, w))
    }
}

impl Setting for Resized {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        Named::of([("z", draw.tensor(self.z).into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![(self.by.0 != self.by.1, Feature::UnevenStrides)]
    }
}

/// Maps of several shapes, each with several numbers for rows and columns.
fn resized(of: fn([usize; 4], (usize, usize)) -> Resized) -> Grid<Resized> {
    let pairs = (0..=3).flat_map(|a| (0..=3).map(move |b| (a, b)));
    let proved = pairs.enumerate().map(|(t, by)| of([1 + t % 3, 1 + t / 3 % 2, 1 + t % 4, 1 + t / 2 % 4], by));
    let shapes = [[1, 1, 2, 2], [1, 1, 2, 3], [2, 3, 3, 2], [1, 2, 1, 1]];
    let by = [(0, 0), (1, 1), (2, 2), (1, 0), (0, 2), (3, 1)];
    let problems = by.into_iter().flat_map(|by| shapes.map(|shape| of(shape, by)));
    Grid { small: of([2, 2, 3, 2], (1, 2)), proved: proved.collect(), large: vec![], problems: problems.collect() }
}

fn spread(z: [usize; 4], (s1, s2): (usize, usize)) -> Resized {
    Resized { z, by: (s1 + 1, s2 + 1), what: "strides" }
}

fn padded([n, c, h, w]: [usize; 4], (p1, p2): (usize, usize)) -> Resized {
    Resized { z: [n, c, h + 2 * p1, w + 2 * p2], by: (p1, p2), what: "padding" }
}

fn call_resize<T: Float>(f: Resize<T>, setting: &Resized, x: &Named<T>) -> Answer<T> {
    Ok(Named::of([("y", f(x.tensor("z"), setting.by)?.into())]))
}

/// [`insert_zeros`].
pub(super) struct InsertZeros;

impl Lesson for InsertZeros {
    type Setting = Resized;
    functions! { insert_zeros: Resize = INSERT_ZEROS }
    const GRADIENTS: &'static [Gradient] = &[];
    const IS_POLYNOMIAL: bool = true;
    const QUESTIONS: &'static [Question] =
        &[("y", Feature::UnevenStrides, "which of the two strides belongs to the rows?")];

    fn call_forward<T: Float>(f: Resize<T>, setting: &Resized, x: &Named<T>) -> Answer<T> {
        call_resize(f, setting, x)
    }

    /// Every element of z at s times its row and column, all others 0.
    fn definition<T: Float>(setting: &Resized, x: &Named<T>) -> Answer<T> {
        let (z, (s1, s2)) = (x.tensor("z"), setting.by);
        let [n, c, h, w] = z.shape();
        let mut y = Tensor4::zeros([n, c, (h - 1) * s1 + 1, (w - 1) * s2 + 1]);
        for (q, (i, j)) in (0..n * c).flat_map(|q| (0..h).flat_map(move |i| (0..w).map(move |j| (q, (i, j))))) {
            y[(q / c, q % c, s1 * i, s2 * j)] = z[(q / c, q % c, i, j)];
        }
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Resized> {
        resized(spread)
    }
}

/// [`remove_padding`].
pub(super) struct RemovePadding;

impl Lesson for RemovePadding {
    type Setting = Resized;
    functions! { remove_padding: Resize = REMOVE_PADDING }
    const GRADIENTS: &'static [Gradient] = &[];
    const IS_POLYNOMIAL: bool = true;
    const QUESTIONS: &'static [Question] =
        &[("y", Feature::UnevenStrides, "which of the two paddings belongs to the rows?")];

    fn call_forward<T: Float>(f: Resize<T>, setting: &Resized, x: &Named<T>) -> Answer<T> {
        call_resize(f, setting, x)
    }

    /// What is at least p1 rows and p2 columns away from the border.
    fn definition<T: Float>(setting: &Resized, x: &Named<T>) -> Answer<T> {
        let (z, (p1, p2)) = (x.tensor("z"), setting.by);
        let [n, c, h, w] = z.shape();
        let y = Tensor4::from_fn([n, c, h - 2 * p1, w - 2 * p2], |n, c, i, j| z[(n, c, i + p1, j + p2)]);
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Resized> {
        resized(padded)
    }
}

exercises! {
    SingleChannel: single_channel_conv(SingleChannelConv);
    Conv: conv_forward(ConvForward), conv_backward(ConvBackward);
    InsertZeros: insert_zeros(Resize);
    RemovePadding: remove_padding(Resize);
}

mistakes! { CONV_FORWARD of conv_forward(ConvForward)
    "the bias is forgotten": "y[n,d,i,j] begins with b[d].",
    |z, k, b, slide| conv_forward(z, k, &(b * 0.0), slide);
    "the bias is added once for every input map":
        "b[d] is added once for each output, outside the sum over the input maps c.",
    |z, k, b, slide| conv_forward(z, k, &(b * k.shape()[0] as f64), slide);
    "the kernel is rotated": "A convolution, in this field, slides K as it is: tap (u, v) meets ẑ[i·s1 + u, j·s2 + v].",
    |z, k, b, slide| conv_forward(z, &k.rotate_180(), b, slide);
    "the kernel is transposed": "K[c,d,u,v] has its row u first; it meets row i·s1 + u of the image.",
    |z, k, b, slide| {
        let [c, d, k1, k2] = k.shape();
        conv_forward(z, &Tensor4::from_fn([c, d, k2, k1], |c, d, u, v| k[(c, d, v, u)]), b, slide)
    };
    "the kernel's channels are exchanged":
        "K is (C, D, k1, k2): the input map c is its first axis, the output map d its second.",
    |z, k, b, slide| conv_forward(z, &k.swap_axes(), b, slide);
    "only the last input map counts": "y is a sum over all input maps c: was = written for += ?",
    |z, k, b, slide| {
        let ([n, c, h, w], [_, d, k1, k2]) = (z.shape(), k.shape());
        let z = Tensor4::from_fn([n, 1, h, w], |n, _, i, j| z[(n, c - 1, i, j)]);
        let k = Tensor4::from_fn([1, d, k1, k2], |_, d, u, v| k[(c - 1, d, u, v)]);
        conv_forward(&z, &k, b, slide)
    };
    "the padding is forgotten": "Before the windows slide, p1 rows and p2 columns of zeros go around the image.",
    |z, k, b, slide| conv_forward(z, k, b, slide.padding(0, 0).round_down());
    "the padding is put below and to the right":
        "Tap u of window i lies over z[i·s + u − p], with zeros on all sides; here − p is missing.",
    |z, k, b, slide| {
        let ([_, _, h, w], (p1, p2)) = (z.shape(), slide.padding);
        conv_forward(&cut(z, (0, 0), [h + 2 * p1, w + 2 * p2]), k, b, slide.padding(0, 0))
    };
    "the padding repeats the border":
        "The padding is made of zeros; here every place of it has the value of the nearest pixel.",
    |z, k, b, slide| {
        let ([n, c, h, w], (p1, p2)) = (z.shape(), slide.padding);
        let nearest = |i: usize, p: usize, size: usize| i.saturating_sub(p).min(size - 1);
        let padded = Tensor4::from_fn([n, c, h + 2 * p1, w + 2 * p2], |n, c, i, j| {
            z[(n, c, nearest(i, p1, h), nearest(j, p2, w))]
        });
        conv_forward(&padded, k, b, slide.padding(0, 0))
    };
    "the windows move by 1 instead of the stride":
        "Window (i, j) begins at row i·s1 and column j·s2; here it begins at row i and column j.",
    |z, k, b, slide| {
        let [_, _, rows, columns] = conv_forward(z, k, b, slide)?.shape();
        let everywhere = conv_forward(z, k, b, Slide { strides: (1, 1), ..slide })?;
        Ok(cut(&everywhere, (0, 0), [rows, columns]))
    };
    "the strides of rows and columns are exchanged": "s1 is the step from row to row, s2 from column to column.",
    |z, k, b, slide| {
        let (s1, s2) = slide.strides;
        conv_forward(z, k, b, Slide { strides: (s2, s1), ..slide }.round_down())
    };
    "the last window is lost": "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
    |z, k, b, slide| {
        let [_, _, k1, k2] = k.shape();
        Ok(last_window_lost(z, (k1, k2), slide, &conv_forward(z, k, b, slide)?))
    };
    "the number of windows is rounded up":
        "A window that reaches beyond the padded image does not count: (H + 2p − k)/s is rounded down.",
    |z, k, b, slide| {
        let padded = z.pad(slide.padding)?;
        let ([_, _, h, w], [_, _, k1, k2], (s1, s2)) = (padded.shape(), k.shape(), slide.strides);
        let side = |size: usize, k: usize, s: usize| (size - k).div_ceil(s) * s + k;
        conv_forward(&cut(&padded, (0, 0), [side(h, k1, s1), side(w, k2, s2)]), k, b, slide.padding(0, 0))
    };
}

mistakes! { SINGLE_CHANNEL_CONV of single_channel_conv(SingleChannelConv)
    "the bias is forgotten": "y[i,j] begins with b.",
    |z, k, _, slide| single_channel_conv(z, k, 0.0, slide);
    "the bias is added for every tap": "b is added once for each output, outside the sum over the taps.",
    |z, k, b, slide| single_channel_conv(z, k, b * k.len() as f64, slide);
    "the kernel is rotated": "A convolution, in this field, slides K as it is: tap (u, v) meets ẑ[i·s1 + u, j·s2 + v].",
    |z, k, b, slide| {
        let turned = DMatrix::from_fn(k.nrows(), k.ncols(), |u, v| k[(k.nrows() - 1 - u, k.ncols() - 1 - v)]);
        single_channel_conv(z, &turned, b, slide)
    };
    "the kernel is transposed": "K[u,v] has its row u first; it meets row i·s1 + u of the image.",
    |z, k, b, slide| single_channel_conv(z, &k.transpose(), b, slide);
    "the padding is forgotten": "Before the window slides, p1 rows and p2 columns of zeros go around the image.",
    |z, k, b, slide| single_channel_conv(z, k, b, slide.padding(0, 0).round_down());
    "the window moves by 1 instead of the stride":
        "Window (i, j) begins at row i·s1 and column j·s2; here it begins at row i and column j.",
    |z, k, b, slide| {
        let right = single_channel_conv(z, k, b, slide)?;
        let everywhere = single_channel_conv(z, k, b, Slide { strides: (1, 1), ..slide })?;
        Ok(everywhere.view((0, 0), right.shape()).into_owned())
    };
}

mistakes! { INSERT_ZEROS of insert_zeros(Resize)
    "s zeros are inserted instead of s − 1": "Rows that lie s apart have s − 1 rows between them.",
    |z, (s1, s2)| insert_zeros(z, (s1 + 1, s2 + 1));
    "zeros follow the last row, too":
        "Zeros come between the rows: (H − 1)·s + 1 rows in all, and the last of them is one of z's.",
    |z, (s1, s2)| {
        let [_, _, h, w] = z.shape();
        Ok(cut(&insert_zeros(z, (s1, s2))?, (0, 0), [h * s1, w * s2]))
    };
    "the strides of rows and columns are exchanged": "s1 is the distance of the rows, s2 that of the columns.",
    |z, (s1, s2)| insert_zeros(z, (s2, s1));
    "the gaps are filled with copies": "Between the rows of z come zeros, not its values again.",
    |z, (s1, s2)| {
        let spread = insert_zeros(z, (s1, s2))?;
        Ok(Tensor4::from_fn(spread.shape(), |n, d, i, j| z[(n, d, i / s1, j / s2)]))
    };
}

mistakes! { REMOVE_PADDING of remove_padding(Resize)
    "the padding is removed at the end alone": "p rows go above and p below: row r of the result is row r + p of z.",
    |z, (p1, p2)| {
        let [_, _, h, w] = z.shape();
        Ok(cut(z, (0, 0), [h - 2 * p1, w - 2 * p2]))
    };
    "the padding is removed at the beginning alone": "p rows go above and p below: H − 2p rows are left.",
    |z, (p1, p2)| {
        let [_, _, h, w] = z.shape();
        Ok(cut(z, (p1, p2), [h - p1, w - p2]))
    };
    "the paddings of rows and columns are exchanged": "p1 is the number of rows, p2 that of columns.",
    |z, (p1, p2)| remove_padding(z, (p2, p1));
}

type Tensor = Tensor4<f64>;

mistakes! { CONV_BACKWARD of conv_backward(ConvBackward)
    "the kernel is not rotated":
        "dz is a convolution with K rotated by 180° (step 6); here K is not rotated.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dz = input_gradient(next_dz, slide.strides, &k.swap_axes(), z, slide.padding)?;
    });
    "only the rows of the kernel are reversed":
        "A rotation by 180° reverses the rows of K and its columns, too (step 6).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [c, d, k1, k2] = k.shape();
        let mirrored = Tensor4::from_fn([d, c, k1, k2], |d, c, u, v| k[(c, d, k1 - 1 - u, v)]);
        g.dz = input_gradient(next_dz, slide.strides, &mirrored, z, slide.padding)?;
    });
    "only the columns of the kernel are reversed":
        "A rotation by 180° reverses the columns of K and its rows, too (step 6).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [c, d, k1, k2] = k.shape();
        let mirrored = Tensor4::from_fn([d, c, k1, k2], |d, c, u, v| k[(c, d, u, k2 - 1 - v)]);
        g.dz = input_gradient(next_dz, slide.strides, &mirrored, z, slide.padding)?;
    });
    "the kernel is transposed instead of rotated":
        "A rotation by 180° takes tap (u, v) to (k1 − 1 − u, k2 − 1 − v) (step 6), not to (v, u).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [c, d, k1, k2] = k.shape();
        let transposed = Tensor4::from_fn([d, c, k2, k1], |d, c, u, v| k[(c, d, v, u)]);
        g.dz = input_gradient(next_dz, slide.strides, &transposed, z, slide.padding)?;
    });
    "the kernel's channels are not swapped":
        "The sum for dz runs over the output maps d, so K's axes C and D change places (step 6).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dz = input_gradient(next_dz, slide.strides, &k.rotate_180(), z, slide.padding)?;
    });
    "zeros are not inserted for dz":
        "With a stride s, δ[i] belongs to row i·s: s − 1 zeros come between its rows (step 5). Here dz takes δ as \
         it is.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dz = input_gradient(next_dz, (1, 1), &turned(k), z, slide.padding)?;
    });
    "zeros are not inserted for dK":
        "K[u] met ẑ[i·s + u], so dK pairs δ[i] with that pixel (step 3). Here it takes ẑ[i + u].",
    changed!(conv_backward(next_dz, k, z, slide) as g { g.dk = kernel_gradient(&z.pad(slide.padding)?, next_dz, (1, 1), k)?; });
    "a zero too many is inserted":
        "Between two rows of δ come s − 1 zeros, so that they lie s apart (step 5); here they are s zeros.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let (s1, s2) = slide.strides;
        g.dz = input_gradient(next_dz, (s1 + 1, s2 + 1), &turned(k), z, slide.padding)?;
    });
    "the strides of rows and columns are exchanged":
        "Zeros are inserted by s1 between rows and by s2 between columns (step 5); here it is the other way.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let (s1, s2) = slide.strides;
        g.dz = input_gradient(next_dz, (s2, s1), &turned(k), z, slide.padding)?;
    });
    "δ is not padded for dz":
        "The convolution for dz needs k − 1 rows of zeros around δ̂ (step 6), or the pixels at the border, which \
         fewer windows see, are missing.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dz = correlate(&insert_zeros(next_dz, slide.strides)?, &turned(k))?;
    });
    "δ is padded by k instead of k − 1":
        "dẑ[r] needs δ̂[r − (k − 1) + t] for t from 0 (step 6): one row of zeros more moves all of dz.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let ([_, _, k1, k2], [_, _, height, width]) = (k.shape(), z.shape());
        let dilated = insert_zeros(next_dz, slide.strides)?.pad((k1, k2))?;
        g.dz = cut(&correlate(&dilated, &turned(k))?, slide.padding, [height, width]);
    });
    "the padding is not cut off dz":
        "dẑ is the gradient of the padded image; the padding is no part of z, and its gradient is dropped (step 7).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [_, _, k1, k2] = k.shape();
        g.dz = correlate(&insert_zeros(next_dz, slide.strides)?.pad((k1 - 1, k2 - 1))?, &turned(k))?;
    });
    "the padding is cut off at the end alone":
        "dz[r] is dẑ[r + p]: p rows go at either end (step 7). Here dz[r] is dẑ[r].",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dz = input_gradient(next_dz, slide.strides, &turned(k), z, (0, 0))?;
    });
    "the padding is cut off at the beginning alone":
        "dz[r] is dẑ[r + p]: p rows go at either end (step 7). Here dz[r] is dẑ[r + 2p].",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let (p1, p2) = slide.padding;
        g.dz = input_gradient(next_dz, slide.strides, &turned(k), z, (2 * p1, 2 * p2))?;
    });
    "rows that no window reaches are missing from dz":
        "dz has the shape of z: what rounding down has left over gets no gradient, that is 0, but it is there.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [_, _, k1, k2] = k.shape();
        let dilated = insert_zeros(next_dz, slide.strides)?.pad((k1 - 1, k2 - 1))?;
        g.dz = remove_padding(&correlate(&dilated, &turned(k))?, slide.padding)?;
    });
    "dK is computed from the unpadded input":
        "A tap over the border also sees the padding, and its gradient must include that: dK is the correlation of \
         the padded ẑ with δ̂ (step 3).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        g.dk = kernel_gradient(z, next_dz, slide.strides, k)?;
    });
    "every tap gets the centre tap's gradient":
        "The unpadded z gives a dK of one number instead of k1·k2 (step 3), and broadcasting spreads it silently \
         over the kernel.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let dk = kernel_gradient(z, next_dz, slide.strides, k)?;
        let [_, _, rows, columns] = dk.shape();
        g.dk = Tensor4::from_fn(k.shape(), |c, d, u, v| dk[(c, d, u.min(rows - 1), v.min(columns - 1))]);
    });
    "dK's taps are off by the padding": "Tap u of window i lies over z[i·s + u − p] (step 3); here the − p is missing.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let ([_, _, height, width], (p1, p2)) = (z.shape(), slide.padding);
        let beside = cut(z, (0, 0), [height + 2 * p1, width + 2 * p2]);
        g.dk = kernel_gradient(&beside, next_dz, slide.strides, k)?;
    });
    "dK is rotated": "Only dz takes a rotated kernel (step 6); dK is correlated as the forward was (step 3).",
    changed!(conv_backward(next_dz, k, z, slide) as g { g.dk = g.dk.rotate_180(); });
    "dK has its channels exchanged": "dK has the shape of K, (C, D, k1, k2): the input's maps first.",
    changed!(conv_backward(next_dz, k, z, slide) as g { g.dk = g.dk.swap_axes(); });
    "dK and db are not divided by N":
        "A parameter's gradient is the mean over the batch (steps 2 and 3); here it is the sum.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let n = z.shape()[0] as f64;
        g.dk = g.dk.map(|x| x * n);
        g.db *= n;
    });
    "dK and db are divided by N twice":
        "A parameter's gradient is divided by N once (steps 2 and 3): next_dz brings no 1/N, and the loss must \
         not have added one.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let n = z.shape()[0] as f64;
        g.dk = g.dk.map(|x| x / n);
        g.db /= n;
    });
    "dz is divided by N": "What flows backward is each sample's own gradient: only parameters are divided by N.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let n = z.shape()[0] as f64;
        g.dz = g.dz.map(|x| x / n);
    });
    "dK and db see only the last sample":
        "Every sample adds to a parameter's gradient (steps 2 and 3): was = written for += ?",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let n = z.shape()[0];
        let last = conv_backward(&next_dz.samples(n - 1, 1), k, &z.samples(n - 1, 1), slide)?;
        (g.dk, g.db) = (last.dk.map(|x| x / n as f64), last.db / n as f64);
    });
    "db is a mean over the pixels":
        "A bias is added to every pixel of its map, and their gradients add up (step 2): the mean is over samples alone.",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let [_, _, rows, columns] = next_dz.shape();
        g.db /= (rows * columns) as f64;
    });
    "db is the gradient of one pixel":
        "A bias is added to every pixel of its map, and its gradient is the sum over all of them (step 2).",
    changed!(conv_backward(next_dz, k, z, slide) as g {
        let n = z.shape()[0];
        g.db =
            DVector::from_fn(k.shape()[1], |d, _| (0..n).map(|n| next_dz[(n, d, 0, 0)]).sum::<f64>() / n as f64);
    });
}

// The building blocks of the mistakes.

/// The convolution of all maps, without bias, stride and padding.
fn correlate(z: &Tensor, k: &Tensor) -> Result<Tensor, ShapeError> {
    conv_forward(z, k, &DVector::zeros(k.shape()[1]), Slide::default())
}

/// Steps 5 to 7, with a kernel (D, C, k1, k2) that is given.
fn input_gradient(
    next_dz: &Tensor,
    strides: (usize, usize),
    kernel: &Tensor,
    z: &Tensor,
    cropped: (usize, usize),
) -> Result<Tensor, ShapeError> {
    let ([_, _, k1, k2], [_, _, height, width]) = (kernel.shape(), z.shape());
    let dilated = insert_zeros(next_dz, strides)?;
    Ok(cut(&correlate(&dilated.pad((k1 - 1, k2 - 1))?, kernel)?, cropped, [height, width]))
}

/// Step 3, of an image ẑ that is given: at most k1 × k2 taps.
fn kernel_gradient(
    padded: &Tensor,
    next_dz: &Tensor,
    strides: (usize, usize),
    k: &Tensor,
) -> Result<Tensor, ShapeError> {
    let (n, [_, _, k1, k2]) = (padded.shape()[0] as f64, k.shape());
    let dk = correlate(&padded.swap_axes(), &insert_zeros(next_dz, strides)?)?.map(|sum| sum / n);
    let [_, _, rows, columns] = dk.shape();
    Ok(cut(&dk, (0, 0), [rows.min(k1), columns.min(k2)]))
}

fn turned(k: &Tensor) -> Tensor {
    k.rotate_180().swap_axes()
}
