//! The losses.

use super::answer::Part;
use super::features::Feature;
use super::numbers::{draw, matrix};
use super::trial::Case;
use super::{Exercise, Inputs, Judged, Verdict};
use crate::check::mistakes;
use crate::check::signatures::LossFunction;
use crate::losses;
use nalgebra::DMatrix;

/// Judges a reader's [`mean_squared_loss`](losses::mean_squared_loss).
pub fn mean_squared_loss(yours: LossFunction) -> Verdict {
    MEAN_SQUARED.judge(yours)
}

/// Judges a reader's [`cross_entropy_loss`](losses::cross_entropy_loss), on targets that sum to 1 in every row.
pub fn cross_entropy_loss(yours: LossFunction) -> Verdict {
    CROSS_ENTROPY.judge(yours)
}

/// Every mistake in these functions, judged.
pub(super) fn judged() -> Vec<Judged> {
    [MEAN_SQUARED.judge_mistakes(), CROSS_ENTROPY.judge_mistakes()].concat()
}

const MEAN_SQUARED: Exercise<Prediction, LossFunction> = Exercise {
    function: "mean_squared_loss",
    cases: || predictions(&[Targets::Numbers]),
    right: losses::mean_squared_loss,
    call: |f, c| {
        let answer = f(&c.y, &c.target)?;
        Ok(vec![Part::number("loss", answer.loss), Part::input("dy", &answer.dy)])
    },
    mistakes: mistakes::MEAN_SQUARED_LOSS,
    questions: &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
    ],
};

const CROSS_ENTROPY: Exercise<Prediction, LossFunction> = Exercise {
    function: "cross_entropy_loss",
    cases: || predictions(&[Targets::OneHot, Targets::Distributions, Targets::OneHotOfLarge]),
    mistakes: mistakes::CROSS_ENTROPY_LOSS,
    right: losses::cross_entropy_loss,
    questions: &[
        ("loss", Feature::Batch, "is it the mean of the samples' losses?"),
        ("dy", Feature::Batch, "it is each sample's own gradient; was it divided by N?"),
        ("loss", Feature::Large, "which exponential overflows there, and which logarithm is that of 0?"),
        ("dy", Feature::Large, "which exponential overflows there?"),
        ("loss", Feature::Soft, "does every class with a target count, and not only the largest?"),
        ("dy", Feature::Soft, "does every class with a target count, and not only the largest?"),
    ],
    ..MEAN_SQUARED
};

/// What stands in the targets.
#[derive(Clone, Copy, PartialEq)]
enum Targets {
    Numbers,
    OneHot,
    Distributions,
    /// One-hot, for logits as large as 1000.
    OneHotOfLarge,
}

struct Prediction {
    y: DMatrix<f64>,
    target: DMatrix<f64>,
    kind: Targets,
}

fn predictions(kinds: &[Targets]) -> Vec<Prediction> {
    let shapes = [(1, 3), (1, 2), (1, 4), (3, 3), (4, 2), (3, 5)];
    let all = kinds.iter().flat_map(|&kind| shapes.map(|shape| (shape, kind)));
    let of = |(case, ((n, d), kind)): (usize, ((usize, usize), Targets))| {
        let mut numbers = draw(case);
        let y = matrix(&mut numbers, n, d);
        let free = matrix(&mut numbers, n, d);
        let target = match kind {
            Targets::Numbers => free,
            Targets::OneHot | Targets::OneHotOfLarge => DMatrix::from_fn(n, d, |n, j| f64::from(j == (n + case) % d)),
            Targets::Distributions => {
                let weights = free.abs();
                DMatrix::from_fn(n, d, |n, j| weights[(n, j)] / weights.row(n).sum())
            }
        };
        let y = if kind == Targets::OneHotOfLarge { y * 250.0 } else { y };
        Prediction { y, target, kind }
    };
    all.enumerate().map(of).collect()
}

impl Inputs for Prediction {
    fn case(&self) -> Case {
        let Prediction { y, target, kind } = self;
        let features = [
            (y.nrows() > 1, Feature::Batch),
            (*kind == Targets::Distributions, Feature::Soft),
            (*kind == Targets::OneHotOfLarge, Feature::Large),
        ];
        Case {
            setting: format!("y_predict and y_true {:?}", y.shape()),
            samples: y.nrows(),
            inputs: vec![Part::output("y_predict", y), Part::output("y_true", target)],
            features: features.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    }
}
