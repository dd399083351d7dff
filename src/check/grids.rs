//! The cases of every proof, generated rather than sampled: the shapes, strides and paddings that each function is
//! tested on.
//!
//! Every case runs twice. On **small integers** a polynomial layer rounds nothing, so `==` is required (if a mean
//! divides, only when it divides by a power of two). On **real numbers** the limit is
//! [`TOLERANCE`](super::TOLERANCE). The numbers come from seeded generators, one per case. Both runs are made in `f64`
//! and again in `f32`, on the very same numbers: `==` is required of the integers in both, and the limit in `f32` is
//! [`TOLERANCE_OF_F32`](super::TOLERANCE_OF_F32).
//!
//! Functions with kinks are tested away from them: a maximum on numbers that all differ, an activation at least 0.1
//! from 0. (At a kink there is no derivative to compare with. Each layer's file says what it takes there, a test by
//! hand checks it, and for a tied maximum the definition says it too.)
//!
//! Settings that are large enough to be cut into parts are compared with the definition, without dual numbers.
//!
//! If a function's definition also holds for infinities and NaN, as for convolutions and poolings, each setting is
//! tested once more with one of them in one of the values.

pub use super::lessons::{ConvShape, PoolingShape, conv_shapes, pooling_shapes};

use super::array::Array;
use super::certificate::{Case, Findings, Precision};
use super::draw::Draw;
use super::lesson::{Lesson, Setting, Visitor, answers, function_of, inputs, output};
use super::lessons;
use super::proof::Proof;
use super::values::{Named, Value};
use crate::numbers::Dual;
use crate::{Float, ShapeError};
use nalgebra::DVector;

/// All cases, in the order of the table.
#[must_use]
pub fn all() -> Vec<Case> {
    struct Cases(Vec<Case>);
    impl Visitor for Cases {
        fn visit<L: Lesson>(&mut self) {
            let grid = L::grid();
            let large = grid.large.into_iter().map(|setting| (setting, false));
            let settings = grid.proved.into_iter().map(|setting| (setting, true)).chain(large);
            let case = |(number, (setting, is_small)): (usize, (L::Setting, bool))| {
                let name = format!("{}: {setting}", L::FUNCTIONS[L::FUNCTIONS.len() - 1]);
                Case::new(name, move |findings| prove::<L>(findings, number, &setting, is_small))
            };
            self.0.extend(settings.enumerate().map(case));
        }
    }
    let mut cases = Cases(vec![]);
    lessons::visit(&mut cases);
    cases.0
}

fn prove<L: Lesson>(
    findings: &mut Findings,
    number: usize,
    setting: &L::Setting,
    is_small: bool,
) -> Result<(), ShapeError> {
    for mut draw in Draw::both(number) {
        let x = inputs::<L>(setting, &mut draw)?;
        let is_exact = draw.integers && L::is_exact(setting);
        let (got, defined) = (answers::<L, f64>(setting, &x)?, L::definition(setting, &x)?);
        let mut terms = L::definition(setting, &without_signs::<L>(&x))?.each(f64::abs);
        for (name, expected) in defined.iter() {
            findings.values(function_of::<L>(name), got.value(name), expected, terms.value(name).elements(), is_exact);
        }
        if is_small && setting.is_smooth() && !L::GRADIENTS.is_empty() {
            let proof = proof_of::<L>(setting, &x, &got)?.exact_if(is_exact);
            findings.proof(&proof);
            for (check, &(of, name, _)) in proof.checks().iter().zip(L::GRADIENTS) {
                let mut sizes = check.terms.iter().copied();
                terms = terms.with(name, x.value(of).each(|_| sizes.next().unwrap_or(0.0)));
            }
        }
        let single = answers::<L, f32>(setting, &x.each(|x| x as f32))?.each(f64::from);
        for (name, expected) in got.iter() {
            let mut own = expected.each(f64::abs);
            if let (true, Some(target)) = (L::IS_LOSS && name != "loss", x.get("y_true")) {
                // A loss's gradient is a difference from the target.
                own.elements_mut().iter_mut().zip(target.elements()).for_each(|(own, target)| *own += target.abs());
            }
            let terms = match terms.get(name) {
                Some(terms) if !L::IS_LOSS => terms,
                // A difference: only dual numbers give the size of its terms.
                None if L::TAKES_OUTPUT => continue,
                _ => &own,
            };
            findings.single(function_of::<L>(name), single.value(name), expected, terms.elements(), is_exact);
        }
    }
    if L::DEFINES_INFINITIES {
        let [mut draw, _] = Draw::both(number);
        let x = with_infinity(&inputs::<L>(setting, &mut draw)?, number);
        infinite::<L, f64>(findings, setting, &x, Precision::F64)?;
        infinite::<L, f32>(findings, setting, &x.each(|x| x as f32), Precision::F32)?;
    }
    Ok(())
}

/// The same values except for one number, which is ∞, −∞ or NaN. It and its place vary from case to case.
fn with_infinity(x: &Named<f64>, number: usize) -> Named<f64> {
    let (at, special) = (number % x.iter().count(), [f64::INFINITY, f64::NEG_INFINITY, f64::NAN][number / 4 % 3]);
    let values = x.iter().enumerate().map(|(k, (name, value))| {
        let mut value = value.clone();
        let len = value.elements().len();
        if k == at && len > 0 {
            value.elements_mut()[7 * number % len] = special;
        }
        (name, value)
    });
    values.fold(Named::default(), |all, (name, value)| all.with(name, value))
}

/// Compares the functions with their definition on the same numbers.
fn infinite<L: Lesson, T: Float + Into<f64>>(
    findings: &mut Findings,
    setting: &L::Setting,
    x: &Named<T>,
    precision: Precision,
) -> Result<(), ShapeError> {
    let got = answers::<L, T>(setting, x)?;
    for (name, expected) in L::definition(setting, x)?.iter() {
        let (got, expected) = (got.value(name).each(T::into), expected.each(T::into));
        findings.infinite(function_of::<L>(name), &got, &expected, precision);
    }
    Ok(())
}

/// Values whose definition is the sum of an entry's terms without their signs. A function that is not a polynomial has
/// one term, but its gradient is a sum over next_dz.
fn without_signs<L: Lesson>(x: &Named<f64>) -> Named<f64> {
    let of = |name: &str| L::IS_POLYNOMIAL || name == "next_dz";
    x.iter().fold(Named::default(), |all, (name, value)| {
        all.with(name, if of(name) { value.each(f64::abs) } else { value.clone() })
    })
}

/// The proof of a lesson's gradients.
fn proof_of<L: Lesson>(setting: &L::Setting, x: &Named<f64>, got: &Named<f64>) -> Result<Proof, ShapeError> {
    let name = L::FUNCTIONS[L::FUNCTIONS.len() - 1];
    let mut proof = match L::IS_LOSS {
        true => Proof::of_loss(name, L::samples(x)),
        false => Proof::new(name, x.value("next_dz")),
    };
    let lifted = x.each(Dual::constant);
    for &(of, name, role) in L::GRADIENTS {
        let forward = |value: &Value<Dual<f64>>| {
            let y = output::<L, Dual<f64>>(setting, &lifted.clone().with(of, value.clone()))?;
            Ok(if let Value::Number(loss) = y { DVector::from_element(1, loss).into() } else { y })
        };
        proof = proof.gradient(name, role, x.value(of), got.value(name), forward)?;
    }
    Ok(proof)
}
