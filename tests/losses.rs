//! The losses: by hand, by dual numbers, by central differences, and by what defines them. PyTorch's numbers are in
//! reference.rs.

#![allow(clippy::excessive_precision)] // reference numbers stand as they were computed

use handgrad::check::{Proof, lift};
use handgrad::prelude::*;
use rand::RngExt;

fn random(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    let mut rng = init::rng(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-3.0..3.0))
}

/// Sample n belongs to class 3n mod d.
fn one_hot(n: usize, d: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, d, |i, j| if 3 * i % d == j { 1.0 } else { 0.0 })
}

const SHAPES: [(usize, usize); 5] = [(1, 1), (1, 10), (4, 1), (3, 5), (8, 10)];

// (a) By hand.

#[test]
fn mean_squared_by_hand() {
    let y = dmatrix![1.0, -2.0; 0.5, 3.0];
    let target = dmatrix![3.0, -2.0; 0.0, 4.0];
    let Loss { loss, dy } = mean_squared_loss(&y, &target).unwrap();
    assert_eq!(loss, (0.5 * (4.0 + 0.0) + 0.5 * (0.25 + 1.0)) / 2.0);
    assert_eq!(dy, dmatrix![-2.0, 0.0; 0.5, -1.0]);
}

#[test]
fn cross_entropy_by_hand() {
    // Probabilities 1/8, 2/8, 5/8 and 1/2, 1/4, 1/4.
    let y = dmatrix![0.0, 2f64.ln(), 5f64.ln(); 2f64.ln() + 7.0, 7.0, 7.0];
    let target = dmatrix![0.0, 0.0, 1.0; 0.5, 0.5, 0.0];
    let Loss { loss, dy } = cross_entropy_loss(&y, &target).unwrap();
    let expected = (-0.625f64.ln() - 0.5 * 0.5f64.ln() - 0.5 * 0.25f64.ln()) / 2.0;
    assert!((loss - expected).abs() < 1e-15); // the logarithms of the logits are rounded
    assert!((dy - dmatrix![0.125, 0.25, 0.625 - 1.0; 0.0, -0.25, 0.25]).amax() < 1e-15);
}

#[test]
fn a_fresh_network_starts_at_the_logarithm_of_its_classes() {
    let Loss { loss, dy } = cross_entropy_loss(&DMatrix::zeros(32, 10), &one_hot(32, 10)).unwrap();
    assert!((loss - 10f64.ln()).abs() < 1e-14); // a mean of 32 numbers near 2.3
    assert_eq!(dy, one_hot(32, 10).map(|t| 0.1 - t));
}

// (c) Dual numbers.

#[test]
fn dy_is_what_the_loss_itself_says() {
    for (seed, (n, d)) in SHAPES.into_iter().enumerate() {
        let y = random(seed as u64, n, d);
        for target in [one_hot(n, d), softmax_forward(&random(50, n, d)), random(60, n, d)] {
            let dy = cross_entropy_loss(&y, &target).unwrap().dy;
            let proof = Proof::of_loss("cross_entropy_loss", n)
                .input("dy", &y, &dy, |y| Ok(dvector![cross_entropy_loss(y, &lift(&target))?.loss]))
                .unwrap();
            assert!(proof.passed(), "{proof}");
            let dy = mean_squared_loss(&y, &target).unwrap().dy;
            let proof = Proof::of_loss("mean_squared_loss", n)
                .input("dy", &y, &dy, |y| Ok(dvector![mean_squared_loss(y, &lift(&target))?.loss]))
                .unwrap();
            assert!(proof.passed(), "{proof}");
        }
    }
}

#[test]
fn mean_squared_is_exact() {
    let whole = |seed| random(seed, 4, 6).map(f64::round);
    let (y, target) = (whole(1), whole(2));
    let dy = mean_squared_loss(&y, &target).unwrap().dy;
    let proof = Proof::of_loss("mean_squared_loss", 4)
        .exact()
        .input("dy", &y, &dy, |y| Ok(dvector![mean_squared_loss(y, &lift(&target))?.loss]))
        .unwrap();
    assert!(proof.passed(), "{proof}");
}

// (d) Central differences.

