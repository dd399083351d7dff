//! Numbers with few digits: f16, bf16, and any other binary format with IEEE 754 rounding.
//!
//! ```math
//! x = ± d₀.d₁d₂…d_M · 2ᵉ,   e_min ≤ e ≤ e_max,   e_max = 2ᴱ⁻¹ − 1,   e_min = 1 − e_max
//! ```
//!
//! | format | E | M | largest | smallest normal | ε = 2⁻ᴹ |
//! |---|---|---|---|---|---|
//! | [`F16`] | 5 | 10 | 65504 | 6.1·10⁻⁵ | 9.8·10⁻⁴ |
//! | [`Bf16`] | 8 | 7 | 3.4·10³⁸ | 1.2·10⁻³⁸ | 7.8·10⁻³ |
//! | `f32` | 8 | 23 | 3.4·10³⁸ | 1.2·10⁻³⁸ | 1.2·10⁻⁷ |
//!
//! An operation is computed in `f64` and rounded to the format: to the nearest number, with ties to even. Beyond the
//! largest number lies ∞, and below the smallest normal number the spacing stays the same.
//!
//! ```
//! use handgrad::numbers::F16;
//! use handgrad::lit;
//! let (large, one): (F16, F16) = (lit(2048.0), lit(1.0));
//! assert_eq!(large + one, large); // of 2048 and 2050 the even one, counted in steps
//! assert_eq!((large + one + one, large + (one + one)), (lit(2048.0), lit(2050.0)));
//! assert_eq!(lit::<F16>(65520.0), num_traits::Float::infinity());
//! ```
//!
//! # Derivation
//!
//! 1. Around x, with 2ᵉ ≤ |x| < 2ᵉ⁺¹, the numbers of the format lie q = 2ᵉ⁻ᴹ apart, where e is at least e_min. Dividing
//!    by a power of two rounds nothing, so q·round(x/q) is the number nearest to x.
//! 2. Rounding twice, to f64 and then to the format, could differ from rounding once. It does not for +, −, ×, ÷ and √ if
//!    the first has at least 2p + 2 digits, where the second has p = M + 1 (Figueroa): M ≤ 24 is safe, and compiles.
//! 3. It does for a·b + c, because the sum of numbers of very different sizes can be arbitrarily many digits long: the
//!    first rounding can land exactly midway between two numbers of the format, and lose which side of it the sum is
//!    on. So the code computes what the f64 lost (Knuth), and if that is not 0, makes the last digit odd, towards the
//!    true sum: such a number is never midway.
//!
//! Source: IEEE 754 (2019); Figueroa, *When is double rounding innocuous?* (1995).

use num_traits::{Float, Num, NumCast, One, ToPrimitive, Zero};
use std::fmt;
use std::iter::{Product, Sum};
use std::num::FpCategory;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

/// A number with E bits of exponent and M digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Mini<const E: u32, const M: u32>(f64);

/// IEEE's half precision: 11 digits, up to 65504.
pub type F16 = Mini<5, 10>;

/// The first half of an `f32`: 8 digits, and the full range of `f32`.
pub type Bf16 = Mini<8, 7>;

impl<const E: u32, const M: u32> Mini<E, M> {
    const LARGEST_EXPONENT: i32 = {
        assert!(E >= 2 && E <= 10 && M >= 1 && M <= 24, "f64 has to hold the format and its products");
        (1 << (E - 1)) - 1
    };
    const LARGEST: f64 = (2.0 - power(-(M as i32))) * power(Self::LARGEST_EXPONENT);
    const SMALLEST_NORMAL: f64 = power(1 - Self::LARGEST_EXPONENT);

    /// The number of the format nearest to `x`.
    #[must_use]
    pub fn nearest(x: f64) -> Self {
        if !x.is_finite() {
            return Mini(x);
        }
        let q = Self::spacing(x);
        let rounded = (x / q).round_ties_even() * q; // (1)
        Mini(if rounded.abs() > Self::LARGEST { f64::INFINITY.copysign(x) } else { rounded })
    }

    /// The spacing of the format's numbers around `x`.
    fn spacing(x: f64) -> f64 {
        let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
        power(exponent.max(1 - Self::LARGEST_EXPONENT) - M as i32)
    }

    /// The next larger number of the format.
    pub(super) fn next_up(self) -> Self {
        match self.0 {
            x if x.is_nan() || x == f64::INFINITY => self,
            f64::NEG_INFINITY => Mini(-Self::LARGEST),
            x if x >= 0.0 => Mini::nearest(x + Self::spacing(x)),
            x => Mini(x + Self::spacing(x.next_up())), // just above −2ᵉ they lie closer together
        }
    }
}

/// 2ᵉ, for −1022 ≤ e ≤ 1023.
const fn power(e: i32) -> f64 {
    f64::from_bits(((1023 + e) as u64) << 52)
}

