//! The losses. The numbers in the mistakes are the steps of the derivations in [`crate::losses`].

use super::exercises;
use crate::activations::softmax_forward;
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake};
use crate::check::lesson::{Answer, Gradient, Lesson, Question, Setting};
use crate::check::signatures::LossFunction;
use crate::check::values::{Named, Value};
use crate::float::count;
use crate::losses::{Loss, cross_entropy_loss, mean_squared_loss};
use crate::{Float, ShapeError, lit};
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

/// What stands in the targets.
#[derive(Clone, Copy, PartialEq)]
enum Targets {
    Numbers,
    OneHot,
    Distributions,
    /// Positive numbers that sum to anything.
    Weights,
    /// One-hot, for logits as large as 1000.
    OneHotOfLarge,
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
        let weights = match targets {
            Targets::Weights => free.abs().add_scalar(0.125),
            _ => free.map(|x| if x == 0.0 { 0.125 } else { x.abs() }),
        };
        let target = match targets {
            Targets::Numbers => free,
            Targets::Weights => weights,
            Targets::OneHot | Targets::OneHotOfLarge => {
                DMatrix::from_fn(samples, d, |n, j| f64::from(j == (n + shift) % d))
            }
            Targets::Distributions => {
                // In f32 as well.
                DMatrix::from_fn(samples, d, |n, j| f64::from((weights[(n, j)] / weights.row(n).sum()) as f32))
            }
        };
        let y = if targets == Targets::OneHotOfLarge { y * 250.0 } else { y };
        Named::of([("y_predict", y.into()), ("y_true", target.into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![
            (self.samples > 1, Feature::Batch),
            (self.targets == Targets::Distributions, Feature::Soft),
            (self.targets == Targets::OneHotOfLarge, Feature::Large),
        ]
    }

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<Self, ShapeError> {
        let (samples, d) = x.matrix("y_predict")?.shape();
        Ok(Prediction { samples, d, targets: Targets::Numbers, shift: 0 })
    }
}

const DY: &[Gradient] = &[("y_predict", "dy", Role::Input)];

/// N 1–4 and d 1–5, with all of these targets.
fn proved(targets: &[Targets]) -> Vec<Prediction> {
    let shapes = (1..=4).flat_map(|samples| (1..=5).map(move |d| (samples, d)));
    let of = |(shift, (samples, d))| targets.iter().map(move |&targets| Prediction { samples, d, targets, shift });
    shapes.enumerate().flat_map(of).collect()
}

fn told(targets: &[Targets]) -> Vec<Prediction> {
    let shapes = [(1, 3), (1, 2), (1, 4), (3, 3), (4, 2), (3, 5)];
    let all = targets.iter().flat_map(|&targets| shapes.map(|shape| (shape, targets)));
    all.enumerate().map(|(shift, ((samples, d), targets))| Prediction { samples, d, targets, shift }).collect()
}

fn call<T: Float>(f: LossFunction<T>, x: &Named<T>) -> Answer<T> {
    let Loss { loss, dy } = f(x.matrix("y_predict")?, x.matrix("y_true")?)?;
    Ok(Named::of([("loss", Value::Number(loss)), ("dy", dy.into())]))
}

/// [`mean_squared_loss`].
pub(super) struct MeanSquared;

impl Lesson for MeanSquared {
    type Setting = Prediction;
    type Forward<T: Float> = LossFunction<T>;
    type Backward<T: Float> = ();

    const FUNCTIONS: &'static [&'static str] = &["mean_squared_loss"];
    const GRADIENTS: &'static [Gradient] = DY;
    const IS_LOSS: bool = true;
    const CARD: Option<(&'static str, &'static str)> =
        Some(("mean_squared", include_str!("../../losses/mean_squared.rs")));
    const TORCH: Option<&'static str> = Some("mse");
    const QUESTIONS: &'static [Question] = &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
    ];
    const FORWARD_MISTAKES: &'static [Mistake<LossFunction>] = MEAN_SQUARED_LOSS;

    fn forward<T: Float>() -> LossFunction<T> {
        mean_squared_loss
    }
    fn call_forward<T: Float>(f: LossFunction<T>, _: &Prediction, x: &Named<T>) -> Answer<T> {
        call(f, x)
    }

    /// Σ (y − y*)² / 2N.
    fn definition<T: Float>(_: &Prediction, x: &Named<T>) -> Answer<T> {
        let (y, target) = (x.matrix("y_predict")?, x.matrix("y_true")?);
        let squares = y.iter().zip(target).fold(T::zero(), |sum, (&y, &t)| sum + (y - t) * (y - t));
        Ok(Named::of([("loss", Value::Number(squares / (count::<T>(y.nrows()) * lit(2.0))))]))
    }

