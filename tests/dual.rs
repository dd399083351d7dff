//! `numbers::Dual`: every function's derivative by hand values, by central differences, and twice over.

use handgrad::numbers::Dual;
use num_traits::{Float, FloatConst, Num, NumCast, One, ToPrimitive, Zero};

type D = Dual<f64>;
type DD = Dual<Dual<f64>>;

/// Name, function of any Float, and points away from kinks and jumps.
macro_rules! functions {
    ($($name:literal |$x:ident| $body:expr; $($point:expr),+);+ $(;)?) => {
        /// Every function once, on any scalar: f64 for differences, Dual<f64> and Dual<Dual<f64>> for derivatives.
        fn functions<T: Float>() -> Vec<(&'static str, fn(T) -> T, Vec<f64>)> {
            vec![$(($name, |$x: T| $body, vec![$($point),+])),+]
        }
    };
}

fn c<T: Float>(x: f64) -> T {
    T::from(x).unwrap()
}

functions! {
    "neg" |x| -x; -1.3, 2.0;
    "x + x·x" |x| x + x * x; -1.3, 0.0, 2.0;
    "x − 1/x" |x| x - T::one() / x; -1.3, 2.0;
    "x / (1 + x²)" |x| x / (T::one() + x * x); -1.3, 0.0, 2.0;
    "x % 0.7" |x| x % c(0.7); -1.2, 0.5, 2.0;
    "5 % x" |x| c::<T>(5.0) % x; 0.9, 1.7, -2.2;
    "recip" |x| x.recip(); -1.3, 0.2, 2.0;
    "powi 0" |x| x.powi(0); -1.3, 0.0, 2.0;
    "powi 1" |x| x.powi(1); -1.3, 0.0, 2.0;
    "powi 5" |x| x.powi(5); -1.3, 0.0, 2.0;
    "powi −3" |x| x.powi(-3); -1.3, 0.7, 2.0;
    "powf 2.5" |x| x.powf(c(2.5)); 0.3, 2.0;
    "powf −0.5" |x| x.powf(c(-0.5)); 0.3, 2.0;
    "powf 0" |x| x.powf(T::zero()); 0.3, 2.0;
    "2ˣ by powf" |x| c::<T>(2.0).powf(x); -1.3, 0.0, 2.0;
    "xˣ" |x| x.powf(x); 0.3, 1.0, 2.0;
    "sqrt" |x| x.sqrt(); 0.3, 4.0;
    "cbrt" |x| x.cbrt(); -1.3, 0.3, 8.0;
    "hypot(x, 2)" |x| x.hypot(c(2.0)); -1.3, 0.0, 3.0;
    "hypot(2, x)" |x| c::<T>(2.0).hypot(x); -1.3, 0.0, 3.0;
    "hypot(x, x²)" |x| x.hypot(x * x); -1.3, 0.5, 3.0;
    "exp" |x| x.exp(); -1.3, 0.0, 2.0;
    "exp2" |x| x.exp2(); -1.3, 0.0, 2.0;
    "exp_m1" |x| x.exp_m1(); -1.3, 0.0, 2.0;
    "ln" |x| x.ln(); 0.3, 1.0, 2.0;
    "ln_1p" |x| x.ln_1p(); -0.3, 0.0, 2.0;
    "log(x, 3)" |x| x.log(c(3.0)); 0.3, 1.0, 2.0;
    "log(3, x)" |x| c::<T>(3.0).log(x); 0.3, 2.0, 5.0;
    "log2" |x| x.log2(); 0.3, 1.0, 2.0;
    "log10" |x| x.log10(); 0.3, 1.0, 2.0;
    "sin" |x| x.sin(); -1.3, 0.0, 2.0;
    "cos" |x| x.cos(); -1.3, 0.0, 2.0;
    "sin_cos" |x| { let (s, k) = x.sin_cos(); s * k * k }; -1.3, 0.0, 2.0;
    "tan" |x| x.tan(); -1.3, 0.0, 2.0;
    "asin" |x| x.asin(); -0.9, 0.0, 0.6;
    "acos" |x| x.acos(); -0.9, 0.0, 0.6;
    "atan" |x| x.atan(); -1.3, 0.0, 20.0;
    "atan2(x, 2)" |x| x.atan2(c(2.0)); -1.3, 0.0, 3.0;
    "atan2(x, −2)" |x| x.atan2(c(-2.0)); -1.3, 0.5, 3.0;
    "atan2(2, x)" |x| c::<T>(2.0).atan2(x); -1.3, 0.0, 3.0;
    "atan2(x, x²)" |x| x.atan2(x * x); -1.3, 0.5, 3.0;
    "sinh" |x| x.sinh(); -1.3, 0.0, 2.0;
    "cosh" |x| x.cosh(); -1.3, 0.0, 2.0;
    "tanh" |x| x.tanh(); -1.3, 0.0, 2.0, 12.0;
    "asinh" |x| x.asinh(); -1.3, 0.0, 2.0;
    "acosh" |x| x.acosh(); 1.3, 2.0, 9.0;
    "atanh" |x| x.atanh(); -0.9, 0.0, 0.6;
    "abs" |x| x.abs(); -1.3, 2.0;
    "abs_sub(x, 1)" |x| x.abs_sub(T::one()); -1.3, 2.0;
    "abs_sub(1, x)" |x| T::one().abs_sub(x); -1.3, 2.0;
    "max(x, 1)" |x| x.max(T::one()); -1.3, 2.0;
    "max(1, x)" |x| T::one().max(x); -1.3, 2.0;
    "min(x, 1)" |x| x.min(T::one()); -1.3, 2.0;
    "min(1, x)" |x| T::one().min(x); -1.3, 2.0;
    "clamp" |x| x.clamp(-T::one(), T::one()); -1.3, 0.4, 2.0;
    "copysign" |x| x.copysign(-T::one()); -1.3, 2.0;
    "floor" |x| x * x.floor(); -1.3, 2.4;
    "ceil" |x| x * x.ceil(); -1.3, 2.4;
    "round" |x| x * x.round(); -1.3, 2.4;
    "trunc" |x| x * x.trunc(); -1.3, 2.4;
    "fract" |x| x * x.fract(); -1.3, 2.4;
    "signum" |x| x * x.signum(); -1.3, 2.4;
    "mul_add(x, x, 1)" |x| x.mul_add(x, T::one()); -1.3, 0.0, 2.0;
    "mul_add(2, x, x)" |x| c::<T>(2.0).mul_add(x, x); -1.3, 0.0, 2.0;
    "to_degrees" |x| x.to_degrees(); -1.3, 2.0;
    "to_radians" |x| x.to_radians(); -1.3, 2.0;
    "softplus" |x| (-x.abs()).exp().ln_1p() + x.max(T::zero()); -1.3, 2.0;
}

