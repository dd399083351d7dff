//! The checker of a reader's own functions.
//!
//! Each function here takes a reader's version of the crate's function of the same name and runs it on a grid of cases
//! that the reader does not see, from the plainest one to all complications at once. The [`Verdict`] says what it
//! found, in plain words: passed, with the number of entries; or the first wrong entry of the simplest wrong case, under
//! which conditions the function is wrong and right, and the likeliest mistake. A function that panics, or that returns
//! an error, is told so.
//!
//! ```
//! use handgrad::check::exercise;
//! use handgrad::prelude::*;
//!
//! fn my_fc_backward(
//!     next_dz: &DMatrix<f64>,
//!     w: &DMatrix<f64>,
//!     z: &DMatrix<f64>,
//! ) -> Result<FcGradients<f64>, ShapeError> {
//!     let dw = z.transpose() * next_dz;
//!     let db = next_dz.row_sum().transpose();
//!     Ok(FcGradients { dw, db, dz: next_dz * w.transpose() })
//! }
//!
//! let verdict = exercise::fc_backward(my_fc_backward);
//! assert!(!verdict.passed());
//! assert_eq!(verdict.suspicions()[0].name, "dw and db are not divided by N");
//! ```
//!
//! To try one gradient alone, take the others from the crate:
//!
//! ```
//! use handgrad::check::exercise;
//! use handgrad::prelude::*;
//! fn my_db(next_dz: &DMatrix<f64>) -> DVector<f64> {
//!     next_dz.row_mean().transpose()
//! }
//! let verdict = exercise::fc_backward(|next_dz, w, z| {
//!     Ok(FcGradients { db: my_db(next_dz), ..fc_backward(next_dz, w, z)? })
//! });
//! assert!(verdict.passed(), "{verdict}");
//! ```
//!
//! # How a mistake is found
//!
//! Every mistake of the [catalogue](super::mistakes) that is known in the function is run on the same cases. If one
//! gives the reader's numbers in all of them, the verdict says so: these *are* its numbers, and the reader has read how
//! the mistake is made. If none does, the track decides: in which cases each array is wrong, and by which
//! [pattern](super::diagnosis).

mod activations;
mod answer;
mod conv;
mod dense;
mod features;
mod losses;
mod numbers;
mod optimizers;
mod pooling;
mod suspects;
mod trial;
mod verdict;

pub use activations::{
    elu_backward, elu_forward, leaky_relu_backward, leaky_relu_forward, prelu_backward, prelu_forward, relu_backward,
    relu_forward, selu_backward, selu_forward, sigmoid_backward, sigmoid_forward, softmax_backward, softmax_forward,
    tanh_backward, tanh_forward,
};
pub use conv::{conv_backward, conv_forward, insert_zeros, remove_padding, single_channel_conv};
pub use dense::{fc_backward, fc_forward, flatten_backward, flatten_forward};
pub use losses::{cross_entropy_loss, mean_squared_loss};
pub use optimizers::{adadelta, adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd};
pub use pooling::{
    avg_pooling_backward, avg_pooling_forward, global_avg_pooling_backward, global_avg_pooling_forward,
    global_max_pooling_backward, global_max_pooling_forward, max_pooling_backward, max_pooling_forward,
};
pub use suspects::{Evidence, Suspicion};
pub use verdict::Verdict;

use super::mistakes::Mistake;
use answer::{Answer, Part};
use features::Feature;
use suspects::{Known, suspicions, suspicions_by_track};
use trial::{Case, Trial};

/// What a function is tried on.
trait Inputs {
    /// The case as it is told.
    fn case(&self) -> Case;
}

/// A function of type F and all that is needed to judge another: its cases, the right one, and what is known to go
/// wrong.
struct Exercise<I: 'static, F: 'static> {
    function: &'static str,
    cases: fn() -> Vec<I>,
    right: F,
    /// A function's answer to a case.
    call: fn(F, &I) -> Answer,
    mistakes: &'static [Mistake<F>],
    /// What to ask where an array is wrong in cases with a feature, and right in those without it.
    questions: &'static [(&'static str, Feature, &'static str)],
}

impl<I: Inputs, F: Copy> Exercise<I, F> {
    fn judge(&self, yours: F) -> Verdict {
        let grid = Grid::of(self);
        let trial = grid.trial(self, yours);
        if (0..grid.cases.len()).all(|at| trial.is_right(at)) {
            return Verdict::passing(self.function, grid.cases.len(), trial.entries());
        }
        grid.verdict(self, trial, &grid.known(self))
    }

    /// Every known mistake, judged.
    fn judge_mistakes(&self) -> Vec<Judged> {
        let grid = Grid::of(self);
        let known = grid.known(self);
        let judged = |mistake: &Mistake<F>| Judged {
            function: self.function,
            name: mistake.name,
            sentence: mistake.sentence,
            verdict: grid.verdict(self, grid.trial(self, mistake.wrong), &known),
        };
        self.mistakes.iter().map(judged).collect()
    }
}

/// The cases of an exercise, and the right answers to them.
struct Grid<I> {
    inputs: Vec<I>,
    cases: Vec<Case>,
    right: Vec<Vec<Part>>,
}

impl<I: Inputs> Grid<I> {
    fn of<F: Copy>(exercise: &Exercise<I, F>) -> Self {
        let inputs = (exercise.cases)();
        let cases = inputs.iter().map(Inputs::case).collect();
        // The crate's own functions answer every case of the grids.
        let right = |inputs: &I| (exercise.call)(exercise.right, inputs).unwrap_or_default();
        Grid { right: inputs.iter().map(right).collect(), cases, inputs }
    }

    fn trial<F: Copy>(&self, exercise: &Exercise<I, F>, f: F) -> Trial {
        Trial::of(&self.cases, &self.right, &|at| (exercise.call)(f, &self.inputs[at]))
    }

    fn known<F: Copy>(&self, exercise: &Exercise<I, F>) -> Vec<Known> {
        let known = |mistake: &Mistake<F>| Known {
            name: mistake.name,
            sentence: mistake.sentence,
            trial: self.trial(exercise, mistake.wrong),
        };
        exercise.mistakes.iter().map(known).collect()
    }

    fn verdict<F: Copy>(&self, exercise: &Exercise<I, F>, trial: Trial, known: &[Known]) -> Verdict {
        let found = (suspicions(&trial, known), suspicions_by_track(&trial, known));
        Verdict::failing(exercise.function, &self.cases, trial, exercise.questions, found)
    }
}

/// A mistake of the [catalogue](super::mistakes), and what is said of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The function that it is made in.
    pub function: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What is right, and what stands there instead.
    pub sentence: &'static str,
    /// What is said of whoever made it.
    pub verdict: Verdict,
}

/// Every mistake of the catalogue, judged as if a reader had made it.
///
/// ```
/// use handgrad::check::exercise;
/// let catalogue = exercise::catalogue();
/// assert!(catalogue.len() >= 40);
/// assert!(catalogue.iter().all(|mistake| !mistake.verdict.passed()));
/// ```
pub fn catalogue() -> Vec<Judged> {
    [dense::judged(), conv::judged(), pooling::judged(), activations::judged(), losses::judged(), optimizers::judged()]
        .concat()
}
