//! The hyperbolic tangent: a sigmoid from −1 to 1, steepest at 0.
//!
//! ```math
//! y = tanh(z) = (eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ) = 2·σ(2z) − 1
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output, y in (−1, 1) |
//!
//! # Derivation
//!
//! Write δ for `next_dz`, and y = s/c with s = eᶻ − e⁻ᶻ and c = eᶻ + e⁻ᶻ.
//!
//! 1. ds = c·dz and dc = s·dz, so dy = (c·ds − s·dc)/c² = (c² − s²)/c²·dz = 4/c²·dz, since c² − s² = (c − s)·(c + s) =
//!    2e⁻ᶻ·2eᶻ.
//! 2. c is the same at z and at −z. With **q = exp(−|z|)**, c = e^|z|·(1 + q²), and **dz = δ·4q² / (1 + q²)²**.
//! 3. *From the output.* (c² − s²)/c² is 1 − y²: on paper, dz = δ·(1 − y²), without an exponential. But y is rounded.
//!    Near its limits ±1, the spacing of floating-point numbers swallows 1 − |y|: from |z| = 20 on (10 in `f32`)
//!    nothing is left. The q of (2) is small itself, and loses nothing.
//!
//! No kinks. In floating point, q is at most 1, so nothing overflows.
//!
//! Source: LeCun, Bottou, Orr, Müller, *Efficient BackProp* (1998), §4.4.

use super::{map, zip_map};
use crate::kernels::exponential::{exp, tanh};
use crate::{Float, ShapeError, lit};
use nalgebra::DMatrix;

/// y = tanh(z), for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// assert_eq!(tanh_forward(&dmatrix![-1000.0, 0.0, 1000.0]), dmatrix![-1.0, 0.0, 1.0]);
/// ```
#[inline(never)]
pub fn tanh_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    map(z, tanh)
}

/// dz = next_dz·4q² / (1 + q²)² with q = exp(−|z|), for z the input of [`tanh_forward`] and next_dz of its shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = tanh_backward(&dmatrix![16.0, 16.0], &dmatrix![0.0, -40.0])?;
/// assert_eq!(dz[0], 16.0); // the slope at 0 is 1
/// assert!((dz[1] / (64.0 * (-80f64).exp()) - 1.0).abs() < 1e-15);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn tanh_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    zip_map("tanh_backward", next_dz, ("z", z), |delta, z| {
        let square = exp(lit::<T>(2.0) * (-z).min(z)); // q²
        let sum = T::one() + square;
        delta * (lit::<T>(4.0) * square / (sum * sum)) // (2)
    })
}
