//! Numbers with bounds: the exact result never escapes them, and where nothing is rounded they have no width.

use handgrad::numbers::interval::Format;
use handgrad::prelude::*;
use num_rational::BigRational;
use num_traits::{Float, One, ToPrimitive, Zero};
use proptest::prelude::*;
use rand::RngExt;

fn rational<T: Format>(x: T) -> BigRational {
    BigRational::from_float(x.to_f64().unwrap()).unwrap()
}

/// Whether the exact number lies between the bounds.
fn holds<T: Format>(bounds: Interval<T>, exact: &BigRational) -> bool {
    let (lower, upper) = (bounds.lower(), bounds.upper());
    assert!(lower <= upper, "{bounds:?}");
    (lower == T::neg_infinity() || (lower.is_finite() && rational(lower) <= *exact))
        && (upper == T::infinity() || (upper.is_finite() && rational(upper) >= *exact))
}

/// Bounds and value, all as f64.
fn parts<T: Format>(x: Interval<T>) -> [f64; 3] {
    [x.value(), x.lower(), x.upper()].map(|x| x.to_f64().unwrap())
}

// (a) by hand

#[test]
fn a_sum_in_half_precision_by_hand() {
    // Above 2048, F16 knows even numbers only: 2049 falls to 2048.
    let sum = Interval::exact(lit::<F16>(2048.0)) + Interval::one();
    assert_eq!(parts(sum), [2048.0, 2048.0, 2050.0]);
    assert_eq!(parts(sum + Interval::one()), [2048.0, 2048.0, 2052.0]);
    assert_eq!(sum.width(), lit(2.0));
    assert!(sum.contains(lit::<F16>(2049.0)) && !sum.contains(lit::<F16>(2046.0)));
    // Nothing rounded: nothing wide.
    assert_eq!(parts(Interval::exact(lit::<F16>(1024.0)) + Interval::one()), [1025.0; 3]);
}

#[test]
fn each_operation_by_hand() {
    let of = |lower, upper| Interval::new(lower, lower, upper);
    assert_eq!(parts(of(1.0, 2.0) + of(3.0, 5.0)), [4.0, 4.0, 7.0]);
    assert_eq!(parts(of(1.0, 2.0) - of(3.0, 5.0)), [-2.0, -4.0, -1.0]);
    assert_eq!(parts(of(-1.0, 2.0) * of(-3.0, 5.0)), [3.0, -6.0, 10.0]);
    assert_eq!(parts(of(-1.0, 2.0) / of(2.0, 4.0)), [-0.5, -0.5, 1.0]);
    assert_eq!(parts(of(-1.0, 2.0).abs()), [1.0, 0.0, 2.0]);
    assert_eq!(parts(of(-1.0, 2.0).powi(2)), [1.0, 0.0, 4.0]);
    assert_eq!(parts(of(-1.0, 2.0).powi(3)), [-1.0, -4.0, 8.0]); // −1·(−1·2) is all that products know
    assert_eq!(parts(of(4.0, 9.0).sqrt()), [2.0, 2.0, 3.0]);
    assert_eq!(parts(of(-1.0, 2.0).max(of(0.0, 1.0))), [0.0, 0.0, 2.0]);
    assert_eq!(parts(of(5.5, 6.5) % of(4.0, 4.0)), [1.5, 1.5, 2.5]);
    assert_eq!(parts(of(5.5, 8.5) % of(4.0, 4.0)), [1.5, 0.0, 4.0]);
    assert_eq!(parts(of(1.0, 2.0).floor()), [1.0, 1.0, 2.0]);
    assert_eq!(format!("{:.2}", of(1.0, 2.5)), "1.00 in [1.00, 2.50]");
}

