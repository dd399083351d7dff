//! Softmax cross-entropy: how surprising the target is under the predicted distribution, from the logits.
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
//! Take one sample, and leave out its index n.
//!
//! 1. ln pⱼ = yⱼ − ln Σᵢ exp(yᵢ). A common shift of all yᵢ cancels, so with m = maxᵢ yᵢ
//!    **ln pⱼ = (yⱼ − m) − ln Σᵢ exp(yᵢ − m)**: no exp overflows, and the sum is at least 1, so no ln of 0.
//! 2. d(ln Σᵢ exp yᵢ) = Σᵢ exp(yᵢ)·dyᵢ / Σᵢ exp(yᵢ) = Σᵢ pᵢ·dyᵢ.
//! 3. dLₙ = − Σⱼ y*ⱼ (dyⱼ − Σᵢ pᵢ·dyᵢ) = Σⱼ (pⱼ·Σᵢ y*ᵢ − y*ⱼ)·dyⱼ. The targets of a sample sum to 1:
//!    **∂Lₙ/∂y = p − y***. The code keeps the sum, so the gradient is right for any targets.
//!
//! 4. *In floating point*, let k be the class of the largest logit, if there is only one. Then exp(yₖ − m) is 1, and
//!    for a confident prediction the sum r = Σᵢ≠ₖ exp(yᵢ − m) of all others is so small that 1 + r rounds to 1. So keep
//!    r by itself: **ln Σᵢ exp(yᵢ − m) = ln(1 + r)**, computed by a function that keeps the digits of a small r
//!    (`ln_1p`).
//! 5. In the same way, pₖ − y*ₖ would be the difference of two numbers close to 1. Σᵢ pᵢ is 1, so pₖ = 1 − r/(1 + r),
//!    and with w = Σᵢ y*ᵢ (3) becomes w·pₖ − y*ₖ = (w − y*ₖ) − w·r/(1 + r): **∂Lₙ/∂yₖ = Σᵢ≠ₖ y*ᵢ − w·r/(1 + r)**.
//!
//! m is treated as a constant, which is exact: by step 1 nothing depends on it. No kinks. A logit of −∞ rules its class
//! out: its probability is 0, and a target of 0 contributes exactly 0. A logit of NaN or +∞, or a row of only −∞, makes
//! its sample's loss NaN.
//!
//! Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), §6.2.2.3.

use super::Loss;
use crate::activations::softmax::{Exponentials, exponentials};
use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::elementwise::{sum_rows, with_rows, zip_map};
use crate::kernels::mean_of;
use crate::kernels::memory::Scratch;
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
    let (zero, one) = (T::zero(), T::one());
    let Exponentials { maxima, terms } = exponentials(y_predict);
    // How many logits are the largest, then r, then the targets of the largest and of all others.
    let [many, r, its, others] =
        sum_rows(
            n,
            [y, &terms, targets],
            [&maxima],
            |[y, e, t], [max]| {
                if max > y { [zero, e, zero, t] } else { [e, zero, t, zero] }
            },
        );
    let logs = Scratch(zip_map(&many, &r, |many, r| (many - one + r).ln_1p())); // (4)
    let weights = Scratch(zip_map(&its, &others, |its, others| its + others));
    let [losses] = sum_rows(n, [y, targets], [&maxima, &logs], |[y, t], [max, log]| {
        let below = max - y;
        [t * if below.is_finite() | (t != zero) { below + log } else { log }] // (1)
    });
    let rows = [&maxima[..], &many, &r, &others, &weights];
    let dy = with_rows([y, &terms, targets], rows, |[y, e, t], [max, many, r, others, weight]| {
        let is_smaller = max > y;
        let largest = (many == one) & !is_smaller;
        let share = if largest { r } else { e } / (many + r) * weight;
        if largest { others - share } else { share - t } // (5), (3)
    });
    Ok(Loss { loss: mean_of(&losses, Count::of(n)), dy: DMatrix::from_vec(n, d, dy) })
}