#[test]
fn dy_agrees_with_central_differences() {
    type LossOf = fn(&DMatrix<f64>, &DMatrix<f64>) -> Result<Loss<f64>, ShapeError>;
    let losses: [(&str, LossOf); 2] = [("cross_entropy", cross_entropy_loss), ("mean_squared", mean_squared_loss)];
    for (name, loss_of) in losses {
        let (y, target) = (random(1, 3, 5), softmax_forward(&random(2, 3, 5)));
        let dy = loss_of(&y, &target).unwrap().dy;
        let h = 1e-5;
        let moved = |i, j, by| {
            let mut y = y.clone();
            y[(i, j)] += by;
            loss_of(&y, &target).unwrap().loss
        };
        for (i, j) in (0..3).flat_map(|i| (0..5).map(move |j| (i, j))) {
            // ∂L/∂y is the batch mean's: N times that is the sample's own. h² and ε/h are both about 1e-10 and less.
            let expected = 3.0 * (moved(i, j, h) - moved(i, j, -h)) / (2.0 * h);
            assert!((dy[(i, j)] - expected).abs() < 1e-9, "{name} at ({i}, {j}): {} not {expected}", dy[(i, j)]);
        }
    }
}

// (e) Properties.

#[test]
fn a_batch_is_the_mean_of_its_samples() {
    let (y, target) = (random(1, 5, 4), softmax_forward(&random(2, 5, 4)));
    for loss_of in [cross_entropy_loss, mean_squared_loss] {
        let whole = loss_of(&y, &target).unwrap();
        let samples: Vec<_> =
            (0..5).map(|n| loss_of(&y.rows(n, 1).into_owned(), &target.rows(n, 1).into_owned()).unwrap()).collect();
        let mean = samples.iter().map(|sample| sample.loss).sum::<f64>() / 5.0;
        assert!((whole.loss / mean - 1.0).abs() < 1e-15);
        for (n, sample) in samples.iter().enumerate() {
            assert_eq!(sample.dy, whole.dy.rows(n, 1), "a sample's row depends on who else is in the batch");
        }
    }
}

#[test]
fn cross_entropy_is_the_logarithm_of_softmax() {
    let (y, target) = (random(1, 3, 6), softmax_forward(&random(2, 3, 6)));
    let p = softmax_forward(&y);
    let Loss { loss, dy } = cross_entropy_loss(&y, &target).unwrap();
    let expected = -target.component_mul(&p.map(f64::ln)).sum() / 3.0;
    assert!((loss / expected - 1.0).abs() < 1e-15);
    // Its gradient, step by step: −y*/p through the Jacobian of softmax.
    let through = softmax_backward(&target.zip_map(&p, |t, p| -t / p), &p).unwrap();
    assert!((&dy - through).amax() < 1e-15);
    // Targets that sum to 1, as probabilities do: a row of p − y* sums to 0.
    assert!((0..3).all(|n| dy.row(n).sum().abs() < 1e-15));
}

#[test]
fn far_logits_overflow_nowhere() {
    // The wrong class by 20,000: f32's exp ends at 88, and the loss is the whole distance.
    let y = dmatrix![1e4f32, -1e4, 0.0; 1e4, -1e4, 0.0; -1e4, -1e4, -1e4];
    let target = dmatrix![0.0, 1.0, 0.0; 1.0, 0.0, 0.0; 0.0, 1.0, 0.0];
    let Loss { loss, dy } = cross_entropy_loss(&y, &target).unwrap();
    assert_eq!(loss, (2e4 + 0.0 + 3f32.ln()) / 3.0);
    let third = 1.0 / 3.0;
    assert_eq!(dy, dmatrix![1.0, -1.0, 0.0; 0.0, 0.0, 0.0; third, third - 1.0, third]);
    // Targets between the classes: half the distance.
    let Loss { loss, dy } = cross_entropy_loss(&dmatrix![1e4f32, -1e4], &dmatrix![0.5, 0.5]).unwrap();
    assert_eq!((loss, dy), (1e4, dmatrix![0.5, -0.5]));
}

