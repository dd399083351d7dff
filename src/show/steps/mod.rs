//! Layers, step by step: which numbers are multiplied, and what they add up to.
//!
//! Each call runs the layer's own function on [traced numbers](crate::numbers::traced) and draws the formulas that the
//! run recorded: a cell is lit if its symbol occurs in the formula of the number that is computed. So the pictures
//! cannot disagree with the code.
//!
//! ```
//! use handgrad::prelude::*;
//! let z = Tensor4::from_fn([1, 1, 5, 5], |_, _, i, j| (i * j) as f64);
//! let k = Tensor4::from_fn([1, 1, 3, 3], |_, _, u, v| u as f64 - v as f64);
//! let steps = show::steps::conv_forward(&z, &k, &dvector![1.0], Slide::by(2, 2).padding(1, 1))?;
//! assert_eq!(steps.len(), 9);
//! assert_eq!(steps.captions()[8], ["y₂₂ = z₃₃·w₀₀ + z₃₄·w₀₁ + z₄₃·w₁₀ + z₄₄·w₁₁ + b",
//!     "y₂₂ = 9·0 + 12·(−1) + 12·1 + 16·0 + 1 = 1"]);
//! # Ok::<(), ShapeError>(())
//! ```

mod cells;
mod conv;
mod correlation;
mod fc;
mod film;
pub(crate) mod formula;
mod page;
mod pooling;
mod scene;
mod walk;
mod words;

pub use conv::{ConvSteps, conv_backward, conv_forward};
pub use fc::{FcSteps, fc_backward, fc_forward};
pub use pooling::*;
pub use walk::Steps;
