//! Every backward of this crate, proved by formulas on a small case.

use super::{SymbolicProof, forwards};
use crate::activations::*;
use crate::layers::*;
use crate::losses::*;
use crate::numbers::{Session, Traced};
use crate::{ShapeError, Slide, Tensor4, lit};
use nalgebra::{DMatrix, DVector};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// A session whose symbols have random values, which decide the branches.
pub(super) struct Case {
    pub session: Session,
    random: ChaCha8Rng,
}

impl Case {
    pub fn new() -> Self {
        Case { session: Session::new(), random: ChaCha8Rng::seed_from_u64(7) }
    }

    pub fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> DMatrix<Traced> {
        let values = DMatrix::from_fn(rows, columns, |_, _| self.random.random_range(-2.0..2.0));
        self.session.matrix(name, &values)
    }

    pub fn vector(&mut self, name: &str, length: usize) -> DVector<Traced> {
        let values = DVector::from_fn(length, |_, _| self.random.random_range(-2.0..2.0));
        self.session.vector(name, &values)
    }

    pub fn tensor(&mut self, name: &str, shape: [usize; 4]) -> Tensor4<Traced> {
        let values = Tensor4::from_fn(shape, |_, _, _, _| self.random.random_range(-2.0..2.0));
        self.session.tensor(name, &values)
    }
}

pub(super) type Prove = fn() -> Result<SymbolicProof, ShapeError>;

const PROOFS: [(&str, Prove); 19] = [
    ("fc_backward", fc),
    ("conv_backward", || convolution("conv_backward", conv_forward, conv_backward)),
    ("conv_backward_naive", || convolution("conv_backward_naive", conv_forward_naive, conv_backward_naive)),
    ("flatten_backward", flatten),
    ("avg_pooling_backward", || pooling("avg_pooling_backward", avg_pooling_forward, avg_pooling_backward)),
    ("global_avg_pooling_backward", global_avg_pooling),
    ("max_pooling_backward", || pooling("max_pooling_backward", max_pooling_forward, max_pooling_backward)),
    ("max_pooling_zero_padded_backward", || {
        let name = "max_pooling_zero_padded_backward";
        pooling(name, max_pooling_zero_padded_forward, max_pooling_zero_padded_backward)
    }),
    ("global_max_pooling_backward", global_max_pooling),
    ("relu_backward", || activation("relu_backward", relu_forward, |delta, z, _| relu_backward(delta, z))),
    ("leaky_relu_backward", || {
        let backward = |delta: &Matrix, z: &Matrix, _: &Matrix| leaky_relu_backward(delta, z, lit(0.01));
        activation("leaky_relu_backward", |z| leaky_relu_forward(z, lit(0.01)), backward)
    }),
    ("prelu_backward", prelu),
    ("elu_backward", || {
        let backward = |delta: &Matrix, z: &Matrix, _: &Matrix| elu_backward(delta, z, lit(1.5));
        activation("elu_backward", |z| elu_forward(z, lit(1.5)), backward)
    }),
    ("selu_backward", || activation("selu_backward", selu_forward, |delta, z, _| selu_backward(delta, z))),
    ("sigmoid_backward", || activation("sigmoid_backward", sigmoid_forward, |delta, z, _| sigmoid_backward(delta, z))),
    ("tanh_backward", || activation("tanh_backward", tanh_forward, |delta, z, _| tanh_backward(delta, z))),
    ("softmax_backward", || activation("softmax_backward", softmax_forward, |delta, _, y| softmax_backward(delta, y))),
    ("mean_squared_loss", mean_squared),
    ("cross_entropy_loss", cross_entropy),
];

/// The proof of every function: the forwards, then the backwards, each under its name. A loss, which is both, has two.
pub fn symbolic_proofs() -> Vec<SymbolicProof> {
    let run =
        |&(name, prove): &(&str, Prove)| prove().unwrap_or_else(|error| SymbolicProof::of_forward(name).because(error));
    forwards::PROOFS.iter().chain(&PROOFS).map(run).collect()
}

fn fc() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, w, b) = (case.matrix("z", 3, 4), case.matrix("w", 4, 2), case.vector("b", 2));
    let delta = case.matrix("δ", 3, 2);
    let g = fc_backward(&delta, &w, &z)?;
    Ok(SymbolicProof::new("fc_backward", &fc_forward(&z, &w, &b)?, &delta)
        .parameter("dw", &w, &g.dw)
        .parameter("db", &b, &g.db)
        .input("dz", &z, &g.dz))
}

type Forward = fn(&Tensor4<Traced>, &Tensor4<Traced>, &DVector<Traced>, Slide) -> Result<Tensor4<Traced>, ShapeError>;
type Backward =
    fn(&Tensor4<Traced>, &Tensor4<Traced>, &Tensor4<Traced>, Slide) -> Result<ConvGradients<Traced>, ShapeError>;

