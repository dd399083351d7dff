//! How long the layers, losses and optimizers take, forward and backward, and a network made of them, in `f32`.
//!
//! ```text
//! cargo bench                          # everything, in about half a minute
//! cargo bench -- conv                  # everything with "conv" in its name
//! cargo bench -- --max-time 5          # more samples, steadier numbers
//! RAYON_NUM_THREADS=1 cargo bench      # one core
//! cargo bench -- --test                # everything once, to see that it runs
//! ```
//!
//! Where items per second are printed, an item is one multiply-add of a layer (1 Gitem/s is 2 GFLOP/s) or one image of
//! a network.

use divan::counter::ItemsCount;
use divan::{Bencher, Divan};
use handgrad::prelude::*;
use std::fmt;
use std::time::Duration;

fn main() {
    Divan::default().max_time(Duration::from_millis(500)).config_with_args().main();
}

fn tensor(shape: [usize; 4]) -> Tensor4<f32> {
    init::normal(&mut init::rng(1), shape, 1.0)
}

fn matrix(shape: [usize; 2]) -> DMatrix<f32> {
    init::normal(&mut init::rng(2), shape, 1.0)
}

mod conv {
    use super::*;

    /// A batch, the kernels over it, and their padding.
    struct Conv {
        z: [usize; 4],
        depth: usize,
        kernel: usize,
        padding: usize,
    }

    impl fmt::Display for Conv {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Conv { z, depth, kernel, padding } = self;
            write!(f, "{z:?} to {depth}, {kernel}x{kernel}, padding {padding}")
        }
    }

    /// LeNet's two, and one from the middle of a VGG.
    const SHAPES: [Conv; 3] = [
        Conv { z: [64, 1, 28, 28], depth: 6, kernel: 5, padding: 2 },
        Conv { z: [64, 6, 14, 14], depth: 16, kernel: 5, padding: 0 },
        Conv { z: [32, 64, 16, 16], depth: 128, kernel: 3, padding: 1 },
    ];

    impl Conv {
        fn kernel(&self) -> Tensor4<f32> {
            tensor([self.z[1], self.depth, self.kernel, self.kernel])
        }

        fn slide(&self) -> Slide {
            Slide::default().padding(self.padding, self.padding)
        }

        /// Multiply-adds of the forward, of which y is the result.
        fn products(&self, y: &Tensor4<f32>) -> usize {
            y.as_slice().len() * self.z[1] * self.kernel * self.kernel
        }
    }

    #[divan::bench(args = &SHAPES)]
    fn forward(bencher: Bencher, shape: &Conv) {
        let (z, k, b, slide) = (tensor(shape.z), shape.kernel(), DVector::zeros(shape.depth), shape.slide());
        let y = conv_forward(&z, &k, &b, slide).unwrap();
        bencher.counter(ItemsCount::new(shape.products(&y))).bench_local(|| conv_forward(&z, &k, &b, slide));
    }

    /// dK and dz are a convolution each.
    #[divan::bench(args = &SHAPES)]
    fn backward(bencher: Bencher, shape: &Conv) {
        let (z, k, b, slide) = (tensor(shape.z), shape.kernel(), DVector::zeros(shape.depth), shape.slide());
        let y = conv_forward(&z, &k, &b, slide).unwrap();
        bencher.counter(ItemsCount::new(2 * shape.products(&y))).bench_local(|| conv_backward(&y, &k, &z, slide));
    }
}

mod fc {
    use super::*;

    /// N, l and m: the first layer of the MNIST networks, and a square one.
    const SHAPES: [[usize; 3]; 2] = [[64, 784, 256], [256, 1024, 1024]];

    #[divan::bench(args = SHAPES)]
    fn forward(bencher: Bencher, [n, l, m]: [usize; 3]) {
        let (z, w, b) = (matrix([n, l]), matrix([l, m]), DVector::zeros(m));
        bencher.counter(ItemsCount::new(n * l * m)).bench_local(|| fc_forward(&z, &w, &b));
    }

    #[divan::bench(args = SHAPES)]
    fn backward(bencher: Bencher, [n, l, m]: [usize; 3]) {
        let (z, w, next_dz) = (matrix([n, l]), matrix([l, m]), matrix([n, m]));
        bencher.counter(ItemsCount::new(2 * n * l * m)).bench_local(|| fc_backward(&next_dz, &w, &z));
    }
}

mod pooling {
    use super::*;

    /// LeNet's first pooling, and the first of a larger network.
    const SHAPES: [[usize; 4]; 2] = [[64, 6, 28, 28], [16, 64, 56, 56]];

