//! PReLU, the parametric ReLU: a leaky ReLU that learns its slopes, one for each channel.
//!
//! ```math
//! y[n,c,i,j] = z[n,c,i,j] where that is positive,        α[c]·z[n,c,i,j] elsewhere
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, C, H, W) | input and output |
//! | α | (C), or (1) | the slopes on the left, or a single one for all channels; at first usually 0.25 |
//!
//! # Derivation
//!
//! Write δ for `next_dz`, with L = (1/N) Σₙ Lₙ.
//!
//! 1. For z > 0, dy = dz; for z < 0, dy = α·dz + z·dα. The sample's loss changes by dLₙ = Σ δ·dy over c, i and j.
//! 2. The coefficient of dz: **dz = δ where z > 0, and α·δ elsewhere**.
//! 3. `α[c]` multiplies z in every output of its channel whose z is not positive, in every sample, so its gradient is the
//!    sum of δ·z over them, divided by N: **`dα[c] = (1/N) Σₙ Σᵢⱼ δ·min(z, 0)`**. A single α collects the sum over all
//!    channels.
//!
//! Kink: at z = 0 the slope is α on the left and 1 on the right; we take α. In α the layer is linear.
//!
//! Source: He, Zhang, Ren, Sun, *Delving deep into rectifiers* (2015), §2.1.

use super::pieces;
use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::{for_each_chunk, mean_of};
use crate::{Float, ShapeError, Tensor4};
use nalgebra::DVector;

/// The gradients of [`prelu_forward`].
#[derive(Clone, Debug, PartialEq)]
pub struct PreluGradients<T> {
    /// ∂L/∂α, the batch mean, of the same length as α.
    pub dalpha: DVector<T>,
    /// Each sample's ∂Lₙ/∂z, shape (N, C, H, W).
    pub dz: Tensor4<T>,
}

/// y = z where z > 0 and `α[c]·z` elsewhere, for z (N, C, H, W) and α (C) or (1).
///
/// # Errors
/// If α has neither C elements nor a single one.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 2, 1, 2], &[-2.0, 3.0, -2.0, 3.0])?;
/// assert_eq!(prelu_forward(&z, &dvector![0.25, 0.5])?.to_row_major(), [-0.5, 3.0, -1.0, 3.0]);
/// assert_eq!(prelu_forward(&z, &dvector![0.25])?.to_row_major(), [-0.5, 3.0, -0.5, 3.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn prelu_forward<T: Float>(z: &Tensor4<T>, alpha: &DVector<T>) -> Result<Tensor4<T>, ShapeError> {
    let pixels = pixels_of_a_slope("prelu_forward", z, alpha)?;
    let mut y = z.clone();
    for_each_chunk::<T, _>(y.as_mut_slice(), z.shape()[0] * pixels, &|c, y| {
        let alpha = alpha[c];
        y.iter_mut().for_each(|y| *y = pieces(*y, || alpha * *y, || *y));
    });
    Ok(y)
}

/// `dα[c] = Σ next_dz·min(z, 0) / N`, and dz = next_dz where z > 0 and `α[c]·next_dz` elsewhere, for next_dz of z's
/// shape.
///
/// # Errors
/// As for [`prelu_forward`], and if next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([2, 1, 1, 2], &[-2.0, 3.0, -1.0, -5.0])?;
/// let next_dz = Tensor4::from_row_major([2, 1, 1, 2], &[10.0, 20.0, 30.0, 40.0])?;
/// let g = prelu_backward(&next_dz, &z, &dvector![0.25])?;
/// assert_eq!(g.dalpha, dvector![(10.0 * -2.0 + 30.0 * -1.0 + 40.0 * -5.0) / 2.0]);
/// assert_eq!(g.dz.to_row_major(), [2.5, 20.0, 7.5, 10.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn prelu_backward<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    alpha: &DVector<T>,
) -> Result<PreluGradients<T>, ShapeError> {
    let pixels = pixels_of_a_slope("prelu_backward", z, alpha)?;
    same_shape("prelu_backward", ("next_dz", next_dz.dims()), ("z", z.dims()))?;
    let n = z.shape()[0];

    let mut dz = next_dz.clone();
    for_each_chunk::<T, _>(dz.as_mut_slice(), n * pixels, &|c, dz| {
        let alpha = alpha[c];
        for (dz, &z) in dz.iter_mut().zip(&z.as_slice()[c * n * pixels..]) {
            *dz = pieces(z, || alpha * *dz, || *dz); // (2)
        }
    });

    let factors = next_dz.matrix().zip_map(z.matrix(), |delta, z| pieces(z, || delta * z, T::zero));
    let of_slope = |c: usize| &factors.as_slice()[c * n * pixels..(c + 1) * n * pixels]; // of every n, i and j
    let slope = |c: usize| mean_of(of_slope(c), Count::of(n)); // (3)
    Ok(PreluGradients { dalpha: DVector::from_fn(alpha.len(), |c, _| slope(c)), dz })
}

/// How many of a sample's pixels share one slope: those of a channel, or all of them.
fn pixels_of_a_slope<T: Float>(
    function: &'static str,
    z: &Tensor4<T>,
    alpha: &DVector<T>,
) -> Result<usize, ShapeError> {
    let [_, channels, height, width] = z.shape();
    match alpha.len() {
        slopes if slopes == channels => Ok(height * width),
        1 => Ok(channels * height * width),
        slopes => Err(ShapeError::new(
            function,
            format!("alpha has {slopes} elements but z is {:?}", z.dims()),
            "alpha must have one element for each of z's channels (its second axis), or a single one",
        )),
    }
}
