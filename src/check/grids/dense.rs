//! Matrix product, fully connected layer, flatten.

use super::Numbers;
use crate::check::certificate::{Case, Evidence};
use crate::check::{Proof, definitions, lift};
use crate::kernels::matmul;
use crate::layers::{fc_backward, fc_forward, flatten_backward, flatten_forward};
use crate::{ShapeError, Tensor4};

/// N 1–4, l and m 1–5; and one product that is cut into parts for the threads.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for samples in 1..=4 {
        for (inputs, outputs) in [1, 2, 3, 5].into_iter().flat_map(|l| [1, 2, 4].map(|m| (l, m))) {
            let number = cases.len();
            let name = format!("fc: z ({samples}, {inputs}), W ({inputs}, {outputs})");
            cases.push(Case::new(name, move |evidence| fc(evidence, number, [samples, inputs, outputs])));
        }
    }
    cases.push(Case::new("fc: z (200, 300), W (300, 90)".into(), |evidence| large(evidence, [200, 300, 90])));
    let maps = [(1, 1, 1), (3, 1, 1), (2, 3, 4), (2, 2, 5), (1, 4, 1)];
    for shape in (1..=4).flat_map(|n| maps.map(|(c, h, w)| [n, c, h, w])) {
        let number = cases.len();
        cases.push(Case::new(format!("flatten: z {shape:?}"), move |evidence| flatten(evidence, number, shape)));
    }
    cases
}

fn fc(evidence: &mut Evidence, number: usize, [samples, inputs, outputs]: [usize; 3]) -> Result<(), ShapeError> {
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers;
        let (z, w) = (numbers.matrix(samples, inputs), numbers.matrix(inputs, outputs));
        let (b, next_dz) = (numbers.vector(outputs), numbers.matrix(samples, outputs));
        evidence.values("matmul", &matmul(&z, &w)?, &definitions::matmul(&z, &w), exact);
        evidence.values("fc_forward", &fc_forward(&z, &w, &b)?, &definitions::fc(&z, &w, &b), exact);

        let g = fc_backward(&next_dz, &w, &z)?;
        let proof = Proof::new("fc_backward", &next_dz).exact_if(exact);
        let proof = proof
            .parameter("dw", &w, &g.dw, |w| fc_forward(&lift(&z), w, &lift(&b)))?
            .parameter("db", &b, &g.db, |b| fc_forward(&lift(&z), &lift(&w), b))?
            .input("dz", &z, &g.dz, |z| fc_forward(z, &lift(&w), &lift(&b)))?;
        evidence.proof(&proof);
    }
    Ok(())
}

/// Too large for a run a number: the products alone, against their definition.
fn large(evidence: &mut Evidence, [samples, inputs, outputs]: [usize; 3]) -> Result<(), ShapeError> {
    for mut numbers in Numbers::both(0) {
        let exact = numbers.integers;
        let (z, w) = (numbers.matrix(samples, inputs), numbers.matrix(inputs, outputs));
        let (b, next_dz) = (numbers.vector(outputs), numbers.matrix(samples, outputs));
        evidence.values("matmul", &matmul(&z, &w)?, &definitions::matmul(&z, &w), exact);
        evidence.values("fc_forward", &fc_forward(&z, &w, &b)?, &definitions::fc(&z, &w, &b), exact);
        let g = fc_backward(&next_dz, &w, &z)?;
        let n = samples as f64;
        evidence.values("fc_backward", &g.dz, &definitions::matmul(&next_dz, &w.transpose()), exact);
        evidence.values("fc_backward", &g.dw, &(definitions::matmul(&z.transpose(), &next_dz) / n), exact);
    }
    Ok(())
}

fn flatten(evidence: &mut Evidence, number: usize, shape: [usize; 4]) -> Result<(), ShapeError> {
    let [samples, channels, height, width] = shape;
    for mut numbers in Numbers::both(number) {
        let z: Tensor4<f64> = numbers.tensor(shape);
        let next_dz = numbers.matrix(samples, channels * height * width);
        evidence.values("flatten_forward", &flatten_forward(&z), &definitions::flatten(&z), true);
        let dz = flatten_backward(&next_dz, &z)?;
        let proof = Proof::new("flatten_backward", &next_dz).exact();
        evidence.proof(&proof.input("dz", &z, &dz, |z| Ok(flatten_forward(z)))?);
    }
    Ok(())
}