/// (f(x + h) − f(x − h))/2h, and twice the step with half the weight to cancel h²: its error is of the order h⁴.
fn differences(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    let central = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
    let h = 2f64.powi(-10);
    (4.0 * central(h) - central(2.0 * h)) / 3.0
}

#[test]
fn values_are_those_of_the_plain_number() {
    for ((name, plain, points), (_, dual, _)) in functions::<f64>().into_iter().zip(functions::<D>()) {
        for x in points {
            assert_eq!(dual(D::variable(x)).re, plain(x), "{name} at {x}");
        }
    }
}

#[test]
fn first_derivatives_agree_with_differences() {
    for ((name, plain, points), (_, dual, _)) in functions::<f64>().into_iter().zip(functions::<D>()) {
        for x in points {
            let (exact, approximate) = (dual(D::variable(x)).eps, differences(plain, x));
            // h⁴ = 1e-12 times the fifth derivative (up to a few thousand near atanh's pole), and 1e-16/h by rounding.
            let error = (exact - approximate).abs() / exact.abs().max(1.0);
            assert!(error < 1e-7, "{name} at {x}: {exact} but differences say {approximate}");
        }
    }
}

#[test]
fn second_derivatives_agree_with_differences_of_first_ones() {
    for ((name, first, points), (_, twice, _)) in functions::<D>().into_iter().zip(functions::<DD>()) {
        for x in points {
            let y = twice(DD::variable(D::variable(x)));
            let exact_first = first(D::variable(x)).eps;
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * a.abs().max(1.0);
            assert!(close(y.re.eps, exact_first) && close(y.eps.re, exact_first), "{name} at {x}: {y:?}");
            let approximate = differences(|x| first(D::variable(x)).eps, x);
            let error = (y.eps.eps - approximate).abs() / y.eps.eps.abs().max(1.0);
            assert!(error < 1e-6, "{name}'' at {x}: {} but differences say {approximate}", y.eps.eps);
        }
    }
}

/// The derivative of f at x.
fn at(f: impl Fn(D) -> D, x: f64) -> f64 {
    f(D::variable(x)).eps
}

