//! The logistic sigmoid: any number becomes a probability.
//!
//! ```math
//! y = σ(z) = 1 / (1 + e⁻ᶻ)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output, y in (0, 1) |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. dy = e⁻ᶻ / (1 + e⁻ᶻ)²·dz. Multiply numerator and denominator by e²ᶻ, and it is eᶻ / (1 + eᶻ)². The slope is the
//!    same at z and at −z, so with **q = exp(−|z|)** it is q / (1 + q)² on both sides.
//! 2. So **dz = δ·q / (1 + q)²**.
//! 3. *From the output.* The fraction is 1/(1 + e⁻ᶻ) times e⁻ᶻ/(1 + e⁻ᶻ), and these are y and 1 − y: on paper,
//!    dz = δ·y·(1 − y), without an exponential. But y is rounded. Near its limit 1, the spacing of floating-point
//!    numbers swallows 1 − y: at z = 30 the product is off by a thousandth in `f64`, and from z = 37 on (17 in `f32`)
//!    it is 0. The q of (2) is small itself, and loses nothing.
//!
//! No kinks. In floating point, the code never takes the exponential of a positive number, so none overflows. That is
//! why y, too, is 1 / (1 + q) where z ≥ 0, and q / (1 + q) elsewhere.
//!
//! Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), §3.10.

use super::{map, zip_map};
use crate::kernels::exponential::exp;
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// y = 1 / (1 + e⁻ᶻ), for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// assert_eq!(sigmoid_forward(&dmatrix![-1000.0, 0.0, 1000.0]), dmatrix![0.0, 0.5, 1.0]);
/// ```
#[must_use]
#[inline(never)]
pub fn sigmoid_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    map(z, |z| {
        let q = exp((-z).min(z)); // of −|z|
        let numerator = if z >= T::zero() { T::one() } else { q };
        numerator / (T::one() + q)
    })
}

/// dz = next_dz·q / (1 + q)² with q = exp(−|z|), for z the input of [`sigmoid_forward`] and next_dz of its shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = sigmoid_backward(&dmatrix![16.0, 16.0], &dmatrix![0.0, 40.0])?;
/// assert_eq!(dz[0], 4.0); // the slope at 0 is 1/4
/// assert!((dz[1] / (16.0 * (-40f64).exp()) - 1.0).abs() < 1e-15);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn sigmoid_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    zip_map("sigmoid_backward", next_dz, ("z", z), |delta, z| {
        let q = exp((-z).min(z)); // of −|z|
        let sum = T::one() + q;
        delta * (q / (sum * sum)) // (2)
    })
}
