//! Neural-network layers whose every gradient is derived by hand, and proved.
//!
//! Each layer is one file: its equation, the derivation of its gradients in numbered steps, its forward and its
//! backward, whose lines carry the numbers of the steps. Each backward is compared with its own forward, run on
//! [dual numbers](numbers), in every entry.
//!
//! ```
//! use handgrad::prelude::*;
//!
//! // y = z·W + b, and the loss of two samples.
//! let (z, w, b) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![0.5; -0.5], dvector![1.0]);
//! let y = fc_forward(&z, &w, &b)?;
//! let Loss { loss, dy } = mean_squared_loss(&y, &dmatrix![1.0; 0.0])?;
//! let FcGradients { dw, db, .. } = fc_backward(&dy, &w, &z)?;
//!
//! // One step downhill, and the loss is smaller.
//! let y = fc_forward(&z, &(w - dw * 0.1), &(b - db * 0.1))?;
//! assert!(mean_squared_loss(&y, &dmatrix![1.0; 0.0])?.loss < loss);
//! # Ok::<(), ShapeError>(())
//! ```
//!
//! # The gradient convention
//!
//! The loss of a batch is the **mean of its samples' losses**, L = (1/N) Σₙ Lₙ.
//!
//! * What flows backward between layers (`next_dz`, `dz`, a loss's `dy`) is **each sample's own gradient** ∂Lₙ/∂z,
//!   which is N·∂L/∂z: it has no 1/N in it, and a sample's row does not depend on who else is in the batch.
//! * The gradient of a parameter (`dw`, `db`, `dk`, …) is the **batch mean** ∂L/∂w = (1/N) Σₙ ∂Lₙ/∂w: the one place
//!   where samples meet is the one place where N is divided by.
//!
//! Every proof of this crate tests it.

pub mod activations;
pub mod cards;
pub mod check;
pub mod data;
pub mod error;
pub mod float;
pub mod init;
#[doc(hidden)]
pub mod instances;
pub mod kernels;
pub mod layers;
pub mod losses;
pub mod matrix;
pub mod model;
pub mod numbers;
pub mod optim;
pub mod show;
mod sizes;
pub mod tensor;
pub mod train;
pub mod window;

pub use error::ShapeError;
pub use float::{Float, lit};
pub use tensor::Tensor4;
pub use window::Slide;

pub use nalgebra;
pub use plotters;

/// All that a notebook's cell needs.
pub mod prelude {
    pub use crate::activations::*;
    pub use crate::cards::Card;
    pub use crate::check::{self, Proof, SymbolicProof, lift};
    pub use crate::data::{DataError, Dataset, mnist, synthetic};
    pub use crate::init;
    pub use crate::kernels::matmul;
    pub use crate::layers::*;
    pub use crate::losses::*;
    pub use crate::model::*;
    pub use crate::numbers::{Bf16, Counted, Counts, Dual, Equations, F16, Interval, Session, Traced};
    pub use crate::optim::{AdaGrad, Adadelta, Adam, AdamW, Optimizer, RmsProp, Sgd, schedule};
    pub use crate::show;
    pub use crate::{Float, ShapeError, Slide, Tensor4, dmatrix, dvector, lit};
    pub use nalgebra::{DMatrix, DVector};
}
