//! `num_traits::Float`: each function, and what it counts as.

use super::{ADDITION, COMPARISON, Counted, Counts, DIVISION, MULTIPLICATION, NONE, TRANSCENDENTAL, note};
use num_traits::{Float, Num, ToPrimitive};
use std::num::FpCategory;

impl Num for Counted {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Counted, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Counted)
    }
}

impl ToPrimitive for Counted {
    fn to_i64(&self) -> Option<i64> {
        self.0.to_i64()
    }
    fn to_u64(&self) -> Option<u64> {
        self.0.to_u64()
    }
    fn to_f64(&self) -> Option<f64> {
        Some(self.0)
    }
}

impl num_traits::NumCast for Counted {
    fn from<T: ToPrimitive>(x: T) -> Option<Counted> {
        x.to_f64().map(Counted)
    }
}

macro_rules! constants {
    ($($name:ident),*) => {$(
        fn $name() -> Counted {
            Counted(<f64 as Float>::$name())
        }
    )*};
}

macro_rules! questions {
    ($($name:ident -> $answer:ty),*) => {$(
        fn $name(self) -> $answer {
            note(COMPARISON);
            self.0.$name()
        }
    )*};
}

macro_rules! functions {
    ($kind:expr; $($name:ident($($argument:ident),*)),*) => {$(
        fn $name(self, $($argument: Counted),*) -> Counted {
            note($kind);
            Counted(Float::$name(self.0, $($argument.0),*))
        }
    )*};
}

impl Float for Counted {
    constants!(nan, infinity, neg_infinity, neg_zero, min_value, min_positive_value, epsilon, max_value);
    questions!(is_nan -> bool, is_infinite -> bool, is_finite -> bool, is_normal -> bool, classify -> FpCategory);
    functions!(NONE; abs(), signum(), copysign(sign));
    functions!(COMPARISON; floor(), ceil(), round(), trunc(), max(other), min(other));
    functions!(ADDITION; fract());
    functions!(ADDITION + MULTIPLICATION; mul_add(a, b));
    functions!(ADDITION + COMPARISON; abs_sub(other));
    functions!(DIVISION; recip());
    functions!(TRANSCENDENTAL; sqrt(), cbrt(), exp(), exp2(), exp_m1(), ln(), ln_1p(), log2(), log10(), log(base));
    functions!(TRANSCENDENTAL; powf(n), hypot(other), sin(), cos(), tan(), asin(), acos(), atan(), atan2(other));
    functions!(TRANSCENDENTAL; sinh(), cosh(), tanh(), asinh(), acosh(), atanh());

    fn is_sign_positive(self) -> bool {
        self.0.is_sign_positive()
    }

    fn is_sign_negative(self) -> bool {
        self.0.is_sign_negative()
    }

    fn sin_cos(self) -> (Counted, Counted) {
        (self.sin(), self.cos())
    }

    fn powi(self, n: i32) -> Counted {
        let bits = u64::from(n.unsigned_abs().checked_ilog2().unwrap_or(0));
        let multiplications = bits + u64::from(n.unsigned_abs().count_ones().saturating_sub(1));
        note(Counts { multiplications, divisions: u64::from(n < 0), ..NONE });
        Counted(self.0.powi(n))
    }

    fn integer_decode(self) -> (u64, i16, i8) {
        self.0.integer_decode()
    }
}
