//! The functions of [`Interval`]: each is applied to the value, with bounds for everything between the bounds.

use super::{Format, Interval, Rounded};
use crate::lit;
use num_traits::{Float, FloatConst, Zero};
use std::num::FpCategory;

impl<T: Format> Interval<T> {
    /// An order-preserving f of the bounds, on the part of them in `domain`; f's values lie in `range`.
    fn increasing(self, f: impl Fn(T) -> T, domain: (T, T), range: (T, T)) -> Self {
        let value = f(self.value);
        if self.upper < domain.0 || self.lower > domain.1 {
            return Interval::unknown(value);
        }
        let lower = f(self.lower.max(domain.0)).steps_down().max(range.0);
        let upper = f(self.upper.min(domain.1)).steps_up().min(range.1);
        Interval::new(value, lower, upper)
    }

    /// The same, for a function defined everywhere.
    fn increasing_everywhere(self, f: impl Fn(T) -> T, range: (T, T)) -> Self {
        self.increasing(f, all(), range)
    }

    /// An order-preserving function that only rounds to whole numbers, without error.
    fn step(self, f: impl Fn(T) -> T) -> Self {
        Interval::new(f(self.value), f(self.lower), f(self.upper))
    }

    /// f of the value, for an f whose slope is nowhere steeper than 1 and whose values lie in [−1, 1].
    fn gentle(self, f: impl Fn(T) -> T) -> Self {
        let value = f(self.value);
        let above = Rounded::sum(self.upper, -self.value).up();
        let below = Rounded::sum(self.value, -self.lower).up();
        let reach = above.max(below);
        let lower = Rounded::sum(value.steps_down(), -reach).down();
        let upper = Rounded::sum(value.steps_up(), reach).up();
        Interval::new(value, lower.max(-T::one()), upper.min(T::one()))
    }

    /// The bounds of `self` around another value, computed by a function that `self` is another form of.
    fn with_value(self, value: T) -> Self {
        Interval::new(value, self.lower, self.upper)
    }
}

fn all<T: Format>() -> (T, T) {
    (T::neg_infinity(), T::infinity())
}

fn from<T: Format>(least: T) -> (T, T) {
    (least, T::infinity())
}

/// 180, in degrees.
fn half_circle<T: Format>() -> Interval<T> {
    lit(180.0)
}

/// π, in radians.
fn half_turn<T: Format>() -> Interval<T> {
    Interval::exact(-T::one()).acos()
}

impl<T: Format> Float for Interval<T> {
    // Powers and roots.

    fn recip(self) -> Self {
        (Interval::exact(T::one()) / self).with_value(self.value.recip())
    }

    /// By repeated squaring, of |x| if n is even.
    fn powi(self, n: i32) -> Self {
        let base = if n % 2 == 0 { self.abs() } else { self };
        let (mut power, mut square, mut rest) = (Interval::exact(T::one()), base, n.unsigned_abs());
        while rest > 0 {
            if rest & 1 == 1 {
                power *= square;
            }
            rest >>= 1;
            if rest > 0 {
                square *= square;
            }
        }
        let power = if n < 0 { power.recip() } else { power };
        power.with_value(self.value.powi(n))
    }

