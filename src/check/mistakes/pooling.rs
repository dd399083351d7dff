//! Wrong poolings. The numbers are the steps of the derivations of [max] and
//! [average] pooling.

use super::Mistake;
use crate::check::signatures::{BackToMaps, GlobalForward, PoolingBackward, PoolingForward};
use crate::layers::*;
use crate::{Slide, Tensor4};
use nalgebra::DMatrix;

/// Known mistakes in [`max_pooling_forward`].
pub const MAX_POOLING_FORWARD: &[Mistake<PoolingForward>] = &[
    Mistake {
        name: "the padding counts as 0",
        sentence: "The padding is −∞ and never wins; here a window of negative numbers at the border answers 0.",
        wrong: max_pooling_zero_padded_forward,
    },
    Mistake {
        name: "the maximum starts from 0",
        sentence: "A window of negative numbers has a negative maximum: start from −∞, or from the first of them.",
        wrong: |z, pooling, slide| Ok(max_pooling_forward(z, pooling, slide)?.map(|y| y.max(0.0))),
    },
    Mistake {
        name: "the windows tile, whatever the strides",
        sentence: "Window (i, j) begins at row i·s1 and column j·s2, not at i·k1 and j·k2.",
        wrong: |z, pooling, slide| max_pooling_forward(z, pooling, Slide { strides: pooling, ..slide }.round_down()),
    },
    Mistake {
        name: "the last window is lost",
        sentence: "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
        wrong: |z, pooling, slide| last_window_lost(z, pooling, slide, &max_pooling_forward(z, pooling, slide)?),
    },
    Mistake {
        name: "the mean instead of the maximum",
        sentence: "y is the largest number of the window; here it is the mean of them.",
        wrong: avg_pooling_forward,
    },
    Mistake {
        name: "the largest absolute value",
        sentence: "−3 is not larger than 2: the maximum is taken of the numbers, not of their sizes.",
        wrong: |z, pooling, slide| max_pooling_forward(&z.map(f64::abs), pooling, slide),
    },
];

/// Known mistakes in [`max_pooling_backward`].
pub const MAX_POOLING_BACKWARD: &[Mistake<PoolingBackward>] = &[
    Mistake {
        name: "every tied maximum gets the gradient",
        sentence: "The first maximum alone takes δ, so that Σ dz = Σ next_dz; here each of the equals gets all of it.",
        wrong: |next_dz, z, pooling, slide| {
            scatter(next_dz, z, pooling, slide, |window| {
                let largest = maximum(window);
                window.iter().map(|&x| f64::from(x == largest)).collect()
            })
        },
    },
    Mistake {
        name: "tied maxima share the gradient",
        sentence: "Of equal maxima, the first takes all of δ, as in the field's libraries; here they share it.",
        wrong: |next_dz, z, pooling, slide| {
            scatter(next_dz, z, pooling, slide, |window| {
                let largest = maximum(window);
                let count = window.iter().filter(|&&x| x == largest).count() as f64;
                window.iter().map(|&x| f64::from(x == largest) / count).collect()
            })
        },
    },
    Mistake {
        name: "the last of tied maxima gets the gradient",
        sentence: "Of equal maxima the first one counts, row by row: compare with >, not with >=.",
        wrong: |next_dz, z, pooling, slide| {
            scatter(next_dz, z, pooling, slide, |window| {
                let last = window.iter().rposition(|&x| x == maximum(window));
                (0..window.len()).map(|at| f64::from(Some(at) == last)).collect()
            })
        },
    },
    Mistake {
        name: "every place of a window gets the gradient",
        sentence: "y is the maximum and no other element: δ goes to its place alone (step 2).",
        wrong: |next_dz, z, pooling, slide| scatter(next_dz, z, pooling, slide, |window| vec![1.0; window.len()]),
    },
    Mistake {
        name: "windows that overlap overwrite each other",
        sentence: "Where two windows have the same maximum, their δ add up (step 2): was = written for += ?",
        wrong: |next_dz, z, pooling, slide| {
            overwrite(next_dz, z, pooling, slide, |window| {
                let first = window.iter().position(|&x| x == maximum(window));
                (0..window.len()).map(|at| f64::from(Some(at) == first)).collect()
            })
        },
    },
    Mistake {
        name: "the padding counts as 0",
        sentence: "The padding is −∞ and never wins; here the δ of a negative window at the border is lost in it.",
        wrong: max_pooling_zero_padded_backward,
    },
    Mistake {
        name: "the gradient is multiplied by the maximum",
        sentence: "y is the maximum itself, with the slope 1 (step 1): δ arrives as it is.",
        wrong: |next_dz, z, pooling, slide| {
            let y = max_pooling_forward(z, pooling, slide)?;
            let product = Tensor4::from_fn(y.shape(), |n, c, i, j| next_dz[(n, c, i, j)] * y[(n, c, i, j)]);
            max_pooling_backward(&product, z, pooling, slide)
        },
    },
    Mistake {
        name: "the strides of rows and columns are exchanged",
        sentence: "Window (i, j) begins at row i·s1 and column j·s2; here at row i·s2 and column j·s1.",
        wrong: |next_dz, z, pooling, slide| {
            let (s1, s2) = slide.strides;
            scatter(next_dz, z, pooling, Slide { strides: (s2, s1), ..slide }, |window| {
                let first = window.iter().position(|&x| x == maximum(window));
                (0..window.len()).map(|at| f64::from(Some(at) == first)).collect()
            })
        },
    },
];

