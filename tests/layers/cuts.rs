//! Small cuts and every kind of vectors: no result depends on where the kernels cut their work.

use super::{integers, matrix, reals, vector};
use handgrad::check::grids::conv_shapes;
use handgrad::cuts::{Cuts, Vectors};
use handgrad::prelude::*;

const VECTORS: [Vectors; 3] = [Vectors::Short, Vectors::Avx2, Vectors::Avx512];

/// Runs `test` with cuts after 1, 2, 3 and 7 elements, tiles of several sizes, and both forms of a kernel's gradient; and
/// with the usual cuts; each on every kind of vectors.
fn under_all_cuts(test: impl Fn(&str) + Send + Sync) {
    let mut all = vec![Cuts::PRODUCTION];
    for (size, tile) in [1, 2, 3, 7].into_iter().flat_map(|size| [4 * size, 700, 5000].map(|tile| (size, tile))) {
        for channel_vectors in [0, usize::MAX >> 8] {
            all.push(Cuts { tile, channel_vectors, ..Cuts::every(size) });
        }
    }
    for (number, cuts) in all.into_iter().enumerate() {
        for vectors in VECTORS {
            let cuts = Cuts { vectors, ..cuts };
            cuts.on_threads(1 + number % 3, || test(&format!("{cuts:?}"))).unwrap();
        }
    }
}

/// Both convolutions of a shape, by the definition, on integers that `f32` holds exactly.
struct Convolution {
    slide: Slide,
    z: Tensor4<f64>,
    k: Tensor4<f64>,
    b: DVector<f64>,
    next_dz: Tensor4<f64>,
    y: Tensor4<f64>,
    gradients: ConvGradients<f64>,
}

impl Convolution {
    fn new(z: [usize; 4], depth: usize, (k1, k2): (usize, usize), slide: Slide) -> Self {
        let (z, k) = (integers(1, z), integers(2, [z[1], depth, k1, k2]));
        let b = DVector::from_fn(depth, |d, _| d as f64);
        let y = conv_forward_naive(&z, &k, &b, slide).unwrap();
        let next_dz = integers(3, y.shape());
        let gradients = conv_backward_naive(&next_dz, &k, &z, slide).unwrap();
        Convolution { slide, z, k, b, next_dz, y, gradients }
    }

    /// The same by the fast functions, in `f64` and in `f32`.
    fn agrees(&self, cuts: &str) {
        let Convolution { slide, z, k, b, next_dz, y, gradients } = self;
        let what = format!("z {:?}, K {:?}, {slide:?}, {cuts}", z.shape(), k.shape());
        assert!(conv_forward(z, k, b, *slide).unwrap() == *y, "{what}");
        let g = conv_backward(next_dz, k, z, *slide).unwrap();
        assert!(g.dk == gradients.dk, "dk, {what}");
        assert!(g == *gradients, "{what}");

        let [z, k, next_dz] = [z, k, next_dz].map(|t| t.map(|x| x as f32));
        let single = |t: &Tensor4<f64>| t.map(|x| x as f32);
        assert!(conv_forward(&z, &k, &b.map(|x| x as f32), *slide).unwrap() == single(y), "f32, {what}");
        let g = conv_backward(&next_dz, &k, &z, *slide).unwrap();
        // A sum is exact, and the quotient of two exact numbers is rounded once or, through f64, almost always once.
        let close = |a: &f32, b: &f64| (f64::from(*a) - b).abs() <= 1e-7 * b.abs();
        assert!(g.dk.as_slice().iter().zip(gradients.dk.as_slice()).all(|(a, b)| close(a, b)), "f32 dk, {what}");
        assert!(g.db.iter().zip(&gradients.db).all(|(a, b)| close(a, b)), "f32 db, {what}");
        assert!(g.dz == single(&gradients.dz), "f32 dz, {what}");
    }
}

