//! `num_traits::Float`: each function as a formula of the few that are recorded.

use super::arena::{Relation, decide};
use super::{Function, Traced};
use num_traits::{Float, NumCast, One, ToPrimitive};
use std::num::FpCategory;

impl ToPrimitive for Traced {
    fn to_i64(&self) -> Option<i64> {
        self.value.to_i64()
    }

    fn to_u64(&self) -> Option<u64> {
        self.value.to_u64()
    }

    fn to_f64(&self) -> Option<f64> {
        Some(self.value)
    }
}

impl NumCast for Traced {
    fn from<T: ToPrimitive>(x: T) -> Option<Traced> {
        x.to_f64().map(Traced::constant)
    }
}

impl Traced {
    /// The whole number `value` that this one rounds to, on the branch where it does.
    fn rounded(self, value: f64, relation: Relation) -> Traced {
        decide(self, relation, Traced::constant(value));
        Traced::constant(value)
    }

    fn is_at_least_zero(self) -> bool {
        self >= Traced::constant(0.0)
    }
}

macro_rules! constants {
    ($($name:ident = $value:expr),*) => {$(
        fn $name() -> Traced {
            Traced::constant($value)
        }
    )*};
}

macro_rules! calls {
    ($($name:ident = $function:ident),*) => {$(
        fn $name(self) -> Traced {
            Function::$function.of(self)
        }
    )*};
}

/// A symbol is a finite number: tests for NaN and ∞ follow the value and are not branches.
impl Float for Traced {
    constants!(
        nan = f64::NAN,
        infinity = f64::INFINITY,
        neg_infinity = f64::NEG_INFINITY,
        neg_zero = -0.0,
        min_value = f64::MIN,
        max_value = f64::MAX,
        min_positive_value = f64::MIN_POSITIVE,
        epsilon = f64::EPSILON
    );
    calls!(
        exp = Exp,
        ln = Ln,
        sqrt = Sqrt,
        cbrt = Cbrt,
        sin = Sin,
        cos = Cos,
        tan = Tan,
        asin = Asin,
        acos = Acos,
        atan = Atan,
        sinh = Sinh,
        cosh = Cosh,
        tanh = Tanh,
        asinh = Asinh,
        acosh = Acosh,
        atanh = Atanh
    );

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

    fn classify(self) -> FpCategory {
        self.value.classify()
    }

    fn floor(self) -> Traced {
        self.rounded(self.value.floor(), Relation::Floor)
    }

    fn ceil(self) -> Traced {
        self.rounded(self.value.ceil(), Relation::Ceil)
    }

    fn round(self) -> Traced {
        self.rounded(self.value.round(), Relation::Round)
    }

    fn trunc(self) -> Traced {
        self.rounded(self.value.trunc(), Relation::Trunc)
    }

    fn fract(self) -> Traced {
        self - self.trunc()
    }

    fn abs(self) -> Traced {
        if self.is_at_least_zero() { self } else { -self }
    }

    fn signum(self) -> Traced {
        self.is_at_least_zero();
        Traced::constant(self.value.signum())
    }

    fn is_sign_positive(self) -> bool {
        self.is_at_least_zero();
        self.value.is_sign_positive()
    }

    fn is_sign_negative(self) -> bool {
        !self.is_sign_positive()
    }

    fn copysign(self, sign: Traced) -> Traced {
        let size = self.abs();
        if sign.is_sign_positive() { size } else { -size }
    }

    fn max(self, other: Traced) -> Traced {
        if self.value.is_nan() || self < other { other } else { self }
    }

    fn min(self, other: Traced) -> Traced {
        if self.value.is_nan() || self > other { other } else { self }
    }

    fn abs_sub(self, other: Traced) -> Traced {
        if self <= other { Traced::constant(0.0) } else { self - other }
    }

    fn mul_add(self, a: Traced, b: Traced) -> Traced {
        (self * a + b).with_value(self.value.mul_add(a.value, b.value))
    }

    fn recip(self) -> Traced {
        Traced::one() / self
    }

    /// By repeated squaring.
    fn powi(self, n: i32) -> Traced {
        let (mut power, mut square, mut rest) = (Traced::one(), self, n.unsigned_abs());
        while rest > 0 {
            if rest & 1 == 1 {
                power *= square;
            }
            rest >>= 1;
            if rest > 0 {
                square = square * square;
            }
        }
        if n < 0 { power.recip() } else { power }
    }

    /// A product if the exponent is a whole constant, a root if it is ½, and exp(n·ln x) otherwise.
    fn powf(self, n: Traced) -> Traced {
        match n.as_constant() {
            Some(n) if n.fract() == 0.0 && n.abs() <= 64.0 => self.powi(n as i32),
            Some(0.5) => self.sqrt(),
            _ => (n * self.ln()).exp().with_value(self.value.powf(n.value)),
        }
    }

    fn exp2(self) -> Traced {
        (self * Traced::constant(2.0).ln()).exp().with_value(self.value.exp2())
    }

    fn log(self, base: Traced) -> Traced {
        (self.ln() / base.ln()).with_value(self.value.log(base.value))
    }

    fn log2(self) -> Traced {
        self.log(Traced::constant(2.0)).with_value(self.value.log2())
    }

    fn log10(self) -> Traced {
        self.log(Traced::constant(10.0)).with_value(self.value.log10())
    }

    fn exp_m1(self) -> Traced {
        (self.exp() - Traced::one()).with_value(self.value.exp_m1())
    }

    fn ln_1p(self) -> Traced {
        (Traced::one() + self).ln().with_value(self.value.ln_1p())
    }

    fn hypot(self, other: Traced) -> Traced {
        (self * self + other * other).sqrt().with_value(self.value.hypot(other.value))
    }

    fn sin_cos(self) -> (Traced, Traced) {
        (self.sin(), self.cos())
    }

    /// arctan(y/x), on the branches of both signs.
    fn atan2(self, other: Traced) -> Traced {
        let value = self.value.atan2(other.value);
        if other > Traced::constant(0.0) {
            return (self / other).atan().with_value(value);
        }
        let half_turn = Traced::constant(std::f64::consts::PI);
        if other.value == 0.0 {
            let quarter = half_turn / Traced::constant(2.0);
            return if self.is_at_least_zero() { quarter } else { -quarter };
        }
        let angle = (self / other).atan();
        if self.is_at_least_zero() {
            (angle + half_turn).with_value(value)
        } else {
            (angle - half_turn).with_value(value)
        }
    }

    fn integer_decode(self) -> (u64, i16, i8) {
        self.value.integer_decode()
    }
}
