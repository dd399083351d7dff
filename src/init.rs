//! Initial weights: random, and scaled to keep a deep network's numbers in range.
//!
//! If all weights start equal, they stay equal: units that compute the same thing get the same gradient. So weights
//! start random, independent of each other, with mean 0. What is left to choose is their variance σ².
//!
//! | function | weights | for |
//! |---|---|---|
//! | [`he`] | N(0, 2 / fan_in) | ReLU and its variants |
//! | [`glorot_normal`] | N(0, 2 / (fan_in + fan_out)) | tanh, sigmoid, softmax |
//! | [`glorot_uniform`] | U(−a, a), a = √(6 / (fan_in + fan_out)) | the same |
//! | [`normal`] | N(0, σ²) | a σ of your own |
//!
//! fan_in is how many inputs each output sums, and fan_out is how many outputs each input feeds:
//!
//! | weights | shape | fan_in | fan_out |
//! |---|---|---|---|
//! | W of a fully connected layer | (l, m) | l | m |
//! | K of a convolution | (C, D, k1, k2) | C·k1·k2 | D·k1·k2 |
//!
//! (The kernel's fan_out is that of a pixel away from the border, with stride 1.)
//!
//! # Derivation
//!
//! Take one output y = Σᵢ zᵢ·wᵢ over l = fan_in inputs. The wᵢ are independent of the zᵢ and of each other, with mean 0
//! and variance σ².
//!
//! 1. `E[wᵢ·wⱼ]` is σ² for i = j and 0 for all other pairs, so only the squares of `E[y²] = Σᵢ Σⱼ E[zᵢ·zⱼ]·E[wᵢ·wⱼ]`
//!    are left: **`Var y = l·σ²·E[z²]`**.
//! 2. After a ReLU, z = max(0, x), where x is an output of the previous layer, as often positive as negative. Half of
//!    its squares survive: `E[z²] = ½·Var x`.
//! 3. Var y = ½·l·σ²·Var x. From layer to layer the variance neither grows nor shrinks if ½·l·σ² = 1:
//!    **He: σ² = 2 / fan_in**.
//! 4. Where the activation is close to the identity, as tanh is around 0, `E[z²]` is all of Var x, and (1) requires
//!    l·σ² = 1.
//! 5. Backward, dz = δ·Wᵀ sums m = fan_out terms, and by the same argument as (1), Var dz = m·σ²·Var δ, which requires
//!    m·σ² = 1. Both hold only if l = m; halfway between is ½·(l + m)·σ² = 1: **Glorot: σ² = 2 / (fan_in + fan_out)**.
//! 6. A uniform number on (−a, a) has variance ∫ x²/(2a) dx = a²/3, so it reaches the σ² of (5) with
//!    **a = √3·σ = √(6 / (fan_in + fan_out))**.
//!
//! (3) also shows the effect of any other σ: every layer multiplies the standard deviation by σ·√(fan_in/2). With
//! σ = 10⁻³ and layers of 784, 256 and 256 inputs these factors are 0.020, 0.011 and 0.011: the logits vary by a few
//! millionths of what the image does, and backward, with fan_out for fan_in, the gradients fade in the same way.
//!
//! Sources: He, Zhang, Ren, Sun, *Delving deep into rectifiers* (2015), §2.2; Glorot, Bengio, *Understanding the
//! difficulty of training deep feedforward neural networks* (2010), §4.2.1.

