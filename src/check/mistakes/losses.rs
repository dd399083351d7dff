//! Wrong losses. The numbers are the steps of the derivations in [`crate::losses`].

use super::Mistake;
use crate::activations::softmax_forward;
use crate::check::signatures::LossFunction;
use crate::losses::{Loss, cross_entropy_loss, mean_squared_loss};

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
