//! The proofs: a backward compared with its own forward, in every entry.
//!
//! A [`Proof`] takes the gradients that a backward returned and, for each, the forward as a function of that one
//! argument. It needs nothing else: the forward, run on [dual numbers](crate::numbers::dual), differentiates itself.
//! Each gradient is checked in four ways.
//!
//! 1. **Every entry, by dual numbers.** Give entry i of the argument the part ε and run the forward: the ε-part of the
//!    output is column i of its Jacobian, Jⱼᵢ = ∂yⱼ/∂xᵢ, with no approximation. The gradient's entry must be
//!    Σⱼ δⱼ·Jⱼᵢ, where δ is `next_dz`.
//! 2. **The adjoint identity** ⟨δ, J·u⟩ = ⟨Jᵀδ, u⟩: along a direction u through all entries at once, J·u is one
//!    run of the forward, and Jᵀδ is the gradient. Both sides are one number.
//! 3. **Every entry, by central differences**, (y(xᵢ + h) − y(xᵢ − h))/2h: coarse, but it knows nothing of dual numbers.
//! 4. **`==`**, if requested ([`Proof::exact`]): a polynomial layer rounds nothing on small integers, so the two
//!    gradients must be the same number, bit for bit.
//!
//! Under the [gradient convention](crate#the-gradient-convention), a parameter's sum is divided by N; an input's is
//! not.
//!
//! A reader's own version of a function is judged by [`exercise`]; the [catalogue of mistakes](mistakes) says what goes
//! wrong in it.
//!
//! # What "relative" means
//!
//! An entry is a sum of terms δⱼ·Jⱼᵢ. However it is computed, its rounding error is proportional to the size of its
//! *terms*, and terms may cancel. So the error of an entry is measured against Σⱼ |δⱼ·Jⱼᵢ|, its own terms without
//! their signs: a large entry elsewhere cannot hide a small one, cancellation does not count as an error, and if all
//! terms are 0 the entry must be exactly 0. For dual numbers and the adjoint identity the limit is [`TOLERANCE`];
//! differences are measured against the largest such sum of the gradient, with the limit [`TOLERANCE_OF_DIFFERENCES`].
//!
//! ```
//! use handgrad::check::{Proof, lift};
//! use handgrad::prelude::*;
//!
//! let (z, w, b) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0; 7.0], dvector![1.0]);
//! let next_dz = dmatrix![1.0; -3.0];
//! let g = fc_backward(&next_dz, &w, &z)?;
//! let report = Proof::new("fc_backward", &next_dz)
//!     .parameter("dw", &w, &g.dw, |w| fc_forward(&lift(&z), w, &lift(&b)))?
//!     .parameter("db", &b, &g.db, |b| fc_forward(&lift(&z), &lift(&w), b))?
//!     .input("dz", &z, &g.dz, |z| fc_forward(z, &lift(&w), &lift(&b)))?;
//! assert!(report.passed(), "{report}");
//!
//! // A wrong gradient is not only rejected: the report says how it is wrong.
//! let twice = g.dw / 2.0;
//! let report = Proof::new("fc_backward", &next_dz)
//!     .parameter("dw", &w, &twice, |w| fc_forward(&lift(&z), w, &lift(&b)))?;
//! assert!(report.to_string().contains("divided by N = 2 twice"));
//! # Ok::<(), ShapeError>(())
//! ```

pub mod array;
pub mod certificate;
pub mod diagnosis;
pub mod draw;
pub mod exercise;
mod formulas;
pub mod grids;
mod judge;
pub mod lesson;
pub mod lessons;
pub mod mistakes;
mod optimizers;
mod practice;
pub mod proof;
pub mod signatures;
pub mod symbolic;
pub mod values;

pub use array::{Array, lift};
pub use certificate::{Case, Certificate, TOLERANCE_OF_F32};
pub use diagnosis::Diagnosis;
pub use formulas::symbolic_proofs;
pub(crate) use practice::{judge_backward, judge_forward};
pub use proof::{Check, Failure, Proof, TOLERANCE, TOLERANCE_OF_DIFFERENCES};
pub use symbolic::{Conclusion, SymbolicProof};
