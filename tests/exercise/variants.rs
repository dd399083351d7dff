//! Mistakes of the catalogue made again, by another hand: loops where the catalogue uses the crate's functions, sums in
//! another order, formulas in another form. Naming one of them is no comparison of a function with itself.
//!
//! Some are mistakes *like* one of the catalogue, with other numbers; only their track can name them.

use handgrad::check::exercise::{self, Evidence, Verdict};
use handgrad::prelude::*;

/// A mistake made again: the function, the name that it must get, and the verdict on it.
pub type Variant = (&'static str, &'static str, Verdict);

fn every(a: usize, b: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)))
}

// Convolution: one loop over all products, and a place for each slip.

#[derive(Clone, Copy, PartialEq)]
enum Slip {
    None,
    Unrotated,
    RowsReversed,
    ColumnsReversed,
    TransposedAndRotated,
    Transposed,
    Unswapped,
    NoZerosForDz,
    NoZerosForDk,
    ZeroTooMany,
    StridesExchanged,
    MovedByOne,
    CutAtTheEnd,
    CutAtTheBeginning,
    NoOffsetForDk,
    DkRotated,
    NeverDivided,
    DividedTwice,
    DzDivided,
    LastSample,
    FirstSample,
    PixelMean,
    FirstPixel,
    LastPixel,
}

type Tensor = Tensor4<f64>;

fn scattered(slip: Slip, next_dz: &Tensor, k: &Tensor, z: &Tensor, slide: Slide) -> ConvGradients<f64> {
    let ([samples, channels, h, w], [_, depth, k1, k2], [.., rows, columns]) = (z.shape(), k.shape(), next_dz.shape());
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let (mut dk, mut db, mut dz) = (Tensor4::zeros(k.shape()), DVector::zeros(depth), Tensor4::zeros(z.shape()));
    let pixel = |r: usize, q: usize, p: (usize, usize)| {
        let (r, q) = (r.checked_sub(p.0)?, q.checked_sub(p.1)?);
        (r < h && q < w).then_some((r, q))
    };
    let n = samples as f64;
    for ((sample, d), (i, j)) in every(samples, depth).flat_map(|nd| every(rows, columns).map(move |ij| (nd, ij))) {
        let delta = next_dz[(sample, d, i, j)];
        let counts = match slip {
            Slip::LastSample => sample + 1 == samples,
            Slip::FirstSample => sample == 0,
            _ => true,
        };
        let share = match slip {
            Slip::NeverDivided => delta,
            Slip::DividedTwice => delta / (n * n),
            _ if counts => delta / n,
            _ => 0.0,
        };
        db[d] += match slip {
            Slip::PixelMean => share / (rows * columns) as f64,
            Slip::FirstPixel if (i, j) != (0, 0) => 0.0,
            Slip::LastPixel if (i + 1, j + 1) != (rows, columns) => 0.0,
            _ => share,
        };
        for (c, (u, v)) in (0..channels).flat_map(|c| every(k1, k2).map(move |uv| (c, uv))) {
            let (r, q) = (i * s1 + u, j * s2 + v);
            let tap = match slip {
                Slip::Unrotated => k[(c, d, k1 - 1 - u, k2 - 1 - v)],
                Slip::RowsReversed => k[(c, d, u, k2 - 1 - v)],
                Slip::ColumnsReversed => k[(c, d, k1 - 1 - u, v)],
                Slip::TransposedAndRotated => k[(c, d, k2 - 1 - v, k1 - 1 - u)],
                Slip::Transposed => k[(c, d, v, u)],
                Slip::Unswapped => k[(d, c, u, v)],
                _ => k[(c, d, u, v)],
            };
            let (to_r, to_q) = match slip {
                Slip::NoZerosForDz => (i + u, j + v),
                Slip::ZeroTooMany => (i * (s1 + 1) + u, j * (s2 + 1) + v),
                Slip::StridesExchanged => (i * s2 + u, j * s1 + v),
                Slip::MovedByOne => (r + 1, q + 1),
                _ => (r, q),
            };
            let cut = match slip {
                Slip::CutAtTheEnd => (0, 0),
                Slip::CutAtTheBeginning => (2 * p1, 2 * p2),
                _ => (p1, p2),
            };
            if let Some((r, q)) = pixel(to_r, to_q, cut) {
                dz[(sample, c, r, q)] += if slip == Slip::DzDivided { delta / n } else { delta } * tap;
            }
            let from = match slip {
                Slip::NoZerosForDk => pixel(i + u, j + v, (p1, p2)),
                Slip::NoOffsetForDk => pixel(r, q, (0, 0)),
                _ => pixel(r, q, (p1, p2)),
            };
            let tap = if slip == Slip::DkRotated { (c, d, k1 - 1 - u, k2 - 1 - v) } else { (c, d, u, v) };
            dk[tap] += from.map_or(0.0, |(r, q)| z[(sample, c, r, q)]) * share;
        }
    }
    ConvGradients { dk, db, dz }
}

