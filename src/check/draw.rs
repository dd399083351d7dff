//! Seeded random numbers for a case.

use super::array::Array;
use super::values::Value;
use crate::Tensor4;
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// A generator of small integers, on which a polynomial rounds nothing, or of real numbers.
pub struct Draw {
    rng: ChaCha8Rng,
    /// Integers in −4 … 4; otherwise real numbers in −2 … 2 at least 0.1 from 0, all exact in f32.
    pub integers: bool,
    zeros: bool,
}

impl Draw {
    /// Both kinds for case number `case`.
    #[must_use]
    pub fn both(case: usize) -> [Draw; 2] {
        [true, false].map(|integers| Draw { rng: ChaCha8Rng::seed_from_u64(case as u64), integers, zeros: true })
    }

    /// Real numbers for case number `case`.
    #[must_use]
    pub fn reals(case: usize) -> Draw {
        let [_, reals] = Draw::both(case);
        reals
    }

    /// For an exercise: integers other than 0, which can be followed by hand; after the plain cases, every third case
    /// has real numbers.
    pub(super) fn for_reader(case: usize) -> Draw {
        let [integers, reals] = Draw::both(1000 + case);
        Draw { zeros: false, ..if case >= 12 && case.is_multiple_of(3) { reals } else { integers } }
    }

    /// A number; the integers include 0, except in an exercise.
    pub fn number(&mut self) -> f64 {
        loop {
            let x = self.any();
            if self.zeros || x != 0.0 {
                return x;
            }
        }
    }

    fn any(&mut self) -> f64 {
        if self.integers {
            return f64::from(self.rng.random_range(-4i8..=4));
        }
        let size = f64::from(self.rng.random_range(0.1..2.0) as f32);
        if self.rng.random_bool(0.5) { size } else { -size }
    }

    /// A number other than 0.
    pub fn nonzero(&mut self) -> f64 {
        loop {
            let x = self.any();
            if x != 0.0 {
                return x;
            }
        }
    }

    /// A vector.
    pub fn vector(&mut self, len: usize) -> DVector<f64> {
        DVector::from_fn(len, |_, _| self.number())
    }

    /// A matrix.
    pub fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.number())
    }

    /// A matrix of numbers other than 0.
    pub fn nonzero_matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.nonzero())
    }

    /// A tensor.
    pub fn tensor(&mut self, shape: [usize; 4]) -> Tensor4<f64> {
        Tensor4::from_fn(shape, |_, _, _, _| self.number())
    }

    /// A tensor of numbers other than 0.
    pub fn nonzero_tensor(&mut self, shape: [usize; 4]) -> Tensor4<f64> {
        Tensor4::from_fn(shape, |_, _, _, _| self.nonzero())
    }

    /// Distinct numbers other than 0: halves of odd integers, or 0.37 times these.
    pub fn distinct(&mut self, shape: [usize; 4]) -> Tensor4<f64> {
        let count = shape.iter().product::<usize>();
        let unit = if self.integers { 1.0 } else { 0.37 };
        let value = |k: usize| f64::from(((k as f64 - (count / 2) as f64 - 0.5) * unit) as f32);
        let mut values: Vec<f64> = (0..count).map(value).collect();
        values.shuffle(&mut self.rng);
        let mut values = values.into_iter();
        Tensor4::from_fn(shape, |_, _, _, _| values.next().unwrap_or_default())
    }

    /// A value of the shape of `like`.
    pub(super) fn like(&mut self, like: &Value<f64>) -> Value<f64> {
        like.each(|_| self.number())
    }
}
