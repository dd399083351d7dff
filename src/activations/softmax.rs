//! Softmax: any numbers become a probability distribution, a sample at a time.
//!
//! ```math
//! pₙⱼ = exp(zₙⱼ) / Σᵢ exp(zₙᵢ)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, d) | logits, a sample a row |
//! | p | (N, d) | probabilities: every row sums to 1 |
//!
//! # Derivation
//!
//! One sample; its index n is left out. Write δ for `next_dz`.
//!
//! 1. A common factor of all exponentials cancels, so with m = maxᵢ zᵢ
//!    **pⱼ = exp(zⱼ − m) / Σᵢ exp(zᵢ − m)**: no exp overflows, and the sum is at least 1.
//! 2. ln pⱼ = zⱼ − ln Σᵢ exp zᵢ, so dpⱼ/pⱼ = dzⱼ − Σᵢ exp(zᵢ)·dzᵢ / Σᵢ exp(zᵢ) = dzⱼ − Σᵢ pᵢ·dzᵢ.
//!    The Jacobian is ∂pⱼ/∂zᵢ = pⱼ·(1 if i = j, else 0) − pⱼ·pᵢ.
//! 3. dLₙ = Σⱼ δⱼ·dpⱼ = Σⱼ δⱼ·pⱼ·dzⱼ − Σⱼ δⱼ·pⱼ·Σᵢ pᵢ·dzᵢ, and the factor of dzⱼ in it is
//!    **dzⱼ = pⱼ·(δⱼ − Σᵢ pᵢ·δᵢ)**: how much more than the average of δ under p. The matrix of (2) is never built.
//!
//! m is treated as a constant, which is exact: by step 1 nothing depends on it. No kinks. A row with a NaN, with +∞, or
//! of −∞ alone is NaN.
//!
//! Before a cross-entropy, use [`cross_entropy_loss`](crate::losses::cross_entropy_loss), which takes the logits: the
//! two together need no 1/p, and their gradient is p − y*.
//!
//! Source: Bridle, *Probabilistic interpretation of feedforward classification network outputs* (1990).

use crate::error::same_shape;
use crate::kernels::sum;
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
pub fn softmax_forward<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    let mut p = z.clone();
    for mut row in p.row_iter_mut() {
        let Exponentials { terms, total, .. } = exponentials(row.iter().copied());
        for (p, &e) in row.iter_mut().zip(&terms) {
            *p = e / total; // (1)
        }
    }
    p
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
pub fn softmax_backward<T: Float>(next_dz: &DMatrix<T>, p: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    same_shape("softmax_backward", ("next_dz", next_dz.shape()), ("p", p.shape()))?;
    let mut dz = next_dz.clone();
    for (mut row, p) in dz.row_iter_mut().zip(p.row_iter()) {
        let products: Vec<T> = p.iter().zip(row.iter()).map(|(&p, &delta)| p * delta).collect();
        let average = sum(&products);
        for (dz, &p) in row.iter_mut().zip(p.iter()) {
            *dz = p * (*dz - average); // (3)
        }
    }
    Ok(dz)
}

/// What softmax and cross-entropy both need of one sample's logits z.
pub(crate) struct Exponentials<T> {
    /// zⱼ − m, where m = maxᵢ zᵢ.
    pub shifted: Vec<T>,
    /// exp(zⱼ − m).
    pub terms: Vec<T>,
    /// Σⱼ exp(zⱼ − m), at least 1.
    pub total: T,
}

pub(crate) fn exponentials<T: Float>(z: impl Iterator<Item = T>) -> Exponentials<T> {
    let mut shifted: Vec<T> = z.collect();
    if let Some(max) = shifted.iter().copied().reduce(|max, z| if z > max { z } else { max }) {
        shifted.iter_mut().for_each(|z| *z -= max);
    }
    let terms: Vec<T> = shifted.iter().map(|z| z.exp()).collect();
    let total = sum(&terms);
    Exponentials { shifted, terms, total }
}
