//! The formats, and directed rounding in them: a rounded result, and the side on which the exact one lies.

use crate::Float;
use crate::numbers::mini::Mini;

/// A binary format in which +, −, ×, ÷ and √ give the number nearest to the exact result, and `mul_add` gives the exact
/// result where the format holds it.
pub trait Format: Float {
    /// A result of exp, ln, sin and the like is at most this many numbers away from the exact one.
    ///
    /// The C library documents at most 4 units in the last place for those of `f32` and `f64`; just below a power of two
    /// the numbers lie twice as close. In a [`Mini`] they are computed in `f64` and rounded once more: the exact result
    /// lies between the neighbours.
    const STEPS: u32;

    /// The next larger number.
    #[must_use]
    fn next_up(self) -> Self;

    /// The next smaller number.
    #[must_use]
    fn next_down(self) -> Self {
        -(-self).next_up()
    }

    /// This many numbers larger.
    #[must_use]
    fn steps_up(self) -> Self {
        (0..Self::STEPS).fold(self, |x, _| x.next_up())
    }

    /// This many numbers smaller.
    #[must_use]
    fn steps_down(self) -> Self {
        -(-self).steps_up()
    }
}

impl Format for f64 {
    const STEPS: u32 = 8;
    fn next_up(self) -> Self {
        f64::next_up(self)
    }
}

impl Format for f32 {
    const STEPS: u32 = 8;
    fn next_up(self) -> Self {
        f32::next_up(self)
    }
}

impl<const E: u32, const M: u32> Format for Mini<E, M> {
    const STEPS: u32 = 1;
    fn next_up(self) -> Self {
        Mini::next_up(self)
    }
}

/// The number nearest to an exact result, and the sign of the remainder, or NaN where it is unknown.
#[derive(Clone, Copy)]
pub(super) struct Rounded<T> {
    nearest: T,
    rest: T,
}

impl<T: Format> Rounded<T> {
    /// The largest number known not to be above the exact result.
    pub fn down(self) -> T {
        if self.rest >= T::zero() { self.nearest } else { self.nearest.next_down() }
    }

    /// The smallest number known not to be below the exact result.
    pub fn up(self) -> T {
        if self.rest <= T::zero() { self.nearest } else { self.nearest.next_up() }
    }

    /// a + b. The remainder is exact even where it is tiny: a sum never underflows.
    pub fn sum(a: T, b: T) -> Self {
        let nearest = a + b;
        let b_there = nearest - a;
        let rest = (a - (nearest - b_there)) + (b - b_there);
        Rounded { nearest, rest: if rest.is_finite() { rest } else { T::nan() } }
    }

    /// a·b, where 0·∞ is 0: a bound of ∞ means arbitrarily large numbers, not infinity itself.
    pub fn product(a: T, b: T) -> Self {
        if a == T::zero() || b == T::zero() {
            return Rounded { nearest: T::zero(), rest: T::zero() };
        }
        let nearest = a * b;
        let rest = if nearest == T::zero() { nearest.signum() } else { known(nearest, || a.mul_add(b, -nearest)) };
        Rounded { nearest, rest }
    }

    /// a/b, where 0/0 and ∞/∞, the corners between larger and smaller quotients, are 0.
    pub fn quotient(a: T, b: T) -> Self {
        let nearest = a / b;
        if nearest.is_nan() || a == T::zero() {
            return Rounded { nearest: T::zero(), rest: T::zero() };
        }
        if nearest == T::zero() {
            return Rounded { nearest, rest: nearest.signum() };
        }
        let normal = nearest.abs() >= T::min_positive_value();
        let rest = if normal { known(a, || (-nearest).mul_add(b, a)) } else { T::nan() };
        Rounded { nearest, rest: if b > T::zero() { rest } else { -rest } }
    }

    /// √a for a ≥ 0.
    pub fn root(a: T) -> Self {
        let nearest = a.sqrt();
        let rest = if a == T::zero() { a } else { known(a, || (-nearest).mul_add(nearest, a)) };
        Rounded { nearest, rest }
    }
}

/// The remainder of an operation with the product or dividend `size`, if its last bit cannot underflow.
fn known<T: Format>(size: T, rest: impl FnOnce() -> T) -> T {
    let least = T::min_positive_value() / T::epsilon() * (T::one() + T::one());
    if size.abs() >= least && size.is_finite() { rest() } else { T::nan() }
}
