//! What a number type must support to pass through a layer.

use nalgebra::{ClosedAddAssign, ClosedDivAssign, ClosedMulAssign, ClosedSubAssign, Scalar};

/// A scalar that every layer, loss and optimizer accepts.
///
/// It is [`num_traits::Float`] plus what a nalgebra matrix needs, and nothing else: every type with these traits is a
/// `Float`. `f32`, `f64`, `half::bf16` and `twofloat::TwoFloat` are. So is [`Dual`](crate::numbers::Dual), and that is
/// how every gradient of this crate is proved: the same function runs once on `f64` and once on dual numbers.
///
/// `f32` and `f64` use the fast matrix product. Every other scalar runs the same code sequentially, in an order that
/// depends on shapes alone, so a number type can record what happens to it.
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
/// If `T` cannot represent `x` at all, the result is NaN, which then shows up in whatever is computed from it.
///
/// ```
/// # use handgrad::lit;
/// let half: f32 = lit(0.5);
/// assert_eq!(half, 0.5);
/// ```
pub fn lit<T: Float>(x: f64) -> T {
    T::from(x).unwrap_or_else(T::nan)
}

/// The number of terms that a mean divides by.
///
/// The count may be too large for `T`: 70,000 is ∞ in `f16`. Then n is split as (n/2ᵏ)·2ᵏ. Each term is divided by 2ᵏ
/// before the sum, which rounds only numbers near 0, and the sum is divided by n/2ᵏ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count<T> {
    of_terms: Option<T>,
    of_sum: T,
}

impl<T: Float> Count<T> {
    pub fn of(n: usize) -> Self {
        Count::of_product(n, 1)
    }

    /// a·b, which may overflow a `usize`.
    pub fn of_product(a: usize, b: usize) -> Self {
        let is_infinite = |n: T| n.to_f64().is_some_and(f64::is_infinite);
        let (mut power, mut rest) = (1.0, a as f64 * b as f64);
        while is_infinite(lit(rest)) {
            (power, rest) = (2.0 * power, rest / 2.0);
        }
        Count { of_terms: (power > 1.0).then(|| lit(power)), of_sum: lit(rest) }
    }

    /// A term of the sum …
    #[inline(always)]
    pub fn term(self, x: T) -> T {
        match self.of_terms {
            None => x,
            Some(power) => x / power,
        }
    }

    /// … and the mean, from the sum of all terms.
    #[inline(always)]
    pub fn mean(self, sum: T) -> T {
        sum / self.of_sum
    }

    /// x / n.
    #[inline(always)]
    pub fn divide(self, x: T) -> T {
        self.mean(self.term(x))
    }
}
