//! Softmax cross-entropy: how surprised the predicted distribution is by the target, from the logits.
//!
//! ```math
//! L = (1/N) Σₙ Lₙ,        Lₙ = − Σⱼ y*ₙⱼ · ln pₙⱼ,        pₙⱼ = exp(yₙⱼ) / Σᵢ exp(yₙᵢ)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | y | (N, d) | logits: any real numbers |
//! | y* | (N, d) | target probabilities: one-hot, or any distribution |
//! | p | (N, d) | softmax of the logits |
//!
//! # Derivation
//!
//! One sample; its index n is left out.
//!
//! 1. ln pⱼ = yⱼ − ln Σᵢ exp(yᵢ). A common shift of all yᵢ cancels, so with m = maxᵢ yᵢ
//!    **ln pⱼ = (yⱼ − m) − ln Σᵢ exp(yᵢ − m)**: no exp overflows, and the sum is at least 1, so no ln of 0.
//! 2. d(ln Σᵢ exp yᵢ) = Σᵢ exp(yᵢ)·dyᵢ / Σᵢ exp(yᵢ) = Σᵢ pᵢ·dyᵢ.
//! 3. dLₙ = − Σⱼ y*ⱼ (dyⱼ − Σᵢ pᵢ·dyᵢ) = Σⱼ (pⱼ·Σᵢ y*ᵢ − y*ⱼ)·dyⱼ. The targets of a sample sum to 1:
//!    **∂Lₙ/∂y = p − y***. The sum is kept in the code, which makes the gradient right for any targets.
//!
//! m is treated as a constant, which is exact: by step 1 nothing depends on it. No kinks. A logit of NaN, +∞ or −∞
//! makes its sample's loss NaN: to rule a class out, give it a large negative logit.
//!
//! Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), §6.2.2.3.

use super::Loss;
use crate::activations::softmax::{Exponentials, exponentials};
use crate::error::same_shape;
use crate::float::count;
use crate::kernels::elementwise::{fold_rows, map, with_rows};
use crate::kernels::memory::Scratch;
use crate::kernels::sum;
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// L = −(1/N) Σₙ Σⱼ y*ₙⱼ ln softmax(y)ₙⱼ and dy = softmax(y) − y*, for logits and targets (N, d).
///
/// # Errors
/// If the two shapes differ.
///
/// ```
/// use handgrad::prelude::*;
/// // Equal logits: every class has probability 1/2, and the loss is ln 2.
/// let Loss { loss, dy } = cross_entropy_loss(&dmatrix![7.0, 7.0], &dmatrix![1.0, 0.0])?;
/// assert_eq!((loss, dy), (2f64.ln(), dmatrix![-0.5, 0.5]));
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn cross_entropy_loss<T: Float>(y_predict: &DMatrix<T>, y_true: &DMatrix<T>) -> Result<Loss<T>, ShapeError> {
    same_shape("cross_entropy_loss", ("y_predict", y_predict.shape()), ("y_true", y_true.shape()))?;
    let ((n, d), y, targets) = (y_predict.shape(), y_predict.as_slice(), y_true.as_slice());
    let Exponentials { maxima, terms, totals } = exponentials(y_predict);
    let logs = Scratch(map(&totals, T::ln));
    let surprises = Scratch(with_rows([y, targets], [&maxima, &logs], |[y, t], [max, log]| -t * (y - max - log))); // (1)
    let losses = fold_rows(n, &surprises, |sum, surprise| sum + surprise);
    let weights = fold_rows(n, targets, |sum, t| sum + t);
    let dy = with_rows([&terms, targets], [&totals, &weights], |[e, t], [total, weight]| e / total * weight - t); // (3)
    Ok(Loss { loss: sum(&losses) / count(n), dy: DMatrix::from_vec(n, d, dy) })
}