use crate::{Float, Tensor4, lit, sizes};
use nalgebra::DMatrix;
pub use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// The random numbers of a seed: the same on every machine.
///
/// ```
/// use handgrad::prelude::*;
/// let draw = |seed| -> DMatrix<f64> { init::he(&mut init::rng(seed), [3, 2]) };
/// assert_eq!(draw(1), draw(1));
/// assert_ne!(draw(1), draw(2));
/// ```
#[must_use]
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A uniform whole number below n, such as the index of the next sample. For n = 0 it is 0.
///
/// ```
/// use handgrad::prelude::*;
/// let mut rng = init::rng(1);
/// assert!((0..100).all(|_| init::below(&mut rng, 10) < 10));
/// ```
pub fn below(rng: &mut (impl Rng + ?Sized), n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

/// A shape of weights: `[l, m]` for a matrix W, `[c, d, k1, k2]` for a kernel K.
pub trait Weights {
    /// An array of this shape.
    type Of<T: Float>;

    /// (fan_in, fan_out), as in the table [above](self).
    fn fans(&self) -> (usize, usize);

    /// Weights of this shape, drawn in the order in which they are stored (W column by column, K's first index
    /// fastest). Each is drawn as an `f64` and rounded to a `T`, so networks over any scalar start from the same
    /// weights.
    ///
    /// # Panics
    /// If the shape is larger than any memory: like `Vec::with_capacity`, with the words "capacity overflow". The same
    /// holds for every function of this module that draws weights.
    fn draw<T: Float>(&self, draw: impl FnMut() -> f64) -> Self::Of<T>;
}

impl Weights for [usize; 2] {
    type Of<T: Float> = DMatrix<T>;

    fn fans(&self) -> (usize, usize) {
        (self[0], self[1])
    }

    fn draw<T: Float>(&self, mut draw: impl FnMut() -> f64) -> DMatrix<T> {
        sizes::demand::<T>("Weights::draw", self);
        DMatrix::from_fn(self[0], self[1], |_, _| lit(draw()))
    }
}

impl Weights for [usize; 4] {
    type Of<T: Float> = Tensor4<T>;

    fn fans(&self) -> (usize, usize) {
        let [c, d, k1, k2] = *self;
        let taps = k1.saturating_mul(k2);
        (c.saturating_mul(taps), d.saturating_mul(taps))
    }

    fn draw<T: Float>(&self, mut draw: impl FnMut() -> f64) -> Tensor4<T> {
        Tensor4::from_fn(*self, |_, _, _, _| lit(draw()))
    }
}

/// Normal numbers with mean 0 and standard deviation `std`.
///
/// ```
/// use handgrad::prelude::*;
/// let w: DMatrix<f32> = init::normal(&mut init::rng(1), [784, 256], 1e-3);
/// let k: Tensor4<f32> = init::normal(&mut init::rng(1), [1, 6, 5, 5], 1e-3);
/// assert_eq!((w.shape(), k.shape()), ((784, 256), [1, 6, 5, 5]));
/// ```
#[inline(never)]
pub fn normal<T: Float, S: Weights>(rng: &mut (impl Rng + ?Sized), shape: S, std: f64) -> S::Of<T> {
    shape.draw(|| {
        let standard: f64 = StandardNormal.sample(rng);
        std * standard
    })
}

/// He's initialisation, σ² = 2 / fan_in: for layers that follow a ReLU.
///
/// ```
/// use handgrad::prelude::*;
/// let w: DMatrix<f64> = init::he(&mut init::rng(1), [200, 100]);
/// assert!((w.norm_squared() / 20_000.0 / (2.0 / 200.0) - 1.0).abs() < 0.05);
/// ```
pub fn he<T: Float, S: Weights>(rng: &mut (impl Rng + ?Sized), shape: S) -> S::Of<T> {
    let std = he_std(&shape);
    normal(rng, shape, std)
}

/// The σ of [`he`].
pub(crate) fn he_std(shape: &impl Weights) -> f64 {
    let (fan_in, _) = shape.fans();
    (2.0 / fan_in as f64).sqrt() // (3)
}

/// Glorot's initialisation with normal numbers, σ² = 2 / (fan_in + fan_out): for layers around a tanh or a sigmoid.
///
/// It is also called Xavier initialisation, after the same author.
///
/// ```
/// use handgrad::prelude::*;
/// let w: DMatrix<f64> = init::glorot_normal(&mut init::rng(1), [200, 100]);
/// assert!((w.norm_squared() / 20_000.0 / (2.0 / 300.0) - 1.0).abs() < 0.05);
/// ```
pub fn glorot_normal<T: Float, S: Weights>(rng: &mut (impl Rng + ?Sized), shape: S) -> S::Of<T> {
    let std = glorot_std(&shape);
    normal(rng, shape, std)
}

/// Glorot's initialisation with numbers uniform on (−a, a), a = √(6 / (fan_in + fan_out)).
///
/// ```
/// use handgrad::prelude::*;
/// let w: DMatrix<f64> = init::glorot_uniform(&mut init::rng(1), [200, 100]);
/// assert!(w.amax() < (6f64 / 300.0).sqrt());
/// assert!((w.norm_squared() / 20_000.0 / (2.0 / 300.0) - 1.0).abs() < 0.05);
/// ```
#[inline(never)]
pub fn glorot_uniform<T: Float, S: Weights>(rng: &mut (impl Rng + ?Sized), shape: S) -> S::Of<T> {
    let a = 3f64.sqrt() * glorot_std(&shape); // (6)
    shape.draw(|| a * (2.0 * rng.random::<f64>() - 1.0))
}

/// The σ of [`glorot_normal`].
pub(crate) fn glorot_std(shape: &impl Weights) -> f64 {
    let (fan_in, fan_out) = shape.fans();
    (2.0 / (fan_in as f64 + fan_out as f64)).sqrt() // (5)
}
