//! Convolution, word for word: the loops of the equation and of its gradients, and the building blocks of its backward.
//!
//! Nothing here is fast. These functions are the definition that [`conv_forward`](super::conv_forward) and
//! [`conv_backward`](super::conv_backward) are tested against, and the form to read first. The letters and the
//! derivation are those of [the fast file](super::conv).

use super::conv::{ConvGradients, check_bias, output_size};
use crate::error::same_shape;
use crate::float::Count;
use crate::{Float, ShapeError, Slide, Tensor4, sizes};
use nalgebra::{DMatrix, DVector};

/// The textbook definition for one map: `y[i,j] = b + Σ_u Σ_v ẑ[i·s1 + u, j·s2 + v]·K[u,v]`,
/// for z (H, W) and K (k1, k2); y is (H', W').
///
/// # Errors
/// If the windows do not fit ([`Slide::output_size`]), or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, k) = (DMatrix::from_element(5, 5, 1.0), DMatrix::from_element(3, 3, 1.0));
/// assert_eq!(single_channel_conv(&z, &k, 3.0, Slide::default())?, DMatrix::from_element(3, 3, 12.0));
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn single_channel_conv<T: Float>(
    z: &DMatrix<T>,
    k: &DMatrix<T>,
    b: T,
    slide: Slide,
) -> Result<DMatrix<T>, ShapeError> {
    let (rows, columns) = slide.layer_windows("single_channel_conv", z.shape(), k.shape())?;
    sizes::fit::<T>("single_channel_conv", "y", &[rows, columns])?;
    Ok(DMatrix::from_fn(rows, columns, |i, j| {
        let mut y = b;
        for (u, v) in (0..k.nrows()).flat_map(|u| (0..k.ncols()).map(move |v| (u, v))) {
            if let Some((r, q)) = under_tap((i, j), (u, v), slide, z.shape()) {
                y += z[(r, q)] * k[(u, v)];
            }
        }
        y
    }))
}

/// The pixel of z under tap (u, v) of window (i, j), or `None` where the tap lies in the padding.
fn under_tap(
    (i, j): (usize, usize),
    (u, v): (usize, usize),
    slide: Slide,
    (height, width): (usize, usize),
) -> Option<(usize, usize)> {
    let r = (i * slide.strides.0 + u).checked_sub(slide.padding.0)?;
    let q = (j * slide.strides.1 + v).checked_sub(slide.padding.1)?;
    (r < height && q < width).then_some((r, q))
}

/// `y[n,d,i,j] = b[d] + Σ_c Σ_u Σ_v ẑ[n, c, i·s1 + u, j·s2 + v]·K[c,d,u,v]`, as loops: the reference.
///
/// # Errors
/// As for [`conv_forward`](super::conv_forward).
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_fn([2, 3, 7, 6], |n, c, i, j| (n + 2 * c + 3 * i * j) as f64);
/// let k = Tensor4::from_fn([3, 4, 3, 2], |c, d, u, v| (c * d + u) as f64 - v as f64);
/// let slide = Slide::by(2, 1).padding(1, 0);
/// let b = dvector![1.0, 2.0, 3.0, 4.0];
/// assert_eq!(conv_forward_naive(&z, &k, &b, slide)?, conv_forward(&z, &k, &b, slide)?);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn conv_forward_naive<T: Float>(
    z: &Tensor4<T>,
    k: &Tensor4<T>,
    b: &DVector<T>,
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let (rows, columns) = output_size("conv_forward_naive", z, k, slide)?;
    check_bias("conv_forward_naive", k, b)?;
    let ([samples, channels, height, width], [_, depth, k1, k2]) = (z.shape(), k.shape());
    Ok(Tensor4::filled([samples, depth, rows, columns], |n, d, i, j| {
        let mut y = b[d];
        for c in 0..channels {
            for (u, v) in (0..k1).flat_map(|u| (0..k2).map(move |v| (u, v))) {
                if let Some((r, q)) = under_tap((i, j), (u, v), slide, (height, width)) {
                    y += z[(n, c, r, q)] * k[(c, d, u, v)];
                }
            }
        }
        y
    }))
}

