//! Adam: momentum and RMSProp together, both unbiased.
//!
//! ```math
//! m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
//! m̂ = m / (1 − β₁ᵗ)        v̂ = v / (1 − β₂ᵗ)        θ ← θ − η·m̂ / (√v̂ + ε)
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | m | 0 | the running mean of its gradients, remembered |
//! | v | 0 | the running mean of their squares, remembered |
//! | t | | the number of this step: 1, 2, 3, … |
//! | η | | the learning rate (the paper's and PyTorch's default: 0.001) |
//! | β₁, β₂ | 0.9, 0.999 | how much of the means is kept; they look back about 10 and 1000 steps |
//! | ε | 1e-8 | prevents 0/0 |
//! | λ | 0 | weight decay as an L2 penalty: g ← g + λ·θ |
//!
//! # Derivation
//!
//! 1. We want two things from a noisy gradient: its mean `E[g]`, for the direction, and its size `√E[g²]`, so that one
//!    learning rate fits all parameters. Estimate both by running means: **m ← β₁·m + (1 − β₁)·g** and
//!    **v ← β₂·v + (1 − β₂)·g²**. The code computes these as m + (1 − β₁)·(g − m), or as written above where β is ½ or
//!    less.
//! 2. Both start at 0, so they are too small at first. Written out, mₜ = (1 − β₁)·Σᵢ β₁ᵗ⁻ⁱ·gᵢ over i = 1 … t. If the
//!    mean of g does not change over these steps, `E[mₜ] = E[g]·(1 − β₁)·Σᵢ β₁ᵗ⁻ⁱ`, and the geometric sum
//!    1 + β₁ + … + β₁ᵗ⁻¹ is (1 − β₁ᵗ)/(1 − β₁): **`E[mₜ] = E[g]·(1 − β₁ᵗ)`**.
//! 3. So **m̂ = m/(1 − β₁ᵗ)** and **v̂ = v/(1 − β₂ᵗ)** have the right means from the first step on. Without this,
//!    under a steady gradient, the first step would be (1 − β₁)/√(1 − β₂) ≈ 3.2 times as long and the twelfth 6.6 times,
//!    and v would need thousands of steps to grow.
//! 4. **θ ← θ − η·m̂/(√v̂ + ε)**. The scale of g cancels (except for ε). The first step is η·g/|g|: its length is η,
//!    whatever the gradient. Later, |m̂|/√v̂ is close to 1 where all gradients agree, and smaller where they are
//!    noise around 0: √((1 − β₁)/(1 + β₁)) = 0.23 in the root mean square. So the steps shorten near a minimum. Under
//!    noise they do not go to 0; that needs a falling η.
//! 5. *Weight decay* here is the L2 penalty of [`Sgd`](super::Sgd), **g ← g + λ·θ**, as in PyTorch. It is divided by
//!    √v̂ along with the rest of g, so it is not really weight decay: see [`AdamW`](super::AdamW).
//!
//! Libraries differ in ε: here, in PyTorch and in the paper's algorithm it is added to √v̂; TensorFlow's is added to
//! √v, which gives it more weight in the first steps. In `f16`, 1e-8 rounds to 0, so there ε is the smallest normal
//! number, 6.1e-5.
//!
//! Source: Kingma, Ba, *Adam: a method for stochastic optimization* (2015).

use super::{Optimizer, State, epsilon, mean, unbias};
use crate::{Float, ShapeError, lit};

/// [Adam](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut adam = Adam::new(0.125).epsilon(0.0);
/// let mut w = [1.0, 1.0, 1.0];
/// adam.step(&mut [&mut w], &[&[1e-3, -2.0, 3e9]])?; // the first step has the length η
/// assert!((w[0] - 0.875f64).abs() < 1e-15 && (w[1] - 1.125f64).abs() < 1e-15 && (w[2] - 0.875f64).abs() < 1e-15);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct Adam<T> {
    learning_rate: T,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    state: State<T>,
}

impl<T: Float> Adam<T> {
    /// With the learning rate η, β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no weight decay.
    pub fn new(learning_rate: T) -> Self {
        Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, state: State::new() }
    }

    /// β₁ and β₂, both in [0, 1): how much of the two means is kept.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        Adam { beta1, beta2, ..self }
    }

    /// ε, added to the root.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Adam { epsilon, ..self }
    }

    /// Weight decay λ, as an L2 penalty on the parameters.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Adam { weight_decay, ..self }
    }
}

impl<T: Float> Optimizer<T> for Adam<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let (rate, lambda, epsilon) = (self.learning_rate, lit::<T>(self.weight_decay), epsilon::<T>(self.epsilon));
        let (first, second) = (mean(self.beta1), mean(self.beta2));
        let (unbias1, unbias2) = (unbias::<T>(self.beta1, &self.state), unbias::<T>(self.beta2, &self.state));
        self.state.step("Adam::step", parameters, gradients, [T::zero(); 2], |w, g, [m, v]| {
            let g = g + lambda * w; // (5)
            let (m, v) = (first(m, g), second(v, g * g)); // (1)
            let (m_hat, v_hat) = (unbias1 * m, unbias2 * v); // (3)
            (w - rate * (m_hat / (v_hat.sqrt() + epsilon)), [m, v]) // (4)
        })
    }

    remembers!("Adam::restore", |_| 2);
}