macro_rules! conv_backward {
    ($($slip:ident: $name:literal,)*) => {
        vec![$((
            "conv_backward",
            $name,
            exercise::conv_backward(|next_dz, k, z, slide| Ok(scattered(Slip::$slip, next_dz, k, z, slide))),
        )),*]
    };
}

/// The loops without a slip pass.
pub fn loops_without_a_slip() -> Verdict {
    exercise::conv_backward(|next_dz, k, z, slide| Ok(scattered(Slip::None, next_dz, k, z, slide)))
}

fn conv_backward_variants() -> Vec<Variant> {
    let mut variants = conv_backward! {
        Unrotated: "the kernel is not rotated",
        RowsReversed: "only the rows of the kernel are reversed",
        ColumnsReversed: "only the columns of the kernel are reversed",
        TransposedAndRotated: "the kernel is transposed instead of rotated",
        Unswapped: "the kernel's channels are not swapped",
        NoZerosForDz: "zeros are not inserted for dz",
        NoZerosForDk: "zeros are not inserted for dK",
        ZeroTooMany: "a zero too many is inserted",
        StridesExchanged: "the strides of rows and columns are exchanged",
        MovedByOne: "δ is padded by k instead of k − 1",
        CutAtTheEnd: "the padding is cut off at the end alone",
        CutAtTheBeginning: "the padding is cut off at the beginning alone",
        NoOffsetForDk: "dK's taps are off by the padding",
        DkRotated: "dK is rotated",
        NeverDivided: "dK and db are not divided by N",
        DividedTwice: "dK and db are divided by N twice",
        DzDivided: "dz is divided by N",
        LastSample: "dK and db see only the last sample",
        PixelMean: "db is a mean over the pixels",
        FirstPixel: "db is the gradient of one pixel",
        // With other numbers.
        FirstSample: "dK and db see only the last sample",
        LastPixel: "db is the gradient of one pixel",
        Transposed: "the kernel is transposed instead of rotated",
    };
    // What the course did: the unpadded input, and a broadcast.
    variants.push((
        "conv_backward",
        "every tap gets the centre tap's gradient",
        exercise::conv_backward(|next_dz, k, z, slide| {
            let [_, _, k1, k2] = k.shape();
            let mut g = scattered(Slip::None, next_dz, k, z, slide);
            if slide.padding == ((k1 - 1) / 2, (k2 - 1) / 2) && slide.padding != (0, 0) {
                g.dk = Tensor4::from_fn(k.shape(), |c, d, _, _| g.dk[(c, d, k1 / 2, k2 / 2)]);
            } else {
                assert_eq!(slide.padding, (0, 0), "shapes do not broadcast");
            }
            Ok(g)
        }),
    ));
    variants
}

#[derive(Clone, Copy, PartialEq)]
enum ForwardSlip {
    None,
    NoBias,
    BiasForEveryMap,
    Rotated,
    Exchanged,
    LastMap,
    NoOffset,
    BorderRepeated,
    StrideOne,
}