/// Known mistakes in [`avg_pooling_forward`].
pub const AVG_POOLING_FORWARD: &[Mistake<PoolingForward>] = &[
    Mistake {
        name: "the sum instead of the mean",
        sentence: "y is the window's sum divided by k1·k2.",
        wrong: |z, pooling, slide| {
            Ok(avg_pooling_forward(z, pooling, slide)?.map(|mean| mean * (pooling.0 * pooling.1) as f64))
        },
    },
    Mistake {
        name: "the padding does not count in the mean",
        sentence: "The zeros of the padding are numbers of the window: every window is divided by k1·k2.",
        wrong: |z, pooling, slide| {
            let sums = avg_pooling_forward(z, pooling, slide)?;
            let shares = avg_pooling_forward(&z.map(|_| 1.0), pooling, slide)?;
            Ok(Tensor4::from_fn(sums.shape(), |n, c, i, j| sums[(n, c, i, j)] / shares[(n, c, i, j)]))
        },
    },
    Mistake {
        name: "divided by k1 + k2",
        sentence: "A window has k1·k2 places.",
        wrong: |z, (k1, k2), slide| {
            Ok(avg_pooling_forward(z, (k1, k2), slide)?.map(|mean| mean * (k1 * k2) as f64 / (k1 + k2) as f64))
        },
    },
    Mistake {
        name: "the windows tile, whatever the strides",
        sentence: "Window (i, j) begins at row i·s1 and column j·s2, not at i·k1 and j·k2.",
        wrong: |z, pooling, slide| avg_pooling_forward(z, pooling, Slide { strides: pooling, ..slide }.round_down()),
    },
    Mistake {
        name: "the last window is lost",
        sentence: "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
        wrong: |z, pooling, slide| last_window_lost(z, pooling, slide, &avg_pooling_forward(z, pooling, slide)?),
    },
];

