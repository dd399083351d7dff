//! Numbers that know more than their value.
//!
//! Every function of this crate runs on any [`Float`](crate::Float). Run it on one of these, and the same lines
//! that compute a result tell something else about it: a [`Dual`] carries a derivative along,
//! a [`Traced`] writes down its own formula, a [`Counted`] says what the result cost, and an [`Interval`] how much of it
//! rounding may have spoilt. A [`Mini`] knows less than its value: it is a number of few digits, as f16 and bf16 are.

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