fn gathered(slip: ForwardSlip, z: &Tensor, k: &Tensor, b: &DVector<f64>, slide: Slide) -> Result<Tensor, ShapeError> {
    let ([n, channels, h, w], [_, depth, k1, k2]) = (z.shape(), k.shape());
    let (rows, columns) = slide.output_size((h, w), (k1, k2))?;
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let (s1, s2) = if slip == ForwardSlip::StrideOne { (1, 1) } else { (s1, s2) };
    let (o1, o2) = if slip == ForwardSlip::NoOffset { (0, 0) } else { (p1 as isize, p2 as isize) };
    Ok(Tensor4::from_fn([n, depth, rows, columns], |n, d, i, j| {
        let mut y = 0.0;
        for c in (0..channels).rev() {
            if slip == ForwardSlip::LastMap && c + 1 != channels {
                continue;
            }
            for (u, v) in every(k1, k2) {
                let (r, q) = ((i * s1 + u) as isize - o1, (j * s2 + v) as isize - o2);
                let inside = (0..h as isize).contains(&r) && (0..w as isize).contains(&q);
                let (near_r, near_q) = (r.clamp(0, h as isize - 1) as usize, q.clamp(0, w as isize - 1) as usize);
                if !inside && slip != ForwardSlip::BorderRepeated {
                    continue;
                }
                y += z[(n, c, near_r, near_q)]
                    * match slip {
                        ForwardSlip::Rotated => k[(c, d, k1 - 1 - u, k2 - 1 - v)],
                        ForwardSlip::Exchanged => k[(d, c, u, v)],
                        _ => k[(c, d, u, v)],
                    };
            }
            y += if slip == ForwardSlip::BiasForEveryMap { b[d] } else { 0.0 };
        }
        y + if matches!(slip, ForwardSlip::NoBias | ForwardSlip::BiasForEveryMap) { 0.0 } else { b[d] }
    }))
}

macro_rules! conv_forward {
    ($($slip:ident: $name:literal,)*) => {
        vec![$((
            "conv_forward",
            $name,
            exercise::conv_forward(|z, k, b, slide| gathered(ForwardSlip::$slip, z, k, b, slide)),
        )),*]
    };
}

/// The loops without a slip pass.
pub fn forward_loops_without_a_slip() -> Verdict {
    exercise::conv_forward(|z, k, b, slide| gathered(ForwardSlip::None, z, k, b, slide))
}

fn conv_forward_variants() -> Vec<Variant> {
    conv_forward! {
        NoBias: "the bias is forgotten",
        BiasForEveryMap: "the bias is added once for every input map",
        Rotated: "the kernel is rotated",
        Exchanged: "the kernel's channels are exchanged",
        LastMap: "only the last input map counts",
        NoOffset: "the padding is put below and to the right",
        BorderRepeated: "the padding repeats the border",
        StrideOne: "the windows move by 1 instead of the stride",
    }
}

// The fully connected layer.

fn fc_loops(n: f64, next_dz: &DMatrix<f64>, w: &DMatrix<f64>, z: &DMatrix<f64>) -> FcGradients<f64> {
    let (mut dw, mut db, mut dz) = (w * 0.0, DVector::zeros(w.ncols()), z * 0.0);
    for (sample, j) in every(z.nrows(), w.ncols()) {
        db[j] += next_dz[(sample, j)] / n;
        for i in 0..z.ncols() {
            dw[(i, j)] += z[(sample, i)] * next_dz[(sample, j)] / n;
            dz[(sample, i)] += next_dz[(sample, j)] * w[(i, j)];
        }
    }
    FcGradients { dw, db, dz }
}

