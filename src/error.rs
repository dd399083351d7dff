//! The one error of everything that takes shapes from its caller.

use std::fmt;

/// Two shapes that do not fit: which function, what it found, and the rule that was broken.
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
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.function, self.found, self.rule)
    }
}

impl std::error::Error for ShapeError {}

/// `Ok` if two arrays have the same shape, else an error that names both.
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