#[test]
fn by_hand() {
    assert_eq!(at(|x| x * x * x, 2.0), 12.0);
    assert_eq!(at(|x| x.powi(3), 2.0), 12.0);
    assert_eq!(at(|x| x.powi(-1), 2.0), -0.25);
    assert_eq!(at(|x| x.sqrt(), 4.0), 0.25);
    assert_eq!(at(|x| x.cbrt(), 8.0), 1.0 / 12.0);
    assert_eq!(at(|x| x.recip(), -2.0), -0.25);
    assert_eq!(at(|x| D::one() / x, -2.0), -0.25);
    assert_eq!(at(|x| x / (x + D::one()), 1.0), 0.25);
    assert_eq!(at(|x| x.exp(), 0.0), 1.0);
    assert_eq!(at(|x| x.exp2(), 0.0), 2f64.ln());
    assert_eq!(at(|x| x.ln(), 0.5), 2.0);
    assert_eq!(at(|x| x.log(D::constant(2.0)), 1.0), 1.0 / 2f64.ln());
    assert_eq!(at(|x| x.tanh(), 0.0), 1.0);
    assert_eq!(at(|x| x.atan2(D::one()), 0.0), 1.0);
    assert_eq!(at(|x| D::one().atan2(x), 0.0), -1.0);
    assert_eq!(at(|x| x.hypot(D::constant(4.0)), 3.0), 0.6);
    assert_eq!(at(|x| x.mul_add(x, x), 3.0), 7.0);
    assert_eq!(at(|x| x % D::constant(2.0), 5.5), 1.0);
    assert_eq!(at(|x| D::constant(5.5) % x, 2.0), -2.0);
    assert_eq!(at(|x| x.to_degrees(), 1.0), 1f64.to_degrees());
    assert_eq!(at(|x| [x, x, x].into_iter().sum(), 3.0), 3.0);
    assert_eq!(at(|x| [x, x, x].into_iter().product(), 3.0), 27.0);
}

#[test]
fn kinks_are_as_documented() {
    assert_eq!(at(|x| x.abs(), 0.0), 0.0);
    assert_eq!(at(|x| x.abs(), -0.0), 0.0);
    assert_eq!(at(|x| x.hypot(D::zero()), 0.0), 0.0);
    assert_eq!(at(|x| x.hypot(x), 0.0), 0.0);
    assert_eq!(at(|x| x.floor() + x.ceil() + x.round() + x.trunc() + x.signum(), 1.0), 0.0);
    assert_eq!(at(|x| x.fract(), 1.0), 1.0);
    assert_eq!(at(|x| x.abs_sub(D::one()), 1.0), 0.0);
    // Of two equals, the first.
    assert_eq!(at(|x| x.max(D::one()), 1.0), 1.0);
    assert_eq!(at(|x| D::one().max(x), 1.0), 0.0);
    assert_eq!(at(|x| x.min(D::one()), 1.0), 1.0);
    assert_eq!(at(|x| D::one().min(x), 1.0), 0.0);
}

#[test]
fn powers_at_zero() {
    assert_eq!(at(|x| x.powi(0), 0.0), 0.0);
    assert_eq!(at(|x| x.powi(1), 0.0), 1.0);
    assert_eq!(at(|x| x.powi(2), 0.0), 0.0);
    assert_eq!(at(|x| x.powi(-1), 0.0), f64::NEG_INFINITY);
    assert_eq!(at(|x| x.powf(D::zero()), 0.0), 0.0);
    assert_eq!(at(|x| x.powf(D::one()), 0.0), 1.0);
    assert_eq!(at(|x| x.powf(D::constant(2.0)), 0.0), 0.0);
    assert_eq!(at(|p| D::zero().powf(p), 2.0), 0.0);
    assert_eq!(at(|x| x.powf(D::constant(3.0)), -2.0), 12.0); // a constant exponent has no ln of a negative number
    assert!(at(|p| D::constant(-2.0).powf(p), 3.0).is_nan());
    assert_eq!(at(|x| x.powi(i32::MIN), 1.0), i32::MIN as f64);
}

#[test]
fn poles_and_constants() {
    assert_eq!(at(|x| x.sqrt(), 0.0), f64::INFINITY);
    assert_eq!(at(|x| x.cbrt(), 0.0), f64::INFINITY);
    assert_eq!(at(|x| x.ln(), 0.0), f64::INFINITY);
    assert!(at(|x| x.atan2(D::zero()), 0.0).is_nan());
    // What does not depend on the variable has derivative 0, even there.
    assert_eq!(D::zero().sqrt().eps, 0.0);
    assert_eq!((D::infinity() * D::one()).eps, 0.0);
    assert_eq!((D::one() / D::zero()).eps, 0.0);
    assert_eq!(D::neg_infinity().exp().eps, 0.0);
    assert_eq!(D::zero().atan2(D::zero()).eps, 0.0);
}