fn fc_variants() -> Vec<Variant> {
    vec![
        (
            "fc_forward",
            "the bias is forgotten",
            exercise::fc_forward(|z, w, _| {
                Ok(DMatrix::from_fn(z.nrows(), w.ncols(), |n, j| z.row(n).transpose().dot(&w.column(j))))
            }),
        ),
        (
            "fc_forward",
            "one bias is added to all outputs",
            exercise::fc_forward(|z, w, b| {
                let first = b[0];
                Ok(DMatrix::from_fn(z.nrows(), w.ncols(), |n, j| first + z.row(n).transpose().dot(&w.column(j))))
            }),
        ),
        (
            "fc_backward",
            "dw and db are not divided by N",
            exercise::fc_backward(|next_dz, w, z| Ok(fc_loops(1.0, next_dz, w, z))),
        ),
        (
            "fc_backward",
            "dw and db are divided by N twice",
            exercise::fc_backward(|next_dz, w, z| Ok(fc_loops((z.nrows() * z.nrows()) as f64, next_dz, w, z))),
        ),
        (
            "fc_backward",
            "dw and db are not divided by N",
            exercise::fc_backward(|next_dz, w, z| {
                let (right, sum) = (fc_loops(z.nrows() as f64, next_dz, w, z), fc_loops(1.0, next_dz, w, z));
                Ok(FcGradients { dw: sum.dw, ..right }) // in dw alone
            }),
        ),
        (
            "fc_backward",
            "dz is divided by N",
            exercise::fc_backward(|next_dz, w, z| {
                let n = z.nrows() as f64;
                Ok(FcGradients { dz: next_dz / n * w.transpose(), ..fc_loops(n, next_dz, w, z) })
            }),
        ),
        (
            "fc_backward",
            "W is not transposed",
            exercise::fc_backward(|next_dz, w, z| {
                let right = fc_loops(z.nrows() as f64, next_dz, w, z);
                // Out of bounds where W is not square.
                let dz = DMatrix::from_fn(z.nrows(), z.ncols(), |n, i| {
                    (0..w.ncols()).map(|j| next_dz[(n, j)] * w[(j, i)]).sum()
                });
                Ok(FcGradients { dz, ..right })
            }),
        ),
        (
            "fc_backward",
            "dw and db see only the last sample",
            exercise::fc_backward(|next_dz, w, z| {
                let n = z.nrows() as f64;
                let mut g = fc_loops(n, next_dz, w, z);
                for sample in 0..z.nrows() {
                    for (i, j) in every(w.nrows(), w.ncols()) {
                        g.dw[(i, j)] = z[(sample, i)] * next_dz[(sample, j)] / n;
                        g.db[j] = next_dz[(sample, j)] / n;
                    }
                }
                Ok(g)
            }),
        ),
        (
            "flatten_forward",
            "the channel runs fastest",
            exercise::flatten_forward(|z| {
                let [n, c, h, w] = z.shape();
                let mut y = DMatrix::zeros(n, c * h * w);
                for (sample, channel) in every(n, c) {
                    every(h, w).for_each(|(i, j)| {
                        y[(sample, channel + c * (j + w * i))] = z[(sample, channel, i, j)];
                    });
                }
                y
            }),
        ),
    ]
}

// Pooling: windows as lists of pixels.

/// A row and a column.
type Place = (usize, usize);

/// Every window's pixels that are not padding, with its place in the output.
fn windows(z: &Tensor, (k1, k2): (usize, usize), slide: Slide) -> Vec<(Place, Vec<Place>)> {
    let [_, _, h, w] = z.shape();
    let Ok((rows, columns)) = slide.output_size((h, w), (k1, k2)) else { return vec![] };
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let pixels = |i: usize, j: usize| {
        let inside = |(r, q): &(usize, usize)| (p1..p1 + h).contains(r) && (p2..p2 + w).contains(q);
        let all = every(k1, k2).map(|(u, v)| (i * s1 + u, j * s2 + v));
        all.filter(inside).map(|(r, q)| (r - p1, q - p2)).collect()
    };
    every(rows, columns).map(|(i, j)| ((i, j), pixels(i, j))).collect()
}

/// The forward by windows: `f` sees the numbers of one.
fn pooled(z: &Tensor, window: (usize, usize), slide: Slide, f: impl Fn(&[f64]) -> f64) -> Result<Tensor, ShapeError> {
    let [n, c, h, w] = z.shape();
    let (rows, columns) = slide.output_size((h, w), window)?;
    let mut y = Tensor4::zeros([n, c, rows, columns]);
    for ((n, c), ((i, j), pixels)) in
        every(n, c).flat_map(|nc| windows(z, window, slide).into_iter().map(move |p| (nc, p)))
    {
        let numbers: Vec<f64> = pixels.iter().map(|&(r, q)| z[(n, c, r, q)]).collect();
        y[(n, c, i, j)] = f(&numbers);
    }
    Ok(y)
}

/// The backward by windows: `shares` sees the numbers of one, and `give` hands each its share of δ.
fn unpooled(
    next_dz: &Tensor,
    z: &Tensor,
    window: (usize, usize),
    slide: Slide,
    shares: impl Fn(&[f64]) -> Vec<f64>,
    give: impl Fn(&mut f64, f64),
) -> Tensor {
    let [n, c, ..] = z.shape();
    let mut dz = Tensor4::zeros(z.shape());
    for (n, c) in every(n, c) {
        for ((i, j), pixels) in windows(z, window, slide) {
            let numbers: Vec<f64> = pixels.iter().map(|&(r, q)| z[(n, c, r, q)]).collect();
            for (&(r, q), share) in pixels.iter().zip(shares(&numbers)) {
                give(&mut dz[(n, c, r, q)], share * next_dz[(n, c, i, j)]);
            }
        }
    }
    dz
}

fn add(to: &mut f64, share: f64) {
    *to += share;
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::MIN, f64::max)
}

