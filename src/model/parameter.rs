//! The numbers of a layer: those that it learns, their gradients, and those that it only keeps.

use crate::kernels::memory::give_back;
use crate::{Float, ShapeError};
use nalgebra::{DVector, Dim, Matrix, VecStorage};
use std::ops::Deref;

/// A parameter of a layer: its name and shape are PyTorch's, its numbers are stored in this crate's order.
///
/// Element (i, j, …) of PyTorch's tensor is `values[i·strides[0] + j·strides[1] + …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter<'a, T> {
    /// `weight` or `bias`; in a [`Sequential`](super::Sequential) the layer's number comes first: `0.weight`.
    pub name: String,
    /// The shape in PyTorch: (out, in) for [`Dense`](super::Dense), (D, C, k1, k2) for [`Conv2d`](super::Conv2d).
    pub shape: Vec<usize>,
    /// How far apart neighbours along each axis of `shape` lie in `values`.
    pub strides: Vec<usize>,
    /// The numbers.
    pub values: &'a [T],
    /// ∂L/∂values, as long as `values`: the sum over the backwards since the last step, or empty if there were none.
    pub gradient: &'a [T],
}

impl<'a, T: Float> Parameter<'a, T> {
    /// A vector.
    pub(super) fn vector(name: &str, values: &'a [T], gradient: &'a [T]) -> Self {
        Parameter { name: name.into(), shape: vec![values.len()], strides: vec![1], values, gradient }
    }

    /// Where each element of PyTorch's tensor, the last index fastest, lies in `values`.
    pub fn row_major(&self) -> impl Iterator<Item = usize> + use<'_, 'a, T> {
        (0..self.values.len()).map(|mut at| {
            let axes = self.shape.iter().zip(&self.strides).rev();
            axes.fold(0, |offset, (&size, &stride)| {
                let index = at % size;
                at /= size;
                offset + index * stride
            })
        })
    }

    /// The values in PyTorch's order, the last index of `shape` fastest.
    #[must_use]
    pub fn to_row_major(&self) -> Vec<T> {
        self.row_major().map(|offset| self.values[offset]).collect()
    }
}

/// A parameter and its gradient, for an optimizer.
#[derive(Debug, PartialEq)]
pub struct ParameterMut<'a, T> {
    /// The numbers.
    pub values: &'a mut [T],
    /// ∂L/∂values.
    pub gradient: &'a mut Gradient<T>,
}

/// The gradient of a parameter: the sum of all that was added since the last [`clear`](Self::clear).
///
/// After a clear it is empty, not zero. So the first gradient is moved in, and with one backward per step nothing is
/// added.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<T> {
    sum: DVector<T>,
}

impl<T: Float> Gradient<T> {
    /// Adds the gradient of one backward.
    ///
    /// # Errors
    /// If it is not as long as the earlier ones.
    pub fn add<R: Dim, C: Dim>(&mut self, gradient: Matrix<T, R, C, VecStorage<T, R, C>>) -> Result<(), ShapeError> {
        let gradient = DVector::from_vec(gradient.data.into());
        if self.sum.is_empty() {
            self.sum = gradient;
            return Ok(());
        }
        if gradient.len() != self.sum.len() {
            let found = format!("it has {} elements but earlier ones have {}", gradient.len(), self.sum.len());
            return Err(ShapeError::new("Gradient::add", found, "a gradient must be as long as its parameter"));
        }
        self.sum += &gradient;
        give_back(gradient);
        Ok(())
    }

    /// Makes it empty.
    pub fn clear(&mut self) {
        give_back(std::mem::take(self).sum);
    }
}

impl<T: Float> Default for Gradient<T> {
    fn default() -> Self {
        Gradient { sum: DVector::from_vec(Vec::new()) }
    }
}

impl<T: Float> Deref for Gradient<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.sum.as_slice()
    }
}

/// A vector that a layer keeps but does not learn, such as a running mean: saved with the parameters, never touched by
/// an optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer<'a, T> {
    /// As in PyTorch, `running_mean`; in a [`Sequential`](super::Sequential) the layer's number comes first.
    pub name: String,
    /// The numbers.
    pub values: &'a [T],
}
