//! Stochastic gradient descent: steps against the gradient, with momentum, weight decay and a decaying learning rate.
//!
//! ```math
//! g ← g + λ·θ        v ← μ·v + g        θ ← θ − ηₜ·v   (Nesterov: θ ← θ − ηₜ·(g + μ·v))
//! ηₜ = η / (1 + κ·t)
//! ```
//!
//! | symbol | default | meaning |
//! |---|---|---|
//! | θ, g | | a parameter and its gradient |
//! | v | 0 | the velocity, remembered; with μ = 0 there is none, and v = g |
//! | η | | the learning rate |
//! | μ | 0 | momentum: how much of the velocity is kept |
//! | λ | 0 | weight decay |
//! | κ, t | 0 | learning-rate decay, and the number of steps before this one: 0, 1, 2, … |
//!
//! # Derivation
//!
//! 1. *Downhill.* For a small step Δ, L(θ + Δ) ≈ L(θ) + g·Δ, and of all Δ of a given length, the one along −g makes
//!    this smallest. So **θ ← θ − η·g** (Robbins and Monro 1951, for a g that is right only on average).
//! 2. *The heavy ball.* Let θ be the position of a ball of mass 1 in the landscape L, with friction γ: θ'' = −γ·θ' − g.
//!    With u = θ' and time steps of h, this is u ← u + h·(−γ·u − g), then θ ← θ + h·u. Put v = −u/h:
//!    **v ← (1 − h·γ)·v + g** and **θ ← θ − h²·v**. So μ = 1 − h·γ is the share of the velocity that friction leaves,
//!    and η = h² is the time step squared. On a steady slope v grows to g/(1 − μ): μ = 0.9 makes the steps ten times as
//!    long (Polyak 1964).
//! 3. *Nesterov's look-ahead.* The velocity will carry θ to φ = θ − η·μ·v anyway, so the gradient is taken there:
//!    v ← μ·v + g(φ), θ ← θ − η·v (Nesterov 1983).
//! 4. A network computes the gradient where its parameters are, so let φ be the parameters. With v⁺ = μ·v + g,
//!    φ⁺ = θ⁺ − η·μ·v⁺ = (φ + η·μ·v) − η·v⁺ − η·μ·v⁺, and η·μ·v = η·(v⁺ − g): **φ⁺ = φ − η·(g + μ·v⁺)**. Because v is 0
//!    at first, both start at the same point (Sutskever et al. 2013). This assumes the same η before and after the
//!    step. Where η changes from one step to the next, φ and Nesterov's θ differ by the change of η times μ·v; the rule
//!    is then (4) by definition.
//! 5. *Weight decay.* The penalty (λ/2)·‖θ‖² has the gradient λ·θ: **g ← g + λ·θ**. Where g is 0, each plain step
//!    shrinks θ by the factor 1 − η·λ; hence the name.
//! 6. *Learning-rate decay.* A gradient that is right only on average lets θ circle the minimum at a distance that
//!    grows with η. It settles if Σ ηₜ = ∞ (θ can get anywhere) but Σ ηₜ² < ∞ (the noise adds up to something finite),
//!    and **ηₜ = η/(1 + κ·t)** is the simplest such sequence (Robbins and Monro 1951).
//!
//! Weight decay and learning-rate decay are different things, although some libraries call both of them "decay".
//!
//! PyTorch's `SGD` is the same with its default `dampening=0`; its 1 − dampening would multiply g in the second
//! formula. Like this crate, it keeps the velocity in units of the gradient. Where the velocity is kept in units of the
//! step (v ← μ·v + η·g, as in the NumPy course), a new η takes effect only as the old velocity fades.
//!
//! Sources: Robbins, Monro, *A stochastic approximation method* (1951); Polyak, *Some methods of speeding up the
//! convergence of iteration methods* (1964); Nesterov, *A method for solving the convex programming problem with
//! convergence rate O(1/k²)* (1983); Sutskever, Martens, Dahl, Hinton, *On the importance of initialization and momentum
//! in deep learning* (2013).

use super::{Optimizer, State};
use crate::{Float, ShapeError, lit};

/// [Stochastic gradient descent](self).
///
/// ```
/// use handgrad::prelude::*;
/// let mut sgd = Sgd::new(0.5).momentum(0.5);
/// let mut w = [1.0];
/// sgd.step(&mut [&mut w], &[&[1.0]])?;
/// assert_eq!(w, [1.0 - 0.5 * 1.0]);
/// sgd.step(&mut [&mut w], &[&[1.0]])?; // v = 0.5·1 + 1
/// assert_eq!(w, [0.5 - 0.5 * 1.5]);
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct Sgd<T> {
    learning_rate: T,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    learning_rate_decay: f64,
    state: State<T>,
}

impl<T: Float> Sgd<T> {
    /// Plain gradient descent with the learning rate η.
    pub fn new(learning_rate: T) -> Self {
        Sgd {
            learning_rate,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            learning_rate_decay: 0.0,
            state: State::new(),
        }
    }

    /// The heavy ball with momentum μ, in [0, 1): 0.9 is usual.
    pub fn momentum(self, momentum: f64) -> Self {
        Sgd { momentum, nesterov: false, ..self }
    }

    /// Nesterov's momentum μ, in [0, 1): 0.9 is usual.
    pub fn nesterov(self, momentum: f64) -> Self {
        Sgd { momentum, nesterov: true, ..self }
    }

    /// Weight decay λ, an L2 penalty on the parameters: 1e-4 is usual.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Sgd { weight_decay, ..self }
    }

    /// Learning-rate decay κ: step t is taken with η/(1 + κ·t).
    pub fn learning_rate_decay(self, learning_rate_decay: f64) -> Self {
        Sgd { learning_rate_decay, ..self }
    }
}

impl<T: Float> Optimizer<T> for Sgd<T> {
    #[inline(never)]
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        let rate = self.learning_rate / lit(1.0 + self.learning_rate_decay * self.state.steps as f64); // (6)
        let (mu, lambda) = (lit::<T>(self.momentum), lit::<T>(self.weight_decay));
        if self.momentum == 0.0 {
            return self.state.step("Sgd::step", parameters, gradients, [], |w, g, []| {
                (w - rate * (g + lambda * w), []) // (1, 5)
            });
        }
        if self.nesterov {
            return self.state.step("Sgd::step", parameters, gradients, [T::zero()], |w, g, [v]| {
                let g = g + lambda * w; // (5)
                let v = mu * v + g; // (2)
                (w - rate * (g + mu * v), [v]) // (4)
            });
        }
        self.state.step("Sgd::step", parameters, gradients, [T::zero()], |w, g, [v]| {
            let v = mu * v + (g + lambda * w); // (2, 5)
            (w - rate * v, [v])
        })
    }

    fn name(&self) -> String {
        match (self.momentum == 0.0, self.nesterov) {
            (true, _) => "Sgd".into(),
            (false, false) => "Sgd with momentum".into(),
            (false, true) => "Sgd with Nesterov's momentum".into(),
        }
    }

    remembers!("Sgd::restore", |sgd| usize::from(sgd.momentum != 0.0));
}