#[test]
fn division_by_bounds_around_0_tells_nothing_and_beside_0_something() {
    let (one, infinity) = (Interval::exact(1.0), f64::INFINITY);
    let of = |value, lower, upper| Interval::new(value, lower, upper);
    assert_eq!(parts(one / of(0.5, -1.0, 1.0)), [2.0, -infinity, infinity]);
    assert_eq!(parts(one / of(0.5, 0.0, 1.0)), [2.0, 1.0, infinity]);
    assert_eq!(parts(one / of(0.5, -0.0, 1.0)), [2.0, 1.0, infinity]);
    assert_eq!(parts(one / of(-0.5, -1.0, 0.0)), [-2.0, -infinity, -1.0]);
    assert_eq!(parts(of(1.0, -1.0, 1.0) / of(0.5, 0.0, 1.0)), [2.0, -infinity, infinity]);
    assert_eq!(parts(of(1.0, 0.0, 1.0) / of(0.5, 0.0, 1.0)), [2.0, 0.0, infinity]);
    let by_nothing = one / Interval::zero();
    assert_eq!(parts(by_nothing), [infinity, -infinity, infinity]);
    assert_eq!(parts(one / of(2.0, 1.0, infinity)), [0.5, 0.0, 1.0]);
}

#[test]
fn overflow_leaves_the_largest_number_below_and_nan_is_in_nothing() {
    let large = Interval::exact(lit::<F16>(60000.0));
    let sum = large + large;
    assert_eq!(parts(sum), [f64::INFINITY, 65504.0, f64::INFINITY]);
    let gone = sum - sum;
    assert!(gone.value().is_nan());
    assert_eq!((gone.lower(), gone.upper()), (F16::neg_infinity(), F16::infinity()));
    assert!(!gone.contains(F16::nan()) && gone.contains(F16::zero()));
    let ratio = sum / sum; // the value is ∞/∞, the exact result is between 0 and ∞
    assert!(ratio.value().is_nan() && ratio.lower() == F16::zero() && ratio.upper() == F16::infinity());
    let unknown = Interval::exact(f64::NAN);
    assert_eq!((unknown.lower(), unknown.upper()), (f64::NEG_INFINITY, f64::INFINITY));
    assert!((unknown * Interval::zero()).contains(0.0));
    // Underflow: the value is 0, the exact result is not, and not negative.
    let tiny = Interval::exact(F16::min_positive_value()) * Interval::exact(F16::min_positive_value());
    assert_eq!(parts(tiny), [0.0, 0.0, 2f64.powi(-24)]);
    assert_eq!(parts(Interval::exact(-1e-200) / Interval::exact(1e200)), [-0.0, -5e-324, 0.0]);
}

#[test]
fn outside_of_a_domain_the_part_inside_counts() {
    let of = |value, lower, upper| Interval::new(value, lower, upper);
    assert_eq!(parts(of(1.0, -1.0, 4.0).sqrt()), [1.0, 0.0, 2.0]);
    let logarithm = of(1.0, -1.0, 1.0).ln();
    assert!(logarithm.lower() == f64::NEG_INFINITY && logarithm.upper() < 1e-300);
    let nothing = of(-2.5, -3.0, -2.0);
    for nothing in [nothing.sqrt(), nothing.ln(), nothing.powf(of(0.5, 0.5, 0.5)), nothing.acosh(), nothing.atanh()] {
        assert!(nothing.value().is_nan() && nothing.lower() == f64::NEG_INFINITY && nothing.upper() == f64::INFINITY);
    }
    assert_eq!(parts(nothing.powf(of(2.0, 2.0, 2.0))), [6.25, 4.0, 9.0]);
    let angle = of(0.0, -1.0, 1.0).atan2(of(-1.0, -1.0, -1.0));
    assert!(angle.lower() < -std::f64::consts::PI && angle.upper() > std::f64::consts::PI);
    let pole = of(1.5, 1.5, 1.7).tan();
    assert!(pole.lower() == f64::NEG_INFINITY && pole.upper() == f64::INFINITY);
}

