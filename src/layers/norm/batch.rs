//! Batch normalisation: each channel is given mean 0 and variance 1 over the batch, then a scale and a shift that are
//! learned.
//!
//! ```math
//! x̂ = (z − μ[c]) / √(σ²[c] + ε),      y[n,c,i,j] = γ[c]·x̂[n,c,i,j] + β[c]
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, C, H, W) | the batch; (N, C, 1, 1) if the samples are vectors |
//! | μ, σ² | (C) | mean and variance of the M = N·H·W numbers of a channel; the variance divides by M |
//! | γ, β | (C) | the scale and the shift |
//! | ε | | a small positive number: a constant channel is divided by √ε, not by 0 |
//! | y | (N, C, H, W) | the output |
//!
//! # Derivation
//!
//! Channels do not mix. Take one, leave out its index c, and number its M values by m. Write δ for `next_dz`,
//! s = √(σ² + ε), and ⟨a⟩ = Σₘ aₘ / M for a mean over the channel.
//!
//! 1. dyₘ = γ·dx̂ₘ + x̂ₘ·dγ + dβ and dL = (1/N) Σₘ δₘ·dyₘ. So **dγ = Σₘ δₘ·x̂ₘ / N** and **dβ = Σₘ δₘ / N**: the sums
//!    have M terms, and N is the number of samples.
//! 2. μ = ⟨z⟩, so dμ = ⟨dz⟩.
//! 3. σ² = ⟨(z − μ)²⟩, so dσ² = 2·⟨(z − μ)·(dz − dμ)⟩ = 2·⟨(z − μ)·dz⟩. The term with dμ is −2·⟨z − μ⟩·dμ, and
//!    ⟨z − μ⟩ = 0: the variance does not change when μ moves.
//! 4. s² = σ² + ε, so ds = dσ² / (2s) = ⟨(z − μ)·dz⟩ / s = ⟨x̂·dz⟩.
//! 5. x̂ₘ = (zₘ − μ)/s, so dx̂ₘ = (dzₘ − dμ − x̂ₘ·ds) / s = (dzₘ − ⟨dz⟩ − x̂ₘ·⟨x̂·dz⟩) / s.
//! 6. Σₘ δₘ·dx̂ₘ = Σₘ (δₘ·dzₘ − δₘ·⟨dz⟩ − δₘ·x̂ₘ·⟨x̂·dz⟩) / s. Exchange the sums: Σₘ δₘ·⟨dz⟩ = Σₘ ⟨δ⟩·dzₘ, and
//!    Σₘ δₘ·x̂ₘ·⟨x̂·dz⟩ = Σₘ ⟨δ·x̂⟩·x̂ₘ·dzₘ. The coefficient of dzₘ, times γ, is
//!    **dzₘ = (γ/s)·(δₘ − ⟨δ⟩ − x̂ₘ·⟨δ·x̂⟩)**.
//!
//! In words: dz is δ without what it has in common with 1 and with x̂, rescaled. A change of z along 1 moves only μ, and
//! one along x̂ scales the channel; y sees neither (but for ε). Step 4 is exact with ε > 0, so step 6 is, too.
//!
//! 7. *In floating point*, ⟨z⟩ is rounded. Of numbers around 10⁶ that differ by 1, an `f32` keeps four bits of a
//!    difference, and the rounding of μ would be seen in every x̂. But zₘ − μ is exact where the two are close, so
//!    **r = ⟨z − μ⟩** is what the rounding of μ has left out. With it x̂ₘ = ((zₘ − μ) − r)/s and σ² = ⟨(z − μ)²⟩ − r²,
//!    where r² is tiny beside the first term and nothing cancels.
//!
//! No kinks. With ε = 0, a constant channel becomes 0/0 = NaN.
//!
//! Source: Ioffe, Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate shift*
//! (2015).

use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::block::{Work, changed, vectorised};
use crate::kernels::elementwise::sums_of;
use crate::kernels::{for_each_part, wide_awake};
use crate::{Float, ShapeError, Tensor4, sizes};
use nalgebra::{DMatrix, DVector};

