//! Small experiments: two from the NumPy course, in which a convolution, alone or followed by max pooling, learns to
//! output 1 everywhere; and a gradient descent that tracks its curvature.

use super::{Hessian, Search, TrainError};
use crate::losses::{Loss, mean_squared_loss};
use crate::model::{Conv2d, Dense, Flatten, Layer, MaxPool2d, Memory, Relu, Sequential};
use crate::numbers::Dual;
use crate::optim::Sgd;
use crate::{Error, Float, Slide, Tensor4, init};
use nalgebra::DMatrix;

/// The result of one of these two experiments.
#[derive(Clone, Debug, PartialEq)]
pub struct Ones {
    /// The loss before every step, and the last one after the last step.
    pub losses: Vec<f64>,
    /// Whether all outputs reached 1.
    pub reached: bool,
    /// Why it ended early: a loss that is not finite. `losses` holds those before it.
    pub failed: Option<TrainError>,
}

/// Trains K and b of a convolution until every output is 1, for noise z (3, 3, 28, 28), kernels K (3, 4, 3, 3) that
/// start as N(0, 10⁻⁶), b that starts at 0, and steps of plain gradient descent. If `pooled`, a 2 × 2 max pooling
/// follows the convolution.
///
/// The only solution is K = 0, b = 1. "Is 1" means |1 − y| ≤ 10⁻⁸ + 10⁻⁵·|y|, as NumPy's `allclose` does, and at most
/// `steps` steps are made.
///
/// # Errors
/// None that a caller could cause: the shapes are fixed.
pub fn ones(pooled: bool, learning_rate: f64, steps: usize, seed: u64) -> Result<Ones, Error> {
    let rng = &mut init::rng(seed);
    let z: Tensor4<f64> = init::normal(rng, [3, 3, 28, 28], 1.0);
    let mut model = Sequential::new().with(Conv2d::of(init::normal(rng, [3, 4, 3, 3], 1e-3), Slide::default()));
    if pooled {
        model.push(MaxPool2d::square(2));
    }
    let mut optimizer = Sgd::new(learning_rate);
    let (mut losses, mut memory) = (Vec::new(), Memory::new());
    loop {
        let y = model.forward(z.clone(), &mut memory)?;
        let [_, c, h, w] = y.shape();
        let ones = y.matrix().map(|_| 1.0);
        let Loss { loss, dy } = mean_squared_loss(y.matrix(), &ones)?;
        if !loss.is_finite() {
            let failed = Some(TrainError::NotFinite { step: losses.len() + 1, loss, learning_rate });
            return Ok(Ones { losses, reached: false, failed });
        }
        losses.push(loss);
        let reached = y.as_slice().iter().all(|y| (1.0 - y).abs() <= 1e-8 + 1e-5 * y.abs());
        if reached || losses.len() > steps {
            return Ok(Ones { losses, reached, failed: None });
        }
        model.backward_parameters(&Tensor4::from_matrix(dy, [c, h, w])?, &mut memory)?;
        model.step(&mut optimizer)?;
    }
}

/// A gradient descent, and the curvature of the loss along its path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Descent {
    /// The loss before every step.
    pub losses: Vec<f64>,
    /// The number of steps before each measurement of the curvature.
    pub steps: Vec<f64>,
    /// The [sharpness](crate::train::second_order) there.
    pub sharpness: Vec<f64>,
    /// Why it ended early: a loss or a derivative that is not finite. Everything else is from before.
    pub failed: Option<TrainError>,
}

/// Plain full-batch gradient descent that measures the sharpness every `every` steps, for a network 784-32-32-10 with
/// ReLU that starts from `seed`, on images (N, 1, 28, 28) and targets (N, 10), under the mean squared error.
///
/// On a parabola of curvature λ, gradient descent converges only if λ < 2/η. Networks are not parabolas: the sharpness
/// *rises* while the loss falls, until it reaches 2/η. There it stays, and the loss keeps falling, though no longer at
/// every step.
///
/// `look` is called at every measurement with the steps made, the loss and the sharpness.
///
/// Source: Cohen, Kaur, Li, Kolter, Talwalkar, *Gradient descent on neural networks typically occurs at the edge of
/// stability* (2021).
///
/// # Errors
/// If images and targets do not fit the network, or each other.
pub fn descent(
    images: &Tensor4<f64>,
    targets: &DMatrix<f64>,
    learning_rate: f64,
    steps: usize,
    every: usize,
    seed: u64,
    mut look: impl FnMut(usize, f64, f64),
) -> Result<Descent, Error> {
    let mut model: Sequential<f64> = small_mlp(seed);
    let mut hessian = Hessian::new(small_mlp::<Dual<f64>>(seed), images, targets, mean_squared_loss);
    let (mut optimizer, mut memory) = (Sgd::new(learning_rate), Memory::new());
    let (mut steepest, mut descent) = (None, Descent::default());
    for step in 0..=steps {
        let y = model.forward(images.clone(), &mut memory)?;
        let Loss { loss, dy } = mean_squared_loss(y.matrix(), targets)?;
        if !loss.is_finite() {
            descent.failed = Some(TrainError::NotFinite { step: step + 1, loss, learning_rate });
            return Ok(descent);
        }
        descent.losses.push(loss);
        if step % every.max(1) == 0 {
            hessian.move_to(&model)?;
            let top = match hessian.largest_eigenvalue(Search::default(), steepest.as_deref()) {
                Ok(top) => top,
                Err(TrainError::Model(error)) => return Err(error),
                Err(error) => {
                    descent.failed = Some(error);
                    return Ok(descent);
                }
            };
            look(step, loss, top.value);
            descent.steps.push(step as f64);
            descent.sharpness.push(top.value);
            steepest = Some(top.vector);
        }
        model.backward_parameters(&Tensor4::from_vectors(dy), &mut memory)?;
        model.step(&mut optimizer)?;
    }
    Ok(descent)
}

fn small_mlp<T: Float>(seed: u64) -> Sequential<T> {
    let rng = &mut init::rng(seed);
    Sequential::new()
        .with(Flatten::new())
        .with(Dense::of(init::he(rng, [784, 32])))
        .with(Relu::new())
        .with(Dense::of(init::he(rng, [32, 32])))
        .with(Relu::new())
        .with(Dense::of(init::he(rng, [32, 10])))
}
