//! Leaky ReLU: what is negative passes too, scaled down.
//!
//! ```math
//! y = z where z > 0,        y = α·z elsewhere
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z, y | (N, d) | input and output |
//! | α | | the slope on the left, fixed and usually 0.01 |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. For z > 0, dy = dz; for z < 0, dy = α·dz.
//! 2. So **dz = δ where z > 0, and α·δ elsewhere**. Unlike with ReLU, a unit whose z is negative for every sample still
//!    learns.
//!
//! Kink: at z = 0 the slope is α on the left and 1 on the right; we take α.
//!
//! Source: Maas, Hannun, Ng, *Rectifier nonlinearities improve neural network acoustic models* (2013).

use super::{map, pieces, zip_map};
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// y = z where z > 0 and α·z elsewhere, for z of any shape.
///
/// ```
/// use handgrad::prelude::*;
/// assert_eq!(leaky_relu_forward(&dmatrix![-2.0, 0.0, 3.0], 0.25), dmatrix![-0.5, 0.0, 3.0]);
/// ```
#[inline(never)]
pub fn leaky_relu_forward<T: Float>(z: &DMatrix<T>, alpha: T) -> DMatrix<T> {
    map(z, move |z| pieces(z, || alpha * z, || z))
}

/// dz = next_dz where z > 0 and α·next_dz elsewhere, for next_dz of z's shape.
///
/// # Errors
/// If next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let dz = leaky_relu_backward(&dmatrix![10.0, 20.0, 30.0], &dmatrix![-2.0, 0.0, 3.0], 0.25)?;
/// assert_eq!(dz, dmatrix![2.5, 5.0, 30.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn leaky_relu_backward<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>, alpha: T) -> Result<DMatrix<T>, ShapeError> {
    zip_map("leaky_relu_backward", next_dz, ("z", z), move |delta, z| pieces(z, || alpha * delta, || delta)) // (2)
}
