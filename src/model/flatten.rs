//! Flatten, between the last map and the first vector.

use super::{Layer, remembered};
use crate::layers::{flatten_backward, flatten_forward};
use crate::{Float, ShapeError, Tensor4};

/// z (N, C, H, W) as (N, C·H·W, 1, 1) ([`flatten_forward`]).
///
/// [`Dense`](super::Dense) reads any tensor as its matrix, so a network works without it; it stands where a reader,
/// and PyTorch's numbering of the layers, expect it.
#[derive(Clone, Debug, Default)]
pub struct Flatten<T> {
    z: Option<Tensor4<T>>,
}

impl<T: Float> Flatten<T> {
    /// The layer.
    pub fn new() -> Self {
        Flatten { z: None }
    }
}

impl<T: Float> Layer<T> for Flatten<T> {
    fn description(&self) -> String {
        "Flatten".into()
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        Ok(Tensor4::from_vectors(flatten_forward(z)))
    }

    fn forward(&mut self, z: Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        self.z = Some(z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        flatten_backward(next_dz.matrix(), remembered("Flatten", &self.z)?)
    }
}
