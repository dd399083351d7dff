//! The activations: one nonlinear function of every number, forward and backward.
//!
//! | activation | y = f(z) | f′ | f′(0) |
//! |---|---|---|---|
//! | [`relu`] | max(0, z) | 1 if z > 0, else 0 | 0 |
//! | [`leaky_relu`] | z if z > 0, else α·z | 1 if z > 0, else α | α |
//! | [`prelu`] | the same, with a learned α | the same | α |
//! | [`elu`] | z if z > 0, else α(eᶻ − 1) | 1 if z > 0, else α·eᶻ | α |
//! | [`selu`] | λ·elu(z), with λ and α chosen | λ if z > 0, else λα·eᶻ | λα |
//! | [`sigmoid`] | 1/(1 + e⁻ᶻ) | q/(1 + q)², q = exp(−\|z\|) | ¼ |
//! | [`tanh`] | (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) | 4q²/(1 + q²)², q = exp(−\|z\|) | 1 |
//! | [`softmax`] | exp(zⱼ) / Σᵢ exp(zᵢ), one row at a time | a matrix: yⱼ·(1 − yⱼ) where i = j, else −yⱼ·yᵢ | |
//!
//! A function of one number has a short backward. Write δ for `next_dz`: dLₙ = Σ δ·dy and dy = f′(z)·dz, so
//! **dz = δ·f′(z)**, one element at a time. Each file derives its f′ from z, not from y: y is rounded, and where f is
//! flat the rounding can be larger than the slope itself.
//!
//! A function with a kink at 0 has two slopes there, one on the left and one on the right, and its derivative is a
//! choice between them. All functions here take the left one, as PyTorch does. A NaN in z stays NaN in y and in dz.
//!
//! Exponentials of an `f32` are computed in `f64` and rounded once, so they are off by at most 0.501 units in the last
//! place; every other number type uses its own functions.

pub mod elu;
pub mod leaky_relu;
pub mod prelu;
pub mod relu;
pub mod selu;
pub mod sigmoid;
pub mod softmax;
pub mod tanh;

pub use elu::*;
pub use leaky_relu::*;
pub use prelu::*;
pub use relu::*;
pub use selu::*;
pub use sigmoid::*;
pub use softmax::*;
pub use tanh::*;

use crate::error::same_shape;
use crate::kernels::elementwise;
use crate::{Float, ShapeError};
use nalgebra::DMatrix;

/// The choice that every function with a kink makes: 0 belongs to the left piece, NaN to neither.
fn pieces<T: Float>(z: T, left: impl FnOnce() -> T, right: impl FnOnce() -> T) -> T {
    if z > T::zero() {
        right()
    } else if z <= T::zero() {
        left()
    } else {
        z
    }
}

/// `f` of every element.
fn map<T: Float>(z: &DMatrix<T>, f: impl Fn(T) -> T + Copy + Send + Sync) -> DMatrix<T> {
    DMatrix::from_vec(z.nrows(), z.ncols(), elementwise::map(z.as_slice(), f))
}

/// `f(δ, z)` of every element δ of next_dz and z of z.
fn zip_map<T: Float>(
    function: &'static str,
    next_dz: &DMatrix<T>,
    (name, x): (&str, &DMatrix<T>),
    f: impl Fn(T, T) -> T + Copy + Send + Sync,
) -> Result<DMatrix<T>, ShapeError> {
    same_shape(function, ("next_dz", next_dz.shape()), (name, x.shape()))?;
    let dz = elementwise::zip_map(next_dz.as_slice(), x.as_slice(), f);
    Ok(DMatrix::from_vec(x.nrows(), x.ncols(), dz))
}
