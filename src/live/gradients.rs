//! Gradients of a loss in two ways that need no derivation, to lay beside the one derived by hand.

use crate::float::Count;
use crate::numbers::Dual;
use crate::{Float, ShapeError, Tensor4};

/// The step of a difference quotient: about the cube root of the rounding error of an `f64`.
const STEP: f64 = 1e-5;

/// A layer whose output y, together with the numbers δ of its shape, makes the loss L = (1/N) Σ δ·y.
pub(super) trait Layer {
    /// y of all inputs; the last of them, δ, is not needed.
    fn forward<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<Tensor4<T>, ShapeError>;

    /// N.
    fn samples(&self) -> usize {
        1
    }
}

/// A loss that depends on several tensors.
pub(super) trait Loss {
    /// Its value for these inputs.
    fn at<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<T, ShapeError>;
}

impl<L: Layer> Loss for L {
    fn at<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<T, ShapeError> {
        let y = self.forward(inputs)?;
        let delta = inputs.last().map_or(&[][..], Tensor4::as_slice);
        let sum = y.as_slice().iter().zip(delta).fold(T::zero(), |sum, (y, delta)| sum + *y * *delta);
        Ok(Count::of(self.samples()).mean(sum))
    }
}

/// ∂L/∂x of each number x of an input, on dual numbers: each in its turn has the part ε.
pub(super) fn dual(loss: &impl Loss, inputs: &[Tensor4<f64>], input: usize) -> Result<Tensor4<f64>, ShapeError> {
    let mut lifted: Vec<Tensor4<Dual<f64>>> = inputs.iter().map(|list| list.map(Dual::constant)).collect();
    let mut derivatives = inputs[input].clone();
    for (k, derivative) in derivatives.as_mut_slice().iter_mut().enumerate() {
        lifted[input].as_mut_slice()[k].eps = 1.0;
        *derivative = loss.at(&lifted)?.eps;
        lifted[input].as_mut_slice()[k].eps = 0.0;
    }
    Ok(derivatives)
}

/// (L(x + h) − L(x − h)) / 2h of each number x of an input.
pub(super) fn difference(loss: &impl Loss, inputs: &[Tensor4<f64>], input: usize) -> Result<Tensor4<f64>, ShapeError> {
    let mut moved = inputs.to_vec();
    let mut quotients = inputs[input].clone();
    for (k, quotient) in quotients.as_mut_slice().iter_mut().enumerate() {
        let x = *quotient;
        moved[input].as_mut_slice()[k] = x + STEP;
        let above = loss.at(&moved)?;
        moved[input].as_mut_slice()[k] = x - STEP;
        let below = loss.at(&moved)?;
        moved[input].as_mut_slice()[k] = x;
        *quotient = (above - below) / (2.0 * STEP);
    }
    Ok(quotients)
}
