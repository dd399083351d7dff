//! Every forward of this crate, compared with its definition by formulas on a small case.

use super::SymbolicProof;
use super::functions::{Case, Prove};
use crate::activations::*;
use crate::check::definitions::{self, Pooling};
use crate::kernels::matmul;
use crate::layers::*;
use crate::losses::{Loss, cross_entropy_loss, mean_squared_loss};
use crate::numbers::Traced;
use crate::{ShapeError, Slide, Tensor4, lit};
use nalgebra::{DMatrix, DVector, dvector};
use num_traits::Float;

pub(super) const PROOFS: [(&str, Prove); 23] = [
    ("matmul", product),
    ("fc_forward", fc),
    ("single_channel_conv", single_channel),
    ("conv_forward_naive", || convolution("conv_forward_naive", conv_forward_naive)),
    ("conv_forward", || convolution("conv_forward", conv_forward)),
    ("insert_zeros", zeros),
    ("remove_padding", padding),
    ("max_pooling_forward", || {
        pooling("max_pooling_forward", max_pooling_forward, Pooling::Max { padding: Traced::neg_infinity() })
    }),
    ("max_pooling_zero_padded_forward", || {
        let name = "max_pooling_zero_padded_forward";
        pooling(name, max_pooling_zero_padded_forward, Pooling::Max { padding: Traced::constant(0.0) })
    }),
    ("avg_pooling_forward", || pooling("avg_pooling_forward", avg_pooling_forward, Pooling::Average)),
    ("global_max_pooling_forward", || {
        let definition = Pooling::Max { padding: Traced::neg_infinity() };
        global_pooling("global_max_pooling_forward", global_max_pooling_forward, definition)
    }),
    ("global_avg_pooling_forward", || {
        global_pooling("global_avg_pooling_forward", global_avg_pooling_forward, Pooling::Average)
    }),
    ("flatten_forward", flatten),
    ("relu_forward", || activation("relu_forward", relu_forward, definitions::relu)),
    ("leaky_relu_forward", || {
        let forward = |z: &DMatrix<Traced>| leaky_relu_forward(z, lit(0.01));
        activation("leaky_relu_forward", forward, |z| definitions::leaky_relu(z, lit(0.01)))
    }),
    ("prelu_forward", prelu),
    ("elu_forward", || activation("elu_forward", |z| elu_forward(z, lit(1.5)), |z| definitions::elu(z, lit(1.5)))),
    ("selu_forward", || activation("selu_forward", selu_forward, definitions::selu)),
    ("sigmoid_forward", || activation("sigmoid_forward", sigmoid_forward, definitions::sigmoid)),
    ("tanh_forward", || activation("tanh_forward", tanh_forward, definitions::tanh)),
    ("softmax_forward", softmax),
    ("mean_squared_loss", mean_squared),
    ("cross_entropy_loss", cross_entropy),
];

/// A proof that got one thing and was told another.
macro_rules! compared {
    ($name:expr, $case:expr, $got:expr, $defined:expr) => {
        Ok(SymbolicProof::of_forward($name).output("y", &$got, &$defined).on_branches_of(&$case.session))
    };
}

fn product() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (a, b) = (case.matrix("a", 3, 4), case.matrix("b", 4, 2));
    compared!("matmul", case, matmul(&a, &b)?, definitions::matmul(&a, &b))
}

fn fc() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, w, b) = (case.matrix("z", 3, 4), case.matrix("w", 4, 2), case.vector("b", 2));
    compared!("fc_forward", case, fc_forward(&z, &w, &b)?, definitions::fc(&z, &w, &b))
}

/// Strides and padding that differ by axis, and a row that no window reaches.
const SLIDE: Slide = Slide { strides: (2, 1), padding: (1, 2), round_down: true };

fn single_channel() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, k, b) = (case.matrix("z", 6, 3), case.matrix("w", 3, 2), case.vector("b", 1)[0]);
    let got = single_channel_conv(&z, &k, b, SLIDE)?;
    compared!("single_channel_conv", case, got, definitions::single_channel_conv(&z, &k, b, SLIDE))
}

