//! The layers: a module for each file of src/layers, and one for each question that is put to all of them.
//!
//! By hand, by dual numbers and central differences ([`handgrad::check::Proof`] does both), by properties. The same
//! proofs on hundreds of generated shapes are in grids.rs, PyTorch's numbers in reference.rs.

mod conv;
mod cuts;
mod edges;
mod errors;
mod fc;
mod flatten;
mod norm;
mod pooling;
mod scalars;
mod seed_mistakes;
mod sizes;
mod threads;

use handgrad::prelude::*;
use rand::RngExt;

/// Integers of −4 … 4, on which a polynomial makes no rounding.
fn integers(seed: u64, shape: [usize; 4]) -> Tensor4<f64> {
    let mut rng = init::rng(seed);
    Tensor4::from_fn(shape, |_, _, _, _| f64::from(rng.random_range(-4i8..=4)))
}

/// Real numbers of −2 … 2.
fn reals(seed: u64, shape: [usize; 4]) -> Tensor4<f64> {
    let mut rng = init::rng(seed);
    Tensor4::from_fn(shape, |_, _, _, _| rng.random_range(-2.0..2.0))
}

/// The same as a matrix.
fn matrix(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    reals(seed, [rows, columns, 1, 1]).into_matrix()
}

/// The same as a vector.
fn vector(seed: u64, len: usize) -> DVector<f64> {
    DVector::from_column_slice(reals(seed, [len, 1, 1, 1]).as_slice())
}

/// max |a − b| / max |b|.
fn relative_error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    largest(&mut a.iter().zip(b).map(|(a, b)| (a - b).abs())) / largest(&mut b.iter().map(|b| b.abs()))
}
