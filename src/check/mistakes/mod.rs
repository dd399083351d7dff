//! The catalogue of mistakes: wrong layers, losses and optimizers, each a function that runs.
//!
//! Every entry has a name, a sentence for whoever made it, and the function itself, with the signature of the right
//! one. They are what people get wrong: the mistakes of courses and libraries, those of the NumPy course that this
//! crate grew from, and those that a derivation invites. [`exercise`](super::exercise) compares a reader's function with
//! them; a reader can run them, too, and see what a mistake does.
//!
//! ```
//! use handgrad::check::mistakes::{self, CONV_BACKWARD};
//! use handgrad::prelude::*;
//! let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
//! let k = Tensor4::from_row_major([1, 1, 2, 2], &[5.0, 6.0, 7.0, 8.0])?;
//! let next_dz = Tensor4::from_row_major([1, 1, 1, 1], &[10.0])?;
//! let mistake = mistakes::find(CONV_BACKWARD, "the kernel is not rotated").unwrap();
//! let wrong = (mistake.wrong)(&next_dz, &k, &z, Slide::default())?;
//! assert_eq!(wrong.dz.map_at(0, 0), dmatrix![80.0, 70.0; 60.0, 50.0]); // and 50, 60, 70, 80 is right
//! # Ok::<(), ShapeError>(())
//! ```

mod activations;
mod conv_backward;
mod conv_forward;
mod fc;
mod losses;
mod optimizers;
mod pooling;

pub use activations::*;
pub use conv_backward::*;
pub use conv_forward::*;
pub use fc::*;
pub use losses::*;
pub use optimizers::*;
pub use pooling::*;

/// A mistake that is known, in a function of the type F.
#[derive(Clone, Copy, Debug)]
pub struct Mistake<F> {
    /// What it is called, unique among the mistakes in its function.
    pub name: &'static str,
    /// What is right, and what stands here instead.
    pub sentence: &'static str,
    /// The function that makes it.
    pub wrong: F,
}

/// The mistake with this name.
pub fn find<F>(mistakes: &'static [Mistake<F>], name: &str) -> Option<&'static Mistake<F>> {
    mistakes.iter().find(|mistake| mistake.name == name)
}