/// s1 − 1 rows of zeros between the rows of every map and s2 − 1 columns between its columns: δ̂ of step (5).
///
/// z (N, D, H, W) becomes (N, D, (H − 1)·s1 + 1, (W − 1)·s2 + 1).
///
/// # Errors
/// If a stride is 0, or there is no memory for the result.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(insert_zeros(&z, (1, 3))?.map_at(0, 0), dmatrix![1.0, 0.0, 0.0, 2.0; 3.0, 0.0, 0.0, 4.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn insert_zeros<T: Float>(z: &Tensor4<T>, (s1, s2): (usize, usize)) -> Result<Tensor4<T>, ShapeError> {
    if s1 == 0 || s2 == 0 {
        return Err(ShapeError::new(
            "insert_zeros",
            format!("the strides are {:?}", (s1, s2)),
            "they must be at least 1",
        ));
    }
    let [samples, maps, height, width] = z.shape();
    let spread = |size: usize, s: usize| match size {
        0 => Some(0),
        _ => (size - 1).checked_mul(s)?.checked_add(1),
    };
    let (Some(rows), Some(columns)) = (spread(height, s1), spread(width, s2)) else {
        let found = format!("z is {:?} and the strides are {:?}", z.dims(), (s1, s2));
        return Err(ShapeError::new("insert_zeros", found, "(H − 1)·s1 and (W − 1)·s2 must fit in a usize"));
    };
    sizes::fit::<T>("insert_zeros", "the result", &[samples, maps, rows, columns])?;
    Ok(Tensor4::filled([samples, maps, rows, columns], |n, d, i, j| {
        if i % s1 == 0 && j % s2 == 0 { z[(n, d, i / s1, j / s2)] } else { T::zero() }
    }))
}

/// Crops every map by p1 rows above and below and by p2 columns left and right: step (7).
///
/// z (N, C, H, W) becomes (N, C, H − 2·p1, W − 2·p2).
///
/// # Errors
/// If there are fewer than 2·p1 rows or 2·p2 columns.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(remove_padding(&z, (1, 0))?.map_at(0, 0), dmatrix![3.0, 4.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn remove_padding<T: Float>(z: &Tensor4<T>, (p1, p2): (usize, usize)) -> Result<Tensor4<T>, ShapeError> {
    let [samples, channels, height, width] = z.shape();
    if height / 2 < p1 || width / 2 < p2 {
        return Err(ShapeError::new(
            "remove_padding",
            format!("z is {:?} but the padding is {:?}", z.dims(), (p1, p2)),
            "z must have at least 2·p1 rows and 2·p2 columns",
        ));
    }
    Ok(Tensor4::filled([samples, channels, height - 2 * p1, width - 2 * p2], |n, c, i, j| z[(n, c, i + p1, j + p2)]))
}

/// The backward of a convolution as loops: the sums of steps (2), (3) and (4), over the taps that meet the image.
///
/// # Errors
/// As for [`conv_backward`](super::conv_backward).
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_fn([2, 3, 7, 6], |n, c, i, j| (n + 2 * c + 3 * i * j) as f64);
/// let k = Tensor4::from_fn([3, 4, 3, 2], |c, d, u, v| (c * d + u) as f64 - v as f64);
/// let slide = Slide::by(2, 1).padding(1, 0);
/// let next_dz = Tensor4::from_fn([2, 4, 4, 5], |n, d, i, j| (n * d) as f64 - (i + j) as f64);
/// assert_eq!(conv_backward_naive(&next_dz, &k, &z, slide)?, conv_backward(&next_dz, &k, &z, slide)?);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn conv_backward_naive<T: Float>(
    next_dz: &Tensor4<T>,
    k: &Tensor4<T>,
    z: &Tensor4<T>,
    slide: Slide,
) -> Result<ConvGradients<T>, ShapeError> {
    let (rows, columns) = output_size("conv_backward_naive", z, k, slide)?;
    let ([samples, channels, height, width], [_, depth, k1, k2]) = (z.shape(), k.shape());
    same_shape("conv_backward_naive", ("next_dz", next_dz.dims()), ("the output", (samples, depth, rows, columns)))?;
    let (mut dk, mut db, mut dz) = (Tensor4::zeros(k.shape()), DVector::zeros(depth), Tensor4::zeros(z.shape()));
    let outputs = (0..samples).flat_map(|n| (0..rows).flat_map(move |i| (0..columns).map(move |j| (n, i, j))));
    for ((n, i, j), d) in outputs.flat_map(|at| (0..depth).map(move |d| (at, d))) {
        let delta = next_dz[(n, d, i, j)];
        db[d] += delta; // (2)
        for c in 0..channels {
            for (u, v) in (0..k1).flat_map(|u| (0..k2).map(move |v| (u, v))) {
                if let Some((r, q)) = under_tap((i, j), (u, v), slide, (height, width)) {
                    dk[(c, d, u, v)] += z[(n, c, r, q)] * delta; // (3)
                    dz[(n, c, r, q)] += delta * k[(c, d, u, v)]; // (4): r = i·s1 + u − p1
                }
            }
        }
    }
    let n = Count::of(samples);
    let mean = |sum: T| n.divide(sum);
    Ok(ConvGradients { dk: dk.map(mean), db: db.map(mean), dz })
}
