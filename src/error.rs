//! What can be wrong with a call.
//!
//! Functions that can fail only because of shapes return a [`ShapeError`]: the layers, the activations, the losses, an
//! optimizer's step. Where more can go wrong, the error is an [`Error`]; `?` converts a `ShapeError` into it. Files
//! have their own error, [`DataError`](crate::data::DataError), and so does training,
//! [`TrainError`](crate::train::TrainError).

use std::fmt;

/// What is wrong with a call. Its text names the function, what was found, and the rule that it breaks.
///
/// ```
/// use handgrad::prelude::*;
/// let mut layer = Relu::new();
/// let error: Error = layer.backward(&Tensor4::from_vectors(dmatrix![1.0]), &mut Memory::new()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "Relu: backward without a forward: forward must come first: backward needs what it remembers"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Shapes that do not fit.
    Shape(ShapeError),
    /// A label outside the classes.
    Label {
        /// The function that was called.
        function: &'static str,
        /// The sample with this label, counted from 0.
        sample: usize,
        /// The label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A call that comes too early: a backward before its forward, or a step before a backward.
    Order {
        /// The function or the layer that was called.
        function: &'static str,
        /// What was called, and after what.
        found: String,
        /// What must come before.
        rule: &'static str,
    },
    /// A state that does not belong to this optimizer.
    State {
        /// The function that was called.
        function: &'static str,
        /// The state it was given.
        found: String,
        /// What this optimizer's states look like.
        rule: String,
    },
}

impl Error {
    /// The same error, found in the layer with this number and description.
    pub(crate) fn in_layer(self, number: usize, layer: &str) -> Self {
        match self {
            Error::Shape(error) => error.in_layer(number, layer).into(),
            Error::Order { function, found, rule } => {
                Error::Order { function, found: format!("layer {number} ({layer}): {found}"), rule }
            }
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape(error) => error.fmt(f),
            Error::Label { function, sample, label, classes } => {
                let found = format!("label {sample} is {label} but there are {classes} classes");
                write!(f, "{function}: {found}: labels must be below the number of classes")
            }
            Error::Order { function, found, rule } => write!(f, "{function}: {found}: {rule}"),
            Error::State { function, found, rule } => write!(f, "{function}: {found}: {rule}"),
        }
    }
}

/// Its text already contains the text of what it wraps, so it has no source.
impl std::error::Error for Error {}

impl From<ShapeError> for Error {
    fn from(error: ShapeError) -> Self {
        Error::Shape(error)
    }
}

/// Shapes that do not fit: which function, what it found, and the rule that was broken.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w, b) = (DMatrix::zeros(32, 784), DMatrix::zeros(256, 10), DVector::zeros(10));
/// assert_eq!(
///     fc_forward::<f64>(&z, &w, &b).unwrap_err().to_string(),
///     "fc_forward: z is (32, 784) but W is (256, 10): z's columns must equal W's rows"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// The function that was called.
    pub function: &'static str,
    /// The shapes it was given.
    pub found: String,
    /// The rule they break.
    pub rule: String,
}

impl ShapeError {
    /// Both halves of the message, for `function`.
    pub fn new(function: &'static str, found: impl Into<String>, rule: impl Into<String>) -> Self {
        ShapeError { function, found: found.into(), rule: rule.into() }
    }

    /// The same error, found in the layer with this number and description.
    pub(crate) fn in_layer(self, number: usize, layer: &str) -> Self {
        ShapeError { found: format!("layer {number} ({layer}): {}", self.found), ..self }
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.function, self.found, self.rule)
    }
}

impl std::error::Error for ShapeError {}

/// `Ok` if two arrays have the same shape, otherwise an error that names both.
///
/// `found` and `wanted` are a name and a shape each, as in `("next_dz", (32, 10))`.
pub(crate) fn same_shape<S: PartialEq + fmt::Debug>(
    function: &'static str,
    found: (&str, S),
    wanted: (&str, S),
) -> Result<(), ShapeError> {
    if found.1 == wanted.1 {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("{} is {:?} but {} is {:?}", found.0, found.1, wanted.0, wanted.1),
        "the two must have the same shape",
    ))
}
