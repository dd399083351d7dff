//! Mean squared error: half the squared distance from the target, averaged over the batch.
//!
//! ```math
//! L = (1/N) Σₙ Lₙ,        Lₙ = ½ Σⱼ (yₙⱼ − y*ₙⱼ)²
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | y | (N, d) | predictions |
//! | y* | (N, d) | targets |
//!
//! # Derivation
//!
//! 1. dLₙ = Σⱼ (yₙⱼ − y*ₙⱼ)·dyₙⱼ: the ½ cancels the 2 of the square. So **∂Lₙ/∂y = y − y***.
//!
//! The sum over j is a sum, not a mean, and the ½ belongs to the loss: value and gradient agree. A loss that returns
//! Σ(y − y*)² with this gradient is off by a factor of two, and no falling loss curve reveals it.
//!
//! Source: Bishop, *Pattern Recognition and Machine Learning* (2006), eq. 5.11.

use super::Loss;
use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::elementwise::{sum_of, zip_map};
use crate::{Float, ShapeError, lit};
use nalgebra::DMatrix;

/// L = (1/N) Σₙ ½ Σⱼ (yₙⱼ − y*ₙⱼ)² and dy = y − y*, for both (N, d).
///
/// # Errors
/// If the two shapes differ.
///
/// ```
/// use handgrad::prelude::*;
/// let Loss { loss, dy } = mean_squared_loss(&dmatrix![1.0, 2.0; 5.0, 5.0], &dmatrix![0.0, 4.0; 5.0, 6.0])?;
/// assert_eq!(loss, (0.5 * (1.0 + 4.0) + 0.5 * 1.0) / 2.0);
/// assert_eq!(dy, dmatrix![1.0, -2.0; 0.0, -1.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn mean_squared_loss<T: Float>(y_predict: &DMatrix<T>, y_true: &DMatrix<T>) -> Result<Loss<T>, ShapeError> {
    same_shape("mean_squared_loss", ("y_predict", y_predict.shape()), ("y_true", y_true.shape()))?;
    let dy = zip_map(y_predict.as_slice(), y_true.as_slice(), |y, target| y - target); // (1)
    let n = Count::of(y_true.nrows());
    let loss = n.mean(sum_of(&dy, |d| n.term(d * d)) * lit(0.5));
    Ok(Loss { loss, dy: DMatrix::from_vec(y_true.nrows(), y_true.ncols(), dy) })
}