#[test]
fn comparisons_follow_the_value_and_questions_for_0_and_1_ask_for_all() {
    let (wide, point) = (Interval::new(1.0, 0.0, 3.0), Interval::exact(1.0));
    assert!(wide == point && wide < Interval::exact(2.0) && wide >= point);
    assert!(!wide.is_one() && point.is_one());
    assert!(!Interval::new(0.0, -1.0, 1.0).is_zero() && Interval::<f64>::zero().is_zero());
    assert!(Interval::new(0.0, -1.0, 1.0).is_sign_positive() && wide.is_finite() && !wide.is_nan());
    assert_eq!(wide.to_f64(), Some(1.0));
    // The bounds are those of the branch that the value took: both of ReLU's pieces are near.
    let z = dmatrix![Interval::new(0.25, -1.0, 1.0), Interval::new(-0.25, -1.0, 1.0)];
    let y = relu_forward(&z);
    assert_eq!((parts(y[0]), parts(y[1])), ([0.25, -1.0, 1.0], [0.0; 3]));
}

#[test]
fn a_converted_number_is_the_one_that_was_meant() {
    let tenth: Interval<f64> = lit(0.1); // the f64 itself
    assert_eq!(tenth.width(), 0.0);
    let tenth: Interval<Bf16> = lit(0.1);
    assert!(holds(tenth, &BigRational::from_float(0.1).unwrap()) && tenth.width() > Bf16::zero());
    let odd: Interval<f64> = num_traits::NumCast::from((1u64 << 53) + 1).unwrap();
    assert!(holds(odd, &BigRational::from_integer(((1u64 << 53) + 1).into())));
    let exact: Interval<f32> = num_traits::NumCast::from(12_345).unwrap();
    assert_eq!(parts(exact), [12_345.0; 3]);
    let text = <Interval<f32> as num_traits::Num>::from_str_radix("0.1", 10).unwrap();
    assert!(holds(text, &BigRational::new(1.into(), 10.into())));
}

// (c) against exact arithmetic

#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Sub,
    Mul,
    Div,
    MulAdd,
    Power(i32),
}

fn operation() -> impl Strategy<Value = (Operation, usize, usize)> {
    use Operation::*;
    let kinds = prop_oneof![Just(Add), Just(Sub), Just(Mul), Just(Div), Just(MulAdd), (-3..4i32).prop_map(Power)];
    (kinds, any::<usize>(), any::<usize>())
}

/// Numbers of all sizes a format has, among them many that sum without rounding.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -4.0..4.0f64,
        (-8..=8i8).prop_map(f64::from),
        (-40..16i32, -1.0..1.0f64).prop_map(|(e, x)| x * 2f64.powi(e))
    ]
}

