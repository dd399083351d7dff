//! Every layer on every kind of number: the values are those of f64, to the precision of the number. (Activations and
//! losses, which need an exponential as good as the number, are in their own files.)

use super::{matrix, reals, vector};
use handgrad::numbers::Dual;
use handgrad::prelude::*;
use num_traits::ToPrimitive;

/// The results of all layers on the same inputs, as f64, each under its name.
fn all<T: Float>() -> Vec<(&'static str, Vec<f64>)> {
    let of = |x: f64| lit::<T>(x);
    let tensor = |seed, shape| reals(seed, shape).map(of);
    let to_f64 = |values: &[T]| -> Vec<f64> { values.iter().map(|x| ToPrimitive::to_f64(x).unwrap()).collect() };
    let mut results = vec![];
    let mut put = |name, values: &[T]| results.push((name, to_f64(values)));

    let (z, w, b) = (matrix(1, 3, 4).map(of), matrix(2, 4, 5).map(of), vector(3, 5).map(of));
    let next_dz = matrix(4, 3, 5).map(of);
    put("matmul", matmul(&z, &w).unwrap().as_slice());
    put("fc_forward", fc_forward(&z, &w, &b).unwrap().as_slice());
    let g = fc_backward(&next_dz, &w, &z).unwrap();
    put("fc dw", g.dw.as_slice());
    put("fc db", g.db.as_slice());
    put("fc dz", g.dz.as_slice());

    let slide = Slide::by(2, 1).padding(1, 1);
    let (z, k, b) = (tensor(1, [2, 3, 5, 4]), tensor(2, [3, 2, 3, 3]), vector(3, 2).map(of));
    let next_dz = tensor(4, [2, 2, 3, 4]);
    put("conv", conv_forward(&z, &k, &b, slide).unwrap().as_slice());
    put("conv naive", conv_forward_naive(&z, &k, &b, slide).unwrap().as_slice());
    put("single-channel", single_channel_conv(&z.map_at(0, 0), &k.map_at(0, 0), b[0], slide).unwrap().as_slice());
    for backward in [conv_backward, conv_backward_naive] {
        let g = backward(&next_dz, &k, &z, slide).unwrap();
        put("conv dk", g.dk.as_slice());
        put("conv db", g.db.as_slice());
        put("conv dz", g.dz.as_slice());
    }
    put("insert_zeros", insert_zeros(&z, (2, 3)).unwrap().as_slice());
    put("remove_padding", remove_padding(&z, (1, 1)).unwrap().as_slice());
    put("flatten", flatten_forward(&z).as_slice());
    put("flatten dz", flatten_backward(&flatten_forward(&z), &z).unwrap().as_slice());

    let next_dz = tensor(5, [2, 3, 3, 4]);
    put("max", max_pooling_forward(&z, (3, 3), slide).unwrap().as_slice());
    put("max dz", max_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap().as_slice());
    put("max, padded with 0", max_pooling_zero_padded_forward(&z, (3, 3), slide).unwrap().as_slice());
    put("its dz", max_pooling_zero_padded_backward(&next_dz, &z, (3, 3), slide).unwrap().as_slice());
    put("mean", avg_pooling_forward(&z, (3, 3), slide).unwrap().as_slice());
    put("mean dz", avg_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap().as_slice());
    let next_dz = matrix(6, 2, 3).map(of);
    put("global max", global_max_pooling_forward(&z).unwrap().as_slice());
    put("global max dz", global_max_pooling_backward(&next_dz, &z).unwrap().as_slice());
    put("global mean", global_avg_pooling_forward(&z).unwrap().as_slice());
    put("global mean dz", global_avg_pooling_backward(&next_dz, &z).unwrap().as_slice());
    results
}

/// Each result within `tolerance` of the f64 result, relative to its largest entry.
fn agrees<T: Float>(tolerance: f64) {
    for ((name, got), (_, expected)) in all::<T>().into_iter().zip(all::<f64>()) {
        let error = super::relative_error(&got, &expected);
        assert!(error <= tolerance, "{name} on {}: off by {error:e}", std::any::type_name::<T>());
    }
}

#[test]
fn f32() {
    // A sum of 27 products, each rounded to 6e-8, and inputs rounded as much: at most about 30 roundings.
    agrees::<f32>(30.0 * f64::from(f32::EPSILON));
}

#[test]
fn half_precision() {
    // The same count of roundings, of 8 bits (bf16) and 11 bits (f16).
    agrees::<half::bf16>(30.0 * 2f64.powi(-8));
    agrees::<half::f16>(30.0 * 2f64.powi(-11));
}

#[test]
fn two_floats() {
    // TwoFloat carries twice the digits of f64: what differs are the roundings of f64.
    agrees::<twofloat::TwoFloat>(30.0 * f64::EPSILON);
}

/// Dual numbers take the loops in source order, f64 the fast product: the sums differ in their roundings alone.
#[test]
fn dual_numbers() {
    agrees::<Dual<f64>>(30.0 * f64::EPSILON);
    agrees::<Dual<Dual<f64>>>(30.0 * f64::EPSILON);
    agrees::<Dual<f32>>(30.0 * f64::from(f32::EPSILON));
    assert_eq!(all::<Dual<f64>>(), all::<Dual<Dual<f64>>>());
}

/// The second derivative of a loss by its logits, by dual numbers of dual numbers: diag(p) − p·pᵀ for cross-entropy.
#[test]
fn a_hessian() {
    let (y, target) = (dmatrix![0.3, -1.2, 2.0], dmatrix![0.0, 1.0, 0.0]);
    let p = softmax_forward(&y);
    for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
        let seed = |at| f64::from(at == i);
        let twice = |at| f64::from(at == j);
        let y = DMatrix::from_fn(1, 3, |_, at| Dual::new(Dual::new(y[at], seed(at)), Dual::new(twice(at), 0.0)));
        let loss = cross_entropy_loss(&y, &lift(&target).map(Dual::constant)).unwrap().loss;
        let expected = if i == j { p[i] } else { 0.0 } - p[i] * p[j];
        // Three terms of one size.
        assert!((loss.eps.eps - expected).abs() < 1e-15, "({i}, {j}): {} but {expected}", loss.eps.eps);
    }
}