/// Known mistakes in [`avg_pooling_backward`].
pub const AVG_POOLING_BACKWARD: &[Mistake<PoolingBackward>] = &[
    Mistake {
        name: "not divided by the window's area",
        sentence: "Every place of a window stands in its mean with the factor 1/(k1·k2) (step 1).",
        wrong: |next_dz, z, pooling, slide| {
            let area = (pooling.0 * pooling.1) as f64;
            avg_pooling_backward(&next_dz.map(|delta| delta * area), z, pooling, slide)
        },
    },
    Mistake {
        name: "the padding does not count in the mean",
        sentence: "The forward divides by k1·k2, the zeros of the padding included, and so does the backward (step 2).",
        wrong: |next_dz, z, pooling, slide| {
            scatter(next_dz, z, pooling, slide, |window| {
                let inside = window.iter().filter(|x| x.is_finite()).count() as f64;
                vec![1.0 / inside; window.len()]
            })
        },
    },
    Mistake {
        name: "floor for ceil",
        sentence: "Row r lies under the windows from ⌈(r − k + 1)/s⌉ to ⌊r/s⌋; with ⌊ ⌋ for ⌈ ⌉, one that ends before \
                   it is counted, too.",
        wrong: |next_dz, z, (k1, k2), slide| {
            let [_, _, rows, columns] = next_dz.shape();
            let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
            let windows =
                |r: usize, k: usize, s: usize, count: usize| ((r + 1).saturating_sub(k) / s)..(r / s + 1).min(count);
            Ok(Tensor4::from_fn(z.shape(), |n, c, r, q| {
                let over_row = windows(r + p1, k1, s1, rows);
                let over_column = |_| windows(q + p2, k2, s2, columns);
                let places = over_row.flat_map(|i| over_column(i).map(move |j| (i, j)));
                places.map(|(i, j)| next_dz[(n, c, i, j)]).sum::<f64>() / (k1 * k2) as f64
            }))
        },
    },
    Mistake {
        name: "windows that overlap overwrite each other",
        sentence: "A pixel under several windows gets a share from each (step 2): was = written for += ?",
        wrong: |next_dz, z, (k1, k2), slide| {
            overwrite(next_dz, z, (k1, k2), slide, |window| vec![1.0 / (k1 * k2) as f64; window.len()])
        },
    },
    Mistake {
        name: "the maximum gets the gradient",
        sentence: "Each place of a window has the same part in its mean: this is the backward of max pooling.",
        wrong: |next_dz, z, pooling, slide| {
            scatter(next_dz, z, pooling, slide, |window| {
                let first = window.iter().position(|&x| x == maximum(window));
                (0..window.len()).map(|at| f64::from(Some(at) == first)).collect()
            })
        },
    },
];

/// Known mistakes in [`global_max_pooling_forward`].
pub const GLOBAL_MAX_POOLING_FORWARD: &[Mistake<GlobalForward>] = &[
    Mistake {
        name: "the maximum starts from 0",
        sentence: "A map of negative numbers has a negative maximum: start from −∞, or from its first pixel.",
        wrong: |z| Ok(global_max_pooling_forward(z)?.map(|y| y.max(0.0))),
    },
    Mistake {
        name: "the maximum runs over the channels, too",
        sentence: "Every channel has a maximum of its own: y is (N, C).",
        wrong: |z| {
            let y = global_max_pooling_forward(z)?;
            Ok(DMatrix::from_fn(y.nrows(), y.ncols(), |n, _| y.row(n).max()))
        },
    },
    Mistake {
        name: "the mean instead of the maximum",
        sentence: "y is the largest number of the map; here it is the mean of them.",
        wrong: global_avg_pooling_forward,
    },
];

/// Known mistakes in [`global_max_pooling_backward`].
pub const GLOBAL_MAX_POOLING_BACKWARD: &[Mistake<BackToMaps>] = &[
    Mistake {
        name: "every tied maximum gets the gradient",
        sentence: "The first maximum alone takes δ, so that Σ dz = Σ next_dz; here each of the equals gets all of it.",
        wrong: |next_dz, z| {
            let largest = global_max_pooling_forward(z)?;
            Ok(Tensor4::from_fn(
                z.shape(),
                |n, c, i, j| {
                    if z[(n, c, i, j)] == largest[(n, c)] { next_dz[(n, c)] } else { 0.0 }
                },
            ))
        },
    },
    Mistake {
        name: "every pixel gets the gradient",
        sentence: "y is the maximum and no other pixel: δ goes to its place alone.",
        wrong: |next_dz, z| Ok(Tensor4::from_fn(z.shape(), |n, c, _, _| next_dz[(n, c)])),
    },
    Mistake {
        name: "one channel's maximum alone gets a gradient",
        sentence: "Every channel has a maximum of its own, and each of them gets its δ.",
        wrong: |next_dz, z| {
            let y = global_max_pooling_forward(z)?;
            let winner =
                DMatrix::from_fn(
                    y.nrows(),
                    y.ncols(),
                    |n, c| {
                        if y[(n, c)] == y.row(n).max() { next_dz[(n, c)] } else { 0.0 }
                    },
                );
            global_max_pooling_backward(&winner, z)
        },
    },
];

/// Known mistakes in [`global_avg_pooling_forward`].
pub const GLOBAL_AVG_POOLING_FORWARD: &[Mistake<GlobalForward>] = &[
    Mistake {
        name: "the sum instead of the mean",
        sentence: "y is the map's sum divided by H·W.",
        wrong: |z| {
            let [_, _, h, w] = z.shape();
            Ok(global_avg_pooling_forward(z)? * (h * w) as f64)
        },
    },
    Mistake {
        name: "divided by the channels, too",
        sentence: "Every channel has a mean of its own: it is divided by H·W, not by C·H·W.",
        wrong: |z| Ok(global_avg_pooling_forward(z)? / z.shape()[1] as f64),
    },
];

