//! Numbers that know more than their value.
//!
//! Every function of this crate runs on any [`Float`](crate::Float). Run it on one of these, and the same lines
//! that compute a result tell something else about it: a [`Dual`] carries a derivative along, and
//! a [`Traced`] writes down its own formula.

pub mod dual;
pub mod traced;

pub use dual::Dual;
pub use traced::{Equations, NoFormula, Polynomial, Session, Traced, gradient};