#[test]
fn convolutions_of_the_grid() {
    let shapes: Vec<_> = conv_shapes()
        .into_iter()
        .step_by(41)
        .map(|shape| Convolution::new(shape.z, shape.depth, shape.kernel, shape.slide))
        .collect();
    assert!(shapes.len() >= 8);
    under_all_cuts(|cuts| shapes.iter().for_each(|shape| shape.agrees(cuts)));
}

/// More samples than a vector has lanes, and more channels; strides larger than the window; several maps.
#[test]
fn convolutions_with_every_seam() {
    let shapes = [
        Convolution::new([19, 3, 5, 6], 5, (3, 2), Slide::by(1, 1).padding(1, 1)),
        Convolution::new([17, 2, 7, 9], 3, (2, 2), Slide::by(3, 4).padding(1, 2).round_down()),
        Convolution::new([3, 18, 4, 3], 7, (2, 3), Slide::by(2, 1).padding(0, 1)),
        Convolution::new([35, 5, 1, 4], 4, (1, 3), Slide::by(1, 1).padding(0, 1)),
        Convolution::new([40, 4, 1, 1], 13, (1, 1), Slide::default()),
        Convolution::new([3, 2, 3, 4], 2, (2, 2), Slide::by(1, 1).padding(5, 20)), // wider than a block
    ];
    under_all_cuts(|cuts| shapes.iter().for_each(|shape| shape.agrees(cuts)));
}

#[test]
fn products() {
    let shapes = [(1, 1, 1), (5, 3, 7), (19, 20, 13), (16, 9, 2), (33, 40, 3)];
    let integer = |seed, rows, columns| integers(seed, [rows, columns, 1, 1]).into_matrix();
    under_all_cuts(|cuts| {
        for (n, l, m) in shapes {
            let (z, w, next_dz) = (integer(1, n, l), integer(2, l, m), integer(3, n, m));
            let b = DVector::from_fn(m, |d, _| d as f64);
            let y = DMatrix::from_fn(n, m, |i, j| (0..l).fold(b[j], |sum, t| sum + z[(i, t)] * w[(t, j)]));
            assert!(fc_forward(&z, &w, &b).unwrap() == y, "{n} × {l} × {m}, {cuts}");
            let g = fc_backward(&next_dz, &w, &z).unwrap();
            assert!(g.dw == z.transpose() * &next_dz / n as f64, "dw, {n} × {l} × {m}, {cuts}");
            assert!(g.dz == &next_dz * w.transpose(), "dz, {n} × {l} × {m}, {cuts}");
            let [z, w] = [z, w].map(|m| m.map(|x| x as f32));
            let y = y.map(|x| x as f32);
            assert!(fc_forward(&z, &w, &b.map(|x| x as f32)).unwrap() == y, "f32, {n} × {l} × {m}, {cuts}");
        }
    });
}

/// Products of more rows and terms than are gathered at a time, under the usual cuts.
#[test]
fn products_of_several_parts() {
    let integer = |seed, rows, columns| integers(seed, [rows, columns, 1, 1]).into_matrix();
    for (n, l, m) in [(256, 16, 5), (320, 20, 7), (513, 40, 3), (20, 600, 9), (300, 300, 8)] {
        let (z, w, next_dz) = (integer(1, n, l), integer(2, l, m), integer(3, n, m));
        let y = &z * &w;
        assert!(matmul(&z, &w).unwrap() == y, "{n} × {l} × {m}");
        let [single_z, single_w] = [&z, &w].map(|matrix| matrix.map(|x| x as f32));
        assert!(matmul(&single_z, &single_w).unwrap() == y.map(|x| x as f32), "f32, {n} × {l} × {m}");
        let g = fc_backward(&next_dz, &w, &z).unwrap();
        assert!(g.dw == z.transpose() * &next_dz / n as f64, "dw, {n} × {l} × {m}");
        assert!(g.dz == &next_dz * w.transpose(), "dz, {n} × {l} × {m}");
    }
}

