//! Layers that own their weights, and the networks made of them.
//!
//! A layer here adds nothing to the mathematics: it calls a `*_forward` and the `*_backward` beside it, and keeps what
//! goes from the one to the other. What flows between layers is always a [`Tensor4`]; a vector is (N, m, 1, 1).
//!
//! ```
//! use handgrad::prelude::*;
//! let mut model = Sequential::new()
//!     .with(Dense::new(dmatrix![1.0, -1.0; 2.0, 0.5], dvector![0.0, 0.0])?)
//!     .with(Relu::new())
//!     .with(Dense::new(dmatrix![3.0; 4.0], dvector![0.5])?);
//! let z = Tensor4::from_vectors(dmatrix![1.0, 1.0]);
//! let y = model.forward(z)?; // Relu([3, -0.5]) = [3, 0]; 3·3 + 4·0 + 0.5
//! assert_eq!(y.matrix(), &dmatrix![9.5]);
//! model.backward(&Tensor4::from_vectors(dmatrix![1.0]))?;
//! let gradients: Vec<_> = model.parameters().iter().map(|p| (p.name.clone(), p.gradient.to_vec())).collect();
//! assert_eq!(gradients[0], ("0.weight".into(), vec![3.0, 3.0, 0.0, 0.0])); // the second unit sleeps
//! assert_eq!(gradients[2], ("2.weight".into(), vec![3.0, 0.0]));
//! # Ok::<(), ShapeError>(())
//! ```

mod activation;
mod conv2d;
mod copy;
mod cost;
mod dense;
mod flatten;
mod networks;
mod pooling;
mod prelu;
mod sequential;
#[cfg(feature = "checkpoint")]
pub mod weights;

pub use activation::*;
pub use conv2d::*;
pub use cost::*;
pub use dense::*;
pub use flatten::*;
pub use networks::*;
pub use pooling::*;
pub use prelu::*;
pub use sequential::*;

use crate::kernels::memory::give_back;
use crate::{Float, ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector};

/// A forward and its backward, with the weights they share and the memory between them.
pub trait Layer<T: Float>: Send + Sync {
    /// What the layer is, in one line: `Conv2d 1 → 6, 5×5, padding 2×2`.
    fn description(&self) -> String;

    /// The output for `z`; nothing is remembered.
    ///
    /// # Errors
    /// If `z` does not have the shape that the layer takes.
    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError>;

    /// The output for `z`; what [`backward`](Self::backward) needs is remembered.
    ///
    /// # Errors
    /// If `z` does not have the shape that the layer takes.
    fn forward(&mut self, z: Tensor4<T>) -> Result<Tensor4<T>, ShapeError>;

    /// dz for the `z` of the last [`forward`](Self::forward), from `next_dz` of its output's shape. The gradients of
    /// the parameters are stored beside them, in the place of those of the last backward: nothing is added up.
    ///
    /// # Errors
    /// If there was no forward, or `next_dz` does not have its output's shape.
    fn backward(&mut self, next_dz: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError>;

    /// [`backward`](Self::backward) for the parameters' gradients alone: dz need not be computed. It is what a training
    /// asks of a network, as nobody learns the input.
    ///
    /// # Errors
    /// Those of [`backward`](Self::backward).
    fn backward_parameters(&mut self, next_dz: &Tensor4<T>) -> Result<(), ShapeError> {
        self.backward(next_dz).map(drop)
    }

    /// The parameters, to be read.
    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        Vec::new()
    }

    /// The same parameters in the same order, to be changed.
    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        Vec::new()
    }
}

/// A parameter of a layer: its name and shape are PyTorch's, its numbers lie as this crate keeps them.
///
/// Element (i, j, …) of PyTorch's tensor is `values[i·strides[0] + j·strides[1] + …]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter<'a, T> {
    /// `weight` or `bias`; in a [`Sequential`] with the layer's number before it, `0.weight`.
    pub name: String,
    /// The shape in PyTorch: (out, in) for [`Dense`], (D, C, k1, k2) for [`Conv2d`].
    pub shape: Vec<usize>,
    /// How far apart neighbours along each axis of `shape` lie in `values`.
    pub strides: Vec<usize>,
    /// The numbers.
    pub values: &'a [T],
    /// ∂L/∂values as the last backward left it, zeros before the first.
    pub gradient: &'a [T],
}

impl<'a, T: Float> Parameter<'a, T> {
    /// A vector.
    fn vector(name: &str, values: &'a [T], gradient: &'a [T]) -> Self {
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
    pub fn to_row_major(&self) -> Vec<T> {
        self.row_major().map(|offset| self.values[offset]).collect()
    }
}

/// A parameter and its gradient, for an optimizer.
#[derive(Debug, PartialEq)]
pub struct ParameterMut<'a, T> {
    /// The numbers.
    pub values: &'a mut [T],
    /// ∂L/∂values as the last backward left it, zeros before the first.
    pub gradient: &'a [T],
}

/// Forgets what the last forward remembered: its memory is used again.
fn forget<T: Float>(memory: &mut Option<Tensor4<T>>) {
    if let Some(z) = memory.take() {
        give_back(z.into_matrix());
    }
}

/// Puts new gradients in the place of old ones, whose memory is used again.
fn replace_gradients<T: Float>(old: (&mut DMatrix<T>, &mut DVector<T>), new: (DMatrix<T>, DVector<T>)) {
    give_back(std::mem::replace(old.0, new.0));
    give_back(std::mem::replace(old.1, new.1));
}

/// What a layer's forward remembered, if there was one.
fn remembered<'a, M>(layer: &'static str, memory: &'a Option<M>) -> Result<&'a M, ShapeError> {
    memory.as_ref().ok_or_else(|| {
        ShapeError::new(
            layer,
            "backward without a forward",
            "forward must come first: backward needs what it remembers",
        )
    })
}
