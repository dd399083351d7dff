//! Flatten, between the last map and the first vector.

use super::{Layer, Memory};
use crate::layers::flatten::unflatten;
use crate::layers::flatten_forward;
use crate::{Error, Float, ShapeError, Tensor4};

/// z (N, C, H, W) as (N, C·H·W, 1, 1) ([`flatten_forward`]).
///
/// [`Dense`](super::Dense) reads any tensor as its matrix, so a network works without it. It is there because readers,
/// and PyTorch's numbering of the layers, expect it.
#[derive(Clone, Debug, Default)]
pub struct Flatten;

impl Flatten {
    /// The layer.
    #[must_use]
    pub fn new() -> Self {
        Flatten
    }
}

impl<T: Float> Layer<T> for Flatten {
    fn description(&self) -> String {
        "Flatten".into()
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        Ok(Tensor4::from_vectors(flatten_forward(z)))
    }

    /// Nothing moves: z's matrix is y's matrix.
    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        memory.push_shape("Flatten", z.shape());
        Ok(Tensor4::from_vectors(z.into_matrix()))
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        Ok(unflatten(next_dz.matrix(), memory.pop_shape("Flatten")?)?)
    }
}
