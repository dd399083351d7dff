use crate::{Error, ShapeError};
use std::fmt;

/// Why training could not continue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainError {
    /// The model does not fit the data, or its layers each other.
    Model(Error),
    /// The data or the batch size cannot be trained on.
    Data(String),
    /// A loss is NaN or infinite.
    NotFinite {
        /// The step before which it was measured, counted from 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The learning rate, the usual suspect.
        learning_rate: f64,
    },
    /// The loss on the test set is NaN or infinite.
    TestNotFinite {
        /// The epoch after which it was measured, counted from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
        /// The learning rate, the usual suspect.
        learning_rate: f64,
    },
    /// There is no Hessian where the loss or one of its derivatives is not finite. The text says which.
    NoHessian(String),
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::Model(error) => error.fmt(f),
            TrainError::Data(problem) => problem.fmt(f),
            TrainError::TestNotFinite { epoch, loss, learning_rate } => {
                let is = format!("the test loss after epoch {epoch} is {loss}");
                write!(f, "{is}: is the learning rate of {learning_rate:?} too large?")
            }
            TrainError::NoHessian(found) => write!(f, "there is no Hessian here: {found}"),
            TrainError::NotFinite { step, loss, learning_rate } => {
                write!(f, "the loss before step {step} is {loss}: is the learning rate of {learning_rate:?} too large?")
            }
        }
    }
}

/// Its text already contains the text of what it wraps, so it has no source.
impl std::error::Error for TrainError {}

impl From<Error> for TrainError {
    fn from(error: Error) -> Self {
        TrainError::Model(error)
    }
}

impl From<ShapeError> for TrainError {
    fn from(error: ShapeError) -> Self {
        TrainError::Model(error.into())
    }
}
