//! The training loop: mini-batches, evaluation, history, checkpoints.
//!
//! A [`Training`] is a model, an optimizer, a loss, and the [`History`] of what has been done. That history *is* the
//! state of the training: one loss per step, one [`Epoch`] per whole epoch. The order of epoch e is shuffled from
//! (seed, e) alone, so training can continue from any step with nothing else known, bit for bit, on any number of
//! threads.
//!
//! ```
//! use handgrad::data::Dataset;
//! use handgrad::prelude::*;
//! use handgrad::train::{Plan, Training, print_epochs};
//!
//! // Which of two numbers is larger?
//! let inputs = Tensor4::from_vectors(DMatrix::from_fn(100, 2, |n, j| ((17 * n + 31 * j + 7 * n * j) % 50) as f64 / 50.0));
//! let labels = inputs.matrix().row_iter().map(|z| usize::from(z[1] > z[0])).collect();
//! let data = Dataset::new(inputs, labels, 2)?;
//!
//! let model = Sequential::new().with(Dense::of(init::he(&mut init::rng(1), [2, 2])));
//! let mut training = Training::new(model, Adam::new(0.1), cross_entropy_loss, Plan { batch: 10, seed: 1 });
//! training.fit(&data, &data, 5, print_epochs)?;
//! assert!(training.history().epochs[4].accuracy > 0.95);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batches;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod error;
pub mod experiments;
pub mod second_order;

pub use error::TrainError;
pub use second_order::{Along, Eigenvalue, Hessian, Search};

use crate::data::Dataset;
use crate::kernels::memory::give_back;
use crate::kernels::wide_awake;
use crate::losses::Loss;
use crate::model::{Layer, Memory, Sequential};
use crate::optim::Optimizer;
use crate::{Float, ShapeError, Tensor4, lit};
use batches::Batches;
pub(crate) use batches::order;
use nalgebra::DMatrix;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

/// A loss of predictions and targets (N, d), such as the functions of [`losses`](crate::losses).
pub type LossFunction<T> = fn(&DMatrix<T>, &DMatrix<T>) -> Result<Loss<T>, ShapeError>;

/// What decides which samples form the batch of which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Samples per step. The last step of an epoch takes what is left.
    pub batch: usize,
    /// The seed that, with the epoch's number, sets the order of every epoch.
    pub seed: u64,
}

/// What has been done so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The loss of every step's batch, before the step.
    pub losses: Vec<f64>,
    /// The whole epochs.
    pub epochs: Vec<Epoch>,
    /// Seconds spent in the current epoch.
    pub seconds: f64,
}

/// A finished epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, counted from 1.
    pub number: usize,
    /// The mean of the training samples' losses, each measured before the step that used it.
    pub loss: f64,
    /// The mean of the test samples' losses at the end of the epoch.
    pub test_loss: f64,
    /// The share of the test samples that the model gets right at the end of the epoch.
    pub accuracy: f64,
    /// How long its steps took, in seconds, not counting the evaluation.
    pub seconds: f64,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Epoch { number, loss, test_loss, accuracy, seconds } = self;
        let accuracy = 100.0 * accuracy;
        write!(
            f,
            "epoch {number}: loss {loss:.4}, test loss {test_loss:.4}, test accuracy {accuracy:.2} %, {seconds:.1} s"
        )
    }
}

/// A step that has been made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The number of its epoch, counted from 1.
    pub epoch: usize,
    /// Its number within the epoch, counted from 1.
    pub step: usize,
    /// How many steps the epoch has.
    pub steps: usize,
    /// How many samples took part in it.
    pub samples: usize,
    /// Their loss before the step.
    pub loss: f64,
}

/// What an observer of [`Training::fit`] receives. It returns `ControlFlow::Break(())` to stop the training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A step has been made.
    Step(Step),
    /// An epoch has ended.
    Epoch(Epoch),
}

/// An observer that prints one line per epoch.
pub fn print_epochs(event: Event) -> ControlFlow<()> {
    if let Event::Epoch(epoch) = event {
        println!("{epoch}");
    }
    ControlFlow::Continue(())
}