macro_rules! operators {
    ($($trait:ident $method:ident $assign_trait:ident $assign:ident $op:tt),+) => {$(
        impl<const E: u32, const M: u32> $trait for Mini<E, M> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Mini::nearest(self.0 $op other.0) // (2)
            }
        }
        impl<const E: u32, const M: u32> $assign_trait for Mini<E, M> {
            fn $assign(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )+};
}
operators!(
    Add add AddAssign add_assign +,
    Sub sub SubAssign sub_assign -,
    Mul mul MulAssign mul_assign *,
    Div div DivAssign div_assign /,
    Rem rem RemAssign rem_assign %
);

impl<const E: u32, const M: u32> Neg for Mini<E, M> {
    type Output = Self;
    fn neg(self) -> Self {
        Mini(-self.0)
    }
}

impl<const E: u32, const M: u32> Sum for Mini<E, M> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Mini::zero(), Add::add)
    }
}

impl<const E: u32, const M: u32> Product for Mini<E, M> {
    fn product<I: Iterator<Item = Self>>(factors: I) -> Self {
        factors.fold(Mini::one(), Mul::mul)
    }
}

impl<const E: u32, const M: u32> Zero for Mini<E, M> {
    fn zero() -> Self {
        Mini(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}

impl<const E: u32, const M: u32> One for Mini<E, M> {
    fn one() -> Self {
        Mini(1.0)
    }
}

impl<const E: u32, const M: u32> Num for Mini<E, M> {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Mini::nearest)
    }
}

impl<const E: u32, const M: u32> ToPrimitive for Mini<E, M> {
    fn to_i64(&self) -> Option<i64> {
        self.0.to_i64()
    }
    fn to_u64(&self) -> Option<u64> {
        self.0.to_u64()
    }
    fn to_i128(&self) -> Option<i128> {
        self.0.to_i128()
    }
    fn to_u128(&self) -> Option<u128> {
        self.0.to_u128()
    }
    fn to_f64(&self) -> Option<f64> {
        Some(self.0)
    }
}

impl<const E: u32, const M: u32> NumCast for Mini<E, M> {
    fn from<N: ToPrimitive>(n: N) -> Option<Self> {
        n.to_f64().map(Mini::nearest)
    }
}

macro_rules! constants {
    ($($name:ident = $value:expr),+) => {$(
        fn $name() -> Self {
            Mini($value)
        }
    )+};
}

macro_rules! questions {
    ($($name:ident -> $answer:ty),+) => {$(
        fn $name(self) -> $answer {
            self.0.$name()
        }
    )+};
}

macro_rules! functions {
    ($($name:ident($($argument:ident),*)),+) => {$(
        fn $name(self, $($argument: Self),*) -> Self {
            Mini::nearest(Float::$name(self.0, $($argument.0),*))
        }
    )+};
}

impl<const E: u32, const M: u32> Float for Mini<E, M> {
    constants!(
        nan = f64::NAN,
        infinity = f64::INFINITY,
        neg_infinity = f64::NEG_INFINITY,
        neg_zero = -0.0,
        min_value = -Self::LARGEST,
        max_value = Self::LARGEST,
        min_positive_value = Self::SMALLEST_NORMAL,
        epsilon = power(-(M as i32))
    );
    questions!(is_nan -> bool, is_infinite -> bool, is_finite -> bool, is_sign_positive -> bool, is_sign_negative -> bool);
    functions!(floor(), ceil(), round(), trunc(), fract(), abs(), signum(), copysign(sign), max(other), min(other));
    functions!(abs_sub(other), recip(), sqrt(), cbrt(), hypot(other), powf(n), exp(), exp2(), exp_m1());
    functions!(ln(), ln_1p(), log2(), log10(), log(base), sin(), cos(), tan(), asin(), acos(), atan(), atan2(other));
    functions!(sinh(), cosh(), tanh(), asinh(), acosh(), atanh(), to_degrees(), to_radians());

    fn is_normal(self) -> bool {
        self.classify() == FpCategory::Normal
    }

    fn classify(self) -> FpCategory {
        match self.0.classify() {
            FpCategory::Normal if self.0.abs() < Self::SMALLEST_NORMAL => FpCategory::Subnormal,
            category => category,
        }
    }

    fn mul_add(self, a: Self, b: Self) -> Self {
        let (product, sum) = (self.0 * a.0, self.0.mul_add(a.0, b.0)); // the product is exact
        let b_part = sum - product;
        let lost = (product - (sum - b_part)) + (b.0 - b_part);
        let is_even = sum.to_bits() & 1 == 0;
        Mini::nearest(match lost {
            lost if lost > 0.0 && is_even => sum.next_up(), // (3)
            lost if lost < 0.0 && is_even => sum.next_down(),
            _ => sum,
        })
    }

    fn powi(self, n: i32) -> Self {
        Mini::nearest(self.0.powi(n))
    }

    fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    fn integer_decode(self) -> (u64, i16, i8) {
        self.0.integer_decode()
    }
}

/// All digits of the number.
impl<const E: u32, const M: u32> fmt::Display for Mini<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
