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
//! 1. ds = c·dz and dc = s·dz, so dy = (c·ds − s·dc)/c² = (c² − s²)/c²·dz = (1 − y²)·dz.
//! 2. So **dz = δ·(1 − y²) = δ·(1 − y)·(1 + y)**: the output is all that the backward needs.
//!
//! No kinks. In numbers, the product in (2) keeps digits that 1 − y² loses for y near ±1: there y² has to be rounded,
//! and the factor that is almost 0 has not.
//!
//! Source: LeCun, Bottou, Orr, Müller, *Efficient BackProp* (1998), §4.4.

use super::{map, zip_map};
use crate::kernels::exponential::tanh;
use crate::{Float, ShapeError};
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

/// dz = next_dz·(1 − y²), for y the output of [`tanh_forward`] and next_dz of its shape.
///
/// # Errors
/// If next_dz does not have y's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = tanh_backward(&dmatrix![16.0, 16.0], &dmatrix![0.5, -0.25])?;
/// assert_eq!(dz, dmatrix![12.0, 15.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn tanh_backward<T: Float>(next_dz: &DMatrix<T>, y: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    zip_map("tanh_backward", next_dz, ("y", y), |delta, y| delta * (T::one() - y) * (T::one() + y)) // (2)
}
