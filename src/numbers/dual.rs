//! Dual numbers: a value and its derivative, computed together and without approximation.
//!
//! ```math
//! a + b·ε,   ε² = 0        f(a + b·ε) = f(a) + f'(a)·b·ε
//! ```
//!
//! # Derivation
//!
//! 1. Calculate with a + b·ε as with any sum, and drop ε² wherever it appears. A product becomes
//!    (a + b·ε)·(c + d·ε) = a·c + (a·d + b·c)·ε: its second part is the product rule.
//! 2. The Taylor series of f at a, in the step b·ε, ends after its second term, because the next one contains ε²:
//!    f(a + b·ε) = f(a) + f'(a)·b·ε. If b is the rate at which the argument changes, the second part is the rate at
//!    which f changes: the chain rule.
//! 3. So give the variable the part ε and run the program: the second part of the result is the
//!    **derivative of the program**, exact except for the rounding of each operation. There is no step size to choose,
//!    and no subtraction of nearly equal values, as in a difference quotient.
//!
//! # Conventions
//!
//! * **Comparisons look at the value alone**: `==`, `<` and `max` treat a + b·ε like a. So a program takes the same
//!   branches on dual numbers as on plain ones, and the derivative is that of the program that runs. To compare both
//!   parts, compare `(x.re, x.eps)`.
//! * `is_zero` and `is_one` check **both parts**: code that calls them is about to skip a term or a factor, and 0 + ε
//!   must not be skipped.
//! * What does not depend on the variable (ε-part 0) has derivative 0, even where f' is infinite or undefined: √0 of a
//!   constant is the constant 0.
//! * Kinks and jumps: |x| and hypot have derivative 0 at 0; floor, ceil, round, trunc and signum have derivative 0
//!   everywhere; of two equal numbers, `max` and `min` return the first; `abs_sub` has derivative 0 where its arguments
//!   are equal; x % y is differentiated between its jumps.
//!
//! A dual number of dual numbers, `Dual<Dual<f64>>`, carries second derivatives.
//!
//! Source: Clifford (1871) for the numbers; Griewank, Walther, *Evaluating Derivatives* (2008), chapters 2 and 3.

mod functions;

use num_traits::{Float, Num, NumCast, One, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::fmt;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// The number `re` + `eps`·ε: a value, and its derivative with respect to whatever was seeded with ε.
///
/// ```
/// use handgrad::numbers::Dual;
/// use num_traits::Float;
/// let x = Dual::variable(2.0);
/// let y = x * x * x; // x³, and its derivative 3·x²
/// assert_eq!((y.re, y.eps), (8.0, 12.0));
/// assert_eq!(x.ln().eps, 1.0 / 2.0);
/// assert_eq!(y.to_string(), "8 + 12ε");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Dual<T> {
    /// The value.
    pub re: T,
    /// The derivative.
    pub eps: T,
}

impl<T: Float> Dual<T> {
    /// `re` + `eps`·ε.
    pub fn new(re: T, eps: T) -> Self {
        Dual { re, eps }
    }

    /// `x` + 1·ε: the variable to differentiate with respect to.
    pub fn variable(x: T) -> Self {
        Dual::new(x, T::one())
    }

    /// `x` + 0·ε: a number that does not depend on the variable.
    pub fn constant(x: T) -> Self {
        Dual::new(x, T::zero())
    }

    /// The chain rule: f(re) + f'(re)·eps·ε, for f0 = f(re) and f1 = f'(re).
    fn chain(self, f0: T, f1: T) -> Self {
        Dual::new(f0, along(f1, self.eps))
    }
}

/// factor·eps; a constant (eps = 0) stays one even if the factor is infinite or NaN.
fn along<T: Float>(factor: T, eps: T) -> T {
    if eps.is_zero() { T::zero() } else { factor * eps }
}

// The sum rule.

impl<T: Float> Add for Dual<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Dual::new(self.re + other.re, self.eps + other.eps)
    }
}