/// Known mistakes in [`global_avg_pooling_backward`].
pub const GLOBAL_AVG_POOLING_BACKWARD: &[Mistake<BackToMaps>] = &[
    Mistake {
        name: "not divided by the map's area",
        sentence: "Every pixel stands in its map's mean with the factor 1/(H·W).",
        wrong: |next_dz, z| Ok(Tensor4::from_fn(z.shape(), |n, c, _, _| next_dz[(n, c)])),
    },
    Mistake {
        name: "divided by the channels, too",
        sentence: "Every channel has a mean of its own: it is divided by H·W, not by C·H·W.",
        wrong: |next_dz, z| global_avg_pooling_backward(&(next_dz / z.shape()[1] as f64), z),
    },
    Mistake {
        name: "dz is divided by N",
        sentence: "What flows backward is each sample's own gradient: only parameters are divided by N.",
        wrong: |next_dz, z| global_avg_pooling_backward(&(next_dz / z.shape()[0] as f64), z),
    },
];

// The bricks that the mistakes are built of.

/// The outputs `y`, of as many windows as there are if 1 is added before the division by the stride.
fn last_window_lost(
    z: &Tensor4<f64>,
    (k1, k2): (usize, usize),
    slide: Slide,
    y: &Tensor4<f64>,
) -> Result<Tensor4<f64>, crate::ShapeError> {
    let ([n, c, h, w], (s1, s2), (p1, p2)) = (z.shape(), slide.strides, slide.padding);
    let [rows, columns] = [(h + 2 * p1 - k1 + 1) / s1, (w + 2 * p2 - k2 + 1) / s2];
    Ok(Tensor4::from_fn([n, c, rows, columns], |n, c, i, j| y[(n, c, i, j)]))
}

/// Every window hands its δ to its places, each by its weight, and what a place gets adds up. `weights` sees the
/// numbers of a window, row by row, −∞ in the padding.
fn scatter(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
    weights: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Tensor4<f64>, crate::ShapeError> {
    Ok(hand_out(next_dz, z, pooling, slide, weights, |dz, share| *dz += share))
}

/// The same, but a place keeps only what the last window gives it.
fn overwrite(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
    weights: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Tensor4<f64>, crate::ShapeError> {
    Ok(hand_out(next_dz, z, pooling, slide, weights, |dz, share| {
        if share != 0.0 {
            *dz = share;
        }
    }))
}

fn hand_out(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    (k1, k2): (usize, usize),
    slide: Slide,
    weights: impl Fn(&[f64]) -> Vec<f64>,
    give: impl Fn(&mut f64, f64),
) -> Tensor4<f64> {
    let ([samples, channels, rows, columns], [_, _, h, w]) = (next_dz.shape(), z.shape());
    let mut dz = Tensor4::zeros(z.shape());
    let every = |a: usize, b: usize| (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)));
    for ((n, c), (i, j)) in every(samples, channels).flat_map(|nc| every(rows, columns).map(move |ij| (nc, ij))) {
        let pixels: Vec<Option<(usize, usize)>> = every(k1, k2)
            .map(|(u, v)| {
                let r = (i * slide.strides.0 + u).checked_sub(slide.padding.0).filter(|&r| r < h)?;
                let q = (j * slide.strides.1 + v).checked_sub(slide.padding.1).filter(|&q| q < w)?;
                Some((r, q))
            })
            .collect();
        let window: Vec<f64> =
            pixels.iter().map(|pixel| pixel.map_or(f64::NEG_INFINITY, |(r, q)| z[(n, c, r, q)])).collect();
        for (pixel, weight) in pixels.into_iter().zip(weights(&window)) {
            if let Some((r, q)) = pixel {
                give(&mut dz[(n, c, r, q)], next_dz[(n, c, i, j)] * weight);
            }
        }
    }
    dz
}

fn maximum(window: &[f64]) -> f64 {
    window.iter().fold(f64::NEG_INFINITY, |largest, &x| largest.max(x))
}
