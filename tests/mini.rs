//! Numbers of few digits: bit for bit those of the `half` crate, which is made another way.

use handgrad::numbers::interval::Format;
use handgrad::numbers::{Bf16, F16, Mini};
use handgrad::prelude::*;
use num_traits::{Float, One, ToPrimitive, Zero};
use std::num::FpCategory;

/// The same number, or both NaN; zeros with the same sign.
fn same(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || a.to_bits() == b.to_bits()
}

fn value<T: Float>(x: T) -> f64 {
    ToPrimitive::to_f64(&x).unwrap()
}

/// All numbers of a format of 16 bits.
fn all<H: Float>(from_bits: fn(u16) -> H) -> Vec<H> {
    (0..=u16::MAX).map(from_bits).collect()
}

// (a) by hand

#[test]
fn rounding_by_hand() {
    let of = |x: f64| value(F16::nearest(x));
    assert_eq!([of(2049.0), of(2051.0), of(2049.001)], [2048.0, 2052.0, 2050.0]); // ties go to even
    assert_eq!([of(65519.0), of(65520.0), of(-1e9)], [65504.0, f64::INFINITY, f64::NEG_INFINITY]);
    let smallest = 2f64.powi(-24);
    assert_eq!([of(smallest), of(0.5 * smallest), of(0.51 * smallest)], [smallest, 0.0, smallest]);
    assert!(of(-1e-30).is_sign_negative() && of(f64::NAN).is_nan());
    assert_eq!(lit::<F16>(0.1).to_string(), "0.0999755859375");
    assert_eq!(format!("{:.3}", lit::<Bf16>(0.1)), "0.100");
}

#[test]
fn a_format_has_its_constants() {
    let constants = [F16::max_value(), F16::min_positive_value(), F16::epsilon(), F16::min_value()];
    assert_eq!(constants.map(value), [65504.0, 2f64.powi(-14), 2f64.powi(-10), -65504.0]);
    let constants = [Bf16::max_value(), Bf16::min_positive_value(), Bf16::epsilon()].map(value);
    assert_eq!(constants, [half::bf16::MAX.to_f64(), f64::from(f32::MIN_POSITIVE), 2f64.powi(-7)]);
    assert_eq!(F16::min_positive_value().classify(), FpCategory::Normal);
    assert_eq!((F16::min_positive_value() / lit(2.0)).classify(), FpCategory::Subnormal);
    assert!(!(F16::min_positive_value() / lit(2.0)).is_normal() && F16::zero().is_zero() && F16::one().is_normal());
}

#[test]
fn a_product_and_a_sum_are_rounded_once() {
    // 1.5·(1 + 2⁻⁷) lies in the middle between 193 and 194 steps of 2⁻⁷, and 2⁻¹⁰⁰ says on which side of it.
    let of = |c: f64| value(lit::<Bf16>(1.5).mul_add(lit(1.0 + 2f64.powi(-7)), lit(c)));
    assert_eq!([of(0.0), of(2f64.powi(-100)), of(-2f64.powi(-100))].map(|x| x * 128.0), [194.0, 194.0, 193.0]);
    // All products of two mantissas, p = m·n, with a number beside them that is too small for f64 to add.
    for (m, n) in (128u32..256).flat_map(|m| (128u32..256).map(move |n| (m, n))) {
        let p = m * n;
        let step = 1 << (p.ilog2() - 7);
        let (below, rest) = (p / step * step, p % step);
        for (c, up) in [(2f64.powi(-100), 2 * rest >= step), (-2f64.powi(-100), 2 * rest > step)] {
            let [a, b, c] = [m.into(), n.into(), c].map(lit::<Bf16>);
            let expected = f64::from(if up { below + step } else { below });
            assert_eq!(value(a.mul_add(b, c)), expected, "{m}·{n} + {c}");
            assert_eq!(value((-a).mul_add(b, -c)), -expected, "−{m}·{n} − {c}");
        }
    }
}

// (b) against the crate `half`

/// Every number of the format, and a number between each and the next.
fn conversions_agree<H: Float, const E: u32, const M: u32>(from_bits: fn(u16) -> H, to: fn(f64) -> H) {
    for h in all(from_bits) {
        let x = value(h);
        assert!(same(value(Mini::<E, M>::nearest(x)), x), "{x}");
        let next = value(Mini::<E, M>::nearest(x).next_up());
        for between in [(x + next) / 2.0, 0.9 * x + 0.1 * next, x.next_up(), x.next_down()] {
            assert!(same(value(Mini::<E, M>::nearest(between)), value(to(between))), "{between} after {x}");
        }
    }
}

