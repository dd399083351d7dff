//! Every function on every kind of number: the values are those of f64, to the precision of the number.

use handgrad::check::draw::Draw;
use handgrad::check::lesson::{Lesson, Visitor, answers, inputs};
use handgrad::check::{Array, lessons};
use handgrad::numbers::Dual;
use handgrad::prelude::*;
use num_traits::ToPrimitive;
use std::marker::PhantomData;

/// Holds each result against the f64 result: within `tolerance`, relative to its largest entry.
struct Agrees<T> {
    tolerance: f64,
    /// Whether the number's exponential is as good as it is.
    has_exp: bool,
    functions: usize,
    number: PhantomData<T>,
}

impl<T: Float> Visitor for Agrees<T> {
    fn visit<L: Lesson>(&mut self) {
        if !self.has_exp && !L::IS_POLYNOMIAL {
            return;
        }
        let setting = L::grid().small;
        let x = inputs::<L>(&setting, &mut Draw::reals(0)).unwrap();
        let (got, expected) =
            (answers::<L, T>(&setting, &x.each(lit::<T>)).unwrap(), answers::<L, f64>(&setting, &x).unwrap());
        for (name, expected) in expected.iter() {
            let got = got.value(name).each(|x| ToPrimitive::to_f64(&x).unwrap());
            let error = super::relative_error(got.elements(), expected.elements());
            let (functions, number) = (L::FUNCTIONS, std::any::type_name::<T>());
            assert!(error <= self.tolerance, "{name} of {functions:?} on {number}: off by {error:e}");
        }
        self.functions += L::FUNCTIONS.len();
    }
}

fn agrees<T: Float>(tolerance: f64, has_exp: bool) {
    let mut agrees = Agrees::<T> { tolerance, has_exp, functions: 0, number: PhantomData };
    lessons::visit(&mut agrees);
    assert!(agrees.functions >= if has_exp { 40 } else { 15 }, "{} functions", agrees.functions);
}

#[test]
fn f32() {
    // A sum of 27 products, each rounded to 6e-8, and inputs rounded as much: at most about 30 roundings.
    agrees::<f32>(30.0 * f64::from(f32::EPSILON), true);
}

#[test]
fn half_precision() {
    // The same count of roundings, of 8 bits (bf16) and 11 bits (f16).
    agrees::<half::bf16>(30.0 * 2f64.powi(-8), true);
    agrees::<half::f16>(30.0 * 2f64.powi(-11), true);
}

#[test]
fn two_floats() {
    // TwoFloat carries twice the digits of f64: what differs are the roundings of f64. Its exponential is no better
    // than f64's, and its exp_m1 is worse.
    agrees::<twofloat::TwoFloat>(30.0 * f64::EPSILON, false);
}

/// Dual numbers take the loops in source order, f64 the fast product: the sums differ in their roundings alone.
#[test]
fn dual_numbers() {
    agrees::<Dual<f64>>(30.0 * f64::EPSILON, true);
    agrees::<Dual<Dual<f64>>>(30.0 * f64::EPSILON, true);
    agrees::<Dual<f32>>(30.0 * f64::from(f32::EPSILON), true);
}

/// The second derivative of a loss by its logits, by dual numbers of dual numbers: diag(p) − p·pᵀ for cross-entropy.
#[test]
fn a_hessian() {
    let (y, target) = (dmatrix![0.3, -1.2, 2.0], dmatrix![0.0, 1.0, 0.0]);
    let p = softmax_forward(&y);
    for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
        let seed = |at| f64::from(at == i);
        let twice = |at| f64::from(at == j);
        let y = DMatrix::from_fn(1, 3, |_, at| Dual::new(Dual::new(y[at], seed(at)), Dual::new(twice(at), 0.0)));
        let loss = cross_entropy_loss(&y, &lift(&target).map(Dual::constant)).unwrap().loss;
        let expected = if i == j { p[i] } else { 0.0 } - p[i] * p[j];
        // Three terms of one size.
        assert!((loss.eps.eps - expected).abs() < 1e-15, "({i}, {j}): {} but {expected}", loss.eps.eps);
    }
}
