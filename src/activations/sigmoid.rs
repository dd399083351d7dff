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
//! 1. dy = e⁻ᶻ / (1 + e⁻ᶻ)²·dz. The fraction is 1/(1 + e⁻ᶻ) times e⁻ᶻ/(1 + e⁻ᶻ), and these are y and 1 − y.
//! 2. So **dz = δ·y·(1 − y)**: the output is all that the backward needs.
//!
//! No kinks. In numbers, e⁻ᶻ overflows for z far on the left, so there y = eᶻ / (1 + eᶻ), the same fraction with both
//! halves times eᶻ: no exponential is ever taken of a positive number. The denominator is 1 + exp(−|z|) in both.
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
#[inline(never)]
pub fn sigmoid_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    map(z, |z| {
        let e = exp((-z).min(z)); // of −|z|
        let numerator = if z >= T::zero() { T::one() } else { e };
        numerator / (T::one() + e)
    })
}

/// dz = next_dz·y·(1 − y), for y the output of [`sigmoid_forward`] and next_dz of its shape.
///
/// # Errors
/// If next_dz does not have y's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = sigmoid_backward(&dmatrix![16.0, 16.0], &dmatrix![0.5, 0.25])?;
/// assert_eq!(dz, dmatrix![4.0, 3.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn sigmoid_backward<T: Float>(next_dz: &DMatrix<T>, y: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    zip_map("sigmoid_backward", next_dz, ("y", y), |delta, y| delta * y * (T::one() - y)) // (2)
}