/// The gradients of [`batch_norm_forward`].
#[derive(Clone, Debug, PartialEq)]
pub struct NormGradients<T> {
    /// ∂L/∂γ, shape (C).
    pub dgamma: DVector<T>,
    /// ∂L/∂β, shape (C).
    pub dbeta: DVector<T>,
    /// N·∂L/∂z, shape (N, C, H, W).
    pub dz: Tensor4<T>,
}

/// The mean and the variance of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<T> {
    /// μ, shape (C).
    pub mean: DVector<T>,
    /// r = ⟨z − μ⟩, what the rounding of μ has left out, shape (C).
    pub remainder: DVector<T>,
    /// σ² = ⟨(z − μ)²⟩ − r², shape (C).
    pub variance: DVector<T>,
}

/// Mean and variance of each channel of z (N, C, H, W), over its N·H·W numbers.
///
/// # Errors
/// If a channel has a single number: its variance is 0 whatever it is, and every output of
/// [`batch_norm_forward`] would be β.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([2, 1, 1, 2], &[1.0, 2.0, 4.0, 5.0])?;
/// let Moments { mean, variance, .. } = moments(&z)?;
/// assert_eq!((mean, variance), (dvector![3.0], dvector![(4.0 + 1.0 + 1.0 + 4.0) / 4.0]));
/// # Ok::<(), ShapeError>(())
/// ```
pub fn moments<T: Float>(z: &Tensor4<T>) -> Result<Moments<T>, ShapeError> {
    several("moments", z)?;
    Ok(moments_of(z))
}

/// y = γ·(z − μ)/√(σ² + ε) + β with the [moments](moments()) of z, for z (N, C, H, W), γ (C) and β (C).
///
/// # Errors
/// If γ or β does not have C elements, a channel has a single number, or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_vectors(dmatrix![1.0, 10.0; 3.0, 10.0]);
/// let y = batch_norm_forward(&z, &dvector![2.0, 2.0], &dvector![0.5, 0.5], 0.0625)?;
/// assert_eq!(y.map_at(0, 0)[0], 0.5 - 2.0 / 1.0625_f64.sqrt()); // mean 2, variance 1
/// assert_eq!(y.map_at(0, 1)[0], 0.5); // constant
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn batch_norm_forward<T: Float>(
    z: &Tensor4<T>,
    gamma: &DVector<T>,
    beta: &DVector<T>,
    epsilon: T,
) -> Result<Tensor4<T>, ShapeError> {
    Ok(with_moments(z, gamma, beta, epsilon)?.0)
}

/// [`batch_norm_forward`], and the moments that it has computed.
pub(crate) fn with_moments<T: Float>(
    z: &Tensor4<T>,
    gamma: &DVector<T>,
    beta: &DVector<T>,
    epsilon: T,
) -> Result<(Tensor4<T>, Moments<T>), ShapeError> {
    several("batch_norm_forward", z)?;
    check("batch_norm_forward", z, gamma, beta)?;
    Ok(wide_awake::<T, _>(z.as_slice().len(), || {
        let moments = moments_of(z);
        (normalised(z, &moments, gamma, beta, epsilon), moments)
    }))
}

/// y = γ·(z − μ)/√(σ² + ε) + β with moments that are given, such as running means of training: an affine function of
/// each channel.
///
/// # Errors
/// If γ, β or the moments do not have C elements each, or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let known = Moments { mean: dvector![1.0], remainder: dvector![0.0], variance: dvector![4.0] };
/// let z = Tensor4::from_vectors(dmatrix![1.0; 5.0]);
/// let y = batch_norm_use(&z, &known, &dvector![3.0], &dvector![10.0], 0.0)?;
/// assert_eq!(y.matrix(), &dmatrix![10.0; 10.0 + 3.0 * 4.0 / 2.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn batch_norm_use<T: Float>(
    z: &Tensor4<T>,
    moments: &Moments<T>,
    gamma: &DVector<T>,
    beta: &DVector<T>,
    epsilon: T,
) -> Result<Tensor4<T>, ShapeError> {
    check("batch_norm_use", z, gamma, beta)?;
    for (name, moment) in [("mean", &moments.mean), ("remainder", &moments.remainder), ("variance", &moments.variance)] {
        of_channels("batch_norm_use", name, moment, z)?;
    }
    Ok(normalised(z, moments, gamma, beta, epsilon))
}

