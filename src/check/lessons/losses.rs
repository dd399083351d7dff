//! The losses. The numbers in the mistakes are the steps of the derivations in [`crate::losses`].

use super::{exercises, functions};
use crate::activations::softmax_forward;
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, changed, mistakes};
use crate::check::lesson::{Answer, CardText, Gradient, Grid, Lesson, Question, Setting};
use crate::check::signatures::LossFunction;
use crate::check::values::{Named, Value};
use crate::losses::{Loss, cross_entropy_loss, mean_squared_loss};
use crate::{Float, dmatrix, lit};
use nalgebra::DMatrix;
use std::fmt;

/// N samples of d numbers.
#[derive(Clone, Copy)]
pub(super) struct Prediction {
    samples: usize,
    d: usize,
    targets: Targets,
    /// The class of the first sample, if the targets are one-hot.
    shift: usize,
}

/// What the targets are.
#[derive(Clone, Copy, PartialEq)]
enum Targets {
    Numbers,
    OneHot,
    Distributions,
    /// Positive numbers that sum to anything.
    Weights,
    /// One-hot, for logits as large as 1000.
    OneHotOfLarge,
    /// Weights, for four rows of three logits up to ±700.
    WeightsOfFar,
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "y_predict and y_true {:?}", (self.samples, self.d))
    }
}

impl Setting for Prediction {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let Prediction { samples, d, targets, shift } = *self;
        let (y, free) = (draw.matrix(samples, d), draw.matrix(samples, d));
        let weights = free.map(|x| if x == 0.0 { 0.125 } else { x.abs() });
        let target = match targets {
            Targets::Numbers => free,
            Targets::Weights | Targets::WeightsOfFar => weights,
            Targets::OneHot | Targets::OneHotOfLarge => {
                DMatrix::from_fn(samples, d, |n, j| f64::from(j == (n + shift) % d))
            }
            Targets::Distributions => {
                // Multiples of 2⁻²⁰: they sum to 1 without rounding, in f32 as well.
                let mut shares =
                    DMatrix::from_fn(samples, d, |n, j| (weights[(n, j)] / weights.row(n).sum() * 1048576.0).floor());
                for mut row in shares.row_iter_mut() {
                    row[d - 1] += 1048576.0 - row.sum();
                }
                shares / 1048576.0
            }
        };
        let y = match targets {
            Targets::OneHotOfLarge => y * 250.0,
            Targets::WeightsOfFar => dmatrix![0.75, -1.5, 3.0; 40.0, 0.0, -3.0; 700.0, 0.0, 350.0; 0.0, -700.0, -17.0],
            _ => y,
        };
        Named::of([("y_predict", y.into()), ("y_true", target.into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![
            (self.samples > 1, Feature::Batch),
            (self.targets == Targets::Distributions, Feature::Soft),
            (self.targets == Targets::OneHotOfLarge, Feature::Large),
        ]
    }

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let (samples, d) = x.matrix("y_predict").shape();
        Some(Prediction { samples, d, targets: Targets::Numbers, shift: 0 })
    }
}

const DY: &[Gradient] = &[("y_predict", "dy", Role::Input)];

/// N 1–4 and d 1–5, with all of the targets.
fn grid(proved: &[Targets], told: &[Targets]) -> Grid<Prediction> {
    let of = |shift, (samples, d), targets| Prediction { samples, d, targets, shift };
    let shapes = (1..=4).flat_map(|samples| (1..=5).map(move |d| (samples, d)));
    let small =
        shapes.enumerate().flat_map(|(shift, shape)| proved.iter().map(move |&targets| of(shift, shape, targets)));
    let problems = told.iter().flat_map(|&t| [(1, 3), (1, 2), (1, 4), (3, 3), (4, 2), (3, 5)].map(|shape| (shape, t)));
    Grid {
        small: of(0, (2, 3), Targets::Numbers),
        proved: small.collect(),
        large: vec![of(0, (301, 211), told[0])],
        problems: problems.enumerate().map(|(shift, (shape, targets))| of(shift, shape, targets)).collect(),
    }
}

fn call<T: Float>(f: LossFunction<T>, x: &Named<T>) -> Answer<T> {
    let Loss { loss, dy } = f(x.matrix("y_predict"), x.matrix("y_true"))?;
    Ok(Named::of([("loss", Value::Number(loss)), ("dy", dy.into())]))
}

/// [`mean_squared_loss`].
pub(super) struct MeanSquared;

impl Lesson for MeanSquared {
    type Setting = Prediction;
    functions! { mean_squared_loss: LossFunction = MEAN_SQUARED_LOSS }
    const GRADIENTS: &'static [Gradient] = DY;
    const IS_LOSS: bool = true;
    const CARD: CardText = Some(("mean_squared", include_str!("../../losses/mean_squared.rs")));
    const TORCH: &'static str = "mse";
    const QUESTIONS: &'static [Question] = &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
    ];

