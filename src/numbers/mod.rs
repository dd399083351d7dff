//! Numbers that know more than their value.
//!
//! Every function of this crate runs on any [`Float`](crate::Float). Run it on one of these, and the same lines
//! that compute a result tell something else about it: a [`Dual`] carries a derivative along,
//! a [`Traced`] writes down its own formula, and a [`Counted`] says what the result cost.

pub mod counted;
pub mod dual;
pub mod traced;

pub use counted::{Counted, Counts};
pub use dual::Dual;
pub use traced::{Equations, NoFormula, Polynomial, Session, Traced, gradient};
