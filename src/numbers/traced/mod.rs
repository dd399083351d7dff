//! A number that writes down its own formula.
//!
//! Every layer of this crate is generic over [`Float`](crate::Float). Run on [`Traced`] numbers, the same function that
//! trains a network records what it computed, as an expression in named symbols: the forward prints its equation, the
//! backward prints its gradients, and the two can be compared as formulas.
//!
//! ```
//! use handgrad::numbers::Session;
//! use handgrad::prelude::*;
//! let session = Session::new();
//! let z = session.matrix("z", &dmatrix![1.0, 2.0]);
//! let w = session.matrix("w", &dmatrix![3.0; 4.0]);
//! let b = session.vector("b", &dvector![5.0]);
//! let y = fc_forward(&z, &w, &b)?[(0, 0)];
//! assert_eq!(y.value(), 16.0);
//! assert_eq!(y.to_string(), "z₀·w₀ + z₁·w₁ + b");
//! assert_eq!(y.latex(), r"z_{0} w_{0} + z_{1} w_{1} + b");
//! # Ok::<(), ShapeError>(())
//! ```
//!
//! # What is written down
//!
//! * A [`Traced`] is a value and the place of its formula in the book of a [`Session`]. The book lives in the thread
//!   that opened it and is freed when the session is dropped. Equal formulas are written once.
//! * A **symbol is a finite real number**, and the recorded formula is one over the reals. So these identities of the
//!   reals are folded and leave no trace: 0 + x = x, x − 0 = x, 0 − x = −x, 0·x = 0, 1·x = x, x/1 = x, 0/x = 0,
//!   −(−x) = x, exp 0 = 1, ln 1 = 0. They remove the zeros that a convolution's padding adds.
//! * Arithmetic of constants is folded **only where it is exact** in `f64`. 1/4 becomes 0.25, but 1/3 stays a quotient,
//!   so no rounding enters a formula.
//! * **Comparisons follow the value, and the branch taken is recorded**: [`Session::branches`] lists the conditions
//!   under which the formula holds. `abs`, `max`, `floor` and the like are such branches too. A comparison of two
//!   constants, or with ±∞ or NaN, says nothing about the symbols and is not recorded.
//! * If no book is available (the session has ended, belongs to another thread or notebook cell, or one operation mixes
//!   two sessions), the value is still right, and the formula reads "not recorded".

mod arena;
mod derivative;
mod equations;
mod evaluate;
mod field;
mod float;
mod function;
mod monomial;
mod operations;
mod polynomial;
mod print;
mod session;
mod value;

pub use derivative::gradient;
pub use equations::Equations;
pub use function::Function;
pub use polynomial::{NoFormula, Polynomial};
pub use session::Session;

pub(crate) use arena::common_session;
pub(crate) use evaluate::{Agreement, agreement};
pub(crate) use session::Index;

use arena::with_arena;

use std::fmt;

/// A value together with the formula it came from.
#[derive(Clone, Copy)]
pub struct Traced {
    value: f64,
    origin: Origin,
}

/// Where the formula of a [`Traced`] is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The formula is the value itself.
    Constant,
    /// At this place of this session's book.
    Recorded { session: u64, node: u32 },
    /// Nowhere.
    Lost,
}

impl Traced {
    /// The number `value`, without any symbol.
    #[must_use]
    pub fn constant(value: f64) -> Self {
        Traced { value, origin: Origin::Constant }
    }

    fn recorded(value: f64, session: u64, node: u32) -> Self {
        Traced { value, origin: Origin::Recorded { session, node } }
    }

    fn lost(value: f64) -> Self {
        Traced { value, origin: Origin::Lost }
    }

    /// The value of the formula at the symbols' values.
    #[must_use]
    pub fn value(self) -> f64 {
        self.value
    }

    fn origin(self) -> Origin {
        self.origin
    }

    /// The numbers of the symbols that it was computed from, whether or not they cancel.
    pub(crate) fn symbols(self) -> Vec<u32> {
        let Origin::Recorded { session, node } = self.origin else { return Vec::new() };
        with_arena(session, |arena| arena.symbols_of(node)).unwrap_or_default()
    }

    /// The number of the symbol that it is, if it is one.
    pub(crate) fn symbol(self) -> Option<u32> {
        let Origin::Recorded { session, node } = self.origin else { return None };
        with_arena(session, |arena| arena.symbol(node)).flatten()
    }

    /// The value, if the formula contains no symbol.
    fn as_constant(self) -> Option<f64> {
        (self.origin == Origin::Constant).then_some(self.value)
    }

    /// The same formula with a value computed more accurately than from its parts.
    fn with_value(self, value: f64) -> Self {
        if self.origin == Origin::Constant { self } else { Traced { value, ..self } }
    }
}

/// The formula and the value: `z₀·w₀ + b = 16`.
impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Constant => write!(f, "{}", self.value),
            _ => write!(f, "{self} = {}", self.value),
        }
    }
}