/// Strides and padding that differ by axis, several samples and channels, and a row that no window reaches.
fn convolution(name: &str, forward: Forward, backward: Backward) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let slide = Slide::by(2, 1).padding(1, 2).round_down();
    let (z, k, b) = (case.tensor("z", [2, 2, 6, 3]), case.tensor("w", [2, 3, 3, 2]), case.vector("b", 3));
    let y = forward(&z, &k, &b, slide)?;
    let delta = case.tensor("δ", y.shape());
    let g = backward(&delta, &k, &z, slide)?;
    Ok(SymbolicProof::new(name, &y, &delta)
        .parameter("dk", &k, &g.dk)
        .parameter("db", &b, &g.db)
        .input("dz", &z, &g.dz))
}

fn flatten() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.tensor("z", [2, 2, 3, 2]);
    let delta = case.matrix("δ", 2, 12);
    let dz = flatten_backward(&delta, &z)?;
    Ok(SymbolicProof::new("flatten_backward", &flatten_forward(&z), &delta).input("dz", &z, &dz))
}

type PoolForward = fn(&Tensor4<Traced>, (usize, usize), Slide) -> Result<Tensor4<Traced>, ShapeError>;
type PoolBackward =
    fn(&Tensor4<Traced>, &Tensor4<Traced>, (usize, usize), Slide) -> Result<Tensor4<Traced>, ShapeError>;

/// Windows that overlap and reach into the padding.
fn pooling(name: &str, forward: PoolForward, backward: PoolBackward) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, window, slide) = (case.tensor("z", [2, 2, 4, 5]), (3, 3), Slide::by(1, 2).padding(1, 1));
    let y = forward(&z, window, slide)?;
    let delta = case.tensor("δ", y.shape());
    let dz = backward(&delta, &z, window, slide)?;
    Ok(SymbolicProof::new(name, &y, &delta).input("dz", &z, &dz).on_branches_of(&case.session))
}

fn global_avg_pooling() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, delta) = (case.tensor("z", [2, 2, 3, 3]), case.matrix("δ", 2, 2));
    let dz = global_avg_pooling_backward(&delta, &z)?;
    let y = global_avg_pooling_forward(&z)?;
    Ok(SymbolicProof::new("global_avg_pooling_backward", &y, &delta).input("dz", &z, &dz))
}

fn global_max_pooling() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, delta) = (case.tensor("z", [2, 2, 3, 3]), case.matrix("δ", 2, 2));
    let dz = global_max_pooling_backward(&delta, &z)?;
    let y = global_max_pooling_forward(&z)?;
    let proof = SymbolicProof::new("global_max_pooling_backward", &y, &delta);
    Ok(proof.input("dz", &z, &dz).on_branches_of(&case.session))
}

type Matrix = DMatrix<Traced>;

/// An activation's backward, from next_dz, z and y.
fn activation(
    name: &str,
    forward: fn(&Matrix) -> Matrix,
    backward: fn(&Matrix, &Matrix, &Matrix) -> Result<Matrix, ShapeError>,
) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, delta) = (case.matrix("z", 2, 3), case.matrix("δ", 2, 3));
    let y = forward(&z);
    let dz = backward(&delta, &z, &y)?;
    Ok(SymbolicProof::new(name, &y, &delta).input("dz", &z, &dz).on_branches_of(&case.session))
}

fn prelu() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, alpha, delta) = (case.tensor("z", [2, 3, 2, 1]), case.vector("α", 3), case.tensor("δ", [2, 3, 2, 1]));
    let g = prelu_backward(&delta, &z, &alpha)?;
    Ok(SymbolicProof::new("prelu_backward", &prelu_forward(&z, &alpha)?, &delta)
        .parameter("dalpha", &alpha, &g.dalpha)
        .input("dz", &z, &g.dz)
        .on_branches_of(&case.session))
}

fn mean_squared() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (y, target) = (case.matrix("y", 3, 2), case.matrix("y*", 3, 2));
    let Loss { loss, dy } = mean_squared_loss(&y, &target)?;
    Ok(SymbolicProof::of_loss("mean_squared_loss", loss, 3).input("dy", &y, &dy))
}

/// With targets that need not sum to 1.
fn cross_entropy() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (y, target) = (case.matrix("y", 2, 3), case.matrix("y*", 2, 3));
    let Loss { loss, dy } = cross_entropy_loss(&y, &target)?;
    Ok(SymbolicProof::of_loss("cross_entropy_loss", loss, 2).input("dy", &y, &dy).on_branches_of(&case.session))
}
