//! Flatten: each sample's feature maps become one vector.
//!
//! ```math
//! y[n, j + W·(i + H·c)] = z[n, c, i, j]
//! ```
//!
//! # Derivation
//!
//! 1. Every element of y is one element of z, with coefficient 1. So every element of dz is the element of `next_dz` at
//!    the same place, and the backward undoes the forward: **`dz[n, c, i, j] = δ[n, j + W·(i + H·c)]`**.
//!
//! A [`Tensor4`] *is* the matrix of its flat samples, so neither direction computes anything.

use crate::kernels::memory::copy_rows;
use crate::{Float, ShapeError, Tensor4};
use nalgebra::DMatrix;

/// z (N, C, H, W) as the matrix (N, C·H·W).
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 2, 1, 2], &[1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(flatten_forward(&z), dmatrix![1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(flatten_backward(&flatten_forward(&z), &z)?, z);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[inline(never)]
pub fn flatten_forward<T: Float>(z: &Tensor4<T>) -> DMatrix<T> {
    copy_rows(z.matrix(), 0..z.shape()[0])
}

/// next_dz (N, C·H·W) in the shape of z (N, C, H, W).
///
/// # Errors
/// If next_dz is not (N, C·H·W).
#[inline(never)]
pub fn flatten_backward<T: Float>(next_dz: &DMatrix<T>, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
    unflatten(next_dz, z.shape())
}

/// [`flatten_backward`] for a z of this shape.
pub(crate) fn unflatten<T: Float>(next_dz: &DMatrix<T>, [n, c, h, w]: [usize; 4]) -> Result<Tensor4<T>, ShapeError> {
    if next_dz.shape() != (n, c * h * w) {
        return Err(ShapeError::new(
            "flatten_backward",
            format!("next_dz is {:?} but z is {:?}", next_dz.shape(), (n, c, h, w)),
            format!("next_dz must be (N, C·H·W) = {:?}", (n, c * h * w)),
        ));
    }
    Tensor4::from_matrix(copy_rows(next_dz, 0..n), [c, h, w]) // (1)
}
