//! The loops that take the time: matrix product and convolution by blocks.
//!
//! Every scalar runs through the same functions. Only two things depend on it: `f32` and `f64` take the
//! product of the `gemm` crate, and only they are spread over threads. Work is cut into parts by shape,
//! never by the number of threads, so that a result has the same bits on any number of them.

pub(crate) mod correlate;
pub(crate) mod elementwise;
pub(crate) mod exponential;
pub(crate) mod gemm;

pub use gemm::matmul;

use crate::Float;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use std::any::TypeId;

/// Whether `T` takes the fast paths: a machine float, which keeps no record.
pub(crate) fn is_machine_float<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<f32>() || TypeId::of::<T>() == TypeId::of::<f64>()
}

/// Below this many elements or products, waking another thread costs more than it brings.
pub(crate) const WORTH_A_THREAD: usize = 1 << 15;

/// Calls `f(index, chunk)` for every `chunk` of `size` elements of `out`, on all threads where that pays.
pub(crate) fn for_each_chunk<T: Float>(out: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) {
    if size == 0 {
        return;
    }
    if is_machine_float::<T>() && out.len() >= WORTH_A_THREAD {
        out.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        out.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}

/// Σₙ of every column.
pub(crate) fn column_sums<T: Float>(m: &DMatrix<T>) -> DVector<T> {
    DVector::from_iterator(m.ncols(), m.column_iter().map(|column| sum(column.as_slice())))
}

/// The sum of the elements, in order; the first term is not added to a zero.
pub(crate) fn sum<T: Float>(values: &[T]) -> T {
    values.iter().copied().reduce(|sum, x| sum + x).unwrap_or_else(T::zero)
}
