//! The losses: how far a batch is from its targets, and which way to go.
//!
//! Under the [gradient convention](crate#the-gradient-convention), a loss is the mean of its samples' losses. The dy it
//! returns is N·∂L/∂y: each sample's own gradient, *without* the 1/N of that mean.

pub mod cross_entropy;
pub mod mean_squared;

pub use cross_entropy::*;
pub use mean_squared::*;

use nalgebra::DMatrix;

/// A loss and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss<T> {
    /// L = (1/N) Σₙ Lₙ.
    pub loss: T,
    /// Each sample's ∂Lₙ/∂y, shape (N, d): the `next_dz` of the last layer.
    pub dy: DMatrix<T>,
}
