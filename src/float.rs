//! What a number must do to flow through a layer.

use nalgebra::{ClosedAddAssign, ClosedDivAssign, ClosedMulAssign, ClosedSubAssign, Scalar};

/// A scalar that every layer, loss and optimizer accepts.
///
/// It is [`num_traits::Float`] and what a nalgebra matrix of it needs, and nothing else: whatever has these
/// is a `Float` already. `f32`, `f64`, `half::bf16` and `twofloat::TwoFloat` are; so is
/// [`Dual`](crate::numbers::Dual), and that is how every gradient of this crate is proved: the same
/// function runs once on `f64` and once on dual numbers.
///
/// `f32` and `f64` reach the fast matrix product; every other scalar runs the same code sequentially, in an order that
/// depends on shapes alone, so that a number which keeps a record of what happens to it can keep it.
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

/// How many terms a mean divides by.
///
/// A `T` may not reach that far: 70,000 is ∞ in `f16`. Then it is n = (n/2ᵏ)·2ᵏ, and each term is divided by 2ᵏ before
/// the sum, which rounds nothing but numbers near 0, and the sum by n/2ᵏ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count<T> {
    of_terms: Option<T>,
    of_sum: T,
}

impl<T: Float> Count<T> {
    pub fn of(n: usize) -> Self {
        Count::of_product(n, 1)
    }

    /// a·b, which a `usize` need not hold.
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
