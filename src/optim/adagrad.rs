//! AdaGrad: every parameter has its own learning rate, set by the gradients it has seen.
//!
//! ```math
//! s ← s + g²        θ ← θ − η·g / (√s + ε)
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | s | s₀ = 0 | the sum of its squared gradients, remembered |
//! | η | | the learning rate (PyTorch's default: 0.01) |
//! | ε | 1e-10 | prevents 0/0 where g was always 0 |
//!
//! # Derivation
//!
//! Take one parameter; the others behave the same, each on its own.
//!
//! 1. Let L be convex, θ* its minimum, and θ ← θ − η·g. Then (θ⁺ − θ*)² = (θ − θ*)² − 2η·g·(θ − θ*) + η²·g², and
//!    L(θ) − L(θ*) ≤ g·(θ − θ*). Summed over all steps with one η, all squares but the first cancel:
//!    **Σ (L(θₜ) − L(θ*)) ≤ D²/(2η) + (η/2)·Σ gₜ²**, with D the distance at the start.
//! 2. The right side is smallest for **η = D/√(Σ gₜ²)**. So the smaller a parameter's own gradients were, the larger
//!    its best learning rate: the weight of a rare feature learns fast when it learns at all.
//! 3. The sum over all steps is known only at the end, so take the sum up to now: **s ← s + g²**, and
//!    **θ ← θ − η·g/√s**. Now the rate ηₜ = η/√sₜ varies, and the squares no longer cancel: divided by 2ηₜ and summed,
//!    they leave Σ (θₜ − θ*)²·(1/ηₜ − 1/ηₜ₋₁)/2 (with 1/η₀ = 0). Because ηₜ falls, no factor is negative. If D is at
//!    least *every* distance |θₜ − θ*|, this is at most D²·√s/(2η), with the final s. The other part is (η/2)·Σ
//!    gₜ²/√sₜ ≤ η·√s, because a²/√(b + a²) ≤ 2·(√(b + a²) − √b). Together **Σ (L(θₜ) − L(θ*)) ≤ (D²/(2η) + η)·√s**. For
//!    the best η = D/√2 this is √2·D·√s; (2), which knows the end, has D·√s.
//! 4. The scale of g cancels in g/√s (except for ε), and no step is longer than η. Under a steady gradient, step t has
//!    the length η/√t: the learning rate falls by itself, and never rises again.
//!
//! Libraries differ in ε: here, in PyTorch and in the paper it is outside the root.
//!
//! Source: Duchi, Hazan, Singer, *Adaptive subgradient methods for online learning and stochastic optimization* (2011).

use super::{Optimizer, State, epsilon};
use crate::{Float, ShapeError, lit};

/// [AdaGrad](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut adagrad = AdaGrad::new(1.0).epsilon(0.0);
/// let mut w = [0.0, 0.0];
/// adagrad.step(&mut [&mut w], &[&[3.0, 300.0]])?;
/// assert_eq!(w, [-1.0, -1.0]);
/// adagrad.step(&mut [&mut w], &[&[4.0, 400.0]])?; // 4/√(3² + 4²)
/// assert_eq!(w, [-1.8, -1.8]);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct AdaGrad<T> {
    learning_rate: T,
    initial: f64,
    epsilon: f64,
    state: State<T>,
}

impl<T: Float> AdaGrad<T> {
    /// With the learning rate η, s₀ = 0 and ε = 1e-10.
    pub fn new(learning_rate: T) -> Self {
        AdaGrad { learning_rate, initial: 0.0, epsilon: 1e-10, state: State::new() }
    }

    /// s₀, the starting value of every sum: the larger it is, the shorter the first steps.
    pub fn initial_sum(self, initial: f64) -> Self {
        AdaGrad { initial, ..self }
    }

    /// ε, added to the root.
    pub fn epsilon(self, epsilon: f64) -> Self {
        AdaGrad { epsilon, ..self }
    }
}

impl<T: Float> Optimizer<T> for AdaGrad<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let (rate, epsilon) = (self.learning_rate, epsilon::<T>(self.epsilon));
        self.state.step("AdaGrad::step", parameters, gradients, [lit(self.initial)], |w, g, [s]| {
            let s = s + g * g; // (3)
            (w - rate * g / (s.sqrt() + epsilon), [s])
        })
    }

    remembers!("AdaGrad::restore", |_| 1);
}
