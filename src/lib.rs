//! Neural-network layers with every gradient derived by hand, and proved.
//!
//! Each layer is one file: its equation, the derivation of its gradients in numbered steps, its forward and its
//! backward, whose lines cite those steps. Every entry of each backward is compared with its own forward, run on
//! [dual numbers](numbers).
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
//! L is the loss of a batch, and N is the number of its **samples**, never of rows, tokens or pixels.
//!
//! * What flows backward between layers (`next_dz`, `dz`, a loss's `dy`) is **N·∂L/∂z**.
//! * The gradient of a parameter (`dw`, `db`, `dk`, …) is **∂L/∂w** itself. Here, and nowhere else, a layer sums what
//!   flows backward and divides by N.
//!
//! Each loss in this crate is the mean of its samples' losses, L = (1/N) Σₙ Lₙ. Where no layer mixes the samples,
//! N·∂L/∂z is then **each sample's own gradient** ∂Lₙ/∂z, which does not depend on the rest of the batch, and ∂L/∂w is
//! the **batch mean** (1/N) Σₙ ∂Lₙ/∂w. Where a layer does mix them, only the definition holds.
//!
//! A function of matrices reads each row as one sample. If a sample has several rows, pass N yourself
//! ([`fc_backward_rows`](layers::fc_backward_rows)). If a batch of N runs in parts of n samples each, a part's
//! `next_dz` is n·∂L/∂y, which is n/N times the gradients of its samples. The parts' gradients then add up to ∂L/∂w.
//!
//! Every proof in this crate tests this convention.
//!
//! # The map
//!
//! Where each gradient is derived, tested and taught. Chapters are notebooks under `notebooks/`. The tests named here
//! are computed by hand or check a property; every function is also proved on generated grids (`tests/grids.rs`,
//! [`check`]) and compared with PyTorch (`tests/reference.rs`, `tests/optim.rs`).
//!
//! | layer | equation | derivation and code | test | chapter |
//! |---|---|---|---|---|
//! | fully connected | y = z·W + b | [`layers::fc`] | `tests/layers/fc.rs` | 02 |
//! | convolution | y = b + Σ ẑ·K over each window | [`layers::conv`], its seven loops in [`layers::conv_naive`] | `tests/layers/conv.rs` | 07–11, 13 |
//! | max pooling | the largest of each window | [`layers::pooling::max`] | `tests/layers/pooling.rs` | 12 |
//! | average pooling | the mean of each window | [`layers::pooling::average`] | `tests/layers/pooling.rs` | 12 |
//! | global pooling | the largest, or the mean, of each map | [`layers::pooling::global`] | `tests/layers/pooling.rs` | 12 |
//! | flatten | a sample's maps as one row | [`layers::flatten`] | `tests/layers/flatten.rs` | 14 |
//! | ReLU | max(0, z) | [`activations::relu`] | `tests/activations.rs` | 04 |
//! | leaky ReLU | z, or α·z below 0 | [`activations::leaky_relu`] | `tests/activations.rs` | 04 |
//! | PReLU | the same with a learned α | [`activations::prelu`] | `tests/activations.rs` | 04 |
//! | ELU | z, or α(eᶻ − 1) below 0 | [`activations::elu`] | `tests/activations.rs` | 04 |
//! | SELU | λ·elu(z) | [`activations::selu`] | `tests/activations.rs` | 04 |
//! | sigmoid | 1/(1 + e⁻ᶻ) | [`activations::sigmoid`] | `tests/activations.rs` | 04 |
//! | tanh | (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) | [`activations::tanh`] | `tests/activations.rs` | 04 |
//! | softmax | exp(zⱼ) / Σᵢ exp(zᵢ) | [`activations::softmax`] | `tests/activations.rs` | 03 |
//! | squared error | ½ Σⱼ (yⱼ − y*ⱼ)² | [`losses::mean_squared`] | `tests/losses.rs` | 03 |
//! | cross-entropy | −Σⱼ y*ⱼ·ln pⱼ, p the softmax | [`losses::cross_entropy`] | `tests/losses.rs` | 03 |
//! | SGD, momentum, Nesterov | v ← μ·v + g, θ ← θ − η·v | [`optim::sgd`] | `tests/optim.rs` | 16 |
//! | AdaGrad | θ ← θ − η·g/√Σg² | [`optim::adagrad`] | `tests/optim.rs` | 17 |
//! | RMSProp | θ ← θ − η·g/√v, v a moving mean of g² | [`optim::rmsprop`] | `tests/optim.rs` | 17 |
//! | Adadelta | θ ← θ − η·g·√u/√v | [`optim::adadelta`] | `tests/optim.rs` | 17 |
//! | Adam | θ ← θ − η·m̂/√v̂ | [`optim::adam`] | `tests/optim.rs` | 17 |
//! | AdamW | θ ← (1 − ηλ)·θ − η·m̂/√v̂ | [`optim::adamw`] | `tests/optim.rs` | 17 |
//!
//! The rest of the crate: [`numbers`] (dual, traced, counted, interval and narrow floats), [`check`] (the proofs and the
//! checker of exercises), [`model`] (layers that own their weights, and networks), [`mod@train`], [`data`], [`init`],
//! [`show`] (figures), [`live`] (figures that a reader changes) and [`cards`] (a layer on half a page).

pub mod activations;
pub mod cards;
pub mod check;
pub mod data;
pub mod error;
pub mod files;
pub mod float;
pub mod init;
#[doc(hidden)]
pub mod instances;
mod kernels;
pub mod layers;
pub mod live;
pub mod losses;
mod matrix;
pub mod model;
pub mod numbers;
pub mod optim;
pub mod show;
mod sizes;
pub mod tensor;
mod text;
pub mod train;
pub mod window;

pub use error::{Error, ShapeError};
pub use float::{Float, lit};
#[doc(hidden)]
pub use kernels::cuts;
pub use kernels::matmul;
#[doc(hidden)]
pub use matrix::from_rows;
pub use tensor::Tensor4;
pub use window::Slide;

pub use nalgebra;
pub use plotters;

/// Everything a notebook cell needs.
pub mod prelude {
    pub use crate::activations::*;
    pub use crate::cards::Card;
    pub use crate::check::{self, Proof, SymbolicProof, lift};
    pub use crate::data::{DataError, Dataset, mnist, synthetic};
    pub use crate::init;
    pub use crate::kernels::matmul;
    pub use crate::layers::*;
    pub use crate::live;
    pub use crate::losses::*;
    pub use crate::model::*;
    pub use crate::numbers::{Bf16, Counted, Counts, Dual, Equations, F16, Interval, Session, Traced};
    pub use crate::optim::{AdaGrad, Adadelta, Adam, AdamW, Optimizer, RmsProp, Sgd, schedule};
    pub use crate::show;
    pub use crate::{Error, Float, ShapeError, Slide, Tensor4, dmatrix, dvector, lit};
    pub use nalgebra::{DMatrix, DVector};
}