fn only(at: Option<usize>, numbers: &[f64]) -> Vec<f64> {
    (0..numbers.len()).map(|k| f64::from(Some(k) == at)).collect()
}

fn pooling_variants() -> Vec<Variant> {
    vec![
        (
            "max_pooling_forward",
            "the padding counts as 0",
            exercise::max_pooling_forward(|z, window, slide| {
                let full = window.0 * window.1;
                pooled(z, window, slide, |numbers| {
                    largest(numbers).max(if numbers.len() < full { 0.0 } else { f64::MIN })
                })
            }),
        ),
        (
            "max_pooling_forward",
            "the maximum starts from 0",
            exercise::max_pooling_forward(|z, window, slide| {
                pooled(z, window, slide, |numbers| {
                    numbers.iter().fold(0.0, |max: f64, &x| if x > max { x } else { max })
                })
            }),
        ),
        (
            "max_pooling_forward",
            "the mean instead of the maximum",
            exercise::max_pooling_forward(|z, window, slide| {
                let full = (window.0 * window.1) as f64;
                pooled(z, window, slide, |numbers| numbers.iter().rev().sum::<f64>() / full)
            }),
        ),
        (
            "max_pooling_backward",
            "every tied maximum gets the gradient",
            exercise::max_pooling_backward(|next_dz, z, window, slide| {
                let shares = |numbers: &[f64]| {
                    let most = largest(numbers);
                    numbers.iter().map(|&x| if x < most { 0.0 } else { 1.0 }).collect()
                };
                Ok(unpooled(next_dz, z, window, slide, shares, add))
            }),
        ),
        (
            "max_pooling_backward",
            "the last of tied maxima gets the gradient",
            exercise::max_pooling_backward(|next_dz, z, window, slide| {
                let shares = |numbers: &[f64]| {
                    let mut best = 0;
                    for k in 0..numbers.len() {
                        if numbers[k] >= numbers[best] {
                            best = k;
                        }
                    }
                    only(Some(best), numbers)
                };
                Ok(unpooled(next_dz, z, window, slide, shares, add))
            }),
        ),
        (
            "max_pooling_backward",
            "windows that overlap overwrite each other",
            exercise::max_pooling_backward(|next_dz, z, window, slide| {
                let shares = |numbers: &[f64]| only(numbers.iter().position(|&x| x == largest(numbers)), numbers);
                let keep = |to: &mut f64, share: f64| *to = if share == 0.0 { *to } else { share };
                Ok(unpooled(next_dz, z, window, slide, shares, keep))
            }),
        ),
        (
            "avg_pooling_forward",
            "the sum instead of the mean",
            exercise::avg_pooling_forward(|z, window, slide| {
                pooled(z, window, slide, |numbers| numbers.iter().rev().sum())
            }),
        ),
        (
            "avg_pooling_forward",
            "the padding does not count in the mean",
            exercise::avg_pooling_forward(|z, window, slide| {
                pooled(z, window, slide, |numbers| numbers.iter().sum::<f64>() / numbers.len() as f64)
            }),
        ),
        (
            "avg_pooling_backward",
            "not divided by the window's area",
            exercise::avg_pooling_backward(|next_dz, z, window, slide| {
                Ok(unpooled(next_dz, z, window, slide, |numbers| vec![1.0; numbers.len()], add))
            }),
        ),
        (
            "avg_pooling_backward",
            "the padding does not count in the mean",
            exercise::avg_pooling_backward(|next_dz, z, window, slide| {
                let shares = |numbers: &[f64]| vec![1.0 / numbers.len() as f64; numbers.len()];
                Ok(unpooled(next_dz, z, window, slide, shares, add))
            }),
        ),
        (
            "avg_pooling_backward",
            "floor for ceil",
            exercise::avg_pooling_backward(|next_dz, z, window, slide| {
                let [.., rows, columns] = next_dz.shape();
                let over = |r: usize, i: usize, k: usize, s: usize| {
                    i <= r / s && i as f64 >= ((r as f64 - k as f64 + 1.0) / s as f64).floor()
                };
                Ok(Tensor4::from_fn(z.shape(), |n, c, r, q| {
                    let (r, q) = (r + slide.padding.0, q + slide.padding.1);
                    let counts = |&(i, j): &(usize, usize)| {
                        over(r, i, window.0, slide.strides.0) && over(q, j, window.1, slide.strides.1)
                    };
                    let sum: f64 = every(rows, columns).filter(counts).map(|(i, j)| next_dz[(n, c, i, j)]).sum();
                    sum / window.0 as f64 / window.1 as f64
                }))
            }),
        ),
        (
            "global_avg_pooling_backward",
            "not divided by the map's area",
            exercise::global_avg_pooling_backward(|next_dz, z| {
                let mut dz = z.clone();
                let [n, c, h, w] = z.shape();
                for ((n, c), (i, j)) in every(n, c).flat_map(|nc| every(h, w).map(move |ij| (nc, ij))) {
                    dz[(n, c, i, j)] = next_dz[(n, c)];
                }
                Ok(dz)
            }),
        ),
        (
            "global_max_pooling_backward",
            "every tied maximum gets the gradient",
            exercise::global_max_pooling_backward(|next_dz, z| {
                Ok(Tensor4::from_fn(z.shape(), |n, c, i, j| {
                    let map = z.map_at(n, c);
                    next_dz[(n, c)] * f64::from(map[(i, j)] >= map.max())
                }))
            }),
        ),
    ]
}