    fn call_forward<T: Float>(f: LossFunction<T>, _: &Prediction, x: &Named<T>) -> Answer<T> {
        call(f, x)
    }

    /// Σ (y − y*)² / 2N.
    fn definition<T: Float>(_: &Prediction, x: &Named<T>) -> Answer<T> {
        let (y, target) = (x.matrix("y_predict"), x.matrix("y_true"));
        let squares = y.iter().zip(target).fold(T::zero(), |sum, (&y, &t)| sum + (y - t) * (y - t));
        Ok(Named::of([("loss", Value::Number(squares / (lit::<T>(y.nrows() as f64) * lit(2.0))))]))
    }
    fn grid() -> Grid<Prediction> {
        grid(&[Targets::Numbers], &[Targets::Numbers])
    }
    fn is_exact(setting: &Prediction) -> bool {
        setting.samples.is_power_of_two()
    }
}

/// [`cross_entropy_loss`].
pub(super) struct CrossEntropy;

impl Lesson for CrossEntropy {
    type Setting = Prediction;
    functions! { cross_entropy_loss: LossFunction = CROSS_ENTROPY_LOSS }
    const GRADIENTS: &'static [Gradient] = DY;
    const IS_LOSS: bool = true;
    const CARD: CardText = Some(("cross_entropy", include_str!("../../losses/cross_entropy.rs")));
    const TORCH: &'static str = "cross_entropy";
    const LEAST: f64 = 1e-3;
    const QUESTIONS: &'static [Question] = &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
        ("loss", Feature::Large, "which exponential overflows there, and which logarithm is that of 0?"),
        ("dy", Feature::Large, "which exponential overflows there?"),
        ("loss", Feature::Soft, "does every class with a target count, and not only the largest?"),
        ("dy", Feature::Soft, "does every class with a target count, and not only the largest?"),
    ];

    fn call_forward<T: Float>(f: LossFunction<T>, _: &Prediction, x: &Named<T>) -> Answer<T> {
        call(f, x)
    }

    /// −Σ y*·ln p / N, where −ln pⱼ = ln Σᵢ exp(yᵢ − yⱼ), and the term of j itself is 1.
    fn definition<T: Float>(_: &Prediction, x: &Named<T>) -> Answer<T> {
        let (y, target) = (x.matrix("y_predict"), x.matrix("y_true"));
        let others = |n: usize, j: usize| {
            (0..y.ncols()).filter(|&i| i != j).fold(T::zero(), |sum, i| sum + (y[(n, i)] - y[(n, j)]).exp())
        };
        let surprise = DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| target[(n, j)] * others(n, j).ln_1p());
        let sum = surprise.iter().fold(T::zero(), |sum, &term| sum + term);
        Ok(Named::of([("loss", Value::Number(sum / lit(y.nrows() as f64)))]))
    }
    fn grid() -> Grid<Prediction> {
        let proved = [Targets::OneHot, Targets::Distributions, Targets::Weights];
        let mut grid = grid(&proved, &[Targets::OneHot, Targets::Distributions, Targets::OneHotOfLarge]);
        grid.proved.push(Prediction { samples: 4, d: 3, targets: Targets::WeightsOfFar, shift: 0 });
        grid
    }
}

exercises! {
    MeanSquared: mean_squared_loss(LossFunction);
    CrossEntropy: cross_entropy_loss(LossFunction);
}

