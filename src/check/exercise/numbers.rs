//! The cases: combinations of complications, and their numbers.

use crate::Tensor4;
use crate::check::grids::Numbers;
use nalgebra::{DMatrix, DVector};

/// Something that makes a case less plain.
pub(super) type Complication<S> = fn(&mut S);

/// The plainest case; then each complication alone, then every two of them together; then all `at_once`.
pub(super) fn combined<S: Clone + PartialEq>(
    plain: S,
    complications: &[Complication<S>],
    at_once: &[Complication<S>],
) -> Vec<S> {
    let with = |complications: &[Complication<S>]| {
        let mut shape = plain.clone();
        complications.iter().for_each(|complicate| complicate(&mut shape));
        shape
    };
    let mut shapes = vec![plain.clone()];
    let mut offer = |shape: S| {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    };
    complications.iter().for_each(|&a| offer(with(&[a])));
    for (k, &a) in complications.iter().enumerate() {
        complications[k + 1..].iter().for_each(|&b| offer(with(&[a, b])));
    }
    offer(with(at_once));
    shapes
}

/// Small integers other than 0, which can be followed by hand; behind the plain cases, real numbers in every third.
pub(super) fn draw(case: usize) -> Numbers {
    let [integers, reals] = Numbers::both(1000 + case);
    if case >= 12 && case.is_multiple_of(3) { reals } else { integers }
}

pub(super) fn matrix(numbers: &mut Numbers, rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| numbers.nonzero())
}

pub(super) fn vector(numbers: &mut Numbers, len: usize) -> DVector<f64> {
    DVector::from_fn(len, |_, _| numbers.nonzero())
}

pub(super) fn tensor(numbers: &mut Numbers, shape: [usize; 4]) -> Tensor4<f64> {
    Tensor4::from_fn(shape, |_, _, _, _| numbers.nonzero())
}