// Activations, losses, optimizers.

fn activation_variants() -> Vec<Variant> {
    vec![
        (
            "relu_backward",
            "the slope at 0 is 1",
            exercise::relu_backward(|next_dz, z| {
                Ok(DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| if z[(n, j)] < 0.0 { 0.0 } else { next_dz[(n, j)] }))
            }),
        ),
        (
            "relu_backward",
            "next_dz is forgotten",
            exercise::relu_backward(|_, z| Ok(z.map(|z| (z.signum() * 0.5 + 0.5) * f64::from(z != 0.0)))),
        ),
        (
            "leaky_relu_backward",
            "nothing passes on the left",
            exercise::leaky_relu_backward(|next_dz, z, _| Ok(next_dz.component_mul(&z.map(|z| f64::from(z > 0.0))))),
        ),
        (
            "sigmoid_forward",
            "the exponential overflows",
            exercise::sigmoid_forward(|z| z.map(|z| z.exp() * (1.0 / (1.0 + z.exp())))),
        ),
        (
            "sigmoid_backward",
            "the sigmoid is taken twice",
            exercise::sigmoid_backward(|next_dz, z| {
                let y = z.map(|z| 1.0 / (1.0 + (-z).exp()));
                Ok(next_dz.zip_map(&y, |delta, y| delta * (-y).exp() / (1.0 + (-y).exp()).powi(2)))
            }),
        ),
        (
            "tanh_backward",
            "tanh is taken twice",
            exercise::tanh_backward(|next_dz, z| Ok(next_dz.zip_map(z, |delta, z| delta / z.tanh().cosh().powi(2)))),
        ),
        (
            "softmax_forward",
            "the maximum is not subtracted",
            exercise::softmax_forward(|z| {
                let mut p = z.map(f64::exp);
                for mut row in p.row_iter_mut() {
                    let total: f64 = row.iter().sum();
                    row /= total;
                }
                p
            }),
        ),
        (
            "softmax_forward",
            "the sum runs over the whole batch",
            exercise::softmax_forward(|z| {
                let total = z.max() + z.map(|x| (x - z.max()).exp()).sum().ln();
                z.map(|z| (z - total).exp())
            }),
        ),
        (
            "softmax_backward",
            "the diagonal of the Jacobian alone",
            exercise::softmax_backward(|next_dz, p| Ok(next_dz.zip_map(p, |delta, p| delta * (p - p * p)))),
        ),
        (
            "prelu_backward",
            "dα is not divided by N",
            exercise::prelu_backward(|next_dz, z, alpha| {
                let [n, c, h, w] = z.shape();
                let right = prelu_backward(next_dz, z, alpha)?;
                let mut dalpha = alpha * 0.0;
                for ((n, c), (i, j)) in every(n, c).flat_map(|nc| every(h, w).map(move |ij| (nc, ij))) {
                    dalpha[c] += next_dz[(n, c, i, j)] * z[(n, c, i, j)].min(0.0);
                }
                Ok(PreluGradients { dalpha, ..right })
            }),
        ),
    ]
}

