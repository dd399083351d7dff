//! Exponentials in vectors, for `f32`.
//!
//! The library's functions take one number at a time. These use only arithmetic, so a loop over many numbers becomes
//! vector instructions. For an `f32` they compute in `f64` and round once, at the end; every other number uses its own
//! functions.
//!
//! 1. Let k be the whole number next to x/ln 2, and r = x − k·ln 2, so |r| ≤ ½·ln 2 < 0.347. Then **eˣ = 2ᵏ·eʳ**.
//! 2. **eʳ − 1 = r + r²/2! + … + r⁹/9!**, and a remainder below 1.04·|r|¹⁰/10! < 8·10⁻¹². A unit in the last place of
//!    an `f32` is 6·10⁻⁸ of it or more. So the number before the final rounding is off by at most a thousandth of that
//!    unit, and the result by 0.501 units.
//! 3. 2ᵏ needs no computation: k is added to the exponent of 1. Beyond the range of `f32`, eˣ is still an `f64`, and
//!    rounding turns it into 0 or ∞.
//! 4. **eˣ − 1 = 2ᵏ·(eʳ − 1) + (2ᵏ − 1)**. With k = 0 that is the series itself, which keeps the digits of a small x.
//! 5. **tanh x = (e²ˣ − 1)/(e²ˣ + 1)**, the numerator by step 4.
//!
//! Source: Muller, *Elementary functions* (2016), §6 (range reduction).

use crate::{Float, lit};
use std::any::TypeId;
use std::f64::consts::{LN_2, LOG2_E};

/// eˣ.
#[inline(always)]
pub(crate) fn exp<T: Float>(x: T) -> T {
    through_f64(x, T::exp, |x| {
        let (power, series) = parts(x);
        power * series + power // (1)
    })
}

/// eˣ − 1.
#[inline(always)]
pub(crate) fn exp_m1<T: Float>(x: T) -> T {
    through_f64(x, T::exp_m1, exp_m1_of)
}

/// tanh x.
#[inline(always)]
pub(crate) fn tanh<T: Float>(x: T) -> T {
    through_f64(x, T::tanh, |x| {
        let e = exp_m1_of(2.0 * x);
        e / (e + 2.0) // (5)
    })
}

/// `f(x)`, or for an `f32` `g(x)`, computed in `f64`.
#[inline(always)]
fn through_f64<T: Float>(x: T, f: impl FnOnce(T) -> T, g: impl FnOnce(f64) -> f64) -> T {
    if TypeId::of::<T>() != TypeId::of::<f32>() {
        return f(x);
    }
    lit(g(x.to_f64().unwrap_or(f64::NAN)))
}

#[inline(always)]
fn exp_m1_of(x: f64) -> f64 {
    let (power, series) = parts(x);
    power * series + (power - 1.0) // (4)
}

/// 2ᵏ and eʳ − 1, for x of an `f32`'s size.
#[inline(always)]
fn parts(x: f64) -> (f64, f64) {
    // Added to a number below 2⁵¹, it leaves no place for digits behind the point: k stands in the last bits.
    const ROUND: f64 = 1.5 * (1_u64 << 52) as f64;
    let x = x.clamp(-200.0, 200.0);
    let k = x * LOG2_E + ROUND;
    let r = x - (k - ROUND) * LN_2;
    let power = f64::from_bits((k.to_bits() << 52).wrapping_add(1_f64.to_bits())); // (3)
    // 1/n! from the last one on: (((r/9! + 1/8!)·r + …)·r + 1)·r.
    let series = COEFFICIENTS.iter().fold(0.0, |sum, c| (sum + c) * r); // (2)
    (power, series)
}

/// 1/9!, 1/8!, …, 1/1!.
const COEFFICIENTS: [f64; 9] =
    [1.0 / 362_880.0, 1.0 / 40_320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
