//! The losses.

use super::Numbers;
use crate::ShapeError;
use crate::check::certificate::{Case, Evidence};
use crate::check::{Proof, definitions, lift};
use crate::losses::{Loss, cross_entropy_loss, mean_squared_loss};
use nalgebra::{DMatrix, dmatrix, dvector};

/// N 1–4 and d 1–5; logits up to ±700.
pub(super) fn cases() -> Vec<Case> {
    let shapes = (1..=4).flat_map(|samples| (1..=5).map(move |d| (samples, d)));
    let case = |(number, (samples, d)): (usize, (usize, usize))| {
        Case::new(format!("losses: y ({samples}, {d})"), move |evidence| {
            mean_squared(evidence, number, (samples, d))?;
            for mut numbers in Numbers::both(number) {
                let y = numbers.matrix(samples, d);
                cross_entropy(evidence, numbers, number, &y)?;
            }
            Ok(())
        })
    };
    let tails = Case::new("losses: y up to ±700".into(), |evidence| {
        let y = dmatrix![0.75, -1.5, 3.0; 40.0, 0.0, -3.0; 700.0, 0.0, 350.0; 0.0, -700.0, -17.0];
        Numbers::both(0).into_iter().try_for_each(|numbers| cross_entropy(evidence, numbers, 0, &y))
    });
    shapes.enumerate().map(case).chain([tails]).collect()
}

fn mean_squared(evidence: &mut Evidence, number: usize, (samples, d): (usize, usize)) -> Result<(), ShapeError> {
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers && samples.is_power_of_two();
        let (y, target) = (numbers.matrix(samples, d), numbers.matrix(samples, d));
        let Loss { loss, dy } = mean_squared_loss(&y, &target)?;
        let defined = definitions::mean_squared(&y, &target);
        evidence.values("mean_squared_loss", &dvector![loss], &dvector![defined], false);
        let proof = Proof::of_loss("mean_squared_loss", samples).exact_if(exact);
        let forward = |y: &_| Ok(dvector![mean_squared_loss(y, &lift(&target))?.loss]);
        evidence.proof(&proof.input("dy", &y, &dy, forward)?);
    }
    Ok(())
}

/// With one-hot targets, with a distribution, and with targets that do not sum to 1.
fn cross_entropy(
    evidence: &mut Evidence,
    mut numbers: Numbers,
    number: usize,
    y: &DMatrix<f64>,
) -> Result<(), ShapeError> {
    let (samples, d) = y.shape();
    let weights = numbers.matrix(samples, d).abs().add_scalar(0.1);
    let one_hot = DMatrix::from_fn(samples, d, |n, j| f64::from(j == (n + number) % d));
    let distribution = DMatrix::from_fn(samples, d, |n, j| weights[(n, j)] / weights.row(n).sum());
    for target in [one_hot, distribution, weights] {
        let Loss { loss, dy } = cross_entropy_loss(y, &target)?;
        let defined = definitions::cross_entropy(y, &target);
        evidence.values("cross_entropy_loss", &dvector![loss], &dvector![defined], false);
        let forward = |y: &_| Ok(dvector![cross_entropy_loss(y, &lift(&target))?.loss]);
        let proof = Proof::of_loss("cross_entropy_loss", samples);
        evidence.proof(&proof.input("dy", y, &dy, forward)?);
    }
    Ok(())
}
