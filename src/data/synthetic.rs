//! Small sets made from a seed: the same seed gives the same numbers.

use super::Dataset;
use crate::{Float, ShapeError, Tensor4, lit, sizes};
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use std::f64::consts::TAU;

/// Data for a linear regression: x (N, l) and y = x·W + b (N, m), without noise.
///
/// The elements of x are whole numbers from 0 to 9.
///
/// # Errors
/// If b's length does not match W's columns, or there is no memory for this many samples.
///
/// ```
/// use handgrad::prelude::*;
/// use handgrad::data::synthetic;
/// let (w, b) = (dmatrix![3.0, 7.0, 4.0; 5.0, 2.0, 6.0], dvector![2.0, 9.0, 3.0]);
/// let (x, y) = synthetic::linear(&w, &b, 500, 0)?;
/// assert_eq!((x.shape(), y.shape()), ((500, 2), (500, 3)));
/// assert_eq!(y[(0, 1)], x[(0, 0)] * 7.0 + x[(0, 1)] * 2.0 + 9.0);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn linear<T: Float>(
    w: &DMatrix<T>,
    b: &DVector<T>,
    samples: usize,
    seed: u64,
) -> Result<(DMatrix<T>, DMatrix<T>), ShapeError> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let count = sizes::fit::<T>("synthetic::linear", "x", &[samples, w.nrows()])?;
    let digits: Vec<T> = (0..count).map(|_| lit(f64::from(random.random_range(0_u32..10)))).collect();
    let x = DMatrix::from_row_slice(samples, w.nrows(), &digits);
    let y = crate::layers::fc_forward(&x, w, b)?;
    Ok((x, y))
}

/// One spiral per class, wound around the origin: a set that no straight line separates. Inputs (N, 2, 1, 1).
///
/// Sample n belongs to class n mod `classes`. On its spiral the radius grows from 0 to 1 while the angle turns by
/// two thirds of a circle, and `noise` is the standard deviation of that angle, in radians.
///
/// # Panics
/// If this many samples are larger than any memory: like `Vec::with_capacity`, with the words "capacity overflow".
///
/// Source: Karpathy, *CS231n*, "Putting it together: minimal neural network case study".
///
/// ```
/// use handgrad::data::synthetic;
/// let data = synthetic::spirals::<f64>(300, 3, 0.2, 0);
/// assert_eq!((data.inputs.shape(), data.classes), ([300, 2, 1, 1], 3));
/// assert_eq!(data.labels[..4], [0, 1, 2, 0]);
/// ```
pub fn spirals<T: Float>(samples: usize, classes: usize, noise: f64, seed: u64) -> Dataset<T> {
    sizes::demand::<T>("synthetic::spirals", &[samples, 2]);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (arms, mut points, mut labels) = (classes.max(1), Vec::new(), Vec::new());
    let last = samples.div_ceil(arms).max(2) - 1;
    for n in 0..samples {
        let (arm, radius) = (n % arms, (n / arms) as f64 / last as f64);
        let wobble: f64 = random.sample(StandardNormal);
        let angle = TAU * (arm as f64 / arms as f64 + radius * 2.0 / 3.0) + noise * wobble;
        points.extend([lit::<T>(radius * angle.sin()), lit(radius * angle.cos())]);
        labels.push(n % arms);
    }
    let inputs = Tensor4::from_vectors(DMatrix::from_row_slice(samples, 2, &points));
    Dataset { inputs, labels, classes: arms }
}
