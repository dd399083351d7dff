//! The networks of this book, for ten classes: VGG-11 takes images of 3 × 32 × 32 pixels, the others of 28 × 28.

use super::{Conv2d, Dense, Flatten, MaxPool2d, Relu, Sequential};
use crate::init::{self, Weights};
use crate::{Float, Slide};

/// How the weights of a network start; its biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// As suits layers that follow a ReLU ([`init::he`]).
    He,
    /// With this standard deviation in every layer ([`init::normal`]).
    Normal(f64),
}

impl Start {
    fn draw<T: Float, S: Weights>(self, rng: &mut init::ChaCha8Rng, shape: S) -> S::Of<T> {
        match self {
            Start::He => init::he(rng, shape),
            Start::Normal(std) => init::normal(rng, shape, std),
        }
    }
}

/// LeNet-5 as it is built today, with ReLU and max pooling: 61,706 parameters.
///
/// Source: LeCun et al., *Gradient-based learning applied to document recognition* (1998), §II.B.
#[inline(never)]
pub fn lenet<T: Float>(start: Start, seed: u64) -> Sequential<T> {
    let rng = &mut init::rng(seed);
    Sequential::new()
        .with(Conv2d::of(start.draw(rng, [1, 6, 5, 5]), Slide::default().padding(2, 2))) // 6×28×28
        .with(Relu::new())
        .with(MaxPool2d::square(2)) // 6×14×14
        .with(Conv2d::of(start.draw(rng, [6, 16, 5, 5]), Slide::default())) // 16×10×10
        .with(Relu::new())
        .with(MaxPool2d::square(2)) // 16×5×5
        .with(Flatten::new())
        .with(Dense::of(start.draw(rng, [400, 120])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [120, 84])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [84, 10])))
}

/// Two hidden layers of 256 units with ReLU: 269,322 parameters.
#[inline(never)]
pub fn mlp<T: Float>(start: Start, seed: u64) -> Sequential<T> {
    let rng = &mut init::rng(seed);
    Sequential::new()
        .with(Flatten::new())
        .with(Dense::of(start.draw(rng, [784, 256])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [256, 256])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [256, 10])))
}

/// The NumPy course's network for MNIST, one kernel of 3 × 3 and a hidden layer of 64 units: 11,540 parameters. The
/// course starts it from [`Start::Normal`]`(1e-2)`.
#[inline(never)]
pub fn seed_cnn<T: Float>(start: Start, seed: u64) -> Sequential<T> {
    let rng = &mut init::rng(seed);
    Sequential::new()
        .with(Conv2d::of(start.draw(rng, [1, 1, 3, 3]), Slide::default())) // 1×26×26
        .with(Relu::new())
        .with(MaxPool2d::square(2)) // 1×13×13
        .with(Flatten::new())
        .with(Dense::of(start.draw(rng, [169, 64])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [64, 10])))
}

/// VGG-11 for images of 3 × 32 × 32 pixels: eight convolutions, and layers of 512, 512 and 10 units: 9,750,922 parameters.
///
/// Source: Simonyan, Zisserman, *Very deep convolutional networks for large-scale image recognition* (2015), column A;
/// its 224 × 224 pixels leave 7 × 7 for the first fully connected layer, ours leave 1 × 1.
#[inline(never)]
pub fn vgg11<T: Float>(start: Start, seed: u64) -> Sequential<T> {
    let rng = &mut init::rng(seed);
    let mut model = Sequential::new();
    let mut channels = 3;
    for (depth, pooled) in
        [(64, true), (128, true), (256, false), (256, true), (512, false), (512, true), (512, false), (512, true)]
    {
        model.push(Conv2d::of(start.draw(rng, [channels, depth, 3, 3]), Slide::default().padding(1, 1)));
        model.push(Relu::new());
        if pooled {
            model.push(MaxPool2d::square(2));
        }
        channels = depth;
    }
    model
        .with(Flatten::new())
        .with(Dense::of(start.draw(rng, [512, 512])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [512, 512])))
        .with(Relu::new())
        .with(Dense::of(start.draw(rng, [512, 10])))
}
