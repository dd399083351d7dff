//! The catalogue of mistakes: wrong layers, losses and optimizers, each a function that runs.
//!
//! Every entry has a name, a sentence for the person who made it, and the function itself, with the signature of the
//! right one. These are what people get wrong: mistakes of courses and libraries, those of the NumPy course that this
//! crate grew from, and those that a derivation invites. [`exercise`](super::exercise) compares a reader's function with
//! them; a reader can also run them to see what a mistake does.
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

pub use super::judge::{Mistake, find};
pub use super::lessons::mistakes::*;
pub use super::optimizers::mistakes::*;