mistakes! { MEAN_SQUARED_LOSS of mean_squared_loss(LossFunction)
    "the ½ is forgotten in the loss":
        "L is the mean of ½ Σ (y − y*)²; dy = y − y* is the gradient of that, and not of twice as much.",
    changed!(mean_squared_loss(y, target) as g { g.loss *= 2.0; });
    "a 2 is left in dy": "The 2 that the square brings down meets the ½ of the loss: dy is y − y*.",
    changed!(mean_squared_loss(y, target) as g { g.dy *= 2.0; });
    "dy is divided by N": "dy is each sample's own gradient; the layers divide the gradients of their parameters by N.",
    changed!(mean_squared_loss(y, target) as g { g.dy /= y.nrows() as f64; });
    "the loss is not divided by N": "L is the mean of the samples' losses; here it is their sum.",
    changed!(mean_squared_loss(y, target) as g { g.loss *= y.nrows() as f64; });
    "the loss is a mean over the outputs, too":
        "A sample's loss is the sum over its outputs; the mean is over samples alone.",
    changed!(mean_squared_loss(y, target) as g { g.loss /= y.ncols() as f64; });
    "dy has the wrong sign": "dy is y − y*: the loss grows with y where y is too large already.",
    changed!(mean_squared_loss(y, target) as g { g.dy = -g.dy; });
    "the errors are not squared": "L is the mean of ½ Σ (y − y*)²; here errors of both signs cancel.",
    changed!(mean_squared_loss(y, target) as g { g.loss = 0.5 * g.dy.sum() / y.nrows() as f64; });
}

mistakes! { CROSS_ENTROPY_LOSS of cross_entropy_loss(LossFunction)
    "the maximum is not subtracted": "e¹⁰⁰⁰ is ∞, and ∞/∞ is not a number. Subtract the row's maximum from its logits first.",
    |y, target| {
        let p =
            nalgebra::DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| y[(n, j)].exp() / y.row(n).map(f64::exp).sum());
        Ok(Loss { loss: -target.dot(&p.map(f64::ln)) / y.nrows() as f64, dy: p - target })
    };
    "the logarithm of a probability that is 0":
        "A probability can round to 0, and ln 0 is −∞: take ln p as z − max − ln Σ exp(z − max).",
    changed!(cross_entropy_loss(y, target) as g {
        let surprise = softmax_forward(y).zip_map(target, |p, t| if t > 0.0 { -t * p.ln() } else { 0.0 });
        g.loss = surprise.sum() / y.nrows() as f64;
    });
    "dy is divided by N": "dy is each sample's own gradient; the layers divide the gradients of their parameters by N.",
    changed!(cross_entropy_loss(y, target) as g { g.dy /= y.nrows() as f64; });
    "the loss is not divided by N": "L is the mean of the samples' losses; here it is their sum.",
    changed!(cross_entropy_loss(y, target) as g { g.loss *= y.nrows() as f64; });
    "the loss is a mean over the classes, too":
        "A sample's loss is the sum over its classes; the mean is over samples alone.",
    changed!(cross_entropy_loss(y, target) as g { g.loss /= y.ncols() as f64; });
    "the logits are taken for probabilities": "dy is softmax(y) − y*: y holds logits.",
    |y, target| Ok(Loss { dy: y - target, ..cross_entropy_loss(y, target)? });
    "dy has the wrong sign":
        "dy is softmax(y) − y*: the right class has a probability that is too small, and its logit must rise.",
    changed!(cross_entropy_loss(y, target) as g { g.dy = -g.dy; });
    "the loss has the wrong sign": "L is −Σ y*·ln p: the logarithm of a probability is negative, the loss is not.",
    changed!(cross_entropy_loss(y, target) as g { g.loss = -g.loss; });
    "the softmax of the whole batch":
        "Each sample's probabilities sum to 1: the sum of the softmax runs along its row.",
    |y, target| {
        let terms = y.add_scalar(-y.max()).map(f64::exp);
        let p = &terms / terms.sum();
        let surprise = p.zip_map(target, |p, t| if t > 0.0 { -t * p.ln() } else { 0.0 });
        Ok(Loss { loss: surprise.sum() / y.nrows() as f64, dy: p - target })
    };
}
