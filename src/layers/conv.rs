//! Convolution: one small kernel, applied at every position of the image.
//!
//! ```math
//! y[n,d,i,j] = b[d] + Σ_c Σ_u Σ_v ẑ[n, c, i·s1 + u, j·s2 + v] · K[c,d,u,v]
//! ẑ[n, c, r, q] = z[n, c, r − p1, q − p2] inside the image, 0 in the padding
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, C, H, W) | the batch: N samples of C maps |
//! | K | (C, D, k1, k2) | kernels, from input map c to output map d |
//! | b | (D) | biases |
//! | s, p | (s1, s2), (p1, p2) | strides and padding, a [`Slide`] |
//! | y | (N, D, H', W') | H' = (H + 2·p1 − k1)/s1 + 1, and so for W' |
//!
//! (As everywhere in this field, "convolution" slides the kernel without rotating it. Mathematics calls that a
//! cross-correlation. The rotation appears in step 6.)
//!
//! # Derivation
//!
//! Write δ for `next_dz`: `δ[n,d,i,j] = ∂Lₙ/∂y[n,d,i,j]`, with L = (1/N) Σₙ Lₙ. Columns (j, v, q, s2, p2, W') behave
//! like rows (i, u, r, s1, p1, H'), so only rows are written out:
//! `y[n,d,i] = b[d] + Σ_c Σ_u ẑ[n, c, i·s + u]·K[c,d,u]`, with u from 0 to k − 1 and i from 0 to H' − 1.
//!
//! 1. `dLₙ = Σ_d Σᵢ δ[n,d,i]·dy[n,d,i]`. A gradient is the coefficient of its differential in this sum.
//! 2. Every `y[n,d,i]` contains `b[d]` with coefficient 1: **`db[d] = (1/N) Σₙ Σᵢ δ[n,d,i]`**.
//! 3. `y[n,d,i]`, for every n and i, contains `K[c,d,u]` with coefficient `ẑ[n, c, i·s + u]`:
//!    **`dK[c,d,u] = (1/N) Σₙ Σᵢ ẑ[n, c, i·s + u]·δ[n,d,i]`**. This is the *padded* ẑ: where tap u lies over the
//!    padding, the window adds nothing to its gradient.
//! 4. `y[n,d,i]`, for every d, contains `ẑ[n,c,r]` with coefficient `K[c,d,u]` if i·s + u = r:
//!    **`dẑ[n,c,r] = Σ_d Σᵢ δ[n,d,i]·K[c, d, r − i·s]`**, over the windows i that cover row r. Since u = r − i·s runs
//!    from 0 to k − 1, these are the i from max(0, ⌈(r − k + 1)/s⌉) to min(H' − 1, ⌊r/s⌋).
//! 5. Let δ̂ be δ with s − 1 zeros between its rows: `δ̂[n,d,m] = δ[n,d,m/s]` if s divides m and 0 ≤ m ≤ (H' − 1)·s,
//!    and `δ̂[n,d,m] = 0` for every other integer m, including those outside the map. With m = i·s = r − u, the sum of
//!    (4) runs over all u, because every u without a window meets a zero:
//!    `dẑ[n,c,r] = Σ_d Σ_u δ̂[n, d, r − u]·K[c,d,u]`.
//! 6. Count u from the other end, u = k − 1 − t:
//!    **`dẑ[n,c,r] = Σ_d Σ_t δ̂[n, d, r − (k − 1) + t]·K[c, d, k − 1 − t]`**. This is a convolution like the first
//!    line: its input is δ̂ with **k − 1 rows of padding**, its stride is 1, and its kernel is **K rotated by 180°**
//!    with the axes C and D swapped, because the sum runs over d.
//! 7. Padding is not part of z, so its gradient is dropped: **`dz[n,c,r] = dẑ[n, c, r + p]`**. Steps 6 and 7 together
//!    read `δ̂[n, d, r + t − (k − 1 − p)]`: the convolution of (6) with only k − 1 − p rows of padding. (A negative number
//!    crops.)
//!
//! A tap over the padding, or over an inserted zero, adds nothing to any of these sums, even if its factor is infinite or
//! NaN. [`conv_backward_naive`](super::conv_backward_naive) has (2), (3) and (4) as loops.
//!
//! Rows that no window reaches, left over by [`Slide::round_down`], get gradient 0. The layer is linear in z and in K
//! and has no kinks.
//!
//! Source: Dumoulin, Visin, *A guide to convolution arithmetic for deep learning* (2016), for the sizes; the
//! derivation is our own.

