//! SELU, the scaled ELU: its two constants make mean 0 and variance 1 a fixed point of a deep network.
//!
//! ```math
//! y = λ·z where z > 0,        y = λ·α·(eᶻ − 1) elsewhere
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output |
//! | λ | | [`SELU_LAMBDA`] ≈ 1.0507 |
//! | α | | [`SELU_ALPHA`] ≈ 1.6733 |
//!
//! # The constants
//!
//! A unit of a wide layer sums many inputs, so its z is close to normally distributed. If the inputs have mean 0 and
//! variance 1 and its weights Σw = 0 and Σw² = 1, then z ~ N(0, 1). λ and α are chosen so that y has mean 0 and
//! variance 1 again. Write φ and Φ for the density and the distribution function of N(0, 1). Completing the square, the
//! integral of eᵏᶻ·φ(z) over z < 0 is e^(k²/2)·Φ(−k), and that of z·φ(z) over z > 0 is 1/√(2π). With these
//!
//! * `E[y] = λ·(1/√(2π) + α·(√e·Φ(−1) − ½)) = 0`, hence **α = 1/√(2π) / (½ − √e·Φ(−1))**;
//! * `E[y²] = λ²·(½ + α²·(e²·Φ(−2) − 2·√e·Φ(−1) + ½)) = 1`, hence **λ = 1/√(½ + α²·(e²·Φ(−2) − 2·√e·Φ(−1) + ½))**.
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. For z > 0, dy = λ·dz. For z < 0, dy = λ·α·eᶻ·dz.
//! 2. So **dz = δ·λ where z > 0, and δ·λ·α·eᶻ elsewhere**.
//!
//! Kink: at z = 0 the slope is λα ≈ 1.76 on the left and λ on the right; we take λα. As in [ELU](super::elu), exp_m1
//! keeps the digits near 0.
//!
//! Source: Klambauer, Unterthiner, Mayr, Hochreiter, *Self-normalizing neural networks* (2017), eq. 2 and 14.

use super::{map, pieces, zip_map};
use crate::kernels::exponential::{exp, exp_m1};
use crate::{Float, ShapeError, lit};
use nalgebra::DMatrix;

/// λ, the slope on the right: 1.050700987355480493419… to `f64`'s last digit.
pub const SELU_LAMBDA: f64 = 1.0507009873554805;

/// α, where −λα is the limit on the left: 1.673263242354377284817… to `f64`'s last digit.
pub const SELU_ALPHA: f64 = 1.6732632423543772;

/// y = λ·z where z > 0 and λ·α·(eᶻ − 1) elsewhere, for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// let y = selu_forward(&dmatrix![-1000.0, 0.0, 1.0]);
/// assert_eq!(y, dmatrix![-SELU_LAMBDA * SELU_ALPHA, 0.0, SELU_LAMBDA]);
/// ```
#[must_use]
#[inline(never)]
pub fn selu_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    let (lambda, alpha): (T, T) = (lit(SELU_LAMBDA), lit(SELU_ALPHA));
    map(z, move |z| pieces(z, || lambda * alpha * exp_m1(z), || lambda * z))
}

/// dz = next_dz·λ where z > 0 and next_dz·λ·α·eᶻ elsewhere, for next_dz of z's shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = selu_backward(&dmatrix![1.0, 1.0, 1.0], &dmatrix![-1000.0, 0.0, 1.0])?;
/// assert_eq!(dz, dmatrix![0.0, SELU_LAMBDA * SELU_ALPHA, SELU_LAMBDA]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn selu_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    let (lambda, alpha): (T, T) = (lit(SELU_LAMBDA), lit(SELU_ALPHA));
    zip_map("selu_backward", next_dz, ("z", z), move |delta, z| {
        pieces(z, || delta * (lambda * alpha * exp(z)), || delta * lambda) // (2)
    })
}
