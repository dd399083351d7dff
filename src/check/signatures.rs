//! The types of the functions that a reader writes: those of the crate's own functions, on `f64` unless noted.
//!
//! They are plain function pointers: a function in a notebook's cell is one, and so is a closure that captures nothing.
//! Any other signature does not compile, and the compiler's message shows both signatures.

use crate::activations::PreluGradients;
use crate::layers::{ConvGradients, FcGradients, NormGradients};
use crate::losses::Loss;
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// [`fc_forward`](crate::layers::fc_forward).
pub type FcForward<T = f64> = fn(z: &DMatrix<T>, w: &DMatrix<T>, b: &DVector<T>) -> Result<DMatrix<T>, ShapeError>;
/// [`fc_backward`](crate::layers::fc_backward).
pub type FcBackward<T = f64> =
    fn(next_dz: &DMatrix<T>, w: &DMatrix<T>, z: &DMatrix<T>) -> Result<FcGradients<T>, ShapeError>;

/// [`single_channel_conv`](crate::layers::single_channel_conv).
pub type SingleChannelConv<T = f64> =
    fn(z: &DMatrix<T>, k: &DMatrix<T>, b: T, slide: Slide) -> Result<DMatrix<T>, ShapeError>;
/// [`conv_forward`](crate::layers::conv_forward).
pub type ConvForward<T = f64> =
    fn(z: &Tensor4<T>, k: &Tensor4<T>, b: &DVector<T>, slide: Slide) -> Result<Tensor4<T>, ShapeError>;
/// [`conv_backward`](crate::layers::conv_backward).
pub type ConvBackward<T = f64> =
    fn(next_dz: &Tensor4<T>, k: &Tensor4<T>, z: &Tensor4<T>, slide: Slide) -> Result<ConvGradients<T>, ShapeError>;
/// [`insert_zeros`](crate::layers::insert_zeros) with its strides, [`remove_padding`](crate::layers::remove_padding)
/// with its padding.
pub type Resize<T = f64> = fn(z: &Tensor4<T>, rows_and_columns: (usize, usize)) -> Result<Tensor4<T>, ShapeError>;

/// [`max_pooling_forward`](crate::layers::max_pooling_forward) and
/// [`avg_pooling_forward`](crate::layers::avg_pooling_forward).
pub type PoolingForward<T = f64> =
    fn(z: &Tensor4<T>, pooling: (usize, usize), slide: Slide) -> Result<Tensor4<T>, ShapeError>;
/// [`max_pooling_backward`](crate::layers::max_pooling_backward) and
/// [`avg_pooling_backward`](crate::layers::avg_pooling_backward).
pub type PoolingBackward<T = f64> =
    fn(next_dz: &Tensor4<T>, z: &Tensor4<T>, pooling: (usize, usize), slide: Slide) -> Result<Tensor4<T>, ShapeError>;
/// [`global_max_pooling_forward`](crate::layers::global_max_pooling_forward) and
/// [`global_avg_pooling_forward`](crate::layers::global_avg_pooling_forward).
pub type GlobalForward<T = f64> = fn(z: &Tensor4<T>) -> Result<DMatrix<T>, ShapeError>;
/// [`flatten_backward`](crate::layers::flatten_backward),
/// [`global_max_pooling_backward`](crate::layers::global_max_pooling_backward) and
/// [`global_avg_pooling_backward`](crate::layers::global_avg_pooling_backward).
pub type BackToMaps<T = f64> = fn(next_dz: &DMatrix<T>, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError>;
/// [`flatten_forward`](crate::layers::flatten_forward).
pub type FlattenForward<T = f64> = fn(z: &Tensor4<T>) -> DMatrix<T>;

/// [`relu_forward`](crate::activations::relu_forward) and every activation without a slope of its own; softmax too.
pub type ActivationForward<T = f64> = fn(z: &DMatrix<T>) -> DMatrix<T>;
/// The same backward. `x` is the forward's output for [`softmax_backward`](crate::activations::softmax_backward), and z
/// for the others.
pub type ActivationBackward<T = f64> = fn(next_dz: &DMatrix<T>, x: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError>;
/// [`leaky_relu_forward`](crate::activations::leaky_relu_forward) and [`elu_forward`](crate::activations::elu_forward).
pub type SlopedForward<T = f64> = fn(z: &DMatrix<T>, alpha: T) -> DMatrix<T>;
/// [`leaky_relu_backward`](crate::activations::leaky_relu_backward) and
/// [`elu_backward`](crate::activations::elu_backward).
pub type SlopedBackward<T = f64> = fn(next_dz: &DMatrix<T>, z: &DMatrix<T>, alpha: T) -> Result<DMatrix<T>, ShapeError>;
/// [`prelu_forward`](crate::activations::prelu_forward).
pub type PreluForward<T = f64> = fn(z: &Tensor4<T>, alpha: &DVector<T>) -> Result<Tensor4<T>, ShapeError>;
/// [`prelu_backward`](crate::activations::prelu_backward).
pub type PreluBackward<T = f64> =
    fn(next_dz: &Tensor4<T>, z: &Tensor4<T>, alpha: &DVector<T>) -> Result<PreluGradients<T>, ShapeError>;

/// [`batch_norm_forward`](crate::layers::batch_norm_forward).
pub type NormForward<T = f64> =
    fn(z: &Tensor4<T>, gamma: &DVector<T>, beta: &DVector<T>, epsilon: T) -> Result<Tensor4<T>, ShapeError>;
/// [`batch_norm_backward`](crate::layers::batch_norm_backward).
pub type NormBackward<T = f64> =
    fn(next_dz: &Tensor4<T>, z: &Tensor4<T>, gamma: &DVector<T>, epsilon: T) -> Result<NormGradients<T>, ShapeError>;

/// [`mean_squared_loss`](crate::losses::mean_squared_loss) and
/// [`cross_entropy_loss`](crate::losses::cross_entropy_loss).
pub type LossFunction<T = f64> = fn(y_predict: &DMatrix<T>, y_true: &DMatrix<T>) -> Result<Loss<T>, ShapeError>;

/// A rule without state: the next w.
pub type Rule = fn(w: f64, g: f64, rule: Coefficients) -> f64;
/// A rule that remembers one number: the next w, and what is remembered (0 at first).
pub type RuleOfOne = fn(w: f64, g: f64, memory: f64, rule: Coefficients) -> (f64, f64);
/// A rule that remembers two numbers, at step t = 1, 2, …: the next w, and what is remembered (0 at first).
pub type RuleOfTwo = fn(w: f64, g: f64, memories: [f64; 2], t: i32, rule: Coefficients) -> (f64, [f64; 2]);

/// The coefficients of the optimizers' rules; each rule uses some of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// η, the learning rate, of every rule.
    pub rate: f64,
    /// μ, of momentum and Nesterov.
    pub momentum: f64,
    /// α, of RMSProp.
    pub alpha: f64,
    /// ρ, of Adadelta.
    pub rho: f64,
    /// β₁, of Adam and AdamW.
    pub beta1: f64,
    /// β₂, of Adam and AdamW.
    pub beta2: f64,
    /// ε, of every rule that divides by a root.
    pub epsilon: f64,
    /// λ, of SGD and AdamW.
    pub weight_decay: f64,
}
