//! Layers that own their weights, and the networks made of them.
//!
//! A layer here adds no mathematics: it calls a `*_forward` and its `*_backward`. What the forward saves for the
//! backward is kept in a [`Memory`] that belongs to the caller. What flows between layers is always a [`Tensor4`]; a
//! vector is (N, m, 1, 1).
//!
//! | for | call | it |
//! |---|---|---|
//! | inference | `infer(&z)` | changes nothing |
//! | training | `forward(z, &mut memory)` | pushes what the backward needs |
//! | | `backward(&next_dz, &mut memory)` | pops it, returns dz, and *adds* to the parameters' gradients |
//! | | `step(&mut optimizer)` | moves the parameters, and clears the gradients |
//!
//! `X::new` takes settings; `X::of` takes weights, with biases of 0, and `X::with_bias` takes both.
//!
//! ```
//! use handgrad::prelude::*;
//! let mut model = Sequential::new()
//!     .with(Dense::of(dmatrix![1.0, -1.0; 2.0, 0.5]))
//!     .with(Relu::new())
//!     .with(Dense::with_bias(dmatrix![3.0; 4.0], dvector![0.5])?);
//! let mut memory = Memory::new();
//! let z = Tensor4::from_vectors(dmatrix![1.0, 1.0]);
//! let y = model.forward(z, &mut memory)?; // Relu([3, -0.5]) = [3, 0]; 3·3 + 4·0 + 0.5
//! assert_eq!(y.matrix(), &dmatrix![9.5]);
//! model.backward(&Tensor4::from_vectors(dmatrix![1.0]), &mut memory)?;
//! let gradients: Vec<_> = model.parameters().iter().map(|p| (p.name.clone(), p.gradient.to_vec())).collect();
//! assert_eq!(gradients[0], ("0.weight".into(), vec![3.0, 3.0, 0.0, 0.0])); // the second unit sleeps
//! assert_eq!(gradients[2], ("2.weight".into(), vec![3.0, 0.0]));
//! # Ok::<(), Error>(())
//! ```

mod activation;
mod batch_norm;
mod conv2d;
mod copy;
mod cost;
mod dense;
mod flatten;
mod memory;
mod networks;
mod parameter;
mod pooling;
mod prelu;
mod sequential;
#[cfg(feature = "checkpoint")]
pub mod weights;

pub use activation::*;
pub use batch_norm::*;
pub use conv2d::*;
pub use cost::*;
pub use dense::*;
pub use flatten::*;
pub use memory::*;
pub use networks::*;
pub use parameter::*;
pub use pooling::*;
pub use prelu::*;
pub use sequential::*;

use crate::{Error, Float, ShapeError, Tensor4};

/// A forward and its backward, with the weights they share.
pub trait Layer<T: Float>: Send + Sync {
    /// What the layer is, in one line: `Conv2d 1 → 6, 5×5, padding 2×2`.
    fn description(&self) -> String;

    /// The output for `z`, for inference: nothing is remembered, nothing changes.
    ///
    /// # Errors
    /// If `z` does not have the shape that the layer takes.
    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError>;

    /// The output for `z`, for training: what [`backward`](Self::backward) needs is pushed onto `memory`.
    ///
    /// # Errors
    /// If `z` does not have the shape that the layer takes. `memory` is then unchanged.
    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError>;

    /// dz for the `z` of the last [`forward`](Self::forward) in `memory`, which then forgets it. `next_dz` has the
    /// shape of that forward's output. The gradients of the parameters are added to those already there.
    ///
    /// # Errors
    /// If the last forward in `memory` is not one of this kind of layer ([`Error::Order`]), or `next_dz` does not have
    /// the shape of its output ([`Error::Shape`]).
    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error>;

    /// [`backward`](Self::backward) for the parameters' gradients alone, without dz. Training needs no more from a
    /// network, because the input is not learned.
    ///
    /// # Errors
    /// As for [`backward`](Self::backward).
    fn backward_parameters(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<(), Error> {
        self.backward(next_dz, memory).map(drop)
    }

    /// The parameters, for reading.
    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        Vec::new()
    }

    /// The same parameters in the same order, mutably.
    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        Vec::new()
    }

    /// What the layer keeps but does not learn, for reading.
    fn buffers(&self) -> Vec<Buffer<'_, T>> {
        Vec::new()
    }

    /// The numbers of the same buffers in the same order, mutably.
    fn buffers_mut(&mut self) -> Vec<&mut [T]> {
        Vec::new()
    }

    /// Clears the gradients of all parameters, as an optimizer's step does.
    fn clear_gradients(&mut self) {
        self.parameters_mut().into_iter().for_each(|parameter| parameter.gradient.clear());
    }
}
