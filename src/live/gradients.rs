//! Gradients of a loss in two ways that need no derivation, to lay beside the one derived by hand.

use crate::numbers::Dual;
use crate::{Float, ShapeError};

/// The step of a difference quotient: about the cube root of the rounding error of an `f64`.
const STEP: f64 = 1e-5;

/// A loss that depends on several lists of numbers.
pub(super) trait Loss {
    /// Its value for these inputs.
    fn at<T: Float>(&self, inputs: &[Vec<T>]) -> Result<T, ShapeError>;
}

/// ∂L/∂x of each number x of a list, on dual numbers: each in its turn has the part ε.
pub(super) fn dual(loss: &impl Loss, inputs: &[Vec<f64>], list: usize) -> Result<Vec<f64>, ShapeError> {
    let mut lifted: Vec<Vec<Dual<f64>>> =
        inputs.iter().map(|list| list.iter().map(|x| Dual::constant(*x)).collect()).collect();
    let derivative = |k: usize| {
        lifted[list][k].eps = 1.0;
        let derivative = loss.at(&lifted)?.eps;
        lifted[list][k].eps = 0.0;
        Ok(derivative)
    };
    (0..inputs[list].len()).map(derivative).collect()
}

/// (L(x + h) − L(x − h)) / 2h of each number x of a list.
pub(super) fn difference(loss: &impl Loss, inputs: &[Vec<f64>], list: usize) -> Result<Vec<f64>, ShapeError> {
    let mut moved = inputs.to_vec();
    let quotient = |k: usize| {
        let x = inputs[list][k];
        moved[list][k] = x + STEP;
        let above = loss.at(&moved)?;
        moved[list][k] = x - STEP;
        let below = loss.at(&moved)?;
        moved[list][k] = x;
        Ok((above - below) / (2.0 * STEP))
    };
    (0..inputs[list].len()).map(quotient).collect()
}