/// dγ = Σ next_dz·x̂ / N, dβ = Σ next_dz / N, and dz = (γ/s)·(next_dz − ⟨next_dz⟩ − x̂·⟨next_dz·x̂⟩), for next_dz
/// (N, C, H, W).
///
/// # Errors
/// As for [`batch_norm_forward`], and if next_dz does not have z's shape.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_vectors(dmatrix![-1.0; 1.0; 0.0]);
/// let next_dz = Tensor4::from_vectors(dmatrix![5.0; 5.0; 5.0]);
/// let g = batch_norm_backward(&next_dz, &z, &dvector![1.0], 0.0)?;
/// assert_eq!((g.dbeta[0], g.dgamma[0]), (5.0, 0.0));
/// assert_eq!(g.dz.matrix(), &dmatrix![0.0; 0.0; 0.0]); // the mean takes all of it away
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn batch_norm_backward<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    gamma: &DVector<T>,
    epsilon: T,
) -> Result<NormGradients<T>, ShapeError> {
    from_moments(next_dz, z, None, gamma, epsilon)
}

/// [`batch_norm_backward`], with the moments of z where they are known.
pub(crate) fn from_moments<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    moments: Option<Moments<T>>,
    gamma: &DVector<T>,
    epsilon: T,
) -> Result<NormGradients<T>, ShapeError> {
    several("batch_norm_backward", z)?;
    of_channels("batch_norm_backward", "gamma", gamma, z)?;
    same_shape("batch_norm_backward", ("next_dz", next_dz.dims()), ("z", z.dims()))?;
    Ok(wide_awake::<T, _>(z.as_slice().len(), || {
        gradients(next_dz, z, &moments.unwrap_or_else(|| moments_of(z)), gamma, epsilon)
    }))
}

/// [`moments()`] of a tensor whose shape has been checked.
fn moments_of<T: Float>(z: &Tensor4<T>) -> Moments<T> {
    let all = for_each_part::<T, _>(z.shape()[1], z.as_slice().len(), |c| {
        let z = channel(z, c);
        let m = Count::of(z.len());
        let [mean] = sums_of([z], |[z]| [m.term(z)]).map(|sum| m.mean(sum)); // (2)
        let [remainder, squares] =
            sums_of([z], |[z]| [m.term(z - mean), m.term((z - mean) * (z - mean))]).map(|sum| m.mean(sum));
        [mean, remainder, squares - remainder * remainder] // (7)
    });
    let [mean, remainder, variance] =
        [0, 1, 2].map(|moment| DVector::from_iterator(all.len(), all.iter().map(|all| all[moment])));
    Moments { mean, remainder, variance }
}

/// [`batch_norm_use`] of arrays whose shapes have been checked.
fn normalised<T: Float>(
    z: &Tensor4<T>,
    moments: &Moments<T>,
    gamma: &DVector<T>,
    beta: &DVector<T>,
    epsilon: T,
) -> Tensor4<T> {
    by_channels(z.shape(), |c, y| {
        let scale = gamma[c] / (moments.variance[c] + epsilon).sqrt();
        let (mean, remainder, beta) = (moments.mean[c], moments.remainder[c], beta[c]);
        vectorised::<T, _>(Normalise { y, z: channel(z, c), mean, remainder, scale, beta });
    })
}

/// The work on one channel.
struct Normalise<'a, T> {
    y: &'a mut [T],
    z: &'a [T],
    mean: T,
    remainder: T,
    scale: T,
    beta: T,
}

impl<T: Float> Work for Normalise<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        for (y, &z) in self.y.iter_mut().zip(self.z) {
            *y = ((z - self.mean) - self.remainder) * self.scale + self.beta;
        }
    }
}

