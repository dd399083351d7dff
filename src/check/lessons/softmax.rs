//! Softmax.

use super::rows::{self, Rows, Special};
use super::{exercises, functions};
use crate::Float;
use crate::activations::{softmax_backward, softmax_forward};
use crate::check::judge::{Mistake, mistakes};
use crate::check::lesson::{Answer, CardText, Grid, Lesson, Question};
use crate::check::signatures::{ActivationBackward, ActivationForward};
use crate::check::values::Named;
use nalgebra::DMatrix;

/// [`softmax_forward`] and [`softmax_backward`].
pub(super) struct Softmax;

impl Lesson for Softmax {
    type Setting = Rows;
    functions! {
        softmax_forward: ActivationForward = SOFTMAX_FORWARD,
        softmax_backward: ActivationBackward = SOFTMAX_BACKWARD
    }
    const TAKES_OUTPUT: bool = true;
    const CARD: CardText = Some(("softmax", include_str!("../../activations/softmax.rs")));
    const TORCH: &'static str = "softmax";
    const LEAST: f64 = 1e-3;
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;

    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz"), x.matrix("y"))?.into())]))
    }
    /// exp(zₙⱼ) / Σᵢ exp(zₙᵢ).
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        let z = x.matrix("z");
        let total = |n: usize| z.row(n).iter().fold(T::zero(), |sum, z| sum + z.exp());
        let y = DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / total(n));
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Rows> {
        rows::grid(None, &[Special::Large])
    }
}

exercises! { Softmax: softmax_forward(ActivationForward), softmax_backward(ActivationBackward); }

mistakes! { SOFTMAX_FORWARD of softmax_forward(ActivationForward)
    "the maximum is not subtracted":
        "e¹⁰⁰⁰ is ∞, and ∞/∞ is not a number. Subtract the row's maximum from its logits first: the quotient stays the same.",
    |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / z.row(n).map(f64::exp).sum());
    "the sum runs over the whole batch": "Each sample's probabilities sum to 1: the sum runs along its row.",
    |z| {
        let terms = z.add_scalar(-z.max()).map(f64::exp);
        &terms / terms.sum()
    };
    "the sum runs down the columns": "Each sample's probabilities sum to 1: the sum runs along its row.",
    |z| softmax_forward(&z.transpose()).transpose();
    "the exponential is forgotten": "y is exp(zⱼ) / Σ exp(zᵢ), not zⱼ / Σ zᵢ.",
    |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)] / z.row(n).sum());
}

mistakes! { SOFTMAX_BACKWARD of softmax_backward(ActivationBackward)
    "the diagonal of the Jacobian alone":
        "Every probability depends on every logit: δ·p·(1 − p) leaves out the terms −pⱼ·pᵢ of all i ≠ j.",
    |next_dz, p| Ok(next_dz.zip_map(p, |delta, p| delta * p * (1.0 - p)));
    "the mean of next_dz is not weighted":
        "What is subtracted from δⱼ is Σᵢ pᵢ·δᵢ, the mean of δ under p, not its plain mean.",
    |next_dz, p| {
        Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| p[(n, j)] * (next_dz[(n, j)] - next_dz.row(n).mean())))
    };
    "the factor p is forgotten": "dz is pⱼ·(δⱼ − Σᵢ pᵢ·δᵢ); here the pⱼ in front is missing.",
    |next_dz, p| {
        Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| next_dz[(n, j)] - next_dz.row(n).dot(&p.row(n))))
    };
    "softmax is taken twice": "The backward is given p, which is a softmax already.",
    |next_dz, p| softmax_backward(next_dz, &softmax_forward(p));
    "the backward of softmax with cross-entropy":
        "p − y* is the gradient of both together, and needs targets; this layer hands on any next_dz.",
    |next_dz, p| Ok(p - next_dz);
}
