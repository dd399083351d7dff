//! Numbers that know more than their value.
//!
//! Every function of this crate runs on any [`Float`](crate::Float). Run it on one of these, and the same lines that
//! compute a result also compute something about it: a [`Dual`] carries a derivative, a [`Traced`] writes down its own
//! formula, a [`Counted`] counts the operations, and an [`Interval`] bounds the rounding error. A [`Mini`] goes the
//! other way: it is a number with few digits, like f16 and bf16.

pub mod counted;
pub mod dual;
pub mod interval;
pub mod mini;
pub mod traced;

pub use counted::{Counted, Counts};
pub use dual::Dual;
pub use interval::Interval;
pub use mini::{Bf16, F16, Mini};
pub use traced::{Equations, NoFormula, Polynomial, Session, Traced, gradient};