#[test]
fn what_is_left_of_a_certain_class_is_kept() {
    // e = exp(−z): ln(1 + e) and ∓e/(1 + e), in 60 digits (Python's decimal).
    let close = |got: f64, exact: f64, tolerance: f64| {
        assert!((got / exact - 1.0).abs() < tolerance, "{got:e} is not {exact:e}");
    };
    let Loss { loss, dy } = cross_entropy_loss(&dmatrix![17f32, 0.0], &dmatrix![1.0, 0.0]).unwrap();
    close(loss.into(), 4.1399376330897477e-8, 2e-7); // two ulps of f32
    close(dy[0].into(), -4.1399375473943306e-8, 2e-7);
    close(dy[1].into(), 4.1399375473943306e-8, 2e-7);
    for (z, exact) in [(40.0, 4.2483542552915889e-18), (700.0, 9.8596765437597708e-305)] {
        for (y, target) in [(dmatrix![z, 0.0], dmatrix![1.0, 0.0]), (dmatrix![0.0, z], dmatrix![0.0, 1.0])] {
            let Loss { loss, dy } = cross_entropy_loss(&y, &target).unwrap();
            close(loss, exact, 1e-15);
            dy.iter().zip(target.iter()).for_each(|(&dy, t)| close(dy, exact * (1.0 - 2.0 * t), 1e-15));
        }
    }
    // The targets beside the largest, not 1 minus the largest: 1e-10 less e⁻⁵⁰.
    let dy = cross_entropy_loss(&dmatrix![50.0, 0.0], &dmatrix![1.0 - 1e-10, 1e-10]).unwrap().dy;
    close(dy[0], 9.9999999999807128e-11, 1e-15);
}

#[test]
fn the_tails_are_what_the_loss_itself_says() {
    // A batch has moderate logits as well, beside which the central differences are measured.
    let y = dmatrix![0.5, -1.0, 2.0; 40.0, 0.0, -40.0; 700.0, 0.0, -700.0; 0.0, 36.0, 36.0];
    for target in [one_hot(4, 3), softmax_forward(&random(50, 4, 3)), random(60, 4, 3)] {
        let dy = cross_entropy_loss(&y, &target).unwrap().dy;
        let proof = Proof::of_loss("cross_entropy_loss", 4)
            .input("dy", &y, &dy, |y| Ok(dvector![cross_entropy_loss(y, &lift(&target))?.loss]))
            .unwrap();
        assert!(proof.passed(), "{proof}");
    }
}

#[test]
fn a_target_of_0_contributes_exactly_0() {
    fn test<T: Float>(infinite: T, largest: T) {
        let (zero, one) = (T::zero(), T::one());
        // A class that is ruled out, and logits whose difference is beyond the largest number.
        for y in [dmatrix![zero, infinite], dmatrix![largest, -largest], dmatrix![one, -largest]] {
            let Loss { loss, dy } = cross_entropy_loss(&y, &dmatrix![one, zero]).unwrap();
            assert_eq!((loss, dy), (zero, dmatrix![zero, zero]), "{y:?}");
        }
        // A class that is ruled out and right: an infinite surprise, and a finite gradient.
        let Loss { loss, dy } = cross_entropy_loss(&dmatrix![zero, infinite], &dmatrix![zero, one]).unwrap();
        assert_eq!((loss, dy), (-infinite, dmatrix![one, -one]));
    }
    test::<f32>(f32::NEG_INFINITY, 3e38);
    test::<f64>(f64::NEG_INFINITY, 1.7e308);
    test::<half::bf16>(half::bf16::NEG_INFINITY, half::bf16::MAX);
    // What is no number is not hidden, not even by a target of 0.
    for y in [dmatrix![f64::NAN, 0.0], dmatrix![0.0, f64::NAN], dmatrix![f64::INFINITY, 0.0]] {
        assert!(cross_entropy_loss(&y, &dmatrix![0.0, 0.0]).unwrap().loss.is_nan(), "{y}");
    }
}

#[test]
fn cross_entropy_sees_only_differences() {
    // Whole numbers, so that the shift itself rounds nothing: the same bits.
    let y = DMatrix::from_fn(3, 5, |i, j| ((7 * i + 3 * j * j) % 11) as f32);
    let target = one_hot(3, 5).map(|t| t as f32);
    for shift in [-1e6f32, -1000.0, 1.0, 1e6] {
        assert_eq!(
            cross_entropy_loss(&y.add_scalar(shift), &target),
            cross_entropy_loss(&y, &target),
            "shifted by {shift}"
        );
    }
}

#[test]
fn targets_that_do_not_sum_to_1_weigh_their_sample() {
    // −Σ y*·ln p is linear in y*: twice the targets, twice the sample's loss and gradient.
    let (y, target) = (random(1, 2, 4), softmax_forward(&random(2, 2, 4)));
    let once = cross_entropy_loss(&y, &target).unwrap();
    let twice = cross_entropy_loss(&y, &(&target * 2.0)).unwrap();
    assert_eq!((twice.loss, twice.dy), (once.loss * 2.0, once.dy * 2.0)); // a power of two rounds nothing
    let Loss { loss, dy } = cross_entropy_loss(&y, &DMatrix::zeros(2, 4)).unwrap();
    assert_eq!((loss, dy), (0.0, DMatrix::zeros(2, 4)));
}

