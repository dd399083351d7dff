//! AdamW: Adam with weight decay that is weight decay.
//!
//! ```math
//! θ ← (1 − η·λ)·θ − η·m̂ / (√v̂ + ε)
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | m̂, v̂ | | the unbiased running means of g and g², as in [Adam](super::adam) |
//! | η | | the learning rate (PyTorch's default: 0.001) |
//! | β₁, β₂, ε | 0.9, 0.999, 1e-8 | as in [Adam](super::adam) |
//! | λ | 0.01 | weight decay |
//!
//! # Derivation
//!
//! 1. In plain gradient descent, the L2 penalty (λ/2)·‖θ‖² and weight decay are the same: the penalty's gradient λ·θ
//!    gives θ ← θ − η·(g + λ·θ) = (1 − η·λ)·θ − η·g.
//! 2. In Adam they are not. With g + λ·θ in place of g, the penalty is divided by √v̂ too. A weight with large
//!    gradients hardly decays. A weight whose gradients are 0 sees λ·θ alone: m̂/√v̂ is about λ·θ/|λ·θ|, and at first
//!    it shrinks by η per step, *whatever λ is*.
//! 3. So leave the penalty out of g and decay the weight itself: **θ ← (1 − η·λ)·θ − η·m̂/(√v̂ + ε)**. A weight whose
//!    gradients are 0 shrinks by exactly the factor 1 − η·λ per step.
//!
//! As in PyTorch, the decay per step is η·λ, so a schedule of η scales it too. The paper scales both by the schedule,
//! but not λ by η: its λ is our η·λ.
//!
//! Source: Loshchilov, Hutter, *Decoupled weight decay regularization* (2019).

use super::{Optimizer, State, epsilon, mean, unbias};
use crate::{Float, ShapeError, lit};

/// [AdamW](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut adamw = AdamW::new(0.5).weight_decay(0.5);
/// let mut w = [8.0];
/// adamw.step(&mut [&mut w], &[&[0.0]])?;
/// assert_eq!(w, [8.0 * (1.0 - 0.5 * 0.5)]);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct AdamW<T> {
    learning_rate: T,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    state: State<T>,
}

impl<T: Float> AdamW<T> {
    /// With the learning rate η, β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and the weight decay λ = 0.01.
    pub fn new(learning_rate: T) -> Self {
        AdamW { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01, state: State::new() }
    }

    /// β₁ and β₂, both in [0, 1): how much of the two means is kept.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        AdamW { beta1, beta2, ..self }
    }

    /// ε, added to the root.
    pub fn epsilon(self, epsilon: f64) -> Self {
        AdamW { epsilon, ..self }
    }

    /// Weight decay λ.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        AdamW { weight_decay, ..self }
    }
}

impl<T: Float> Optimizer<T> for AdamW<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let (rate, epsilon) = (self.learning_rate, epsilon::<T>(self.epsilon));
        let kept = T::one() - rate * lit(self.weight_decay);
        let (first, second) = (mean(self.beta1), mean(self.beta2));
        let (unbias1, unbias2) = (unbias::<T>(self.beta1, &self.state), unbias::<T>(self.beta2, &self.state));
        self.state.step("AdamW::step", parameters, gradients, [T::zero(); 2], |w, g, [m, v]| {
            let (m, v) = (first(m, g), second(v, g * g));
            let (m_hat, v_hat) = (unbias1 * m, unbias2 * v);
            (kept * w - rate * (m_hat / (v_hat.sqrt() + epsilon)), [m, v]) // (3)
        })
    }

    remembers!("AdamW::restore", |_| 2);
}