fn loss_variants() -> Vec<Variant> {
    vec![
        (
            "mean_squared_loss",
            "the ½ is forgotten in the loss",
            exercise::mean_squared_loss(|y, target| {
                Ok(Loss { loss: (y - target).norm_squared() / y.nrows() as f64, dy: y - target })
            }),
        ),
        (
            "mean_squared_loss",
            "dy is divided by N",
            exercise::mean_squared_loss(|y, target| {
                let n = y.nrows() as f64;
                Ok(Loss { loss: (y - target).norm_squared() / (n + n), dy: y / n - target / n })
            }),
        ),
        (
            "mean_squared_loss",
            "dy has the wrong sign",
            exercise::mean_squared_loss(|y, target| {
                Ok(Loss { loss: 0.5 * (y - target).norm_squared() / y.nrows() as f64, dy: target - y })
            }),
        ),
        (
            "cross_entropy_loss",
            "the maximum is not subtracted",
            exercise::cross_entropy_loss(|y, target| {
                let total = DVector::from_fn(y.nrows(), |n, _| y.row(n).iter().map(|y| y.exp()).sum::<f64>());
                let p = DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| y[(n, j)].exp() / total[n]);
                let loss: f64 = p.zip_map(target, |p, t| t * p.ln()).sum();
                Ok(Loss { loss: -loss / y.nrows() as f64, dy: p - target })
            }),
        ),
        (
            "cross_entropy_loss",
            "dy is divided by N",
            exercise::cross_entropy_loss(|y, target| {
                let Loss { loss, .. } = cross_entropy_loss(y, target)?;
                Ok(Loss { loss, dy: (softmax_forward(y) - target) * (1.0 / y.nrows() as f64) })
            }),
        ),
        (
            "cross_entropy_loss",
            "the loss is not divided by N",
            exercise::cross_entropy_loss(|y, target| {
                let mut loss = 0.0;
                for (y, target) in y.row_iter().zip(target.row_iter()) {
                    let most = y.max();
                    let total = y.iter().map(|y| (y - most).exp()).sum::<f64>().ln();
                    loss -= target.iter().zip(y.iter()).map(|(t, y)| t * (y - most - total)).sum::<f64>();
                }
                Ok(Loss { loss, dy: softmax_forward(y) - target })
            }),
        ),
    ]
}

fn optimizer_variants() -> Vec<Variant> {
    vec![
        (
            "sgd",
            "the weight decay is not multiplied by the learning rate",
            exercise::sgd(|w, g, r| (1.0 - r.weight_decay) * w - r.rate * g),
        ),
        (
            "momentum",
            "the gradient is damped",
            exercise::momentum(|w, g, v, r| {
                let v = v + (1.0 - r.momentum) * (g - v);
                (w - v * r.rate, v)
            }),
        ),
        (
            "nesterov",
            "plain momentum",
            // In units of the step.
            exercise::nesterov(|w, g, v, r| (w + r.momentum * v - r.rate * g, r.momentum * v - r.rate * g)),
        ),
        (
            "rmsprop",
            "ε is inside the root",
            exercise::rmsprop(|w, g, v, r| {
                let v = v + (1.0 - r.alpha) * (g * g - v);
                (w - r.rate * g * (v + r.epsilon).powf(-0.5), v)
            }),
        ),
        (
            "adam",
            "the bias is not corrected",
            exercise::adam(|w, g, [m, v], _, r| {
                let (m, v) = (m + (1.0 - r.beta1) * (g - m), v + (1.0 - r.beta2) * (g * g - v));
                (w - r.rate / (v.sqrt() + r.epsilon) * m, [m, v])
            }),
        ),
        (
            "adamw",
            "the decay is added to the gradient",
            exercise::adamw(|w, g, [m, v], t, r| {
                let g = r.weight_decay.mul_add(w, g);
                let (m, v) = (m + (1.0 - r.beta1) * (g - m), v + (1.0 - r.beta2) * (g * g - v));
                let (a, b) = (1.0 - r.beta1.powf(f64::from(t)), 1.0 - r.beta2.powf(f64::from(t)));
                (w - r.rate * (m / a) / ((v / b).sqrt() + r.epsilon), [m, v])
            }),
        ),
    ]
}

/// All of them.
pub fn all() -> Vec<Variant> {
    [
        fc_variants(),
        conv_forward_variants(),
        conv_backward_variants(),
        pooling_variants(),
        activation_variants(),
        loss_variants(),
        optimizer_variants(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the likeliest mistake is this one, and what spoke for it.
pub fn named(verdict: &Verdict, name: &str) -> Option<Evidence> {
    verdict.suspicions().first().filter(|suspicion| suspicion.name == name).map(|suspicion| suspicion.by)
}