use super::seen::Seen;
use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::correlate::{Kernel, correlate, correlate_kernel, is_finite, map_sums};
use crate::kernels::{Geometry, wide_awake};
use crate::{Float, ShapeError, Slide, Tensor4, sizes};
use nalgebra::DVector;

/// The gradients of [`conv_forward`].
#[derive(Clone, Debug, PartialEq)]
pub struct ConvGradients<T> {
    /// ∂L/∂K, the batch mean, shape (C, D, k1, k2).
    pub dk: Tensor4<T>,
    /// ∂L/∂b, the batch mean, shape (D).
    pub db: DVector<T>,
    /// Each sample's ∂Lₙ/∂z, shape (N, C, H, W).
    pub dz: Tensor4<T>,
}

/// `y[n,d,i,j] = b[d] + Σ ẑ[n, c, i·s1 + u, j·s2 + v]·K[c,d,u,v]`, for z (N, C, H, W), K (C, D, k1, k2), b (D);
/// y is (N, D, H', W').
///
/// Gathers the windows block by block and multiplies each block with the kernel;
/// [`conv_forward_naive`](super::conv_forward_naive) does the same in seven loops.
///
/// # Errors
/// If K's C differs from z's, b's length is not K's D, the windows do not fit ([`Slide::output_size`]), or there is no
/// memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 3, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])?;
/// let k = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 0.0, 0.0, 10.0])?;
/// let y = conv_forward(&z, &k, &dvector![0.5], Slide::default())?;
/// assert_eq!(y.map_at(0, 0), dmatrix![51.5, 62.5; 84.5, 95.5]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn conv_forward<T: Float>(
    z: &Tensor4<T>,
    k: &Tensor4<T>,
    b: &DVector<T>,
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let out = output_size("conv_forward", z, k, slide)?;
    check_bias("conv_forward", k, b)?;
    let kernel = Kernel { k, rotated: false };
    let seen = Seen::new(z, taps(k), slide, out);
    Ok(seen.completed(correlate(z, kernel, Some(b.as_slice()), seen.geometry(taps(k), slide)), b))
}

/// dK, db and dz of [`conv_forward`] for next_dz (N, D, H', W'), by the steps of the [derivation](self#derivation).
///
/// # Errors
/// If K's C differs from z's, the windows do not fit ([`Slide::output_size`]), or next_dz is not (N, D, H', W').
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
/// let k = Tensor4::from_row_major([1, 1, 2, 2], &[5.0, 6.0, 7.0, 8.0])?;
/// let next_dz = Tensor4::from_row_major([1, 1, 1, 1], &[10.0])?; // one window: y = Σ z·K + b
/// let g = conv_backward(&next_dz, &k, &z, Slide::default())?;
/// assert_eq!(g.dk.map_at(0, 0), dmatrix![10.0, 20.0; 30.0, 40.0]); // 10·z
/// assert_eq!(g.dz.map_at(0, 0), dmatrix![50.0, 60.0; 70.0, 80.0]); // 10·K
/// assert_eq!(g.db, dvector![10.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn conv_backward<T: Float>(
    next_dz: &Tensor4<T>,
    k: &Tensor4<T>,
    z: &Tensor4<T>,
    slide: Slide,
) -> Result<ConvGradients<T>, ShapeError> {
    let out = check_next_dz(next_dz, k, z, slide)?;
    let [_, _, height, width] = z.shape();
    let [_, _, k1, k2] = k.shape();
    let backward = Geometry {
        out: (height, width),
        kernel: (k1, k2),
        strides: (1, 1),
        dilation: slide.strides, // (5)
        offset: (k1 as isize - 1 - slide.padding.0 as isize, k2 as isize - 1 - slide.padding.1 as isize), // (7)
    };
    Ok(wide_awake::<T, _>(next_dz.as_slice().len(), || {
        let (dk, db) = parameter_gradients(next_dz, k, z, slide, out);
        let dz = correlate(next_dz, Kernel { k, rotated: true }, None, backward); // (6)
        ConvGradients { dk, db, dz }
    }))
}

