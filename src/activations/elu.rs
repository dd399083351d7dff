//! ELU, the exponential linear unit: on the left it bends down to −α instead of stopping at 0.
//!
//! ```math
//! y = z where z > 0,        y = α·(eᶻ − 1) elsewhere
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output |
//! | α | | −α is the limit on the left; usually 1 |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. For z > 0, dy = dz. For z < 0, dy = α·eᶻ·dz.
//! 2. So **dz = δ where z > 0, and δ·α·eᶻ elsewhere**. In terms of the output, α·eᶻ = y + α. But for z far on the left
//!    that is a difference of two almost equal numbers, so the code takes the exponential.
//!
//! Kink: at z = 0 the slope is α on the left and 1 on the right; we take α. For α = 1 there is none.
//!
//! In floating point, eᶻ − 1 near 0 would lose the digits of z to the 1: exp_m1 computes the difference directly.
//!
//! Source: Clevert, Unterthiner, Hochreiter, *Fast and accurate deep network learning by exponential linear units*
//! (2015), §3.

use super::{map, pieces, zip_map};
use crate::kernels::exponential::{exp, exp_m1};
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// y = z where z > 0 and α·(eᶻ − 1) elsewhere, for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// let y = elu_forward(&dmatrix![-(2f64.ln()), 0.0, 3.0], 4.0);
/// assert_eq!(y, dmatrix![4.0 * (0.5 - 1.0), 0.0, 3.0]);
/// ```
#[inline(never)]
pub fn elu_forward<T: Float>(z: &DMatrix<T>, alpha: T) -> DMatrix<T> {
    map(z, move |z| pieces(z, || alpha * exp_m1(z), || z))
}

/// dz = next_dz where z > 0 and next_dz·α·eᶻ elsewhere, for next_dz of z's shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = elu_backward(&dmatrix![10.0, 20.0, 30.0], &dmatrix![-(2f64.ln()), 0.0, 3.0], 4.0)?;
/// assert_eq!(dz, dmatrix![10.0 * 4.0 * 0.5, 20.0 * 4.0, 30.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn elu_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>, alpha: T) -> Result<DMatrix<T>, ShapeError> {
    zip_map("elu_backward", next_dz, ("z", z), move |delta, z| pieces(z, || delta * alpha * exp(z), || delta)) // (2)
}
