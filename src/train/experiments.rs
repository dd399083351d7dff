//! The NumPy course's own two experiments: a convolution, alone and below a max pooling, learns to answer 1 everywhere.

use crate::losses::{Loss, mean_squared_loss};
use crate::model::{Conv2d, Layer, MaxPool2d, Sequential};
use crate::optim::Sgd;
use crate::{ShapeError, Slide, Tensor4, init};

/// What one of the two did.
#[derive(Clone, Debug, PartialEq)]
pub struct Ones {
    /// The loss before every step, and the last one after the last step.
    pub losses: Vec<f64>,
    /// Whether the outputs became all ones.
    pub reached: bool,
}

/// Trains K and b of a convolution until every output is 1, for noise z (3, 3, 28, 28), kernels K (3, 4, 3, 3) that
/// start as N(0, 10⁻⁶), b that starts at 0, and steps of plain gradient descent; `pooled`, with a max pooling of 2 × 2
/// between the convolution and the ones.
///
/// The only answer is K = 0, b = 1. "Is 1" means |1 − y| ≤ 10⁻⁸ + 10⁻⁵·|y|, as NumPy's `allclose` does, and at most
/// `steps` steps are made.
///
/// # Errors
/// None that a caller could cause: the shapes are fixed.
pub fn ones(pooled: bool, learning_rate: f64, steps: usize, seed: u64) -> Result<Ones, ShapeError> {
    let rng = &mut init::rng(seed);
    let z: Tensor4<f64> = init::normal(rng, [3, 3, 28, 28], 1.0);
    let mut model = Sequential::new().with(Conv2d::of(init::normal(rng, [3, 4, 3, 3], 1e-3), Slide::default()));
    if pooled {
        model.push(MaxPool2d::square(2));
    }
    let mut optimizer = Sgd::new(learning_rate);
    let mut losses = Vec::new();
    loop {
        let y = model.forward(z.clone())?;
        let [_, c, h, w] = y.shape();
        let ones = y.matrix().map(|_| 1.0);
        let Loss { loss, dy } = mean_squared_loss(y.matrix(), &ones)?;
        losses.push(loss);
        let reached = y.as_slice().iter().all(|y| (1.0 - y).abs() <= 1e-8 + 1e-5 * y.abs());
        if reached || losses.len() > steps {
            return Ok(Ones { losses, reached });
        }
        model.backward(&Tensor4::from_matrix(dy, [c, h, w])?)?;
        model.step(&mut optimizer)?;
    }
}
