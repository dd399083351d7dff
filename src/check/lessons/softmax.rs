//! Softmax.

use super::exercises;
use super::rows::{self, Rows, Special};
use crate::Float;
use crate::activations::{softmax_backward, softmax_forward};
use crate::check::judge::Mistake;
use crate::check::lesson::{Answer, DZ, Gradient, Lesson, Question};
use crate::check::signatures::{ActivationBackward, ActivationForward};
use crate::check::values::Named;
use nalgebra::DMatrix;

/// [`softmax_forward`] and [`softmax_backward`].
pub(super) struct Softmax;

impl Lesson for Softmax {
    type Setting = Rows;
    type Forward<T: Float> = ActivationForward<T>;
    type Backward<T: Float> = ActivationBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["softmax_forward", "softmax_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const TAKES_OUTPUT: bool = true;
    const CARD: Option<(&'static str, &'static str)> = Some(("softmax", include_str!("../../activations/softmax.rs")));
    const TORCH: Option<&'static str> = Some("softmax");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<ActivationForward>] = SOFTMAX_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<ActivationBackward>] = SOFTMAX_BACKWARD;

    fn forward<T: Float>() -> ActivationForward<T> {
        softmax_forward
    }
    fn backward<T: Float>() -> Option<ActivationBackward<T>> {
        Some(softmax_backward)
    }
    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("y")?)?.into())]))
    }
    /// exp(zₙⱼ) / Σᵢ exp(zₙᵢ).
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        let z = x.matrix("z")?;
        let total = |n: usize| z.row(n).iter().fold(T::zero(), |sum, z| sum + z.exp());
        let y = DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / total(n));
        Ok(Named::of([("y", y.into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(None)
    }
    fn small() -> Rows {
        rows::small(None)
    }
    fn large() -> Vec<Rows> {
        rows::large(None)
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Large, false)
    }
}

exercises! { Softmax: softmax_forward(ActivationForward), softmax_backward(ActivationBackward); }

/// Known mistakes in [`softmax_forward`].
pub const SOFTMAX_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "the maximum is not subtracted",
        sentence: "e¹⁰⁰⁰ is ∞, and ∞/∞ no number. Subtract the row's maximum from its logits first: \
                   the quotient stays the same.",
        wrong: |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / z.row(n).map(f64::exp).sum()),
    },
    Mistake {
        name: "the sum runs over the whole batch",
        sentence: "Each sample's probabilities sum to 1: the sum runs along its row.",
        wrong: |z| {
            let terms = z.add_scalar(-z.max()).map(f64::exp);
            &terms / terms.sum()
        },
    },
    Mistake {
        name: "the sum runs down the columns",
        sentence: "Each sample's probabilities sum to 1: the sum runs along its row.",
        wrong: |z| softmax_forward(&z.transpose()).transpose(),
    },
    Mistake {
        name: "the exponential is forgotten",
        sentence: "y is exp(zⱼ) / Σ exp(zᵢ), not zⱼ / Σ zᵢ.",
        wrong: |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)] / z.row(n).sum()),
    },
];

/// Known mistakes in [`softmax_backward`].
pub const SOFTMAX_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "the diagonal of the Jacobian alone",
        sentence: "Every logit stands in every probability: δ·p·(1 − p) leaves out the terms −pⱼ·pᵢ of all i ≠ j.",
        wrong: |next_dz, p| Ok(next_dz.zip_map(p, |delta, p| delta * p * (1.0 - p))),
    },
    Mistake {
        name: "the mean of next_dz is not weighted",
        sentence: "What is subtracted from δⱼ is Σᵢ pᵢ·δᵢ, the mean of δ under p, not its plain mean.",
        wrong: |next_dz, p| {
            Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| p[(n, j)] * (next_dz[(n, j)] - next_dz.row(n).mean())))
        },
    },
    Mistake {
        name: "the factor p is forgotten",
        sentence: "dz is pⱼ·(δⱼ − Σᵢ pᵢ·δᵢ); here the pⱼ in front is missing.",
        wrong: |next_dz, p| {
            Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| next_dz[(n, j)] - next_dz.row(n).dot(&p.row(n))))
        },
    },
    Mistake {
        name: "softmax is taken twice",
        sentence: "The backward is given p, which is a softmax already.",
        wrong: |next_dz, p| softmax_backward(next_dz, &softmax_forward(p)),
    },
    Mistake {
        name: "the backward of softmax with cross-entropy",
        sentence: "p − y* is the gradient of both together, and needs targets; this layer hands on any next_dz.",
        wrong: |next_dz, p| Ok(p - next_dz),
    },
];