    #[divan::bench(args = SHAPES)]
    fn max_forward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape);
        bencher.bench_local(|| max_pooling_forward(&z, (2, 2), Slide::by(2, 2)));
    }

    #[divan::bench(args = SHAPES)]
    fn max_backward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape);
        let next_dz = max_pooling_forward(&z, (2, 2), Slide::by(2, 2)).unwrap();
        bencher.bench_local(|| max_pooling_backward(&next_dz, &z, (2, 2), Slide::by(2, 2)));
    }

    #[divan::bench(args = SHAPES)]
    fn avg_forward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape);
        bencher.bench_local(|| avg_pooling_forward(&z, (2, 2), Slide::by(2, 2)));
    }

    #[divan::bench(args = SHAPES)]
    fn avg_backward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape);
        let next_dz = avg_pooling_forward(&z, (2, 2), Slide::by(2, 2)).unwrap();
        bencher.bench_local(|| avg_pooling_backward(&next_dz, &z, (2, 2), Slide::by(2, 2)));
    }
}

mod relu {
    use super::*;

    /// After LeNet's first convolution, and after the first of a larger network.
    const SHAPES: [[usize; 4]; 2] = [[64, 6, 28, 28], [16, 64, 56, 56]];

    #[divan::bench(args = SHAPES)]
    fn forward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape).into_matrix();
        bencher.bench_local(|| relu_forward(&z));
    }

    #[divan::bench(args = SHAPES)]
    fn backward(bencher: Bencher, shape: [usize; 4]) {
        let z = tensor(shape).into_matrix();
        bencher.bench_local(|| relu_backward(&z, &z));
    }
}

mod losses {
    use super::*;

    /// N samples of d classes: MNIST and ImageNet.
    const SHAPES: [[usize; 2]; 2] = [[64, 10], [64, 1000]];

    #[divan::bench(args = SHAPES)]
    fn cross_entropy(bencher: Bencher, [n, d]: [usize; 2]) {
        let (y, targets) = (matrix([n, d]), DMatrix::from_fn(n, d, |n, j| f32::from(u8::from(j == n % d))));
        bencher.bench_local(|| cross_entropy_loss(&y, &targets));
    }

    #[divan::bench(args = SHAPES)]
    fn mean_squared(bencher: Bencher, [n, d]: [usize; 2]) {
        let (y, targets) = (matrix([n, d]), DMatrix::zeros(n, d));
        bencher.bench_local(|| mean_squared_loss(&y, &targets));
    }
}

/// One step of 100 000 parameters.
mod optim {
    use super::*;

    fn step(bencher: Bencher, mut optimizer: impl Optimizer<f32>) {
        let (mut w, g) = (matrix([100_000, 1]), matrix([100_000, 1]));
        bencher.bench_local(|| optimizer.step(&mut [w.as_mut_slice()], &[g.as_slice()]));
    }

    #[divan::bench]
    fn sgd(bencher: Bencher) {
        step(bencher, Sgd::new(1e-3));
    }

    #[divan::bench]
    fn sgd_with_momentum(bencher: Bencher) {
        step(bencher, Sgd::new(1e-3).momentum(0.9));
    }

    #[divan::bench]
    fn adagrad(bencher: Bencher) {
        step(bencher, AdaGrad::new(1e-3));
    }

    #[divan::bench]
    fn rmsprop(bencher: Bencher) {
        step(bencher, RmsProp::new(1e-3));
    }

    #[divan::bench]
    fn adadelta(bencher: Bencher) {
        step(bencher, Adadelta::new(1.0));
    }

    #[divan::bench]
    fn adam(bencher: Bencher) {
        step(bencher, Adam::new(1e-3));
    }

    #[divan::bench]
    fn adamw(bencher: Bencher) {
        step(bencher, AdamW::new(1e-3));
    }
}

/// LeNet on a batch of 64 images.
mod lenet {
    use super::*;

    const BATCH: usize = 64;

    fn images() -> (Tensor4<f32>, DMatrix<f32>) {
        (tensor([BATCH, 1, 28, 28]), DMatrix::from_fn(BATCH, 10, |n, j| f32::from(u8::from(j == n % 10))))
    }

    #[divan::bench]
    fn inference(bencher: Bencher) {
        let (model, (z, _)) = (lenet::<f32>(Start::He, 1), images());
        bencher.counter(ItemsCount::new(BATCH)).bench_local(|| model.infer(&z));
    }

    /// Forward, loss, backward and a step of descent. MNIST's 60 000 images are 938 of these an epoch.
    #[divan::bench]
    fn training_step(bencher: Bencher) {
        let (mut model, mut sgd, (z, targets)) = (lenet::<f32>(Start::He, 1), Sgd::new(0.01), images());
        let mut memory = Memory::new();
        bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
            let y = model.forward(z.clone(), &mut memory)?;
            let Loss { loss, dy } = cross_entropy_loss(y.matrix(), &targets)?;
            model.backward(&Tensor4::from_vectors(dy), &mut memory)?;
            model.step(&mut sgd)?;
            Ok::<f32, Error>(loss)
        });
    }
}