/// [`batch_norm_backward`] of arrays whose shapes have been checked, with the moments of z.
fn gradients<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    moments: &Moments<T>,
    gamma: &DVector<T>,
    epsilon: T,
) -> NormGradients<T> {
    let [samples, channels, ..] = z.shape();
    let n = Count::of(samples);
    let of = |c: usize| {
        let s = (moments.variance[c] + epsilon).sqrt();
        (channel(next_dz, c), channel(z, c), moments.mean[c], moments.remainder[c], s)
    };
    let sums = for_each_part::<T, _>(channels, z.as_slice().len(), |c| {
        let (deltas, z, mean, remainder, s) = of(c);
        sums_of([deltas, z], |[delta, z]| {
            [n.term(delta), n.term(delta * (((z - mean) - remainder) / s))]
        })
    });
    let dbeta = DVector::from_fn(channels, |c, _| n.mean(sums[c][0])); // (1)
    let dgamma = DVector::from_fn(channels, |c, _| n.mean(sums[c][1])); // (1)
    let dz = by_channels(z.shape(), |c, dz| {
        let (deltas, z, mean, remainder, s) = of(c);
        // Σ / M = (Σ / N) / (H·W)
        let pixels = Count::of(z.len() / samples);
        let (of_delta, of_product) = (pixels.divide(dbeta[c]), pixels.divide(dgamma[c]));
        vectorised::<T, _>(Project { dz, deltas, z, mean, remainder, s, of_delta, of_product, gamma: gamma[c] });
    });
    NormGradients { dgamma, dbeta, dz }
}

/// The work on one channel.
struct Project<'a, T> {
    dz: &'a mut [T],
    deltas: &'a [T],
    z: &'a [T],
    mean: T,
    remainder: T,
    s: T,
    /// ⟨δ⟩ and ⟨δ·x̂⟩.
    of_delta: T,
    of_product: T,
    gamma: T,
}

impl<T: Float> Work for Project<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let scale = self.gamma / self.s;
        for ((dz, &delta), &z) in self.dz.iter_mut().zip(self.deltas).zip(self.z) {
            let x = ((z - self.mean) - self.remainder) / self.s;
            *dz = scale * (delta - self.of_delta - x * self.of_product); // (6)
        }
    }
}

/// The N·H·W numbers of a channel: in memory, one after the other.
fn channel<T: Float>(z: &Tensor4<T>, c: usize) -> &[T] {
    let [n, _, h, w] = z.shape();
    &z.as_slice()[c * n * h * w..(c + 1) * n * h * w]
}

/// A tensor of this shape: each channel c starts as zeros and is filled by `f(c, channel)`.
fn by_channels<T: Float>([n, c, h, w]: [usize; 4], f: impl Fn(usize, &mut [T]) + Send + Sync) -> Tensor4<T> {
    Tensor4::from_columns(DMatrix::from_vec(n, c * h * w, changed(n * c * h * w, n * h * w, f)), [c, h, w])
}

/// `Ok` if a channel has more than one number.
fn several<T: Float>(function: &'static str, z: &Tensor4<T>) -> Result<(), ShapeError> {
    let [n, _, h, w] = z.shape();
    if n * h * w > 1 {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("z is {:?}, so N·H·W is {}", z.dims(), n * h * w),
        "a channel must have at least two numbers: the variance of one is 0, and every output would be beta",
    ))
}

fn check<T: Float>(
    function: &'static str,
    z: &Tensor4<T>,
    gamma: &DVector<T>,
    beta: &DVector<T>,
) -> Result<(), ShapeError> {
    of_channels(function, "gamma", gamma, z)?;
    of_channels(function, "beta", beta, z)?;
    let [n, c, h, w] = z.shape();
    sizes::fit::<T>(function, "y", &[n, c, h, w]).map(drop)
}

/// `Ok` if there is one element for each channel.
fn of_channels<T: Float>(
    function: &'static str,
    name: &str,
    values: &DVector<T>,
    z: &Tensor4<T>,
) -> Result<(), ShapeError> {
    if values.len() == z.shape()[1] {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("{name} has {} elements but z is {:?}", values.len(), z.dims()),
        format!("{name} must have one element for each of z's channels (its second axis)"),
    ))
}