    fn settings() -> Vec<Prediction> {
        proved(&[Targets::Numbers])
    }
    fn small() -> Prediction {
        Prediction { samples: 2, d: 3, targets: Targets::Numbers, shift: 0 }
    }
    fn large() -> Vec<Prediction> {
        vec![Prediction { samples: 301, d: 211, targets: Targets::Numbers, shift: 0 }]
    }
    fn problems() -> Vec<Prediction> {
        told(&[Targets::Numbers])
    }
    fn is_exact(setting: &Prediction) -> bool {
        setting.samples.is_power_of_two()
    }
}

/// [`cross_entropy_loss`].
pub(super) struct CrossEntropy;

impl Lesson for CrossEntropy {
    type Setting = Prediction;
    type Forward<T: Float> = LossFunction<T>;
    type Backward<T: Float> = ();

    const FUNCTIONS: &'static [&'static str] = &["cross_entropy_loss"];
    const GRADIENTS: &'static [Gradient] = DY;
    const IS_LOSS: bool = true;
    const CARD: Option<(&'static str, &'static str)> =
        Some(("cross_entropy", include_str!("../../losses/cross_entropy.rs")));
    const TORCH: Option<&'static str> = Some("cross_entropy");
    const QUESTIONS: &'static [Question] = &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
        ("loss", Feature::Large, "which exponential overflows there, and which logarithm is that of 0?"),
        ("dy", Feature::Large, "which exponential overflows there?"),
        ("loss", Feature::Soft, "does every class with a target count, and not only the largest?"),
        ("dy", Feature::Soft, "does every class with a target count, and not only the largest?"),
    ];
    const FORWARD_MISTAKES: &'static [Mistake<LossFunction>] = CROSS_ENTROPY_LOSS;

    fn forward<T: Float>() -> LossFunction<T> {
        cross_entropy_loss
    }
    fn call_forward<T: Float>(f: LossFunction<T>, _: &Prediction, x: &Named<T>) -> Answer<T> {
        call(f, x)
    }

    /// −Σ y*·ln p / N, where −ln pⱼ = ln Σᵢ exp(yᵢ − yⱼ), and the term of j itself is 1.
    fn definition<T: Float>(_: &Prediction, x: &Named<T>) -> Answer<T> {
        let (y, target) = (x.matrix("y_predict")?, x.matrix("y_true")?);
        let others = |n: usize, j: usize| {
            (0..y.ncols()).filter(|&i| i != j).fold(T::zero(), |sum, i| sum + (y[(n, i)] - y[(n, j)]).exp())
        };
        let surprise = DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| target[(n, j)] * others(n, j).ln_1p());
        let sum = surprise.iter().fold(T::zero(), |sum, &term| sum + term);
        Ok(Named::of([("loss", Value::Number(sum / count(y.nrows())))]))
    }

    fn settings() -> Vec<Prediction> {
        proved(&[Targets::OneHot, Targets::Distributions, Targets::Weights])
    }
    fn small() -> Prediction {
        Prediction { samples: 2, d: 3, targets: Targets::Numbers, shift: 0 }
    }
    fn large() -> Vec<Prediction> {
        vec![Prediction { samples: 301, d: 211, targets: Targets::OneHot, shift: 0 }]
    }
    fn problems() -> Vec<Prediction> {
        told(&[Targets::OneHot, Targets::Distributions, Targets::OneHotOfLarge])
    }
}

exercises! {
    MeanSquared: mean_squared_loss(LossFunction);
    CrossEntropy: cross_entropy_loss(LossFunction);
}

/// Known mistakes in [`mean_squared_loss`].
pub const MEAN_SQUARED_LOSS: &[Mistake<LossFunction>] = &[
    Mistake {
        name: "the ½ is forgotten in the loss",
        sentence: "L is the mean of ½ Σ (y − y*)²; dy = y − y* is the gradient of that, and not of twice as much.",
        wrong: |y, target| {
            let right = mean_squared_loss(y, target)?;
            Ok(Loss { loss: 2.0 * right.loss, ..right })
        },
    },
    Mistake {
        name: "a 2 is left in dy",
        sentence: "The 2 that the square brings down meets the ½ of the loss: dy is y − y*.",
        wrong: |y, target| {
            let right = mean_squared_loss(y, target)?;
            Ok(Loss { dy: right.dy * 2.0, ..right })
        },
    },
    Mistake {
        name: "dy is divided by N",
        sentence: "dy is each sample's own gradient; the layers divide the gradients of their parameters by N.",
        wrong: |y, target| {
            let (right, n) = (mean_squared_loss(y, target)?, y.nrows() as f64);
            Ok(Loss { dy: right.dy / n, ..right })
        },
    },
    Mistake {
        name: "the loss is not divided by N",
        sentence: "L is the mean of the samples' losses; here it is their sum.",
        wrong: |y, target| {
            let (right, n) = (mean_squared_loss(y, target)?, y.nrows() as f64);
            Ok(Loss { loss: right.loss * n, ..right })
        },
    },
    Mistake {
        name: "the loss is a mean over the outputs, too",
        sentence: "A sample's loss is the sum over its outputs; the mean is over samples alone.",
        wrong: |y, target| {
            let (right, d) = (mean_squared_loss(y, target)?, y.ncols() as f64);
            Ok(Loss { loss: right.loss / d, ..right })
        },
    },
    Mistake {
        name: "dy has the wrong sign",
        sentence: "dy is y − y*: the loss grows with y where y is too large already.",
        wrong: |y, target| {
            let right = mean_squared_loss(y, target)?;
            Ok(Loss { dy: -right.dy, ..right })
        },
    },
    Mistake {
        name: "the errors are not squared",
        sentence: "L is the mean of ½ Σ (y − y*)²; here errors of both signs cancel.",
        wrong: |y, target| {
            let right = mean_squared_loss(y, target)?;
            Ok(Loss { loss: 0.5 * right.dy.sum() / y.nrows() as f64, ..right })
        },
    },
];