/// A program: each operation takes two results of earlier ones. All bounds hold the exact results.
fn run<T: Format>(inputs: &[f64], program: &[(Operation, usize, usize)]) -> Result<(), TestCaseError> {
    let mut results: Vec<(Interval<T>, BigRational)> = Vec::new();
    for &x in inputs {
        results.push((lit(x), BigRational::from_float(x).unwrap())); // what the format cannot hold is rounded
    }
    for &(operation, a, b) in program {
        let ((x, exact_x), (y, exact_y)) = (&results[a % results.len()], &results[b % results.len()]);
        let (bounds, exact) = match operation {
            Operation::Add => (*x + *y, exact_x + exact_y),
            Operation::Sub => (*x - *y, exact_x - exact_y),
            Operation::Mul => (*x * *y, exact_x * exact_y),
            Operation::MulAdd => (x.mul_add(*y, *x), exact_x * exact_y + exact_x),
            Operation::Div if exact_y.is_zero() => continue,
            Operation::Div => (*x / *y, exact_x / exact_y),
            Operation::Power(n) if n < 0 && exact_x.is_zero() => continue,
            Operation::Power(n) => (x.powi(n), num_traits::pow::Pow::pow(exact_x, n)),
        };
        prop_assert!(holds(bounds, &exact), "{operation:?} of {x:?} and {y:?}: {bounds:?} without {exact}");
        if !bounds.value().is_nan() {
            prop_assert!(bounds.lower() <= bounds.value() && bounds.value() <= bounds.upper());
        }
        results.push((bounds, exact));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_exact_result_of_a_program_never_escapes(
        inputs in prop::collection::vec(number(), 1..5),
        program in prop::collection::vec(operation(), 1..12),
    ) {
        run::<F16>(&inputs, &program)?;
        run::<Bf16>(&inputs, &program)?;
        run::<f32>(&inputs, &program)?;
        run::<f64>(&inputs, &program)?;
    }

    /// One operation on two numbers of the format: each bound is the exact result, or the numbers next to it.
    #[test]
    fn bounds_are_as_narrow_as_the_format_allows(a in number(), b in number()) {
        let (x, y) = (Interval::exact(a), Interval::exact(b));
        let (p, q) = (BigRational::from_float(a).unwrap(), BigRational::from_float(b).unwrap());
        for (bounds, exact) in [(x + y, &p + &q), (x - y, &p - &q), (x * y, &p * &q)] {
            let whole = rational(bounds.value()) == exact;
            prop_assert_eq!(bounds.width() == 0.0, whole, "{:?}", bounds);
            prop_assert!(bounds.upper() == bounds.lower() || bounds.upper() == bounds.lower().next_up());
        }
        if b != 0.0 {
            let bounds = x / y;
            prop_assert_eq!(bounds.width() == 0.0, rational(bounds.value()) == &p / &q);
            prop_assert!(bounds.upper() == bounds.lower() || bounds.upper() == bounds.lower().next_up());
        }
        let root = x.abs().sqrt();
        prop_assert!(root.lower() * root.lower() <= a.abs() && root.upper() <= root.lower().next_up());
        prop_assert!(rational(root.lower()) * rational(root.lower()) <= rational(a.abs()));
        prop_assert!(rational(root.upper()) * rational(root.upper()) >= rational(a.abs()));
    }
}

// The functions.

type Function<T> = (&'static str, fn(T) -> T, [f64; 2]);

/// Every function of one number, with the range it is tried on; for any number.
fn functions<T: Float>() -> Vec<Function<T>> {
    vec![
        ("sqrt", T::sqrt, [0.0, 9.0]),
        ("cbrt", T::cbrt, [-9.0, 9.0]),
        ("exp", T::exp, [-12.0, 10.0]),
        ("exp2", T::exp2, [-12.0, 12.0]),
        ("exp_m1", T::exp_m1, [-2.0, 2.0]),
        ("ln", T::ln, [0.01, 9.0]),
        ("ln_1p", T::ln_1p, [-0.9, 9.0]),
        ("log2", T::log2, [0.01, 9.0]),
        ("log10", T::log10, [0.01, 9.0]),
        ("sin", T::sin, [-9.0, 9.0]),
        ("cos", T::cos, [-9.0, 9.0]),
        ("tan", T::tan, [-9.0, 9.0]),
        ("asin", T::asin, [-1.0, 1.0]),
        ("acos", T::acos, [-1.0, 1.0]),
        ("atan", T::atan, [-9.0, 9.0]),
        ("sinh", T::sinh, [-5.0, 5.0]),
        ("cosh", T::cosh, [-5.0, 5.0]),
        ("tanh", T::tanh, [-5.0, 5.0]),
        ("asinh", T::asinh, [-9.0, 9.0]),
        ("acosh", T::acosh, [1.0, 9.0]),
        ("atanh", T::atanh, [-0.99, 0.99]),
        ("recip", T::recip, [0.1, 9.0]),
        ("powi 5", |x| x.powi(5), [-3.0, 3.0]),
        ("powi −2", |x| x.powi(-2), [0.2, 3.0]),
        ("powf 2.5", |x| x.powf(T::from(2.5).unwrap_or_else(T::nan)), [0.0, 9.0]),
        ("3 to x", |x| T::from(3.0).unwrap_or_else(T::nan).powf(x), [-4.0, 4.0]),
        ("hypot", |x| x.hypot(T::one()), [-9.0, 9.0]),
        ("atan2", |x| x.atan2(-T::one()), [0.1, 9.0]),
        ("log in base x", |x| (T::one() + T::one()).log(x), [1.5, 9.0]),
        ("abs", T::abs, [-3.0, 3.0]),
        ("fract", T::fract, [-3.0, 3.0]),
        ("trunc", T::trunc, [-3.0, 3.0]),
        ("x % 0.7", |x| x % T::from(0.75).unwrap_or_else(T::nan), [-3.0, 3.0]),
        ("degrees", T::to_degrees, [-3.0, 3.0]),
    ]
}

/// Random bounds around a random value: f of what lies between them lies between f's bounds, and the value is T's own.
/// The oracle is f64, a billion times as exact as the bounds of the narrower formats.
fn functions_enclose<T: Format + std::fmt::Display>() {
    let mut rng = init::rng(3);
    let all = functions::<Interval<T>>().into_iter().zip(functions::<T>()).zip(functions::<f64>());
    for (((name, f, [from, to]), (_, plain, _)), (_, exact, _)) in all {
        for case in 0..400 {
            let reach = if case % 2 == 0 { 0.0 } else { (to - from) * rng.random_range(0.0..0.2f64).powi(3) };
            let low: f64 = rng.random_range(from..=to);
            let high = (low + reach).min(to);
            let inside = |x: f64| -> T { lit(x.clamp(low, high)) };
            let (lower, upper) = (inside(low), inside(high));
            let middle = inside(rng.random_range(low..=high));
            let bounds = f(Interval::new(middle, lower, upper));
            let (v, expected) = (bounds.value(), plain(middle));
            assert!(v == expected || (v.is_nan() && expected.is_nan()), "{name} of {middle}: {v} but {expected}");
            let (lower, upper) = (lower.to_f64().unwrap(), upper.to_f64().unwrap());
            for part in 0..=8 {
                let x = lower + (upper - lower) * f64::from(part) / 8.0;
                let y = exact(x);
                let (below, above) = (bounds.lower().to_f64().unwrap(), bounds.upper().to_f64().unwrap());
                assert!(y.is_nan() || (below <= y && y <= above), "{name}({x}) = {y} is outside of {bounds:?}");
            }
        }
    }
}

#[test]
fn functions_enclose_in_every_format() {
    functions_enclose::<F16>();
    functions_enclose::<Bf16>();
    functions_enclose::<f32>();
}

#[test]
fn a_function_of_one_number_is_a_few_steps_wide() {
    let mut rng = init::rng(4);
    for ((name, f, [from, to]), (_, plain, _)) in functions::<Interval<F16>>().into_iter().zip(functions::<F16>()) {
        // The remainder and what is made of several functions is wider.
        if ["powi 5", "powi −2", "log in base x", "atanh", "asinh", "acosh", "degrees"].contains(&name) {
            continue;
        }
        for _ in 0..100 {
            let x = lit::<F16>(rng.random_range(from..=to));
            let steps = f(Interval::exact(x)).width() / plain(x).abs().max(lit::<F16>(0.1));
            assert!(steps <= lit::<F16>(4.0 * 2f64.powi(-10)), "{name} of {x}: {steps}");
        }
    }
}

/// Functions to some 60 digits, by their series on rational numbers.
mod exact {
    use super::{BigRational, One, Zero, rational};

    fn whole(n: u32) -> BigRational {
        BigRational::from_integer(n.into())
    }

    /// Cut after 256 binary digits.
    fn cut(x: BigRational) -> BigRational {
        let scale = num_traits::pow(whole(2), 256);
        (x * &scale).round() / scale
    }

    /// Σ xᵏ/k!, of every `step`-th k from `first` on, the signs alternating if `sign` is −1.
    fn series(x: &BigRational, first: u32, step: u32, sign: i32) -> BigRational {
        let (mut sum, mut term) = (BigRational::zero(), BigRational::one());
        for k in 1..120 {
            if (k - 1) % step == first {
                sum = if sign < 0 && (k - 1) / step % 2 == 1 { sum - &term } else { sum + &term };
            }
            term = cut(term * x / whole(k));
        }
        sum
    }

    pub fn exp(x: &BigRational) -> BigRational {
        (0..8).fold(series(&(x / whole(256)), 0, 1, 1), |y, _| cut(&y * &y))
    }

    pub fn sin(x: &BigRational) -> BigRational {
        series(x, 1, 2, -1)
    }

    pub fn cos(x: &BigRational) -> BigRational {
        series(x, 0, 2, -1)
    }

    pub fn sinh(x: &BigRational) -> BigRational {
        (exp(x) - exp(&-x)) / whole(2)
    }

    pub fn cosh(x: &BigRational) -> BigRational {
        (exp(x) + exp(&-x)) / whole(2)
    }

    pub fn tanh(x: &BigRational) -> BigRational {
        cut(sinh(x) / cosh(x))
    }

    /// Halley's step from the value of f64: 16 digits become 48.
    pub fn ln(x: f64) -> BigRational {
        let (x, y) = (rational(x), rational(x.ln()));
        let there = exp(&y);
        y + cut((&x - &there) * whole(2) / (&x + &there))
    }

    /// The angle to the direction (1, x) from that of f64.
    pub fn atan(x: f64) -> BigRational {
        let (x, y) = (rational(x), rational(x.atan()));
        let (sin, cos) = (sin(&y), cos(&y));
        y + cut((&x * &cos - &sin) / (cos + &x * sin))
    }
}

#[test]
fn functions_of_f64_enclose_60_digits() {
    let mut rng = init::rng(5);
    type Compared = (&'static str, fn(Interval<f64>) -> Interval<f64>, fn(f64) -> BigRational, [f64; 2]);
    let functions: [Compared; 8] = [
        ("exp", |x| x.exp(), |x| exact::exp(&rational(x)), [-20.0, 20.0]),
        ("ln", |x| x.ln(), exact::ln, [0.01, 100.0]),
        ("sinh", |x| x.sinh(), |x| exact::sinh(&rational(x)), [0.5, 20.0]),
        ("cosh", |x| x.cosh(), |x| exact::cosh(&rational(x)), [0.5, 20.0]),
        ("tanh", |x| x.tanh(), |x| exact::tanh(&rational(x)), [0.5, 5.0]),
        ("sin", |x| x.sin(), |x| exact::sin(&rational(x)), [-6.0, 6.0]),
        ("cos", |x| x.cos(), |x| exact::cos(&rational(x)), [-6.0, 6.0]),
        ("atan", |x| x.atan(), exact::atan, [-9.0, 9.0]),
    ];
    for (name, f, exact, [from, to]) in functions {
        for _ in 0..100 {
            let x = rng.random_range(from..to);
            let (bounds, y) = (f(Interval::exact(x)), exact(x));
            assert!(holds(bounds, &y), "{name} of {x} is not in {bounds:?}");
            assert!(bounds.width() <= 20.0 * f64::EPSILON * bounds.value().abs(), "{name} of {x}: {bounds:?}");
        }
    }
}

// (e) properties of layers

/// On whole numbers the polynomial layers make no rounding at all: their results have no width.
#[test]
fn polynomial_layers_round_nothing_on_whole_numbers() -> Result<(), ShapeError> {
    let of = |k: usize| Interval::<f32>::exact((k % 9) as f32 - 4.0);
    let tensor = |shape: [usize; 4]| Tensor4::from_fn(shape, |n, c, i, j| of(7 * n + 5 * c + 3 * i + 2 * j));
    let (z, k) = (tensor([2, 3, 6, 5]), tensor([3, 4, 3, 3]));
    let b = DVector::from_fn(4, |d, _| of(d));
    let slide = Slide::by(2, 1).padding(1, 1).round_down();
    let y = conv_forward(&z, &k, &b, slide)?;
    let g = conv_backward(&tensor(y.shape()), &k, &z, slide)?;
    for (name, entries) in [("y", &y), ("dk", &g.dk), ("dz", &g.dz)] {
        assert!(entries.as_slice().iter().all(|x| x.width() == 0.0), "{name}");
    }
    let pooled = avg_pooling_forward(&z, (2, 2), Slide::by(1, 1))?;
    assert!(pooled.as_slice().iter().all(|x| x.width() == 0.0));
    let fifths = avg_pooling_forward(&z, (5, 1), Slide::by(1, 1))?;
    assert!(fifths.as_slice().iter().any(|x| x.width() > 0.0)); // a fifth is rounded
    Ok(())
}

/// Whole layers in 16 bits: what f64 answers for the same inputs lies between the bounds.
fn layers_enclose<T: Format>() -> Result<(), ShapeError> {
    let mut rng = init::rng(6);
    // Inputs that both formats hold exactly.
    let mut plain = |shape: [usize; 4]| {
        Tensor4::from_fn(shape, |_, _, _, _| (rng.random_range(-2.0..2.0f64) * 32.0).round() / 32.0)
    };
    let (z, k, next) = (plain([2, 3, 6, 5]), plain([3, 4, 3, 3]), plain([2, 4, 3, 5]));
    let (y, target) = (plain([3, 5, 1, 1]).into_matrix(), plain([3, 5, 1, 1]).into_matrix());
    let slide = Slide::by(2, 1).padding(1, 1).round_down();
    let b = DVector::from_element(4, 0.5);

    let mut compared = 0;
    let mut check = |name: &str, bounds: &[Interval<T>], exact: &[f64]| {
        for (bounds, exact) in bounds.iter().zip(exact) {
            let room = 1e-12 * exact.abs().max(1.0); // the rounding of f64
            let (lower, upper) = (bounds.lower().to_f64().unwrap(), bounds.upper().to_f64().unwrap());
            assert!(lower - room <= *exact && *exact <= upper + room, "{name}: {exact} is not in {bounds:?}");
            compared += 1;
        }
    };
    let wide = |t: &Tensor4<f64>| t.map(lit::<Interval<T>>);
    let (zi, ki, bi, ni) = (wide(&z), wide(&k), b.map(lit::<Interval<T>>), wide(&next));
    check("conv", conv_forward(&zi, &ki, &bi, slide)?.as_slice(), conv_forward(&z, &k, &b, slide)?.as_slice());
    let (gi, g) = (conv_backward(&ni, &ki, &zi, slide)?, conv_backward(&next, &k, &z, slide)?);
    check("dk", gi.dk.as_slice(), g.dk.as_slice());
    check("db", gi.db.as_slice(), g.db.as_slice());
    check("dz", gi.dz.as_slice(), g.dz.as_slice());
    let (yi, ti) = (y.map(lit::<Interval<T>>), target.map(lit::<Interval<T>>));
    for (name, f, fi) in [
        ("sigmoid", sigmoid_forward::<f64> as fn(&_) -> _, sigmoid_forward::<Interval<T>> as fn(&_) -> _),
        ("tanh", tanh_forward, tanh_forward),
        ("selu", selu_forward, selu_forward),
        ("softmax", softmax_forward, softmax_forward),
    ] {
        check(name, fi(&yi).as_slice(), f(&y).as_slice());
    }
    for (name, f, fi) in [
        (
            "mean squared",
            mean_squared_loss::<f64> as fn(&_, &_) -> _,
            mean_squared_loss::<Interval<T>> as fn(&_, &_) -> _,
        ),
        ("cross-entropy", cross_entropy_loss, cross_entropy_loss),
    ] {
        let (wide, exact) = (fi(&yi, &ti)?, f(&y, &target)?);
        check(name, &[wide.loss], &[exact.loss]);
        check(name, wide.dy.as_slice(), exact.dy.as_slice());
    }
    assert_eq!(compared, 2 * 4 * 3 * 5 + 3 * 4 * 9 + 4 + 2 * 3 * 6 * 5 + 4 * 15 + 2 * (1 + 15));
    Ok(())
}

#[test]
fn layers_in_16_and_32_bits_enclose_what_64_bits_answer() -> Result<(), ShapeError> {
    layers_enclose::<F16>()?;
    layers_enclose::<Bf16>()?;
    layers_enclose::<f32>()
}
