//! Softmax: any numbers become a probability distribution, one sample at a time.
//!
//! ```math
//! pₙⱼ = exp(zₙⱼ) / Σᵢ exp(zₙᵢ)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, d) | logits, one sample per row |
//! | p | (N, d) | probabilities: every row sums to 1 |
//!
//! # Derivation
//!
//! Take one sample, and leave out its index n. Write δ for `next_dz`.
//!
//! 1. A common factor of all exponentials cancels, so with m = maxᵢ zᵢ
//!    **pⱼ = exp(zⱼ − m) / Σᵢ exp(zᵢ − m)**: no exp overflows, and the sum is at least 1.
//! 2. ln pⱼ = zⱼ − ln Σᵢ exp zᵢ, so dpⱼ/pⱼ = dzⱼ − Σᵢ exp(zᵢ)·dzᵢ / Σᵢ exp(zᵢ) = dzⱼ − Σᵢ pᵢ·dzᵢ.
//!    The Jacobian is ∂pⱼ/∂zᵢ = pⱼ·(1 if i = j, else 0) − pⱼ·pᵢ.
//! 3. dLₙ = Σⱼ δⱼ·dpⱼ = Σⱼ δⱼ·pⱼ·dzⱼ − Σⱼ δⱼ·pⱼ·Σᵢ pᵢ·dzᵢ, and the coefficient of dzⱼ is **dzⱼ = pⱼ·(δⱼ − Σᵢ pᵢ·δᵢ)**:
//!    pⱼ times the excess of δⱼ over the average of δ under p. The matrix of (2) is never built.
//!
//! 4. *In floating point*, (3) loses accuracy where a probability is close to 1. There the average is almost δⱼ, the
//!    rest is lost to rounding, and their difference is rounding error alone. The pᵢ sum to 1, so any number may be
//!    subtracted from all δ. Subtract δₘ, where pₘ is the largest probability: with **s = Σᵢ pᵢ·(δᵢ − δₘ)**, the
//!    average minus δₘ, **dzⱼ = pⱼ·((δⱼ − δₘ) − s)**. The term for i = m is 0, so s is as small as the other
//!    probabilities, and pₘ is never subtracted from 1.
//!
//! maxᵢ zᵢ is treated as a constant, which is exact: by step 1 nothing depends on it. No kinks. A row that contains NaN
//! or +∞, or only −∞, becomes NaN.
//!
//! If a cross-entropy follows, use [`cross_entropy_loss`](crate::losses::cross_entropy_loss), which takes the logits:
//! the two together need no 1/p, and their gradient is p − y*.
//!
//! Source: Bridle, *Probabilistic interpretation of feedforward classification network outputs* (1990).

use crate::error::same_shape;
use crate::kernels::elementwise::{fold_rows, sum_rows, with_rows};
use crate::kernels::exponential::exp;
use crate::kernels::memory::Scratch;
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// pₙⱼ = exp(zₙⱼ) / Σᵢ exp(zₙᵢ), for z (N, d).
///
/// ```
/// use handgrad::prelude::*;
/// let z = dmatrix![1000.0, 1000.0; 0.0, 3f64.ln()];
/// let p = softmax_forward(&z);
/// assert!((p - dmatrix![0.5, 0.5; 0.25, 0.75]).amax() < 1e-15);
/// ```
#[must_use]
#[inline(never)]
pub fn softmax_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    let Exponentials { terms, .. } = exponentials(z);
    let [totals] = sum_rows(z.nrows(), [&terms], [], |[e], []| [e]);
    let p = with_rows([&terms], [&totals], |[e], [total]| e / total); // (1)
    DMatrix::from_vec(z.nrows(), z.ncols(), p)
}

/// dzₙⱼ = pₙⱼ·(next_dzₙⱼ − Σᵢ pₙᵢ·next_dzₙᵢ), for p the output of [`softmax_forward`] and next_dz of its shape.
///
/// # Errors
/// If next_dz does not have p's shape.
///
/// ```
/// use handgrad::prelude::*;
/// // The average of next_dz under p is 4·¼ + 8·¾ = 7.
/// let dz = softmax_backward(&dmatrix![4.0, 8.0], &dmatrix![0.25, 0.75])?;
/// assert_eq!(dz, dmatrix![0.25 * (4.0 - 7.0), 0.75 * (8.0 - 7.0)]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn softmax_backward<T: Float>(next_dz: &DMatrix<T>, p: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    same_shape("softmax_backward", ("next_dz", next_dz.shape()), ("p", p.shape()))?;
    let ((n, d), p, deltas) = (p.shape(), p.as_slice(), next_dz.as_slice());
    let [_, of_largest] = fold_rows(n, [p, deltas], |largest, next| if next[0] > largest[0] { next } else { largest });
    let [averages] = sum_rows(n, [p, deltas], [&of_largest], |[p, delta], [of_largest]| [p * (delta - of_largest)]);
    let dz = with_rows([p, deltas], [&of_largest, &averages], |[p, delta], [of_largest, average]| {
        p * (delta - of_largest - average) // (4)
    });
    Ok(DMatrix::from_vec(n, d, dz))
}

/// What softmax and cross-entropy both compute from the logits z (N, d).
pub(crate) struct Exponentials<T: 'static> {
    /// mₙ = maxⱼ zₙⱼ.
    pub maxima: Scratch<T>,
    /// exp(zₙⱼ − mₙ), column by column.
    pub terms: Scratch<T>,
}

pub(crate) fn exponentials<T: Float>(z: &DMatrix<T>) -> Exponentials<T> {
    let [maxima] = fold_rows(z.nrows(), [z.as_slice()], |[max], [z]| [if z > max { z } else { max }]);
    let terms = Scratch(with_rows([z.as_slice()], [&maxima], |[z], [max]| exp(z - max)));
    Exponentials { maxima, terms }
}