/// Known mistakes in [`cross_entropy_loss`].
pub const CROSS_ENTROPY_LOSS: &[Mistake<LossFunction>] = &[
    Mistake {
        name: "the maximum is not subtracted",
        sentence: "e¹⁰⁰⁰ is ∞, and ∞/∞ no number. Subtract the row's maximum from its logits first.",
        wrong: |y, target| {
            let p =
                nalgebra::DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| y[(n, j)].exp() / y.row(n).map(f64::exp).sum());
            Ok(Loss { loss: -target.dot(&p.map(f64::ln)) / y.nrows() as f64, dy: p - target })
        },
    },
    Mistake {
        name: "the logarithm of a probability that is 0",
        sentence: "A probability can round to 0, and ln 0 is −∞: take ln p as z − max − ln Σ exp(z − max).",
        wrong: |y, target| {
            let surprise = softmax_forward(y).zip_map(target, |p, t| if t > 0.0 { -t * p.ln() } else { 0.0 });
            Ok(Loss { loss: surprise.sum() / y.nrows() as f64, ..cross_entropy_loss(y, target)? })
        },
    },
    Mistake {
        name: "dy is divided by N",
        sentence: "dy is each sample's own gradient; the layers divide the gradients of their parameters by N.",
        wrong: |y, target| {
            let (right, n) = (cross_entropy_loss(y, target)?, y.nrows() as f64);
            Ok(Loss { dy: right.dy / n, ..right })
        },
    },
    Mistake {
        name: "the loss is not divided by N",
        sentence: "L is the mean of the samples' losses; here it is their sum.",
        wrong: |y, target| {
            let (right, n) = (cross_entropy_loss(y, target)?, y.nrows() as f64);
            Ok(Loss { loss: right.loss * n, ..right })
        },
    },
    Mistake {
        name: "the loss is a mean over the classes, too",
        sentence: "A sample's loss is the sum over its classes; the mean is over samples alone.",
        wrong: |y, target| {
            let (right, d) = (cross_entropy_loss(y, target)?, y.ncols() as f64);
            Ok(Loss { loss: right.loss / d, ..right })
        },
    },
    Mistake {
        name: "the logits are taken for probabilities",
        sentence: "dy is softmax(y) − y*: y holds logits.",
        wrong: |y, target| Ok(Loss { dy: y - target, ..cross_entropy_loss(y, target)? }),
    },
    Mistake {
        name: "dy has the wrong sign",
        sentence: "dy is softmax(y) − y*: the right class has a probability that is too small, and its logit must rise.",
        wrong: |y, target| {
            let right = cross_entropy_loss(y, target)?;
            Ok(Loss { dy: -right.dy, ..right })
        },
    },
    Mistake {
        name: "the loss has the wrong sign",
        sentence: "L is −Σ y*·ln p: the logarithm of a probability is negative, the loss is not.",
        wrong: |y, target| {
            let right = cross_entropy_loss(y, target)?;
            Ok(Loss { loss: -right.loss, ..right })
        },
    },
    Mistake {
        name: "the softmax of the whole batch",
        sentence: "Each sample's probabilities sum to 1: the sum of the softmax runs along its row.",
        wrong: |y, target| {
            let terms = y.add_scalar(-y.max()).map(f64::exp);
            let p = &terms / terms.sum();
            let surprise = p.zip_map(target, |p, t| if t > 0.0 { -t * p.ln() } else { 0.0 });
            Ok(Loss { loss: surprise.sum() / y.nrows() as f64, dy: p - target })
        },
    },
];