impl<T: Float> Sub for Dual<T> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Dual::new(self.re - other.re, self.eps - other.eps)
    }
}

impl<T: Float> Neg for Dual<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Dual::new(-self.re, -self.eps)
    }
}

// The product rule.

impl<T: Float> Mul for Dual<T> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Dual::new(self.re * other.re, along(self.re, other.eps) + along(other.re, self.eps))
    }
}

// The quotient rule, in terms of the quotient: q = x/y gives dq = (dx − q·dy)/y.

impl<T: Float> Div for Dual<T> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let q = self.re / other.re;
        let numerator = self.eps - along(q, other.eps);
        Dual::new(q, if numerator.is_zero() { T::zero() } else { numerator / other.re })
    }
}

// Between its jumps, the remainder is x − y·n for the integer n = trunc(x/y).

impl<T: Float> Rem for Dual<T> {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        Dual::new(self.re % other.re, self.eps - along((self.re / other.re).trunc(), other.eps))
    }
}

macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),+) => {$(
        impl<T: Float> $trait for Dual<T> {
            fn $method(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )+};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /, RemAssign rem_assign %);

impl<T: Float> Sum for Dual<T> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Dual::zero(), |sum, x| sum + x)
    }
}

impl<T: Float> Product for Dual<T> {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Dual::one(), |product, x| product * x)
    }
}

// Comparisons: by the value.

impl<T: PartialEq> PartialEq for Dual<T> {
    fn eq(&self, other: &Self) -> bool {
        self.re == other.re
    }
}

impl<T: PartialOrd> PartialOrd for Dual<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.re.partial_cmp(&other.re)
    }
}

// Constants and conversions.

impl<T: Float> Zero for Dual<T> {
    fn zero() -> Self {
        Dual::constant(T::zero())
    }

    /// Whether both parts are 0, so that adding it changes nothing.
    fn is_zero(&self) -> bool {
        self.re.is_zero() && self.eps.is_zero()
    }
}

impl<T: Float> One for Dual<T> {
    fn one() -> Self {
        Dual::constant(T::one())
    }

    /// Whether it is 1 + 0·ε, so that multiplying by it changes nothing.
    fn is_one(&self) -> bool {
        self.re.is_one() && self.eps.is_zero()
    }
}

impl<T: Float> Num for Dual<T> {
    type FromStrRadixErr = T::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        T::from_str_radix(text, radix).map(Dual::constant)
    }
}

impl<T: Float> NumCast for Dual<T> {
    fn from<N: ToPrimitive>(n: N) -> Option<Self> {
        <T as NumCast>::from(n).map(Dual::constant)
    }
}

macro_rules! to_primitive {
    ($($method:ident $type:ty),+) => {
        /// The value; the derivative is lost.
        impl<T: Float> ToPrimitive for Dual<T> {
            $(fn $method(&self) -> Option<$type> {
                self.re.$method()
            })+
        }
    };
}
to_primitive!(
    to_isize isize, to_i8 i8, to_i16 i16, to_i32 i32, to_i64 i64, to_i128 i128,
    to_usize usize, to_u8 u8, to_u16 u16, to_u32 u32, to_u64 u64, to_u128 u128,
    to_f32 f32, to_f64 f64
);

/// "8 + 12ε", each part with the requested precision, the whole right-aligned in the requested width.
impl<T: Float + fmt::Display> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |x: T| {
            let text = f.precision().map_or_else(|| x.to_string(), |digits| format!("{x:.digits$}"));
            if text.contains(' ') { format!("({text})") } else { text }
        };
        let (sign, eps) = if self.eps.is_sign_negative() { ("-", -self.eps) } else { ("+", self.eps) };
        let text = format!("{} {sign} {}ε", part(self.re), part(eps));
        write!(f, "{text:>width$}", width = f.width().unwrap_or(0))
    }
}
