//! Numbers that know more than their value.
//!
//! Every function of this crate runs on any [`Float`](crate::Float). Run it on one of these, and the same lines
//! that compute a result tell something else about it: a [`Dual`] carries a derivative along.

pub mod dual;

pub use dual::Dual;
