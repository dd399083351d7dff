//! Adadelta: steps in the units of the parameter, with no learning rate to choose.
//!
//! ```math
//! v ← ρ·v + (1 − ρ)·g²        Δ = g·√(u + ε) / √(v + ε)        u ← ρ·u + (1 − ρ)·Δ²        θ ← θ − η·Δ
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | v | 0 | the running mean of its squared gradients, remembered |
//! | u | 0 | the running mean of its squared steps Δ, remembered |
//! | ρ | 0.9 | how much of the means is kept; they look back about 1/(1 − ρ) steps |
//! | ε | 1e-6 | the start: the first step has the length √(ε/(1 − ρ)) |
//! | η | | a factor on every step; the paper has none, so its η is 1 (PyTorch's default) |
//!
//! # Derivation
//!
//! 1. Think of θ as a length in metres, and of L as a pure number. Then g = dL/dθ is in 1/m, and a step −η·g is in 1/m
//!    as well: only a learning rate in m² fixes that, so the right η changes with the unit. AdaGrad's and RMSProp's
//!    g/√v has no unit at all, so η is in m.
//! 2. Newton's step g/h, with h = d²L/dθ² in 1/m², is in metres. It would need the second derivative. But if Newton's
//!    step is the right one, Δ = g/h means that **1/h = Δ/g**: the inverse curvature is the ratio of a step to the
//!    gradient that caused it.
//! 3. Take both from the recent past, as root mean squares that forget like RMSProp's: 1/h ≈ √u/√v, with
//!    **v ← ρ·v + (1 − ρ)·g²** and **u ← ρ·u + (1 − ρ)·Δ²**.
//! 4. **Δ = g·√u/√v** is in metres, and no learning rate is needed. This step's Δ is not yet in u, because u is needed
//!    to compute it.
//! 5. With u = 0 nothing would ever move, so ε is added under both roots: **Δ = g·√(u + ε)/√(v + ε)**. This is the one
//!    place where a unit comes back in. The first step has the length √ε·|g|/√((1 − ρ)·g² + ε), which is √(ε/(1 − ρ))
//!    for all but the smallest g, and the steps take some time to grow from there.
//!
//! The code computes the running means as v + (1 − ρ)·(g² − v), or as written above where ρ is ½ or less.
//!
//! Libraries differ: ρ is 0.9 here and in PyTorch, 0.95 in the paper's experiments and in Keras, whose default η is
//! 0.001.
//!
//! Source: Zeiler, *ADADELTA: an adaptive learning rate method* (2012).

use super::{Optimizer, State, epsilon, mean};
use crate::{Float, ShapeError};

/// [Adadelta](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut adadelta = Adadelta::new(1.0).rho(0.75).epsilon(9.0);
/// let mut w = [0.0];
/// adadelta.step(&mut [&mut w], &[&[8.0]])?; // v = 8²/4, so Δ = 8·√(0 + 9)/√(16 + 9)
/// assert_eq!(w, [-4.8]);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct Adadelta<T> {
    learning_rate: T,
    rho: f64,
    epsilon: f64,
    state: State<T>,
}

impl<T: Float> Adadelta<T> {
    /// With every step multiplied by η (1 in the paper), ρ = 0.9 and ε = 1e-6.
    pub fn new(learning_rate: T) -> Self {
        Adadelta { learning_rate, rho: 0.9, epsilon: 1e-6, state: State::new() }
    }

    /// ρ, in [0, 1): how much of the means is kept.
    pub fn rho(self, rho: f64) -> Self {
        Adadelta { rho, ..self }
    }

    /// ε, added under both roots; it must not be 0, or nothing moves.
    pub fn epsilon(self, epsilon: f64) -> Self {
        Adadelta { epsilon, ..self }
    }
}

impl<T: Float> Optimizer<T> for Adadelta<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let (rate, epsilon) = (self.learning_rate, epsilon::<T>(self.epsilon));
        let squares = mean(self.rho);
        self.state.step("Adadelta::step", parameters, gradients, [T::zero(); 2], |w, g, [v, u]| {
            let v = squares(v, g * g); // (3)
            let delta = g * (u + epsilon).sqrt() / (v + epsilon).sqrt(); // (5)
            (w - rate * delta, [v, squares(u, delta * delta)]) // (3, 4)
        })
    }

    remembers!("Adadelta::restore", |_| 2);
}
