//! Normalisation.

use super::{reals, relative_error, vector};
use handgrad::prelude::*;

const EPSILON: f64 = 1e-5;

#[test]
fn by_hand() {
    // Channel 0: mean 3, variance (4 + 1 + 1 + 4)/4 = 2.5. Channel 1: mean 0, variance 1. ε makes them 4 and 2.5.
    let z = Tensor4::from_row_major([2, 2, 1, 2], &[1.0, 2.0, 1.0, -1.0, 4.0, 5.0, -1.0, 1.0]).unwrap();
    let (gamma, beta) = (dvector![2.0, 1.0], dvector![0.5, -1.0]);
    let y = batch_norm_forward(&z, &gamma, &beta, 1.5).unwrap();
    let x = 1.0 / 2.5_f64.sqrt();
    assert_eq!(y.to_row_major(), [-1.5, -0.5, x - 1.0, -x - 1.0, 1.5, 2.5, -x - 1.0, x - 1.0]);

    let next_dz = Tensor4::from_row_major([2, 2, 1, 2], &[4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
    let g = batch_norm_backward(&next_dz, &z, &gamma, 1.5).unwrap();
    assert_eq!(g.dbeta, dvector![4.0 / 2.0, 0.0]); // two samples
    assert_eq!(g.dgamma, dvector![4.0 * -1.0 / 2.0, 0.0]); // x̂ = -1, -½, ½, 1
    // ⟨δ⟩ = 1, ⟨δ·x̂⟩ = -1, γ/s = 1
    assert_eq!(g.dz.to_row_major(), [4.0 - 1.0 - 1.0, -1.0 - 0.5, 0.0, 0.0, -1.0 + 0.5, -1.0 + 1.0, 0.0, 0.0]);
}

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    for (number, shape) in [[2, 1, 1, 1], [1, 3, 2, 2], [5, 2, 1, 1], [3, 4, 2, 3]].into_iter().enumerate() {
        let seed = 10 * number as u64;
        let (z, next_dz) = (reals(seed, shape), reals(seed + 1, shape));
        let (gamma, beta) = (vector(seed + 2, shape[1]), vector(seed + 3, shape[1]));
        let g = batch_norm_backward(&next_dz, &z, &gamma, EPSILON).unwrap();
        let report = Proof::new("batch_norm_backward", &next_dz)
            .parameter("dgamma", &gamma, &g.dgamma, |gamma| {
                batch_norm_forward(&lift(&z), gamma, &lift(&beta), lit(EPSILON))
            })
            .and_then(|proof| {
                proof.parameter("dbeta", &beta, &g.dbeta, |beta| {
                    batch_norm_forward(&lift(&z), &lift(&gamma), beta, lit(EPSILON))
                })
            })
            .and_then(|proof| {
                proof.input("dz", &z, &g.dz, |z| batch_norm_forward(z, &lift(&gamma), &lift(&beta), lit(EPSILON)))
            })
            .unwrap();
        assert!(report.passed(), "{report}");
    }
}

#[test]
fn dz_has_nothing_in_common_with_one_and_with_the_normalised_z() {
    let (z, next_dz) = (reals(1, [4, 2, 3, 3]), reals(2, [4, 2, 3, 3]));
    let (ones, zeros) = (dvector![1.0, 1.0], dvector![0.0, 0.0]);
    let x = batch_norm_forward(&z, &ones, &zeros, 0.0).unwrap();
    let dz = batch_norm_backward(&next_dz, &z, &dvector![1.5, -2.0], 0.0).unwrap().dz;
    for c in 0..2 {
        let [x, dz] = [&x, &dz].map(|all| all.matrix().columns(9 * c, 9).into_owned());
        // Rounding errors of sums of 36 numbers of size 1.
        assert!(dz.sum().abs() < 1e-13 && dz.dot(&x).abs() < 1e-13, "{} and {}", dz.sum(), dz.dot(&x));
        assert!((x.sum().abs() < 1e-13) && (x.dot(&x) - 36.0).abs() < 1e-12);
    }
}

#[test]
fn numbers_far_from_0_lose_no_digits() {
    // A million and a number of 0 to 2 in sixteenths, all exact in f32: the same channel at another place.
    let near = Tensor4::from_fn([8, 1, 5, 5], |n, _, i, j| ((7 * n + 5 * i + 3 * j) % 33) as f64 / 16.0);
    let far: Tensor4<f32> = near.map(|z| (z + 1e6) as f32);
    let next_dz = reals(3, [8, 1, 5, 5]).map(|delta| delta as f32);
    let wide = |z: &Tensor4<f32>| z.map(f64::from);
    let (gamma, beta) = (dvector![1.5_f32], dvector![0.25_f32]);
    let y = batch_norm_forward(&far, &gamma, &beta, EPSILON as f32).unwrap();
    let dz = batch_norm_backward(&next_dz, &far, &gamma, EPSILON as f32).unwrap().dz;
    let right = batch_norm_forward(&near, &dvector![1.5], &dvector![0.25], EPSILON).unwrap();
    let right_dz = batch_norm_backward(&wide(&next_dz), &near, &dvector![1.5], EPSILON).unwrap().dz;
    // A few units of the last place of an f32; the mean alone, rounded to 1/16, would be seen as 10⁻².
    assert!(relative_error(wide(&y).as_slice(), right.as_slice()) < 1e-6);
    assert!(relative_error(wide(&dz).as_slice(), right_dz.as_slice()) < 1e-6);
}

#[test]
fn a_constant_channel_becomes_beta() {
    let z = Tensor4::from_fn([3, 2, 2, 1], |n, c, i, _| if c == 0 { 0.1 } else { (n + i) as f64 });
    let y = batch_norm_forward(&z, &dvector![3.0, 1.0], &dvector![0.5, 0.0], EPSILON).unwrap();
    assert!((0..3).all(|n| y[(n, 0, 0, 0)] == 0.5 && y[(n, 0, 1, 0)] == 0.5));
    let g = batch_norm_backward(&reals(1, [3, 2, 2, 1]), &z, &dvector![3.0, 1.0], EPSILON).unwrap();
    assert!(g.dz.as_slice().iter().chain(g.dgamma.iter()).all(|x| x.is_finite()));
    assert_eq!(g.dgamma[0], 0.0);
    let without = batch_norm_forward(&z, &dvector![3.0, 1.0], &dvector![0.5, 0.0], 0.0).unwrap();
    assert!(without[(0, 0, 0, 0)].is_nan() && without[(0, 1, 0, 0)].is_finite());
}

#[test]
fn one_number_has_no_variance() {
    let z: Tensor4<f64> = Tensor4::zeros([1, 3, 1, 1]);
    let (gamma, beta) = (dvector![1.0, 1.0, 1.0], dvector![0.0, 0.0, 0.0]);
    let expected = "batch_norm_forward: z is (1, 3, 1, 1), so N·H·W is 1: a channel must have at least two numbers: the \
                    variance of one is 0, and every output would be beta";
    assert_eq!(batch_norm_forward(&z, &gamma, &beta, EPSILON).unwrap_err().to_string(), expected);
    assert!(batch_norm_backward(&z, &z, &gamma, EPSILON).is_err() && moments(&z).is_err());
    let known = Moments { mean: beta.clone(), remainder: beta.clone(), variance: gamma.clone() };
    assert!(batch_norm_use(&z, &known, &gamma, &beta, EPSILON).is_ok());
    let other = batch_norm_use(&z, &known, &dvector![1.0], &beta, EPSILON).unwrap_err().to_string();
    assert_eq!(
        other,
        "batch_norm_use: gamma has 1 elements but z is (1, 3, 1, 1): gamma must have one element for each of z's \
         channels (its second axis)"
    );
}

#[test]
fn use_is_training_with_the_running_moments() {
    let z = reals(5, [6, 3, 2, 2]);
    let (gamma, beta) = (vector(6, 3), vector(7, 3));
    let trained = batch_norm_forward(&z, &gamma, &beta, EPSILON).unwrap();
    let used = batch_norm_use(&z, &moments(&z).unwrap(), &gamma, &beta, EPSILON).unwrap();
    assert_eq!(trained, used);
    // The layer's running moments after two batches, as PyTorch has them: 0.9·old + 0.1·new, with M/(M − 1).
    let mut layer = BatchNorm::new(3);
    let mut memory = Memory::new();
    let mut expected = [vec![0.0; 3], vec![1.0; 3]];
    for seed in [8, 9] {
        let z = reals(seed, [6, 3, 2, 2]);
        let known = moments(&z).unwrap();
        for c in 0..3 {
            expected[0][c] = 0.9 * expected[0][c] + 0.1 * known.mean[c];
            expected[1][c] = 0.9 * expected[1][c] + 0.1 * known.variance[c] * 24.0 / 23.0;
        }
        layer.forward(z, &mut memory).unwrap();
    }
    for (buffer, expected) in layer.buffers().iter().zip(&expected) {
        assert!(relative_error(buffer.values, expected) < 1e-14, "{}", buffer.name);
    }
    let kept: Vec<Vec<f64>> = layer.buffers().iter().map(|buffer| buffer.values.to_vec()).collect();
    let known = Moments {
        mean: DVector::from_column_slice(&kept[0]),
        remainder: DVector::zeros(3),
        variance: DVector::from_column_slice(&kept[1]),
    };
    let expected = batch_norm_use(&z, &known, &DVector::from_element(3, 1.0), &DVector::zeros(3), EPSILON).unwrap();
    assert_eq!(layer.infer(&z).unwrap(), expected);
    // In use, a sample's output does not depend on the batch.
    assert_eq!(layer.infer(&z.samples(2, 1)).unwrap(), expected.samples(2, 1));
}
