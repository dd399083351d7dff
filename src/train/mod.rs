//! The training loop: mini-batches, evaluation, history, checkpoints.
//!
//! A [`Training`] is a model, an optimizer, a loss, and the [`History`] of what has been done. That history *is* where
//! the training stands: as many losses as steps, as many [`Epoch`]s as whole epochs. The order of epoch e is shuffled
//! from (seed, e) alone, so nothing else has to be known to go on from any step, bit for bit, and on any number of
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
use nalgebra::DMatrix;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

/// A loss, as the functions of [`losses`](crate::losses) are one: of predictions and targets (N, d).
pub type LossFunction<T> = fn(&DMatrix<T>, &DMatrix<T>) -> Result<Loss<T>, ShapeError>;

/// What decides which samples meet in which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Samples a step. The last step of an epoch takes what is left over.
    pub batch: usize,
    /// From which, with the epoch's number, the order of every epoch is shuffled.
    pub seed: u64,
}

/// What has been done so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The loss of every step's batch, before the step.
    pub losses: Vec<f64>,
    /// The whole epochs.
    pub epochs: Vec<Epoch>,
    /// Seconds spent in the epoch that is under way.
    pub seconds: f64,
}

/// An epoch that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, counted from 1.
    pub number: usize,
    /// The mean of the training samples' losses, each as it was before the step it took part in.
    pub loss: f64,
    /// The mean of the test samples' losses at the epoch's end.
    pub test_loss: f64,
    /// The share of the test samples that the model gets right at the epoch's end.
    pub accuracy: f64,
    /// How long its steps took; the evaluation is not counted.
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
    /// Its own number in the epoch, counted from 1.
    pub step: usize,
    /// How many steps the epoch has.
    pub steps: usize,
    /// How many samples took part in it.
    pub samples: usize,
    /// Their loss before the step.
    pub loss: f64,
}

/// What an observer of [`Training::fit`] is told. It answers `ControlFlow::Break(())` to stop the training there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A step has been made.
    Step(Step),
    /// An epoch is over.
    Epoch(Epoch),
}

/// An observer that prints a line an epoch.
pub fn print_epochs(event: Event) -> ControlFlow<()> {
    if let Event::Epoch(epoch) = event {
        println!("{epoch}");
    }
    ControlFlow::Continue(())
}

/// An observer that looks away.
pub fn silently(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Why [`Training::fit`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// The observer asked for it. The next call of `fit` goes on from here.
    Stopped,
}

/// A learning-rate schedule: the factor at step t, counted from 0.
type Factor = Box<dyn Fn(u64) -> f64 + Send>;

/// A model in training.
#[must_use]
pub struct Training<T> {
    /// What is trained.
    pub model: Sequential<T>,
    /// How it is trained.
    pub optimizer: Box<dyn Optimizer<T>>,
    /// What the caller says about the training: the loss, the learning rate and whatever else a checkpoint does not hold.
    /// A checkpoint is taken up only where the same is said. Empty unless it is set.
    pub about: String,
    memory: Memory<T>,
    history: History,
    loss: LossFunction<T>,
    plan: Plan,
    /// The learning rate before any schedule, and the factor on it at every step.
    schedule: Option<(T, Factor)>,
    /// How many samples the steps of the history are steps through; 0 before the first `fit`.
    samples: usize,
}

impl<T: Float> Training<T> {
    /// A training of which no step has been made.
    pub fn new(
        model: Sequential<T>,
        optimizer: impl Optimizer<T> + 'static,
        loss: LossFunction<T>,
        plan: Plan,
    ) -> Self {
        let (optimizer, memory, history) = (Box::new(optimizer), Memory::new(), History::default());
        Training { model, optimizer, about: String::new(), memory, history, loss, plan, schedule: None, samples: 0 }
    }

    /// The same, but the learning rate of step t, counted from 0, is the one that the optimizer has now times
    /// `factor(t)`, as the functions of [`schedule`](crate::optim::schedule) are one.
    pub fn schedule(mut self, factor: impl Fn(u64) -> f64 + Send + 'static) -> Self {
        self.schedule = Some((self.optimizer.learning_rate(), Box::new(factor)));
        self
    }

    /// What has been done so far, and so where the training stands.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Goes on until `epochs` epochs are done in all, in shuffled batches of `train`; after each, `test` is evaluated.
    /// A batch larger than `train` is all of it.
    ///
    /// # Errors
    /// If a set is empty or has a label that is none of its classes, if the batch is 0, if `train` is not as large as
    /// it was before, if the model does not fit the data, or if a loss is not a finite number. A step with such a loss is
    /// not made, and an epoch with such a test loss is not added to the history; the weights are those that gave it.
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
        // A network's maps hold some times as many numbers as its input.
        let numbers = 8 * self.plan.batch.min(train.len()) * train.inputs.matrix().ncols();
        wide_awake::<T, _>(numbers, || self.run(train, test, epochs, observer))
    }

    /// [`fit`](Self::fit), once all is known to be in order.
    fn run(
        &mut self,
        train: &Dataset<T>,
        test: &Dataset<T>,
        epochs: usize,
        mut observer: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<End, TrainError> {
        let steps = train.len().div_ceil(self.plan.batch);
        // What a step that failed has left, or the caller.
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
                self.history.losses.push(loss);
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

    /// Forward, loss, backward, and the optimizer's step; returns the loss.
    #[inline(never)]
    fn step(&mut self, z: Tensor4<T>, y_true: &DMatrix<T>) -> Result<f64, TrainError> {
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
        Ok(as_f64(loss))
    }

    /// Evaluates the model and closes the epoch whose steps have all been made.
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
            return Err(TrainError::Data(format!("{found}: it can only go on with the same")));
        }
        self.samples = samples;
        Ok(())
    }
}

/// How good a model is on a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean of the samples' losses.
    pub loss: f64,
    /// The share of the samples whose largest output is that of their class.
    pub accuracy: f64,
}

/// Samples that are evaluated at a time.
const EVALUATED: usize = 1000;

/// The mean loss and the accuracy of a model on a set. Of equal outputs the first counts as the largest.
///
/// # Errors
/// If the set is empty or has a label that is none of its classes, or if the model does not fit it.
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

/// The place of the largest number, the first of equals; a NaN is none.
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