    /// For x ≥ 0, at the corners, because it is monotone along each edge; below 0, where only whole exponents are
    /// defined, as `powi`.
    fn powf(self, n: Self) -> Self {
        let (value, zero) = (self.value.powf(n.value), T::zero());
        if self.lower < zero {
            let whole = (n.lower == n.upper && n.value.fract() == zero).then(|| n.value.to_i32()).flatten();
            return whole.map_or(Interval::unknown(value), |n| self.powi(n).with_value(value));
        }
        let corners = [(self.lower, n.lower), (self.lower, n.upper), (self.upper, n.lower), (self.upper, n.upper)];
        let corners = corners.map(|(x, n)| x.powf(n));
        let lower = corners.iter().fold(T::infinity(), |min, y| min.min(y.steps_down()));
        let upper = corners.iter().fold(zero, |max, y| max.max(y.steps_up()));
        Interval::new(value, lower.max(zero), upper)
    }

    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        if self.upper < T::zero() {
            return Interval::unknown(value);
        }
        let (lower, upper) = (Rounded::root(self.lower.max(T::zero())), Rounded::root(self.upper));
        Interval::new(value, lower.down().max(T::zero()), upper.up())
    }

    fn cbrt(self) -> Self {
        self.increasing_everywhere(T::cbrt, all())
    }

    fn hypot(self, other: Self) -> Self {
        let (x, y) = (self.abs(), other.abs());
        let lower = x.lower.hypot(y.lower).steps_down().max(T::zero());
        Interval::new(self.value.hypot(other.value), lower, x.upper.hypot(y.upper).steps_up())
    }

    // Exponentials and logarithms.

    fn exp(self) -> Self {
        self.increasing_everywhere(T::exp, from(T::zero()))
    }

    fn exp2(self) -> Self {
        self.increasing_everywhere(T::exp2, from(T::zero()))
    }

    fn exp_m1(self) -> Self {
        self.increasing_everywhere(T::exp_m1, from(-T::one()))
    }

    fn ln(self) -> Self {
        self.increasing(T::ln, from(T::zero()), all())
    }

    fn ln_1p(self) -> Self {
        self.increasing(T::ln_1p, from(-T::one()), all())
    }

    fn log(self, base: Self) -> Self {
        (self.ln() / base.ln()).with_value(self.value.log(base.value))
    }

    fn log2(self) -> Self {
        self.increasing(T::log2, from(T::zero()), all())
    }

    fn log10(self) -> Self {
        self.increasing(T::log10, from(T::zero()), all())
    }

    // Trigonometric functions.

    fn sin(self) -> Self {
        self.gentle(T::sin)
    }

    fn cos(self) -> Self {
        self.gentle(T::cos)
    }

    fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// It increases between two poles; a pole lies between the bounds if they are far apart or in the wrong order.
    fn tan(self) -> Self {
        let three = T::one() + T::one() + T::one();
        if self.width() < three && self.lower.tan() <= self.upper.tan() {
            return self.increasing_everywhere(T::tan, all());
        }
        Interval::unknown(self.value.tan())
    }

    fn asin(self) -> Self {
        self.increasing(T::asin, (-T::one(), T::one()), all())
    }

    fn acos(self) -> Self {
        -self.increasing(|x| -x.acos(), (-T::one(), T::one()), (T::neg_infinity(), T::zero()))
    }

    fn atan(self) -> Self {
        self.increasing_everywhere(T::atan, all())
    }

    /// Seen from (0, 0), the outermost points of a rectangle are corners, unless it reaches the angle's jump.
    fn atan2(self, x: Self) -> Self {
        let (y, zero) = (self, T::zero());
        let value = y.value.atan2(x.value);
        if x.lower <= zero && y.lower <= zero && y.upper >= zero {
            let reach = half_turn::<T>().upper;
            return Interval::new(value, -reach, reach);
        }
        let corners = [(y.lower, x.lower), (y.lower, x.upper), (y.upper, x.lower), (y.upper, x.upper)];
        let corners = corners.map(|(y, x)| y.atan2(x));
        let lower = corners.iter().fold(T::infinity(), |min, angle| min.min(angle.steps_down()));
        let upper = corners.iter().fold(T::neg_infinity(), |max, angle| max.max(angle.steps_up()));
        Interval::new(value, lower, upper)
    }

    // Hyperbolic functions.

    fn sinh(self) -> Self {
        self.increasing_everywhere(T::sinh, all())
    }

    fn cosh(self) -> Self {
        self.abs().increasing_everywhere(T::cosh, from(T::one())).with_value(self.value.cosh())
    }

    fn tanh(self) -> Self {
        self.increasing_everywhere(T::tanh, (-T::one(), T::one()))
    }

    // Rust's library builds these three from other functions, without a stated error; so their bounds are built the
    // same way.

    /// ±ln(1 + a + a²/(1 + √(1 + a²))) of a = |x|.
    fn asinh(self) -> Self {
        let one = Interval::exact(T::one());
        let of = |x: T| {
            let a = Interval::exact(x.abs());
            let y = (a + a * a / (one + (one + a * a).sqrt())).ln_1p();
            if x < T::zero() { -y } else { y }
        };
        Interval::new(self.value.asinh(), of(self.lower).lower, of(self.upper).upper)
    }

    /// ln(1 + t + √(t·(t + 2))) of t = x − 1.
    fn acosh(self) -> Self {
        let one = Interval::exact(T::one());
        let of = |x: T| {
            let t = Interval::exact(x.max(T::one())) - one;
            (t + (t * (t + one + one)).sqrt()).ln_1p()
        };
        let value = self.value.acosh();
        if self.upper < T::one() {
            return Interval::unknown(value);
        }
        Interval::new(value, of(self.lower).lower.max(T::zero()), of(self.upper).upper)
    }

    /// ½·ln(1 + 2x/(1 − x)).
    fn atanh(self) -> Self {
        let one = Interval::exact(T::one());
        let of = |x: T| {
            let x = Interval::exact(x.max(-T::one()).min(T::one()));
            ((x + x) / (one - x)).ln_1p() / (one + one)
        };
        let value = self.value.atanh();
        if self.upper < -T::one() || self.lower > T::one() {
            return Interval::unknown(value);
        }
        Interval::new(value, of(self.lower).lower, of(self.upper).upper)
    }

    // Piecewise functions.

    fn abs(self) -> Self {
        let (value, zero) = (self.value.abs(), T::zero());
        match (self.lower >= zero, self.upper <= zero) {
            (true, _) => Interval::new(value, self.lower, self.upper),
            (_, true) => Interval::new(value, -self.upper, -self.lower),
            _ => Interval::new(value, zero, self.upper.max(-self.lower)),
        }
    }

    fn abs_sub(self, other: Self) -> Self {
        (self - other).max(Self::zero())
    }

    fn max(self, other: Self) -> Self {
        let (lower, upper) = (self.lower.max(other.lower), self.upper.max(other.upper));
        Interval::new(self.value.max(other.value), lower, upper)
    }

    fn min(self, other: Self) -> Self {
        let (lower, upper) = (self.lower.min(other.lower), self.upper.min(other.upper));
        Interval::new(self.value.min(other.value), lower, upper)
    }

    fn floor(self) -> Self {
        self.step(T::floor)
    }

    fn ceil(self) -> Self {
        self.step(T::ceil)
    }

    fn round(self) -> Self {
        self.step(T::round)
    }

    fn trunc(self) -> Self {
        self.step(T::trunc)
    }

    /// x − trunc(x), where the bounds allow only one whole number; otherwise up to ±1.
    fn fract(self) -> Self {
        self % Interval::exact(T::one())
    }

    fn signum(self) -> Self {
        self.step(T::signum)
    }

    fn copysign(self, sign: Self) -> Self {
        if sign.is_sign_positive() { self.abs() } else { -self.abs() }
    }

    fn mul_add(self, a: Self, b: Self) -> Self {
        (self * a + b).with_value(self.value.mul_add(a.value, b.value))
    }

    fn to_degrees(self) -> Self {
        (self * half_circle() / half_turn()).with_value(self.value.to_degrees())
    }

    fn to_radians(self) -> Self {
        (self * half_turn() / half_circle()).with_value(self.value.to_radians())
    }

    // Special values.

    fn nan() -> Self {
        Interval::exact(T::nan())
    }

    fn infinity() -> Self {
        Interval::exact(T::infinity())
    }

    fn neg_infinity() -> Self {
        Interval::exact(T::neg_infinity())
    }

    fn neg_zero() -> Self {
        Interval::exact(T::neg_zero())
    }

    fn min_value() -> Self {
        Interval::exact(T::min_value())
    }

    fn min_positive_value() -> Self {
        Interval::exact(T::min_positive_value())
    }

    fn max_value() -> Self {
        Interval::exact(T::max_value())
    }

    fn epsilon() -> Self {
        Interval::exact(T::epsilon())
    }

    // Queries about the value.

    fn is_nan(self) -> bool {
        self.value.is_nan()
    }

    fn is_infinite(self) -> bool {
        self.value.is_infinite()
    }

    fn is_finite(self) -> bool {
        self.value.is_finite()
    }

    fn is_normal(self) -> bool {
        self.value.is_normal()
    }

    fn is_subnormal(self) -> bool {
        self.value.is_subnormal()
    }

    fn classify(self) -> FpCategory {
        self.value.classify()
    }

    fn is_sign_positive(self) -> bool {
        self.value.is_sign_positive()
    }

    fn is_sign_negative(self) -> bool {
        self.value.is_sign_negative()
    }

    fn integer_decode(self) -> (u64, i16, i8) {
        self.value.integer_decode()
    }
}

macro_rules! constants {
    ($($name:ident)+) => {
        /// The nearest number, within one step on both sides.
        impl<T: Format + FloatConst> FloatConst for Interval<T> {
            $(fn $name() -> Self {
                let x = T::$name();
                Interval::new(x, x.next_down(), x.next_up())
            })+
        }
    };
}
constants!(E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
           LN_10 LN_2 LOG10_2 LOG10_E LOG2_10 LOG2_E PI SQRT_2 TAU);
