//! The activations, each at least 0.1 away from its kink at 0.

use super::Numbers;
use crate::activations::*;
use crate::check::certificate::{Case, Evidence};
use crate::check::{Proof, definitions, lift};
use crate::numbers::Dual;
use crate::{ShapeError, Tensor4, lit};
use nalgebra::{DMatrix, dmatrix};

type Matrix = DMatrix<f64>;
type Duals = DMatrix<Dual<f64>>;

/// One activation of a single number, with its slope fixed if it has one.
struct Activation {
    names: [&'static str; 2],
    /// A piecewise polynomial.
    exact: bool,
    definition: fn(f64) -> f64,
    forward: fn(&Matrix) -> Matrix,
    on_duals: fn(&Duals) -> Duals,
    /// From next_dz and z.
    backward: fn(&Matrix, &Matrix) -> Result<Matrix, ShapeError>,
}

/// The slope of the leaky ReLU, a power of two.
const SLOPE: f64 = 0.25;
/// The ELU's α.
const ALPHA: f64 = 1.5;

const ACTIVATIONS: [Activation; 6] = [
    Activation {
        names: ["relu_forward", "relu_backward"],
        exact: true,
        definition: definitions::relu,
        forward: relu_forward,
        on_duals: relu_forward,
        backward: relu_backward,
    },
    Activation {
        names: ["leaky_relu_forward", "leaky_relu_backward"],
        exact: true,
        definition: |z| definitions::leaky_relu(z, SLOPE),
        forward: |z| leaky_relu_forward(z, SLOPE),
        on_duals: |z| leaky_relu_forward(z, lit(SLOPE)),
        backward: |next_dz, z| leaky_relu_backward(next_dz, z, SLOPE),
    },
    Activation {
        names: ["elu_forward", "elu_backward"],
        exact: false,
        definition: |z| definitions::elu(z, ALPHA),
        forward: |z| elu_forward(z, ALPHA),
        on_duals: |z| elu_forward(z, lit(ALPHA)),
        backward: |next_dz, z| elu_backward(next_dz, z, ALPHA),
    },
    Activation {
        names: ["selu_forward", "selu_backward"],
        exact: false,
        definition: definitions::selu,
        forward: selu_forward,
        on_duals: selu_forward,
        backward: selu_backward,
    },
    Activation {
        names: ["sigmoid_forward", "sigmoid_backward"],
        exact: false,
        definition: definitions::sigmoid,
        forward: sigmoid_forward,
        on_duals: sigmoid_forward,
        backward: sigmoid_backward,
    },
    Activation {
        names: ["tanh_forward", "tanh_backward"],
        exact: false,
        definition: definitions::tanh,
        forward: tanh_forward,
        on_duals: tanh_forward,
        backward: tanh_backward,
    },
];

/// N 1–4, d 1–10; the tails, up to ±700; PReLU with a slope for each channel and with one for all.
pub(super) fn cases() -> Vec<Case> {
    let shapes = (1..=4).flat_map(|samples| [1, 2, 3, 5, 8, 10].map(|d| (samples, d)));
    let matrices = shapes.enumerate().map(|(number, (samples, d))| {
        Case::new(format!("activations: z ({samples}, {d})"), move |evidence| {
            for mut numbers in Numbers::both(number) {
                let z = DMatrix::from_fn(samples, d, |_, _| numbers.nonzero());
                let next_dz = numbers.matrix(samples, d);
                ACTIVATIONS.iter().try_for_each(|f| activate(evidence, &z, &next_dz, numbers.integers, f))?;
            }
            for mut numbers in Numbers::both(number) {
                softmax(evidence, &numbers.matrix(samples, d), &numbers.matrix(samples, d))?;
            }
            Ok(())
        })
    });
    let tails = Case::new("activations: z up to ±700".into(), |evidence| {
        for mut numbers in Numbers::both(0) {
            // One row as everywhere, for the central differences: what is tiny beside its size tells them nothing.
            let z = dmatrix![
                0.75, -1.5, 3.0;
                20.0, -20.0, 17.0;
                -40.0, 40.0, 0.5;
                700.0, -700.0, 300.0;
                -37.0, -300.0, 88.0
            ];
            let next_dz = numbers.matrix(5, 3);
            ACTIVATIONS.iter().try_for_each(|f| activate(evidence, &z, &next_dz, numbers.integers, f))?;
            softmax(evidence, &z, &next_dz)?;
        }
        Ok(())
    });
    let shapes = (1..=3).flat_map(|n| [(1, 1, 1), (3, 1, 4), (2, 3, 2)].map(|(c, h, w)| [n, c, h, w]));
    let shapes = shapes.flat_map(|shape| [(shape, shape[1]), (shape, 1)]);
    let tensors = shapes.enumerate().map(|(number, (shape, slopes))| {
        Case::new(format!("prelu: z {shape:?}, {slopes} slopes"), move |evidence| {
            prelu(evidence, number, shape, slopes)
        })
    });
    matrices.chain([tails]).chain(tensors).collect()
}

fn activate(
    evidence: &mut Evidence,
    z: &Matrix,
    next_dz: &Matrix,
    integers: bool,
    activation: &Activation,
) -> Result<(), ShapeError> {
    let [forward, backward] = activation.names;
    let exact = integers && activation.exact;
    evidence.values(forward, &(activation.forward)(z), &z.map(activation.definition), exact);
    let dz = (activation.backward)(next_dz, z)?;
    let proof = Proof::new(backward, next_dz).exact_if(exact);
    evidence.proof(&proof.input("dz", z, &dz, |z| Ok((activation.on_duals)(z)))?);
    Ok(())
}

fn softmax(evidence: &mut Evidence, z: &Matrix, next_dz: &Matrix) -> Result<(), ShapeError> {
    let p = softmax_forward(z);
    evidence.values("softmax_forward", &p, &definitions::softmax(z), false);
    let dz = softmax_backward(next_dz, &p)?;
    evidence.proof(&Proof::new("softmax_backward", next_dz).input("dz", z, &dz, |z| Ok(softmax_forward(z)))?);
    Ok(())
}

fn prelu(evidence: &mut Evidence, number: usize, shape: [usize; 4], slopes: usize) -> Result<(), ShapeError> {
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers && shape[0].is_power_of_two();
        let z = Tensor4::from_fn(shape, |_, _, _, _| numbers.nonzero());
        let next_dz = numbers.tensor(shape);
        let alpha = numbers.vector(slopes) * SLOPE;
        let defined = Tensor4::from_fn(shape, |n, c, i, j| definitions::leaky_relu(z[(n, c, i, j)], alpha[c % slopes]));
        evidence.values("prelu_forward", &prelu_forward(&z, &alpha)?, &defined, exact);
        let g = prelu_backward(&next_dz, &z, &alpha)?;
        let proof = Proof::new("prelu_backward", &next_dz).exact_if(exact);
        let proof = proof.parameter("dalpha", &alpha, &g.dalpha, |alpha| prelu_forward(&lift(&z), alpha))?.input(
            "dz",
            &z,
            &g.dz,
            |z| prelu_forward(z, &lift(&alpha)),
        )?;
        evidence.proof(&proof);
    }
    Ok(())
}
