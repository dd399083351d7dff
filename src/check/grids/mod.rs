//! The cases of every proof, generated and not sampled: which shapes, strides and paddings each function is tried on.
//!
//! Every case runs twice. On **small integers** a polynomial layer makes no rounding, and `==` is demanded of it (where
//! a mean divides, only if it divides by a power of two). On **real numbers** the limit is
//! [`TOLERANCE`](super::TOLERANCE). The numbers come from seeded generators, one for each case.
//!
//! Functions with kinks are tried away from them: a maximum on numbers that all differ, an activation at least 0.1
//! from 0. (At a kink there is no derivative to compare with; what is taken there is said in each layer's file and
//! tested by hand, and for a tied maximum the definition says it too.) And not further out than 4: there sigmoid and
//! tanh are within a few bits of their limits, and a gradient written in terms of the output, 1 − y², has lost what the
//! limit swallowed.

mod activations;
mod conv;
mod dense;
mod losses;
mod pooling;

use super::certificate::Case;
use crate::Tensor4;
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

pub use conv::{ConvShape, conv_shapes};
pub use pooling::{PoolingShape, pooling_shapes};

/// Every function with a proof, and what it is compared with.
pub const FUNCTIONS: [(&str, &str); 40] = [
    ("matmul", "equation"),
    ("fc_forward", "equation"),
    ("fc_backward", "dual numbers"),
    ("single_channel_conv", "equation"),
    ("conv_forward_naive", "equation"),
    ("conv_forward", "naive"),
    ("conv_backward_naive", "dual numbers"),
    ("conv_backward", "dual, naive"),
    ("insert_zeros", "equation"),
    ("remove_padding", "equation"),
    ("max_pooling_forward", "equation"),
    ("max_pooling_backward", "dual, equation"),
    ("max_pooling_zero_padded_forward", "equation"),
    ("max_pooling_zero_padded_backward", "dual, equation"),
    ("avg_pooling_forward", "equation"),
    ("avg_pooling_backward", "dual, equation"),
    ("global_max_pooling_forward", "equation"),
    ("global_max_pooling_backward", "dual numbers"),
    ("global_avg_pooling_forward", "equation"),
    ("global_avg_pooling_backward", "dual numbers"),
    ("flatten_forward", "equation"),
    ("flatten_backward", "dual numbers"),
    ("relu_forward", "equation"),
    ("relu_backward", "dual numbers"),
    ("leaky_relu_forward", "equation"),
    ("leaky_relu_backward", "dual numbers"),
    ("prelu_forward", "equation"),
    ("prelu_backward", "dual numbers"),
    ("elu_forward", "equation"),
    ("elu_backward", "dual numbers"),
    ("selu_forward", "equation"),
    ("selu_backward", "dual numbers"),
    ("sigmoid_forward", "equation"),
    ("sigmoid_backward", "dual numbers"),
    ("tanh_forward", "equation"),
    ("tanh_backward", "dual numbers"),
    ("softmax_forward", "equation"),
    ("softmax_backward", "dual numbers"),
    ("mean_squared_loss", "dual, equation"),
    ("cross_entropy_loss", "dual, equation"),
];

/// All cases, in the order of the table.
pub fn all() -> Vec<Case> {
    [dense::cases(), conv::cases(), pooling::cases(), activations::cases(), losses::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Inputs of a case: small integers or real numbers, from a seed.
pub(super) struct Numbers {
    rng: ChaCha8Rng,
    integers: bool,
}

impl Numbers {
    /// The two kinds for case number `case`.
    pub fn both(case: usize) -> [Numbers; 2] {
        [true, false].map(|integers| Numbers { rng: ChaCha8Rng::seed_from_u64(case as u64), integers })
    }

    /// An integer of −4 … 4, or a real number of −2 … 2 that is at least 0.1 from 0.
    fn next(&mut self) -> f64 {
        if self.integers {
            return f64::from(self.rng.random_range(-4i8..=4));
        }
        let size = self.rng.random_range(0.1..2.0);
        if self.rng.random_bool(0.5) { size } else { -size }
    }

    /// The same, without 0.
    pub fn nonzero(&mut self) -> f64 {
        loop {
            let x = self.next();
            if x != 0.0 {
                return x;
            }
        }
    }

    fn vector(&mut self, len: usize) -> DVector<f64> {
        DVector::from_fn(len, |_, _| self.next())
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.next())
    }

    fn tensor(&mut self, shape: [usize; 4]) -> Tensor4<f64> {
        Tensor4::from_fn(shape, |_, _, _, _| self.next())
    }

    /// Numbers none of which is 0 and no two of which are equal: halves of odd integers, or 0.37 times these.
    pub fn distinct(&mut self, shape: [usize; 4]) -> Tensor4<f64> {
        let count = shape.iter().product::<usize>();
        let unit = if self.integers { 1.0 } else { 0.37 };
        let mut values: Vec<f64> = (0..count).map(|k| (k as f64 - (count / 2) as f64 - 0.5) * unit).collect();
        values.shuffle(&mut self.rng);
        let mut values = values.into_iter();
        Tensor4::from_fn(shape, |_, _, _, _| values.next().unwrap_or_default())
    }
}
