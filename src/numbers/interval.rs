//! A number that knows how wrong it may be: its value, and bounds that allow for every rounding.
//!
//! Run any function of this crate on [`Interval`] numbers. The value is computed as usual, with each operation rounded
//! to the nearest number of the format. The bounds are rounded **outward**, so the result of the same formula without
//! any rounding lies between them. Their width bounds the rounding error.
//!
//! ```
//! use handgrad::prelude::*;
//! let [a, b]: [Interval<f32>; 2] = [lit(0.1), lit(0.2)]; // the nearest f32, between the two that have 0.1 between them
//! let sum = a + b;
//! assert!(sum.contains(0.3) && sum.width() < 1e-7);
//!
//! let z = dmatrix![1.0, 2.0; 3.0, 4.0].map(Interval::<f32>::exact);
//! let y = fc_forward(&z, &z, &dvector![lit(5.0), lit(6.0)])?;
//! assert!(y.iter().all(|y| y.width() == 0.0)); // whole numbers: nothing was rounded
//! # Ok::<(), ShapeError>(())
//! ```
//!
//! # Derivation
//!
//! 1. Let x lie in [a, b] and y in [c, d]. Then x + y lies in [a + c, b + d] and x − y in [a − d, b − c]; x·y and,
//!    where [c, d] does not contain 0, x/y are largest and smallest at corners, because they are monotone along each
//!    edge.
//! 2. The format may not hold a + c, only s, the number nearest to it. The remainder r = (a + c) − s is again a number
//!    of the format, and six operations compute it without error (Knuth's *two-sum*). The lower bound is s if r ≥ 0,
//!    and otherwise the number below s: the tightest valid bound. The upper bound mirrors it.
//! 3. Products, quotients and roots have such a remainder too, from one `mul_add`: p = a·b leaves a·b − p, q = a/c
//!    leaves (a − q·c)/c, s = √a leaves (a − s²)/2s to first order. Only the signs are needed. Where the remainder
//!    could underflow, the bound always takes the step.
//! 4. exp, ln, sin and the like come from a library that does not guarantee correct rounding, only an error of a few
//!    units in the last place: their bounds take [`Format::STEPS`] steps outward.
//!
//! # Conventions
//!
//! * **Comparisons look at the value alone**, so a program takes its usual branches. The bounds are then those of the
//!   formula on *that* branch. `max`, `min` and `abs` need no branch: their bounds cover both sides. `is_zero` and
//!   `is_one` ask whether both value and bounds are that number, because code that calls them is about to skip it.
//! * **Division by bounds with 0 inside** gives no information: [−∞, ∞]. If 0 is one of the two bounds, the quotient is
//!   bounded on one side.
//! * **Overflow**: the value is ∞; the lower bound is the largest number of the format, the upper one ∞. NaN may
//!   follow, for example from ∞ − ∞, and no bounds contain it. The bounds stay valid, because they are for the exact
//!   result, which is a number. A NaN that a program *begins* with has the bounds [−∞, ∞].
//! * **Outside a function's domain** (the left half of √[−1, 4]), the bounds are those of the part inside; with nothing
//!   inside, [−∞, ∞].
//! * A converted number ([`lit`](crate::lit), a count) may not be exact in the format: the bounds enclose the number
//!   that was meant. [`Interval::exact`] takes a number of the format as it is.
//! * Each operation forgets where its operands come from: x − x is [a − b, b − a], not 0. Bounds are always valid, and
//!   often wider than necessary.
//!
//! Source: Moore, Kearfott, Cloud, *Introduction to Interval Analysis* (2009), chapters 2–5; Muller et al., *Handbook
//! of Floating-Point Arithmetic* (2018), chapter 4, for the remainders.

mod format;
mod functions;

pub use format::Format;

use crate::Float;
use format::Rounded;
use num_traits::{Num, NumCast, One, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::fmt;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// A value of the format `T`, and two bounds that the exact result lies between.
///
/// ```
/// use handgrad::numbers::Interval;
/// let third = Interval::<f32>::exact(1.0) / Interval::exact(3.0);
/// assert_eq!((third.value(), third.lower()), (1.0 / 3.0, (1.0f32 / 3.0).next_down()));
/// assert_eq!(third.to_string(), "0.33333334 in [0.3333333, 0.33333334]");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Interval<T> {
    value: T,
    lower: T,
    upper: T,
}

impl<T: Format> Interval<T> {
    /// Exactly the number `x`; [−∞, ∞] around a NaN.
    pub fn exact(x: T) -> Self {
        Interval::new(x, x, x)
    }

    /// `value` within these bounds. If the value lies beyond a bound, the bound moves to it; a NaN means no bound.
    pub fn new(value: T, lower: T, upper: T) -> Self {
        let lower = if lower.is_nan() { T::neg_infinity() } else { lower.min(value) };
        let upper = if upper.is_nan() { T::infinity() } else { upper.max(value) };
        Interval { value, lower, upper }
    }

    /// The result in the format.
    pub fn value(self) -> T {
        self.value
    }

    /// The exact result is not smaller.
    pub fn lower(self) -> T {
        self.lower
    }

    /// The exact result is not larger.
    pub fn upper(self) -> T {
        self.upper
    }

    /// upper − lower, rounded up.
    pub fn width(self) -> T {
        Rounded::sum(self.upper, -self.lower).up()
    }

    /// Whether `x` lies between the bounds or on one of them.
    pub fn contains(self, x: T) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// Only the value is known.
    fn unknown(value: T) -> Self {
        Interval::new(value, T::neg_infinity(), T::infinity())
    }

