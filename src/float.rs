//! What a number must do to flow through a layer.

use nalgebra::{ClosedAddAssign, ClosedDivAssign, ClosedMulAssign, ClosedSubAssign, Scalar};

/// A scalar that every layer, loss and optimizer accepts.
///
/// It is [`num_traits::Float`] and what a nalgebra matrix of it needs, and nothing else: whatever has these
/// is a `Float` already. `f32`, `f64`, `half::bf16` and `twofloat::TwoFloat` are; so is
/// [`Dual`](crate::numbers::Dual), and that is how every gradient of this crate is proved: the same
/// function runs once on `f64` and once on dual numbers.
///
/// `f32` and `f64` reach the fast matrix product; every other scalar runs the same code sequentially and in
/// source order, so that a number which keeps a record of what happens to it can keep it.
pub trait Float:
    num_traits::Float + Scalar + ClosedAddAssign + ClosedSubAssign + ClosedMulAssign + ClosedDivAssign + Send + Sync
{
}

impl<T> Float for T where
    T: num_traits::Float + Scalar + ClosedAddAssign + ClosedSubAssign + ClosedMulAssign + ClosedDivAssign + Send + Sync
{
}

/// The constant `x` as a `T`, rounded to what `T` can hold.
///
/// A scalar that has no value for `x` at all answers NaN, which no result survives unseen.
///
/// ```
/// # use handgrad::lit;
/// let half: f32 = lit(0.5);
/// assert_eq!(half, 0.5);
/// ```
pub fn lit<T: Float>(x: f64) -> T {
    T::from(x).unwrap_or_else(T::nan)
}

/// A count as a `T`: the N that a batch mean divides by.
pub(crate) fn count<T: Float>(n: usize) -> T {
    T::from(n).unwrap_or_else(T::nan)
}
