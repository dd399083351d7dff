//! The functions of [`Dual`]: each is its value and its derivative.

use super::{Dual, along};
use num_traits::{Float, FloatConst};
use std::num::FpCategory;

impl<T: Float> Dual<T> {
    /// 2 as a `T`.
    fn two() -> T {
        T::one() + T::one()
    }

    /// 10 as a `T`.
    fn ten() -> T {
        let two = Self::two();
        two * two * two + two
    }
}

impl<T: Float> Float for Dual<T> {
    // Powers and roots.

    fn recip(self) -> Self {
        let f0 = self.re.recip();
        self.chain(f0, -(f0 * f0)) // (1/x)' = −1/x²
    }

    fn powi(self, n: i32) -> Self {
        let (x, f0) = (self.re, self.re.powi(n));
        let Some(factor) = T::from(n).filter(|_| n != 0) else {
            return Dual::constant(f0); // x⁰ is 1 everywhere, also at 0
        };
        let power = n.checked_sub(1).map_or_else(|| f0 / x, |m| x.powi(m));
        self.chain(f0, factor * power) // (xⁿ)' = n·xⁿ⁻¹
    }

    /// With respect to the base p·xᵖ⁻¹, and 0 where p = 0; with respect to the exponent xᵖ·ln x, and 0 where x = 0 < p.
    fn powf(self, p: Self) -> Self {
        let (x, f0) = (self.re, self.re.powf(p.re));
        let by_base = if p.re.is_zero() { T::zero() } else { p.re * x.powf(p.re - T::one()) };
        let by_exponent = if x == T::zero() && p.re > T::zero() { T::zero() } else { f0 * x.ln() };
        Dual::new(f0, along(by_base, self.eps) + along(by_exponent, p.eps))
    }

    fn sqrt(self) -> Self {
        let f0 = self.re.sqrt();
        self.chain(f0, (Self::two() * f0).recip()) // 1/(2·√x)
    }

    fn cbrt(self) -> Self {
        let f0 = self.re.cbrt();
        self.chain(f0, ((Self::two() + T::one()) * f0 * f0).recip()) // 1/(3·∛x²)
    }

    /// (x·dx + y·dy)/h; at (0, 0), the tip of a cone, 0.
    fn hypot(self, y: Self) -> Self {
        let h = self.re.hypot(y.re);
        if h == T::zero() {
            return Dual::constant(h);
        }
        Dual::new(h, along(self.re / h, self.eps) + along(y.re / h, y.eps))
    }

    // Exponentials and logarithms.

    fn exp(self) -> Self {
        let f0 = self.re.exp();
        self.chain(f0, f0)
    }

    fn exp2(self) -> Self {
        let f0 = self.re.exp2();
        self.chain(f0, f0 * Self::two().ln())
    }

    fn exp_m1(self) -> Self {
        self.chain(self.re.exp_m1(), self.re.exp())
    }

    fn ln(self) -> Self {
        self.chain(self.re.ln(), self.re.recip())
    }

    fn ln_1p(self) -> Self {
        self.chain(self.re.ln_1p(), (T::one() + self.re).recip())
    }

    /// ln x / ln b, by the quotient rule.
    fn log(self, base: Self) -> Self {
        let (f0, ln_base) = (self.re.log(base.re), base.re.ln());
        let by_x = (self.re * ln_base).recip();
        let by_base = -f0 / (base.re * ln_base);
        Dual::new(f0, along(by_x, self.eps) + along(by_base, base.eps))
    }

    fn log2(self) -> Self {
        self.chain(self.re.log2(), (self.re * Self::two().ln()).recip())
    }

    fn log10(self) -> Self {
        self.chain(self.re.log10(), (self.re * Self::ten().ln()).recip())
    }

    // Trigonometric functions.

    fn sin(self) -> Self {
        self.chain(self.re.sin(), self.re.cos())
    }

    fn cos(self) -> Self {
        self.chain(self.re.cos(), -self.re.sin())
    }

    fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.re.sin_cos();
        (self.chain(sin, cos), self.chain(cos, -sin))
    }

    fn tan(self) -> Self {
        let f0 = self.re.tan();
        self.chain(f0, T::one() + f0 * f0)
    }

    fn asin(self) -> Self {
        self.chain(self.re.asin(), one_minus_square(self.re).sqrt().recip())
    }

    fn acos(self) -> Self {
        self.chain(self.re.acos(), -one_minus_square(self.re).sqrt().recip())
    }

    fn atan(self) -> Self {
        let h = self.re.hypot(T::one());
        self.chain(self.re.atan(), (h * h).recip()) // 1/(1 + x²)
    }

    /// (x·dy − y·dx)/(x² + y²); at (0, 0), where there is no angle, NaN.
    fn atan2(self, x: Self) -> Self {
        let h = self.re.hypot(x.re);
        let by_y = x.re / h / h;
        let by_x = -self.re / h / h;
        Dual::new(self.re.atan2(x.re), along(by_y, self.eps) + along(by_x, x.eps))
    }

    // Hyperbolic functions.

    fn sinh(self) -> Self {
        self.chain(self.re.sinh(), self.re.cosh())
    }

    fn cosh(self) -> Self {
        self.chain(self.re.cosh(), self.re.sinh())
    }

    fn tanh(self) -> Self {
        let sech = self.re.cosh().recip();
        self.chain(self.re.tanh(), sech * sech) // 1 − tanh² would cancel far from 0
    }

    fn asinh(self) -> Self {
        self.chain(self.re.asinh(), self.re.hypot(T::one()).recip()) // 1/√(x² + 1)
    }

    fn acosh(self) -> Self {
        let (minus, plus) = (self.re - T::one(), self.re + T::one());
        self.chain(self.re.acosh(), (minus.sqrt() * plus.sqrt()).recip()) // 1/√(x² − 1)
    }

    fn atanh(self) -> Self {
        self.chain(self.re.atanh(), one_minus_square(self.re).recip())
    }

    // Piecewise functions. At a kink, the derivative follows the module's conventions.

    fn abs(self) -> Self {
        match (self.re > T::zero(), self.re < T::zero()) {
            (true, _) => self,
            (_, true) => -self,
            _ => Dual::constant(self.re.abs()),
        }
    }

    fn abs_sub(self, other: Self) -> Self {
        if self.re <= other.re { Dual::constant(T::zero()) } else { self - other }
    }

    fn max(self, other: Self) -> Self {
        if self.re >= other.re || other.re.is_nan() { self } else { other }
    }

    fn min(self, other: Self) -> Self {
        if self.re <= other.re || other.re.is_nan() { self } else { other }
    }

    fn floor(self) -> Self {
        Dual::constant(self.re.floor())
    }

    fn ceil(self) -> Self {
        Dual::constant(self.re.ceil())
    }

    fn round(self) -> Self {
        Dual::constant(self.re.round())
    }

    fn trunc(self) -> Self {
        Dual::constant(self.re.trunc())
    }

    fn fract(self) -> Self {
        Dual::new(self.re.fract(), self.eps) // x − trunc(x)
    }

    fn signum(self) -> Self {
        Dual::constant(self.re.signum())
    }

    // Linear functions.

    fn mul_add(self, a: Self, b: Self) -> Self {
        Dual::new(self.re.mul_add(a.re, b.re), along(self.re, a.eps) + along(a.re, self.eps) + b.eps)
    }

    fn to_degrees(self) -> Self {
        Dual::new(self.re.to_degrees(), self.eps.to_degrees())
    }

    fn to_radians(self) -> Self {
        Dual::new(self.re.to_radians(), self.eps.to_radians())
    }

    // Special values: constants.

    fn nan() -> Self {
        Dual::constant(T::nan())
    }

    fn infinity() -> Self {
        Dual::constant(T::infinity())
    }

    fn neg_infinity() -> Self {
        Dual::constant(T::neg_infinity())
    }

    fn neg_zero() -> Self {
        Dual::constant(T::neg_zero())
    }

    fn min_value() -> Self {
        Dual::constant(T::min_value())
    }

    fn min_positive_value() -> Self {
        Dual::constant(T::min_positive_value())
    }

    fn max_value() -> Self {
        Dual::constant(T::max_value())
    }

    fn epsilon() -> Self {
        Dual::constant(T::epsilon())
    }

    // Queries about the value.

    fn is_nan(self) -> bool {
        self.re.is_nan()
    }

    fn is_infinite(self) -> bool {
        self.re.is_infinite()
    }

    fn is_finite(self) -> bool {
        self.re.is_finite()
    }

    fn is_normal(self) -> bool {
        self.re.is_normal()
    }

    fn is_subnormal(self) -> bool {
        self.re.is_subnormal()
    }

    fn classify(self) -> FpCategory {
        self.re.classify()
    }

    fn is_sign_positive(self) -> bool {
        self.re.is_sign_positive()
    }

    fn is_sign_negative(self) -> bool {
        self.re.is_sign_negative()
    }

    fn integer_decode(self) -> (u64, i16, i8) {
        self.re.integer_decode()
    }
}

/// 1 − x², without the cancellation near ±1.
fn one_minus_square<T: Float>(x: T) -> T {
    (T::one() - x) * (T::one() + x)
}

macro_rules! constants {
    ($($name:ident)+) => {
        impl<T: Float + FloatConst> FloatConst for Dual<T> {
            $(fn $name() -> Self {
                Dual::constant(T::$name())
            })+
        }
    };
}
constants!(E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
           LN_10 LN_2 LOG10_2 LOG10_E LOG2_10 LOG2_E PI SQRT_2 TAU);