#[test]
fn all_numbers_and_what_lies_between_them_are_rounded_alike() {
    conversions_agree::<half::f16, 5, 10>(half::f16::from_bits, half::f16::from_f64);
    conversions_agree::<half::bf16, 8, 7>(half::bf16::from_bits, half::bf16::from_f64);
}

/// Sums, products, quotients and roots of numbers of all sizes.
fn operations_agree<H: Float, const E: u32, const M: u32>(from_bits: fn(u16) -> H) {
    let numbers = all(from_bits);
    let mini = |h: H| Mini::<E, M>::nearest(value(h));
    for &a in &numbers {
        assert!(same(value(mini(a).sqrt()), value(a.sqrt())), "√{}", value(a));
        let whole = [mini(a).floor(), mini(a).ceil(), mini(a).trunc()].map(value);
        let expected = [a.floor(), a.ceil(), a.trunc()].map(value);
        assert!(whole.iter().zip(expected).all(|(a, b)| same(*a, b)), "{}", value(a));
    }
    for (number, &a) in numbers.iter().enumerate().step_by(37) {
        for &b in numbers.iter().skip(number % 101).step_by(101) {
            let (x, y) = (mini(a), mini(b));
            let results = [x + y, x - y, x * y, x / y].map(value);
            let expected = [a + b, a - b, a * b, a / b].map(value);
            for (result, expected) in results.into_iter().zip(expected) {
                assert!(same(result, expected), "{} and {}: {result}, not {expected}", value(a), value(b));
            }
            assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        }
    }
}

#[test]
fn operations_of_f16_agree() {
    operations_agree::<half::f16, 5, 10>(half::f16::from_bits);
}

#[test]
fn operations_of_bf16_agree() {
    operations_agree::<half::bf16, 8, 7>(half::bf16::from_bits);
}

/// With 23 digits behind the point a `Mini` is an `f32`.
#[test]
fn f32_is_one_of_them() {
    type F32 = Mini<8, 23>;
    let mut bits = 1u32;
    for _ in 0..200_000 {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (a, b) = (f32::from_bits(bits), f32::from_bits(bits.rotate_left(13) ^ 0x2545_f491));
        let (x, y) = (F32::nearest(f64::from(a)), F32::nearest(f64::from(b)));
        for (result, expected) in [(x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b), (x.sqrt(), a.sqrt())]
        {
            assert!(same(value(result), f64::from(expected)), "{a} and {b}: {result}, not {expected}");
        }
        let c = f32::from_bits(bits.rotate_left(7) ^ 0x1234_5678);
        let (result, expected) = (x.mul_add(y, F32::nearest(f64::from(c))), a.mul_add(b, c));
        assert!(same(value(result), f64::from(expected)), "{a}·{b} + {c}: {result}, not {expected}");
    }
}

// (e) properties

#[test]
fn neighbours_are_next_to_each_other() {
    let numbers: Vec<F16> = all(half::f16::from_bits).into_iter().map(|h| F16::nearest(value(h))).collect();
    let (mut below, mut above) = (F16::neg_infinity(), 0);
    while below < F16::infinity() {
        let next = below.next_up();
        assert!(below < next && (next.next_down() == below), "{below} and {next}");
        (below, above) = (next, above + 1);
    }
    // From −∞ to ∞: all patterns but the NaNs, with one zero.
    let finite = numbers.iter().filter(|x| x.is_finite()).count() - 1;
    assert_eq!(above, finite + 1);
}

#[test]
fn layers_run_on_them() -> Result<(), ShapeError> {
    let z = dmatrix![0.1, 0.2; 0.3, 0.4].map(lit::<Bf16>);
    let y = fc_forward(&z, &z, &dvector![lit(1.0), lit(2.0)])?;
    let expected = z.map(|x| half::bf16::from_f64(value(x)));
    let b = dvector![half::bf16::ONE, half::bf16::from_f64(2.0)];
    let expected = fc_forward(&expected, &expected, &b)?;
    assert!(y.iter().zip(expected.iter()).all(|(y, e)| value(*y) == value(*e)));
    Ok(())
}
