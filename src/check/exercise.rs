//! The checker of a reader's own functions.
//!
//! Each function here takes a reader's version of the crate's function of the same name and runs it on a grid of cases
//! that the reader does not see, from the plainest to all complications at once. The [`Verdict`] reports the result in
//! plain words: passed, with the number of entries; or the first wrong entry of the simplest wrong case, the conditions
//! under which the function is wrong and right, and the likeliest mistake. A panic or a returned error is reported too.
//!
//! ```
//! use handgrad::check::exercise;
//! use handgrad::prelude::*;
//!
//! fn my_fc_backward(
//!     next_dz: &DMatrix<f64>,
//!     w: &DMatrix<f64>,
//!     z: &DMatrix<f64>,
//! ) -> Result<FcGradients<f64>, ShapeError> {
//!     let dw = z.transpose() * next_dz;
//!     let db = next_dz.row_sum().transpose();
//!     Ok(FcGradients { dw, db, dz: next_dz * w.transpose() })
//! }
//!
//! let verdict = exercise::fc_backward(my_fc_backward);
//! assert!(!verdict.passed());
//! assert_eq!(verdict.suspicions()[0].name, "dw and db are not divided by N");
//! ```
//!
//! To test one gradient alone, take the others from the crate:
//!
//! ```
//! use handgrad::check::exercise;
//! use handgrad::prelude::*;
//! fn my_db(next_dz: &DMatrix<f64>) -> DVector<f64> {
//!     next_dz.row_mean().transpose()
//! }
//! let verdict = exercise::fc_backward(|next_dz, w, z| {
//!     Ok(FcGradients { db: my_db(next_dz), ..fc_backward(next_dz, w, z)? })
//! });
//! assert!(verdict.passed(), "{verdict}");
//! ```
//!
//! [`of`] judges a function that the crate does not have.
//!
//! # How a mistake is found
//!
//! Every mistake of the [catalogue](super::mistakes) for this function is run on the same cases. If one gives the
//! reader's numbers in all of them, the verdict names it: these *are* its numbers. If none does, the track decides: in
//! which cases each array is wrong, and in which [pattern](super::diagnosis).

pub use super::judge::{Answers, Evidence, Judged, Suspicion, Task, Verdict, of};
pub use super::lessons::judges::*;
pub use super::optimizers::{adadelta, adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd};

use super::lesson::{Lesson, Visitor};
use super::{lessons, optimizers, practice};

/// Every mistake of the catalogue, judged as if a reader had made it.
///
/// ```
/// use handgrad::check::exercise;
/// let catalogue = exercise::catalogue();
/// assert!(catalogue.len() >= 40);
/// assert!(catalogue.iter().all(|mistake| !mistake.verdict.passed()));
/// ```
#[must_use]
pub fn catalogue() -> Vec<Judged> {
    struct Catalogue(Vec<Judged>);
    impl Visitor for Catalogue {
        fn visit<L: Lesson>(&mut self) {
            self.0.extend(practice::judged::<L>());
        }
    }
    let mut catalogue = Catalogue(vec![]);
    lessons::visit(&mut catalogue);
    catalogue.0.extend(optimizers::judged());
    catalogue.0
}