#[test]
fn nan_and_infinity_are_not_hidden() {
    let target = dmatrix![1.0, 0.0];
    for y in [dmatrix![f64::NAN, 0.0], dmatrix![0.0, f64::NAN], dmatrix![f64::INFINITY, 0.0]] {
        let Loss { loss, dy } = cross_entropy_loss(&y, &target).unwrap();
        assert!(loss.is_nan() && dy.iter().all(|x| x.is_nan()), "{y}");
    }
    assert_eq!(cross_entropy_loss(&dmatrix![0.0, -1e300], &target).unwrap().loss, 0.0);
    // One sample's NaN is in the loss, and in no other sample's gradient.
    let Loss { loss, dy } =
        cross_entropy_loss(&dmatrix![f64::NAN, 0.0; 0.0, 0.0], &dmatrix![1.0, 0.0; 1.0, 0.0]).unwrap();
    assert!(loss.is_nan());
    assert_eq!(dy.row(1), dmatrix![-0.5, 0.5].row(0));
    // The mean of no samples.
    let none = DMatrix::<f64>::zeros(0, 3);
    assert!(cross_entropy_loss(&none, &none).unwrap().loss.is_nan());
    assert!(mean_squared_loss(&none, &none).unwrap().loss.is_nan());
}

#[test]
fn shape_errors_name_both_shapes() {
    let (y, target) = (DMatrix::<f64>::zeros(2, 3), DMatrix::zeros(3, 2));
    let rule = "y_predict is (2, 3) but y_true is (3, 2): the two must have the same shape";
    assert_eq!(cross_entropy_loss(&y, &target).unwrap_err().to_string(), format!("cross_entropy_loss: {rule}"));
    assert_eq!(mean_squared_loss(&y, &target).unwrap_err().to_string(), format!("mean_squared_loss: {rule}"));
}

#[test]
fn every_float_flows_through() {
    // f32 has 24 bits and bf16 has 8, and each result is a few roundings away from the true one. TwoFloat has 106, but
    // its exponential errs by up to 1.7e-11 (near −1.04, compared with f64's).
    fn test<T: Float>(tolerance: f64) {
        let (y, target) = (random(1, 4, 5).map(lit::<T>), one_hot(4, 5).map(lit::<T>));
        let to_f64 = |m: &DMatrix<T>| m.map(|x| x.to_f64().unwrap());
        for (of_t, of_f64) in [
            (cross_entropy_loss::<T>(&y, &target), cross_entropy_loss(&to_f64(&y), &to_f64(&target))),
            (mean_squared_loss(&y, &target), mean_squared_loss(&to_f64(&y), &to_f64(&target))),
        ] {
            let (of_t, of_f64) = (of_t.unwrap(), of_f64.unwrap());
            let loss = of_t.loss.to_f64().unwrap();
            assert!((loss / of_f64.loss - 1.0).abs() < tolerance, "{loss} is not {}", of_f64.loss);
            assert!((to_f64(&of_t.dy) - &of_f64.dy).amax() < tolerance * of_f64.dy.amax());
        }
    }
    test::<f32>(1e-6);
    test::<half::bf16>(3e-2);
    test::<twofloat::TwoFloat>(1e-10);
}

#[test]
fn long_sums_keep_their_digits() {
    // Equal logits: p = 1/d and L = ln d for every sample, of which there are many, or of many classes.
    let close = |got: f32, exact: f64| assert!((f64::from(got) / exact - 1.0).abs() < 2.4e-7, "{got} is not {exact}");
    let first = |n: usize, d: usize| DMatrix::from_fn(n, d, |_, j| f32::from(u8::from(j == 0)));
    close(cross_entropy_loss(&DMatrix::zeros(200_000, 2), &first(200_000, 2)).unwrap().loss, 2f64.ln());
    let Loss { loss, dy } = cross_entropy_loss(&DMatrix::from_element(3, 100_000, 0.1), &first(3, 100_000)).unwrap();
    close(loss, 1e5f64.ln());
    close(dy[(2, 99_999)], 1e-5);
    close(softmax_forward(&DMatrix::<f32>::from_element(3, 100_000, 0.1))[(2, 99_999)], 1e-5);
    let y = DMatrix::from_element(200_000, 3, 0.1f32);
    close(mean_squared_loss(&y, &DMatrix::zeros(200_000, 3)).unwrap().loss, 0.5 * 3.0 * f64::from(0.1f32).powi(2));
}