/// An observer that does nothing.
pub fn silently(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Why [`Training::fit`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// The observer asked to stop. The next call of `fit` continues from here.
    Stopped,
}

/// A learning-rate schedule: the factor at step t, counted from 0.
type Factor = Box<dyn Fn(u64) -> f64 + Send>;

/// A model in training.
#[must_use]
pub struct Training<T> {
    /// The model being trained.
    pub model: Sequential<T>,
    /// The rule that updates it.
    pub optimizer: Box<dyn Optimizer<T>>,
    /// The caller's note about the training: the loss, the learning rate and whatever else a checkpoint does not hold.
    /// A checkpoint resumes only where this note is the same. Empty by default.
    pub about: String,
    memory: Memory<T>,
    history: History,
    loss: LossFunction<T>,
    plan: Plan,
    /// The learning rate before any schedule, and the factor on it at every step.
    schedule: Option<(T, Factor)>,
    /// The size of the training set of the history's steps; 0 before the first `fit`.
    samples: usize,
}

impl<T: Float> Training<T> {
    /// A training that has made no step yet.
    pub fn new(
        model: Sequential<T>,
        optimizer: impl Optimizer<T> + 'static,
        loss: LossFunction<T>,
        plan: Plan,
    ) -> Self {
        let (optimizer, memory, history) = (Box::new(optimizer), Memory::new(), History::default());
        Training { model, optimizer, about: String::new(), memory, history, loss, plan, schedule: None, samples: 0 }
    }

    /// The same, but with a learning-rate schedule: step t, counted from 0, uses the learning rate that the
    /// optimizer has now, times `factor(t)`. [`schedule`](crate::optim::schedule) has such factors.
    pub fn schedule(mut self, factor: impl Fn(u64) -> f64 + Send + 'static) -> Self {
        self.schedule = Some((self.optimizer.learning_rate(), Box::new(factor)));
        self
    }

    /// What has been done so far: the state of the training.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Trains until `epochs` epochs are done in all, in shuffled batches of `train`, and evaluates `test` after each
    /// epoch. A batch size larger than `train` means the whole set.
    ///
    /// # Errors
    /// If a set is empty or has a label outside its classes, if the batch size is 0, if the size of `train` has
    /// changed, if the model does not fit the data, or if a loss is not finite. A step with such a loss is not made,
    /// and an epoch with such a test loss is not added to the history; the weights are those that gave it.
    pub fn fit(
        &mut self,
        train: &Dataset<T>,
        test: &Dataset<T>,
        epochs: usize,
        observer: impl FnMut(Event) -> ControlFlow<()> + Send,
    ) -> Result<End, TrainError> {
        check_data("the training set", train)?;
        check_data("the test set", test)?;
        self.check_plan(train.len())?;
        // A network's maps hold several times as many numbers as its input.
        let numbers = 8 * self.plan.batch.min(train.len()) * train.inputs.matrix().ncols();
        wide_awake::<T, _>(numbers, || self.run(train, test, epochs, observer))
    }

    /// [`fit`](Self::fit), once everything has been checked.
    fn run(
        &mut self,
        train: &Dataset<T>,
        test: &Dataset<T>,
        epochs: usize,
        mut observer: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<End, TrainError> {
        let steps = train.len().div_ceil(self.plan.batch);
        // Clear what a failed step, or the caller, left behind.
        self.memory.clear();
        self.model.clear_gradients();
        while self.history.epochs.len() < epochs {
            let epoch = self.history.epochs.len();
            let mut batches = Batches::new(train, self.plan, epoch);
            for step in self.history.losses.len() - epoch * steps..steps {
                let start = Instant::now();
                let (z, y_true) = batches.get(step);
                let samples = y_true.nrows();
                let loss = self.step(z, &y_true)?;
                give_back(y_true);
                self.history.seconds += start.elapsed().as_secs_f64();
                let made = Step { epoch: epoch + 1, step: step + 1, steps, samples, loss };
                if observer(Event::Step(made)).is_break() {
                    return Ok(End::Stopped);
                }
            }
            let over = self.finish_epoch(train.len(), test)?;
            if observer(Event::Epoch(over)).is_break() {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Finished)
    }

    /// Forward, loss, backward, and the optimizer's step; adds the loss to the history, and returns it.
    #[inline(never)]
    pub(crate) fn step(&mut self, z: Tensor4<T>, y_true: &DMatrix<T>) -> Result<f64, TrainError> {
        if let Some((learning_rate, factor)) = &self.schedule {
            let t = self.history.losses.len() as u64;
            self.optimizer.set_learning_rate(*learning_rate * lit(factor(t)));
        }
        let y = self.model.forward(z, &mut self.memory)?;
        let Loss { loss, dy } = (self.loss)(y.matrix(), y_true)?;
        if !loss.is_finite() {
            let (step, learning_rate) = (self.history.losses.len() + 1, as_f64(self.optimizer.learning_rate()));
            return Err(TrainError::NotFinite { step, loss: as_f64(loss), learning_rate });
        }
        let [_, c, h, w] = y.shape();
        let dy = Tensor4::from_matrix(dy, [c, h, w])?;
        self.model.backward_parameters(&dy, &mut self.memory)?;
        self.model.step(&mut *self.optimizer)?;
        give_back(y.into_matrix());
        give_back(dy.into_matrix());
        let loss = as_f64(loss);
        self.history.losses.push(loss);
        Ok(loss)
    }

    /// Evaluates the model and closes the epoch after its last step.
    #[inline(never)]
    fn finish_epoch(&mut self, samples: usize, test: &Dataset<T>) -> Result<Epoch, TrainError> {
        let number = self.history.epochs.len() + 1;
        let steps = samples.div_ceil(self.plan.batch);
        let losses = self.history.losses[(number - 1) * steps..].iter().enumerate();
        let batch = |step: usize| self.plan.batch.min(samples - step * self.plan.batch) as f64;
        let loss = losses.map(|(step, loss)| loss * batch(step)).sum::<f64>() / samples as f64;
        let Evaluation { loss: test_loss, accuracy } = evaluate(&self.model, test, self.loss)?;
        if !test_loss.is_finite() {
            let learning_rate = as_f64(self.optimizer.learning_rate());
            return Err(TrainError::TestNotFinite { epoch: number, loss: test_loss, learning_rate });
        }
        let seconds = std::mem::take(&mut self.history.seconds);
        let epoch = Epoch { number, loss, test_loss, accuracy, seconds };
        self.history.epochs.push(epoch);
        Ok(epoch)
    }

    fn check_plan(&mut self, samples: usize) -> Result<(), TrainError> {
        if self.plan.batch == 0 {
            return Err(TrainError::Data("the batch is 0: a step needs at least one sample".into()));
        }
        if self.samples != samples && self.samples != 0 {
            let found =
                format!("the training set has {samples} samples, but this training began with {}", self.samples);
            return Err(TrainError::Data(format!("{found}: it can only continue with the same set")));
        }
        self.samples = samples;
        Ok(())
    }
}

/// How well a model does on a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean of the samples' losses.
    pub loss: f64,
    /// The share of the samples whose largest output is the one of their class.
    pub accuracy: f64,
}

/// How many samples are evaluated at a time.
const EVALUATED: usize = 1000;

/// The mean loss and the accuracy of a model on a set. Of equal outputs, the first counts as the largest.
///
/// # Errors
/// If the set is empty or has a label outside its classes, or if the model does not fit it.
pub fn evaluate<T: Float>(
    model: &impl Layer<T>,
    data: &Dataset<T>,
    loss: LossFunction<T>,
) -> Result<Evaluation, TrainError> {
    check_data("the set", data)?;
    let (mut total, mut right) = (0.0, 0);
    let all: Vec<usize> = (0..data.len()).collect();
    for samples in all.chunks(EVALUATED) {
        let (z, y_true) = data.batch(samples);
        let y = model.infer(&z)?.into_matrix();
        total += as_f64(loss(&y, &y_true)?.loss) * samples.len() as f64;
        let labels = samples.iter().map(|&n| data.labels[n]);
        right += y.row_iter().zip(labels).filter(|(y, label)| largest(y.iter()) == Some(*label)).count();
    }
    let n = data.len() as f64;
    Ok(Evaluation { loss: total / n, accuracy: right as f64 / n })
}

/// The index of the largest number, the first of equals; a NaN does not count.
fn largest<'a, T: Float>(values: impl Iterator<Item = &'a T>) -> Option<usize> {
    let numbers = values.enumerate().filter(|(_, y)| !y.is_nan());
    numbers.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(j, _)| j)
}

fn check_data<T: Float>(name: &str, data: &Dataset<T>) -> Result<(), TrainError> {
    let (inputs, labels) = (data.inputs.shape()[0], data.labels.len());
    if inputs != labels {
        return Err(TrainError::Data(format!("{name} has {inputs} inputs but {labels} labels")));
    }
    if labels == 0 {
        return Err(TrainError::Data(format!("{name} has no samples")));
    }
    match data.labels.iter().enumerate().find(|(_, label)| **label >= data.classes) {
        Some((n, label)) => {
            let classes = data.classes;
            Err(TrainError::Data(format!("label {n} of {name} is {label}, but there are {classes} classes")))
        }
        None => Ok(()),
    }
}

fn as_f64<T: Float>(x: T) -> f64 {
    x.to_f64().unwrap_or(f64::NAN)
}