#[test]
fn far_from_zero_nothing_cancels_or_overflows() {
    let relative = |got: f64, wanted: f64| (got / wanted - 1.0).abs();
    // 4·e⁻⁴⁰ to leading order, where 1 − tanh² would be 0.
    assert!(relative(at(|x| x.tanh(), 20.0), 4.0 * (-40f64).exp()) < 1e-14);
    assert_eq!(at(|x| x.tanh(), 1000.0), 0.0);
    assert!(relative(at(|x| x.hypot(D::constant(4e200)), 3e200), 0.6) < 1e-15);
    assert!(relative(at(|x| x.atan2(D::constant(4e200)), 3e200), 4.0 / 25.0 * 1e-200) < 1e-15);
    assert!(relative(at(|x| x.asinh(), 1e200), 1e-200) < 1e-15);
    assert!(relative(at(|x| x.acosh(), 1e200), 1e-200) < 1e-15);
    assert!(relative(at(|x| x.exp_m1(), -40.0), (-40f64).exp()) < 1e-15);
}

#[test]
fn comparisons_look_at_the_value() {
    let (a, b) = (D::new(1.0, 2.0), D::new(1.0, 3.0));
    assert_eq!(a, b);
    assert!(a.partial_cmp(&b).is_some_and(|order| order.is_eq()) && D::new(0.0, 9.0) < a);
    assert!(D::nan() != D::nan() && D::nan().partial_cmp(&a).is_none());
    assert_eq!((a.max(D::nan()).re, D::nan().max(a).re), (1.0, 1.0));
    assert_eq!((a.min(D::nan()).re, D::nan().min(a).re), (1.0, 1.0));
    // … but 0 + ε is not a zero that may be left out, nor 1 + ε a one.
    assert!(D::zero().is_zero() && !D::new(0.0, 1.0).is_zero());
    assert!(D::one().is_one() && !D::new(1.0, 1.0).is_one());
}

#[test]
fn questions_conversions_and_constants_are_the_values() {
    let x = D::new(-2.5, 7.0);
    assert!(x.is_sign_negative() && !x.is_sign_positive() && x.is_finite() && x.is_normal());
    assert!(D::infinity().is_infinite() && D::nan().is_nan() && D::min_positive_value().is_normal());
    assert!(D::constant(1e-310).is_subnormal() && D::neg_zero().is_sign_negative());
    assert_eq!(x.classify(), (-2.5f64).classify());
    assert_eq!(x.integer_decode(), Float::integer_decode(-2.5f64));
    assert_eq!((D::epsilon().re, D::max_value().re, D::min_value().re), (f64::EPSILON, f64::MAX, f64::MIN));
    assert_eq!((x.to_f64(), x.to_f32(), x.to_i64(), x.to_usize()), (Some(-2.5), Some(-2.5), Some(-2), None));
    assert_eq!(<D as NumCast>::from(3u8).map(|x| (x.re, x.eps)), Some((3.0, 0.0)));
    assert_eq!(D::from_str_radix("2.5", 10).unwrap().re, 2.5);
    assert!(D::from_str_radix("two", 10).is_err());
    assert_eq!((D::PI().re, D::TAU().eps, D::LOG2_10().re), (f64::PI(), 0.0, f64::LOG2_10()));
}

#[test]
fn assignment_operators_are_the_operators() {
    let (x, y) = (D::new(7.0, 2.0), D::new(3.0, -1.0));
    let parts = |z: D| (z.re, z.eps);
    let mut z = x;
    z += y;
    assert_eq!(parts(z), parts(x + y));
    z -= x;
    assert_eq!(parts(z), parts(y));
    z *= x;
    assert_eq!(parts(z), parts(y * x));
    z /= y;
    assert_eq!(parts(z), parts(x));
    z %= y;
    assert_eq!(parts(z), parts(x % y));
}

#[test]
fn it_prints_as_a_sum() {
    assert_eq!(D::new(8.0, 12.0).to_string(), "8 + 12ε");
    assert_eq!(D::new(0.5, -1.25).to_string(), "0.5 - 1.25ε");
    assert_eq!(format!("{:.2}", D::new(1.0, 1.0 / 3.0)), "1.00 + 0.33ε");
    assert_eq!(format!("{:>12}", D::new(8.0, 12.0)), "     8 + 12ε");
    assert_eq!(DD::new(D::new(1.0, 2.0), D::new(3.0, 4.0)).to_string(), "(1 + 2ε) + (3 + 4ε)ε");
}
