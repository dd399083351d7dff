//! RMSProp: AdaGrad that forgets.
//!
//! ```math
//! v ← α·v + (1 − α)·g²        θ ← θ − η·g / (√v + ε)
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | v | 0 | the running mean of its squared gradients, remembered |
//! | η | | the learning rate (PyTorch's default: 0.01) |
//! | α | 0.99 | how much of the mean is kept; it looks back about 1/(1 − α) steps |
//! | ε | 1e-8 | prevents 0/0 |
//!
//! # Derivation
//!
//! 1. Gradients differ by orders of magnitude from weight to weight, so one learning rate fits few of them. The sign of
//!    the gradient does not have this problem: θ ← θ − η·g/|g| works well on full batches (Rprop).
//! 2. On mini-batches it does not. A weight whose gradient is +0.1 nine times and −0.9 once has the mean 0 and should
//!    stay, but the signs add up to 8 steps one way. The ten gradients must be divided by the *same* number, so take
//!    the root of the mean square of the last gradients: **θ ← θ − η·g/√v**.
//! 3. AdaGrad does that too, but its sum covers the whole past and only grows: after t steps the learning rate is η/√t,
//!    although old gradients come from a region the parameters have left. So forget: with **v ← α·v + (1 − α)·g²**, a
//!    square that is k steps old has the weight (1 − α)·αᵏ. These weights sum to 1, and their mean age is α/(1 − α).
//!    The code computes this as v + (1 − α)·(g² − v), or as written above where α is ½ or less.
//! 4. v starts at 0 and is too small at first: in the first step √v = √(1 − α)·|g|, so that step has the length
//!    η/√(1 − α), ten times η for α = 0.99. [`Adam`](super::Adam) corrects that.
//!
//! Libraries differ: α is 0.99 here and in PyTorch, 0.9 in the lecture and in Keras; ε is outside the root here and in
//! PyTorch, inside it in TensorFlow.
//!
//! Source: Tieleman, Hinton, *Neural Networks for Machine Learning*, lecture 6e (2012).

use super::{Optimizer, State, epsilon, mean};
use crate::{Float, ShapeError};

/// [RMSProp](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut rmsprop = RmsProp::new(1.0).alpha(0.75).epsilon(0.0);
/// let mut w = [0.0, 0.0];
/// rmsprop.step(&mut [&mut w], &[&[3.0, 300.0]])?; // √v = √0.25·g
/// assert_eq!(w, [-2.0, -2.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct RmsProp<T> {
    learning_rate: T,
    alpha: f64,
    epsilon: f64,
    state: State<T>,
}

impl<T: Float> RmsProp<T> {
    /// With the learning rate η, α = 0.99 and ε = 1e-8.
    pub fn new(learning_rate: T) -> Self {
        RmsProp { learning_rate, alpha: 0.99, epsilon: 1e-8, state: State::new() }
    }

    /// α, in [0, 1): how much of the mean is kept.
    pub fn alpha(self, alpha: f64) -> Self {
        RmsProp { alpha, ..self }
    }

    /// ε, added to the root.
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsProp { epsilon, ..self }
    }
}

impl<T: Float> Optimizer<T> for RmsProp<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let (rate, epsilon) = (self.learning_rate, epsilon::<T>(self.epsilon));
        let squares = mean(self.alpha);
        self.state.step("RmsProp::step", parameters, gradients, [T::zero()], |w, g, [v]| {
            let v = squares(v, g * g); // (3)
            (w - rate * g / (v.sqrt() + epsilon), [v]) // (2)
        })
    }

    remembers!("RmsProp::restore", |_| 1);
}