    /// The tightest bounds around all these results.
    fn around<const N: usize>(value: T, corners: [Rounded<T>; N]) -> Self {
        let lower = corners.iter().map(|corner| corner.down()).fold(T::infinity(), T::min);
        let upper = corners.iter().map(|corner| corner.up()).fold(T::neg_infinity(), T::max);
        Interval::new(value, lower, upper)
    }
}

impl<T: Format> Add for Interval<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let lower = Rounded::sum(self.lower, other.lower).down();
        let upper = Rounded::sum(self.upper, other.upper).up();
        Interval::new(self.value + other.value, lower, upper)
    }
}

impl<T: Format> Neg for Interval<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Interval { value: -self.value, lower: -self.upper, upper: -self.lower }
    }
}

impl<T: Format> Sub for Interval<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<T: Format> Mul for Interval<T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let ends = [(self.lower, other.lower), (self.lower, other.upper)];
        let others = [(self.upper, other.lower), (self.upper, other.upper)];
        let product = |(a, b)| Rounded::product(a, b);
        let [[a, b], [c, d]] = [ends, others].map(|pairs| pairs.map(product));
        Interval::around(self.value * other.value, [a, b, c, d])
    }
}

/// If a bound of the divisor is 0, it is taken as the 0 on the side of the other numbers.
impl<T: Format> Div for Interval<T> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let (value, zero) = (self.value / other.value, T::zero());
        if (other.lower < zero && other.upper > zero) || (other.lower == zero && other.upper == zero) {
            return Interval::unknown(value);
        }
        let from = if other.lower == zero { zero } else { other.lower };
        let to = if other.upper == zero { -zero } else { other.upper };
        let corners = [(self.lower, from), (self.lower, to), (self.upper, from), (self.upper, to)];
        Interval::around(value, corners.map(|(a, b)| Rounded::quotient(a, b)))
    }
}

/// x − y·n for the whole number n = trunc(x/y), where the bounds allow only one; otherwise between 0 and ±|y|.
impl<T: Format> Rem for Interval<T> {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        use num_traits::Float;
        let value = self.value % other.value;
        let n = (self / other).trunc();
        if n.lower == n.upper && n.lower.is_finite() {
            let rest = self - other * Interval::exact(n.lower);
            return Interval::new(value, rest.lower, rest.upper);
        }
        let (size, zero) = (other.abs().upper, T::zero());
        let lower = if self.lower >= zero { zero } else { -size };
        let upper = if self.upper <= zero { zero } else { size };
        Interval::new(value, lower, upper)
    }
}

macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),+) => {$(
        impl<T: Format> $trait for Interval<T> {
            fn $method(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )+};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /, RemAssign rem_assign %);

impl<T: Format> Sum for Interval<T> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Interval::zero(), Add::add)
    }
}

impl<T: Format> Product for Interval<T> {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Interval::one(), Mul::mul)
    }
}

// Comparisons: by the value.

impl<T: PartialEq> PartialEq for Interval<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: PartialOrd> PartialOrd for Interval<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

// Constants and conversions.

impl<T: Format> Zero for Interval<T> {
    fn zero() -> Self {
        Interval::exact(T::zero())
    }

    /// Whether it is 0 and nothing else.
    fn is_zero(&self) -> bool {
        [self.value, self.lower, self.upper].iter().all(T::is_zero)
    }
}

impl<T: Format> One for Interval<T> {
    fn one() -> Self {
        Interval::exact(T::one())
    }

    /// Whether it is 1 and nothing else.
    fn is_one(&self) -> bool {
        [self.value, self.lower, self.upper].iter().all(|x| *x == T::one())
    }
}

impl<T: Format> Num for Interval<T> {
    type FromStrRadixErr = T::FromStrRadixErr;

    /// The nearest number, within one step on both sides.
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        T::from_str_radix(text, radix).map(|x| Interval::new(x, x.next_down(), x.next_up()))
    }
}

/// The nearest number: exact if the format holds it, otherwise within one step on both sides.
impl<T: Format> NumCast for Interval<T> {
    fn from<N: ToPrimitive>(n: N) -> Option<Self> {
        let meant = (n.to_f64(), n.to_i128(), n.to_u128());
        let x = <T as NumCast>::from(n)?;
        let same = meant == (x.to_f64(), x.to_i128(), x.to_u128());
        Some(if same { Interval::exact(x) } else { Interval::new(x, x.next_down(), x.next_up()) })
    }
}

macro_rules! to_primitive {
    ($($method:ident $type:ty),+) => {
        /// The value; the bounds are lost.
        impl<T: Float> ToPrimitive for Interval<T> {
            $(fn $method(&self) -> Option<$type> {
                self.value.$method()
            })+
        }
    };
}
to_primitive!(
    to_isize isize, to_i8 i8, to_i16 i16, to_i32 i32, to_i64 i64, to_i128 i128,
    to_usize usize, to_u8 u8, to_u16 u16, to_u32 u32, to_u64 u64, to_u128 u128,
    to_f32 f32, to_f64 f64
);

/// "0.3 in [0.29, 0.31]", each with the requested precision.
impl<T: fmt::Display> fmt::Display for Interval<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |x: &T| f.precision().map_or_else(|| x.to_string(), |digits| format!("{x:.digits$}"));
        write!(f, "{} in [{}, {}]", text(&self.value), text(&self.lower), text(&self.upper))
    }
}