type Forward = fn(&Tensor4<Traced>, &Tensor4<Traced>, &DVector<Traced>, Slide) -> Result<Tensor4<Traced>, ShapeError>;

fn convolution(name: &str, forward: Forward) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, k, b) = (case.tensor("z", [2, 2, 6, 3]), case.tensor("w", [2, 3, 3, 2]), case.vector("b", 3));
    compared!(name, case, forward(&z, &k, &b, SLIDE)?, definitions::conv(&z, &k, &b, SLIDE))
}

fn zeros() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.tensor("z", [2, 2, 3, 2]);
    compared!("insert_zeros", case, insert_zeros(&z, (2, 3))?, definitions::insert_zeros(&z, (2, 3)))
}

fn padding() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.tensor("z", [2, 2, 5, 6]);
    compared!("remove_padding", case, remove_padding(&z, (1, 2))?, definitions::remove_padding(&z, (1, 2)))
}

type Pool = fn(&Tensor4<Traced>, (usize, usize), Slide) -> Result<Tensor4<Traced>, ShapeError>;

/// Windows that overlap and reach into the padding.
fn pooling(name: &str, forward: Pool, definition: Pooling<Traced>) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, window, slide) = (case.tensor("z", [2, 2, 4, 5]), (3, 3), Slide::by(1, 2).padding(1, 1));
    let out = slide.output_size((4, 5), window)?;
    compared!(name, case, forward(&z, window, slide)?, definition.forward(&z, window, slide, out))
}

type GlobalPool = fn(&Tensor4<Traced>) -> Result<DMatrix<Traced>, ShapeError>;

/// The definition's one window is the whole map.
fn global_pooling(name: &str, forward: GlobalPool, definition: Pooling<Traced>) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.tensor("z", [2, 2, 3, 3]);
    let defined = definition.forward(&z, (3, 3), Slide::default(), (1, 1)).into_matrix();
    compared!(name, case, forward(&z)?, defined)
}

fn flatten() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.tensor("z", [2, 2, 3, 2]);
    compared!("flatten_forward", case, flatten_forward(&z), definitions::flatten(&z))
}

fn activation(
    name: &str,
    forward: fn(&DMatrix<Traced>) -> DMatrix<Traced>,
    definition: fn(Traced) -> Traced,
) -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.matrix("z", 2, 3);
    compared!(name, case, forward(&z), z.map(definition))
}

fn prelu() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (z, alpha) = (case.tensor("z", [2, 3, 2, 1]), case.vector("α", 3));
    let defined = Tensor4::from_fn(z.shape(), |n, c, i, j| definitions::leaky_relu(z[(n, c, i, j)], alpha[c]));
    compared!("prelu_forward", case, prelu_forward(&z, &alpha)?, defined)
}

fn softmax() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let z = case.matrix("z", 2, 3);
    compared!("softmax_forward", case, softmax_forward(&z), definitions::softmax(&z))
}

fn mean_squared() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (y, target) = (case.matrix("y", 3, 2), case.matrix("y*", 3, 2));
    let Loss { loss, .. } = mean_squared_loss(&y, &target)?;
    compared!("mean_squared_loss", case, dvector![loss], dvector![definitions::mean_squared(&y, &target)])
}

/// By the derivative of its definition, for the logarithms.
fn cross_entropy() -> Result<SymbolicProof, ShapeError> {
    let mut case = Case::new();
    let (y, target) = (case.matrix("y", 2, 3), case.matrix("y*", 2, 3));
    let defined = definitions::cross_entropy(&y, &target);
    let Loss { dy, .. } = cross_entropy_loss(&y, &target)?;
    Ok(SymbolicProof::of_loss("cross_entropy_loss", defined, 2).input("dy", &y, &dy).on_branches_of(&case.session))
}
