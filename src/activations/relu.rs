//! ReLU, the rectified linear unit: what is positive passes.
//!
//! ```math
//! y = max(0, z)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. For z > 0, y = z and dy = dz; for z < 0, y = 0 and dy = 0.
//! 2. So **dz = δ where z > 0, and 0 elsewhere**: a gate, opened by the sign of z.
//!
//! Kink: at z = 0 the slope is 0 on the left and 1 on the right; we take 0.
//!
//! Source: Nair, Hinton, *Rectified linear units improve restricted Boltzmann machines* (2010).

use super::{map, pieces, zip_map};
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// y = max(0, z), for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// assert_eq!(relu_forward(&dmatrix![-2.0, 0.0, 3.0]), dmatrix![0.0, 0.0, 3.0]);
/// ```
#[must_use]
#[inline(never)]
pub fn relu_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    map(z, |z| pieces(z, T::zero, || z))
}

/// dz = next_dz where z > 0 and 0 elsewhere, for next_dz of z's shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = relu_backward(&dmatrix![10.0, 20.0, 30.0], &dmatrix![-2.0, 0.0, 3.0])?;
/// assert_eq!(dz, dmatrix![0.0, 0.0, 30.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn relu_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    zip_map("relu_backward", next_dz, ("z", z), |delta, z| pieces(z, T::zero, || delta)) // (2)
}