/// Functions of every number by itself, poolings and sums have the same bits under all cuts.
#[test]
fn passes_over_memory() {
    let (z, slide) = (reals(1, [19, 3, 5, 6]), Slide::by(1, 2).padding(1, 1).round_down());
    let next_dz = reals(2, max_pooling_forward(&z, (3, 3), slide).unwrap().shape());
    let (logits, target) = (matrix(3, 35, 5), DMatrix::from_fn(35, 5, |n, j| f64::from(n % 5 == j)));
    let gradient = matrix(4, 35, 5);
    let results = || {
        let mut w = vector(5, 50);
        let mut adam = Adam::new(0.1);
        adam.step(&mut [w.as_mut_slice()], &[vector(6, 50).as_slice()]).unwrap();
        (
            max_pooling_forward(&z, (3, 3), slide).unwrap(),
            max_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap(),
            avg_pooling_forward(&z, (3, 3), slide).unwrap(),
            avg_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap(),
            softmax_backward(&gradient, &softmax_forward(&logits)).unwrap(),
            cross_entropy_loss(&logits, &target).unwrap(),
            relu_backward(&gradient, &logits).unwrap(),
            w,
        )
    };
    let expected = results();
    under_all_cuts(|cuts| assert!(results() == expected, "{cuts}"));
}

/// Sums of 2,304 products in `f32`, in units of the last place of their size: how far they are off, root mean square.
fn errors_of_long_sums() -> [f64; 3] {
    let normal = |seed, shape: [usize; 4]| -> Tensor4<f32> { init::normal(&mut init::rng(seed), shape, 1.0) };
    let off = |got: &[f32], exact: &[f64]| {
        let squares = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
        let errors = squares(&mut got.iter().zip(exact).map(|(a, b)| f64::from(*a) - b));
        (errors / squares(&mut exact.iter().copied())).sqrt() / f64::from(f32::EPSILON)
    };
    let (z, k) = (normal(1, [2, 256, 8, 8]), normal(2, [256, 3, 3, 3]));
    let [wide_z, wide_k] = [&z, &k].map(|t| t.map(f64::from));
    let y = conv_forward(&z, &k, &DVector::zeros(3), Slide::default()).unwrap();
    let exact = conv_forward(&wide_z, &wide_k, &DVector::zeros(3), Slide::default()).unwrap();
    let conv = off(y.as_slice(), exact.as_slice());

    let (a, b) = (normal(4, [20, 2304, 1, 1]).into_matrix(), normal(5, [2304, 20, 1, 1]).into_matrix());
    let product =
        off(matmul(&a, &b).unwrap().as_slice(), matmul(&a.map(f64::from), &b.map(f64::from)).unwrap().as_slice());

    let (z, next_dz, k) = (normal(6, [64, 64, 6, 6]), normal(7, [64, 2, 6, 6]), normal(8, [64, 2, 1, 1]));
    let dk = conv_backward(&next_dz, &k, &z, Slide::default()).unwrap().dk;
    let [z, next_dz, k] = [z, next_dz, k].map(|t| t.map(f64::from));
    let exact = conv_backward(&next_dz, &k, &z, Slide::default()).unwrap().dk;
    [conv, product, off(dk.as_slice(), exact.as_slice())]
}

#[test]
fn a_long_sum_is_a_sum_of_partial_sums() {
    let errors = errors_of_long_sums();
    assert!(errors.iter().all(|&error| error < 4.0), "{errors:?}");
    // In one chain the errors are several times as large.
    let one_chain = Cuts { chain: usize::MAX, product_terms: usize::MAX, tile: 1 << 30, ..Cuts::PRODUCTION };
    let in_one_chain = one_chain.on_threads(1, errors_of_long_sums).unwrap();
    assert!(in_one_chain.iter().zip(errors).all(|(&one, error)| one > 2.0 * error), "{in_one_chain:?}, {errors:?}");
}