/// dK and db of [`conv_backward`] without dz, which the first layer of a network does not need.
pub(crate) fn conv_backward_parameters<T: Float>(
    next_dz: &Tensor4<T>,
    k: &Tensor4<T>,
    z: &Tensor4<T>,
    slide: Slide,
) -> Result<(Tensor4<T>, DVector<T>), ShapeError> {
    let out = check_next_dz(next_dz, k, z, slide)?;
    Ok(wide_awake::<T, _>(next_dz.as_slice().len(), || parameter_gradients(next_dz, k, z, slide, out)))
}

fn parameter_gradients<T: Float>(
    next_dz: &Tensor4<T>,
    k: &Tensor4<T>,
    z: &Tensor4<T>,
    slide: Slide,
    out: (usize, usize),
) -> (Tensor4<T>, DVector<T>) {
    let n = Count::of(z.shape()[0]);
    let db = map_sums(next_dz, n); // (2)
    let finite = is_finite(db.as_slice()); // then every entry of next_dz is
    let seen = Seen::new(z, taps(k), slide, out);
    let dk = correlate_kernel(z, &seen.cut(next_dz), finite, seen.geometry(taps(k), slide), n); // (3)
    (dk, db)
}

/// (H', W'), if next_dz is (N, D, H', W').
fn check_next_dz<T: Float>(
    next_dz: &Tensor4<T>,
    k: &Tensor4<T>,
    z: &Tensor4<T>,
    slide: Slide,
) -> Result<(usize, usize), ShapeError> {
    let out = output_size("conv_backward", z, k, slide)?;
    let (samples, depth) = (z.shape()[0], k.shape()[1]);
    same_shape("conv_backward", ("next_dz", next_dz.dims()), ("the output", (samples, depth, out.0, out.1)))?;
    sizes::fit::<T>("conv_backward", "db", &[depth])?;
    Ok(out)
}

/// (k1, k2).
fn taps<T: Float>(k: &Tensor4<T>) -> (usize, usize) {
    let [_, _, k1, k2] = k.shape();
    (k1, k2)
}

/// (H', W'), if K fits z and there is memory for the output.
pub(super) fn output_size<T: Float>(
    function: &'static str,
    z: &Tensor4<T>,
    k: &Tensor4<T>,
    slide: Slide,
) -> Result<(usize, usize), ShapeError> {
    let ([samples, channels, height, width], [k_channels, depth, k1, k2]) = (z.shape(), k.shape());
    if channels != k_channels {
        return Err(ShapeError::new(
            function,
            format!("z is {:?} but K is {:?}", z.dims(), k.dims()),
            "z's C (its second axis) must equal K's C (its first)",
        ));
    }
    let (rows, columns) = slide.layer_windows(function, (height, width), (k1, k2))?;
    sizes::fit::<T>(function, "the output", &[samples, depth, rows, columns])?;
    Ok((rows, columns))
}

pub(super) fn check_bias<T: Float>(function: &'static str, k: &Tensor4<T>, b: &DVector<T>) -> Result<(), ShapeError> {
    if b.len() == k.shape()[1] {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("b has {} elements but K is {:?}", b.len(), k.dims()),
        "b must have one element for each of K's D (its second axis)",
    ))
}
