//! The fully connected layer: every output is a weighted sum of all inputs.
//!
//! ```math
//! y = z·W + b,        yₙⱼ = Σᵢ zₙᵢ·wᵢⱼ + bⱼ
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, l) | the batch, one sample per row |
//! | W | (l, m) | weights, from input i to output j |
//! | b | (m) | biases |
//! | y | (N, m) | the output |
//!
//! # Derivation
//!
//! Write δₙⱼ for `next_dz`: N·∂L/∂yₙⱼ, by the [convention](crate#the-gradient-convention).
//!
//! 1. A change of the inputs changes the outputs by dyₙⱼ = Σᵢ dzₙᵢ·wᵢⱼ + Σᵢ zₙᵢ·dwᵢⱼ + dbⱼ,
//!    and the loss by dL = (1/N) Σₙ Σⱼ δₙⱼ·dyₙⱼ. A gradient is the coefficient of its differential in this sum.
//! 2. Every yₙⱼ contains zₙᵢ with coefficient wᵢⱼ: N·∂L/∂zₙᵢ = Σⱼ δₙⱼ·wᵢⱼ, that is **dz = δ·Wᵀ**.
//! 3. yₙⱼ of every sample contains wᵢⱼ with coefficient zₙᵢ: ∂L/∂wᵢⱼ = (1/N) Σₙ zₙᵢ·δₙⱼ, that is **dw = zᵀ·δ / N**.
//! 4. yₙⱼ of every sample contains bⱼ with coefficient 1: ∂L/∂bⱼ = (1/N) Σₙ δₙⱼ, that is **db = Σₙ δₙ / N**.
//!
//! The layer is linear, so there are no kinks and no edge cases. For N = 0 the means are 0/0 = NaN.
//!
//! Where a sample has several rows, such as the tokens of a sequence, the sums of (3) and (4) run over all rows, but N
//! is still the number of samples: pass it to [`fc_backward_rows`].
//!
//! Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), §6.5.

use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::product::{Factor, multiply, multiply_mean};
use crate::kernels::{column_means, wide_awake};
use crate::{Float, ShapeError, sizes};
use nalgebra::{DMatrix, DVector};

/// The gradients of [`fc_forward`].
#[derive(Clone, Debug, PartialEq)]
pub struct FcGradients<T> {
    /// ∂L/∂W, the batch mean, shape (l, m).
    pub dw: DMatrix<T>,
    /// ∂L/∂b, the batch mean, shape (m).
    pub db: DVector<T>,
    /// N·∂L/∂z, shape (N, l).
    pub dz: DMatrix<T>,
}

/// y = z·W + b, for z (N, l), W (l, m), b (m); y is (N, m).
///
/// # Errors
/// If z's columns do not match W's rows, b's length does not match W's columns, or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w, b) = (dmatrix![1.0, 2.0], dmatrix![3.0, 4.0; 5.0, 6.0], dvector![10.0, 20.0]);
/// assert_eq!(fc_forward(&z, &w, &b)?, dmatrix![1.0 * 3.0 + 2.0 * 5.0 + 10.0, 1.0 * 4.0 + 2.0 * 6.0 + 20.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn fc_forward<T: Float>(z: &DMatrix<T>, w: &DMatrix<T>, b: &DVector<T>) -> Result<DMatrix<T>, ShapeError> {
    check("fc_forward", z, w)?;
    if b.len() != w.ncols() {
        return Err(ShapeError::new(
            "fc_forward",
            format!("b has {} elements but W is {:?}", b.len(), w.shape()),
            "b must have one element for each of W's columns",
        ));
    }
    sizes::fit::<T>("fc_forward", "y", &[z.nrows(), w.ncols()])?;
    Ok(multiply(Factor::of(z), Factor::of(w), Some(b.as_slice())))
}

/// dw = zᵀ·next_dz / N, db = Σₙ next_dz / N, dz = next_dz·Wᵀ, for next_dz (N, m).
///
/// # Errors
/// If z's columns do not match W's rows, next_dz is not (N, m), or there is no memory for db.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0; 7.0]);
/// let g = fc_backward(&dmatrix![1.0; -1.0], &w, &z)?;
/// assert_eq!(g.dw, dmatrix![(1.0 - 3.0) / 2.0; (2.0 - 4.0) / 2.0]);
/// assert_eq!(g.db, dvector![0.0]);
/// assert_eq!(g.dz, dmatrix![5.0, 7.0; -5.0, -7.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn fc_backward<T: Float>(
    next_dz: &DMatrix<T>,
    w: &DMatrix<T>,
    z: &DMatrix<T>,
) -> Result<FcGradients<T>, ShapeError> {
    fc_backward_rows(next_dz, w, z, z.nrows())
}

/// [`fc_backward`] for N samples of several rows each, such as the tokens of sequences: z (R, l) and next_dz (R, m)
/// hold all R rows. dw = zᵀ·next_dz / N, db = Σ next_dz / N, where the sums run over the rows, and dz = next_dz·Wᵀ.
///
/// # Errors
/// As for [`fc_backward`].
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0; 7.0]);
/// let g = fc_backward_rows(&dmatrix![1.0; -1.0], &w, &z, 1)?; // both rows are one sample's
/// assert_eq!(g.dw, dmatrix![1.0 - 3.0; 2.0 - 4.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn fc_backward_rows<T: Float>(
    next_dz: &DMatrix<T>,
    w: &DMatrix<T>,
    z: &DMatrix<T>,
    samples: usize,
) -> Result<FcGradients<T>, ShapeError> {
    check_next_dz(next_dz, w, z)?;
    Ok(wide_awake::<T, _>(z.len(), || {
        let (dw, db) = parameter_gradients(next_dz, z, samples);
        let dz = multiply(Factor::of(next_dz), Factor::of(w).t(), None); // (2)
        FcGradients { dw, db, dz }
    }))
}

/// dw and db of [`fc_backward`] without dz, which the first layer of a network does not need.
pub(crate) fn fc_backward_parameters<T: Float>(
    next_dz: &DMatrix<T>,
    w: &DMatrix<T>,
    z: &DMatrix<T>,
) -> Result<(DMatrix<T>, DVector<T>), ShapeError> {
    check_next_dz(next_dz, w, z)?;
    Ok(wide_awake::<T, _>(z.len(), || parameter_gradients(next_dz, z, z.nrows())))
}

fn parameter_gradients<T: Float>(next_dz: &DMatrix<T>, z: &DMatrix<T>, samples: usize) -> (DMatrix<T>, DVector<T>) {
    let n = Count::of(samples);
    let dw = multiply_mean(Factor::of(z).t(), Factor::of(next_dz), n); // (3)
    (dw, column_means(next_dz, n)) // (4)
}

fn check_next_dz<T: Float>(next_dz: &DMatrix<T>, w: &DMatrix<T>, z: &DMatrix<T>) -> Result<(), ShapeError> {
    check("fc_backward", z, w)?;
    same_shape("fc_backward", ("next_dz", next_dz.shape()), ("z·W", (z.nrows(), w.ncols())))?;
    sizes::fit::<T>("fc_backward", "db", &[w.ncols()]).map(drop)
}

fn check<T: Float>(function: &'static str, z: &DMatrix<T>, w: &DMatrix<T>) -> Result<(), ShapeError> {
    if z.ncols() == w.nrows() {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("z is {:?} but W is {:?}", z.shape(), w.shape()),
        "z's columns must equal W's rows",
    ))
}
