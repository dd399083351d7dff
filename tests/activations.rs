//! The activations: by hand, by dual numbers, by central differences, and by what defines them. PyTorch's numbers are
//! in reference.rs.

#![allow(clippy::excessive_precision)] // reference numbers stand as they were computed

use handgrad::check::{Proof, lift};
use handgrad::numbers::Dual;
use handgrad::prelude::*;
use rand::RngExt;

/// Numbers from −3 to 3 that keep away from 0, where some of the functions have a kink.
fn away_from_the_kink(seed: u64, rows: usize, columns: usize) -> DMatrix<f64> {
    let mut rng = init::rng(seed);
    DMatrix::from_fn(rows, columns, |_, _| {
        let x: f64 = rng.random_range(0.01..3.0);
        if rng.random() { x } else { -x }
    })
}

type Forward<T> = fn(&DMatrix<T>) -> DMatrix<T>;
type Backward<T> = fn(&DMatrix<T>, &DMatrix<T>) -> Result<DMatrix<T>, ShapeError>;

/// Every function of one matrix, its backward as a function of next_dz and z.
fn all<T: Float>() -> [(&'static str, Forward<T>, Backward<T>); 8] {
    [
        ("relu", relu_forward, relu_backward),
        ("leaky_relu", |z| leaky_relu_forward(z, lit(0.125)), |d, z| leaky_relu_backward(d, z, lit(0.125))),
        ("elu", |z| elu_forward(z, lit(1.5)), |d, z| elu_backward(d, z, lit(1.5))),
        ("elu of slope 1", |z| elu_forward(z, lit(1.0)), |d, z| elu_backward(d, z, lit(1.0))),
        ("selu", selu_forward, selu_backward),
        ("sigmoid", sigmoid_forward, sigmoid_backward),
        ("tanh", tanh_forward, tanh_backward),
        ("softmax", softmax_forward, |d, z| softmax_backward(d, &softmax_forward(z))),
    ]
}

/// Those of them that treat every number by itself: all but softmax.
fn elementwise<T: Float>() -> Vec<(&'static str, Forward<T>, Backward<T>)> {
    all().into_iter().filter(|&(name, ..)| name != "softmax").collect()
}

fn relative_error(got: &DMatrix<f64>, expected: &DMatrix<f64>) -> f64 {
    (got - expected).amax() / expected.amax()
}

/// (L(z + h) − L(z − h)) / 2h of every entry, for L = Σ next_dz·f(z).
fn central_differences(
    f: impl Fn(&DMatrix<f64>) -> DMatrix<f64>,
    next_dz: &DMatrix<f64>,
    z: &DMatrix<f64>,
) -> DMatrix<f64> {
    let h = 1e-5;
    let moved = |i, j, by| {
        let mut z = z.clone();
        z[(i, j)] += by;
        f(&z).dot(next_dz)
    };
    DMatrix::from_fn(z.nrows(), z.ncols(), |i, j| (moved(i, j, h) - moved(i, j, -h)) / (2.0 * h))
}

// (a) By hand.

#[test]
fn forward_by_hand() {
    let z = dmatrix![-2.0, 0.0, 4.0];
    let e2 = (-2f64).exp();
    assert_eq!(relu_forward(&z), dmatrix![0.0, 0.0, 4.0]);
    assert_eq!(leaky_relu_forward(&z, 0.25), dmatrix![-0.5, 0.0, 4.0]);
    let close = |got: DMatrix<f64>, expected: DMatrix<f64>| {
        // Two or three roundings.
        assert!((&got - &expected).amax() <= 1e-15 * expected.amax(), "{got} is not {expected}");
    };
    close(elu_forward(&z, 3.0), dmatrix![3.0 * (e2 - 1.0), 0.0, 4.0]);
    close(selu_forward(&z), dmatrix![1.7580993408473768 * (e2 - 1.0), 0.0, 1.0507009873554805 * 4.0]);
    close(sigmoid_forward(&z), dmatrix![e2 / (1.0 + e2), 0.5, 1.0 / (1.0 + (-4f64).exp())]);
    close(tanh_forward(&dmatrix![3f64.ln() / 2.0]), dmatrix![0.5]); // (√3 − 1/√3) / (√3 + 1/√3)
    close(softmax_forward(&dmatrix![0.0, 2f64.ln(), 5f64.ln()]), dmatrix![0.125, 0.25, 0.625]);
}

#[test]
fn at_0_the_slope_is_the_one_on_the_left() {
    let (one, zero) = (dmatrix![1.0, 1.0], dmatrix![0.0, -0.0]);
    let slope = |slope: f64| dmatrix![slope, slope];
    assert_eq!(relu_backward(&one, &zero), Ok(slope(0.0)));
    assert_eq!(leaky_relu_backward(&one, &zero, 0.25), Ok(slope(0.25)));
    assert_eq!(elu_backward(&one, &zero, 3.0), Ok(slope(3.0)));
    assert_eq!(selu_backward(&one, &zero), Ok(slope(SELU_LAMBDA * SELU_ALPHA)));
    let one = Tensor4::from_vectors(one);
    let g = prelu_backward(&one, &Tensor4::from_vectors(zero), &dvector![0.25]).unwrap();
    assert_eq!((g.dz.into_matrix(), g.dalpha), (slope(0.25), dvector![0.0]));
}

#[test]
fn prelu_by_hand() {
    // Two samples of two channels of two pixels, a slope for each channel.
    let z = Tensor4::from_row_major([2, 2, 1, 2], &[-1.0, 2.0, -3.0, -4.0, 5.0, -6.0, 7.0, 8.0]).unwrap();
    let next_dz = Tensor4::from_row_major([2, 2, 1, 2], &[1.0, 10.0, 2.0, 3.0, 10.0, 4.0, 10.0, 10.0]).unwrap();
    let alpha = dvector![0.5, 0.25];
    let y = prelu_forward(&z, &alpha).unwrap();
    assert_eq!(y.to_row_major(), [-0.5, 2.0, -0.75, -1.0, 5.0, -3.0, 7.0, 8.0]);
    let g = prelu_backward(&next_dz, &z, &alpha).unwrap();
    assert_eq!(g.dz.to_row_major(), [0.5, 10.0, 0.5, 0.75, 10.0, 2.0, 10.0, 10.0]);
    assert_eq!(g.dalpha, dvector![(-1.0 - 4.0 * 6.0) / 2.0, (-2.0 * 3.0 - 3.0 * 4.0) / 2.0]);
    let shared = prelu_backward(&next_dz, &z, &dvector![0.5]).unwrap();
    assert_eq!(shared.dalpha, dvector![g.dalpha[0] + g.dalpha[1]]);
}

// (c) Dual numbers.

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    for ((name, forward, backward), (_, forward_of_duals, _)) in all::<f64>().into_iter().zip(all::<Dual<f64>>()) {
        for (seed, (rows, columns)) in [(1, 1), (1, 5), (4, 1), (3, 7), (8, 10)].into_iter().enumerate() {
            let z = away_from_the_kink(seed as u64, rows, columns);
            let next_dz = away_from_the_kink(100 + seed as u64, rows, columns);
            let dz = backward(&next_dz, &z).unwrap();
            let proof = Proof::new(name, &next_dz).input("dz", &z, &dz, |z| Ok(forward_of_duals(z))).unwrap();
            assert!(proof.passed(), "{proof}");
            assert_eq!(forward_of_duals(&lift(&z)).map(|y| y.re), forward(&z), "{name}: the values");
        }
    }
}

#[test]
fn pieces_of_straight_lines_are_exact() {
    // Odd eighths, so none of them 0, and N = 4: no product or sum of them is rounded.
    let tensor =
        |seed| Tensor4::from_matrix(away_from_the_kink(seed, 4, 12).map(|x| (4.0 * x).ceil() / 4.0 - 0.125), [3, 2, 2]);
    let (z, next_dz) = (tensor(1).unwrap(), tensor(2).unwrap());
    for alpha in [dvector![0.25, -0.5, 2.0], dvector![0.25]] {
        let g = prelu_backward(&next_dz, &z, &alpha).unwrap();
        let proof = Proof::new("prelu_backward", &next_dz)
            .exact()
            .parameter("dalpha", &alpha, &g.dalpha, |alpha| prelu_forward(&lift(&z), alpha))
            .and_then(|proof| proof.input("dz", &z, &g.dz, |z| prelu_forward(z, &lift(&alpha))))
            .unwrap();
        assert!(proof.passed(), "{proof}");
    }
    let (z, next_dz) = (z.into_matrix(), next_dz.into_matrix());
    let proof = Proof::new("relu_backward", &next_dz).exact();
    let dz = relu_backward(&next_dz, &z).unwrap();
    let proof = proof.input("dz", &z, &dz, |z| Ok(relu_forward(z))).unwrap();
    assert!(proof.passed(), "{proof}");
    let proof = Proof::new("leaky_relu_backward", &next_dz).exact();
    let dz = leaky_relu_backward(&next_dz, &z, 0.125).unwrap();
    let proof = proof.input("dz", &z, &dz, |z| Ok(leaky_relu_forward(z, lit(0.125)))).unwrap();
    assert!(proof.passed(), "{proof}");
}

#[test]
fn at_a_kink_too_the_backward_is_the_derivative_of_the_forward_that_runs() {
    let one = dmatrix![1.0];
    for ((name, _, backward), (_, forward_of_duals, _)) in elementwise::<f64>().into_iter().zip(elementwise()) {
        let slope = forward_of_duals(&dmatrix![Dual::variable(0.0)])[0].eps;
        assert_eq!(backward(&one, &dmatrix![0.0]), Ok(dmatrix![slope]), "{name}");
    }
}

// (d) Central differences.

/// h = 1e-5 leaves h²/6·f‴ ≈ 1e-10 of the function's curvature and ε/h ≈ 1e-11 of rounding; sums of a few such.
const OF_DIFFERENCES: f64 = 1e-9;

#[test]
fn backward_agrees_with_central_differences() {
    for (name, forward, backward) in all() {
        for (seed, (rows, columns)) in [(1, 1), (1, 5), (4, 1), (3, 7)].into_iter().enumerate() {
            let z = away_from_the_kink(seed as u64, rows, columns);
            let next_dz = away_from_the_kink(100 + seed as u64, rows, columns);
            let (got, expected) = (backward(&next_dz, &z).unwrap(), central_differences(forward, &next_dz, &z));
            // The gradient of one class's softmax is 0, so the error is measured against next_dz.
            let error = (got - expected).amax() / next_dz.amax();
            assert!(error < OF_DIFFERENCES, "{name} {rows}×{columns}: {error:e}");
        }
    }
}

#[test]
fn prelu_agrees_with_central_differences() {
    let shape = [3, 2, 2, 3];
    let tensor = |m: DMatrix<f64>| Tensor4::from_matrix(m, [2, 2, 3]).unwrap();
    let (z, next_dz) = (away_from_the_kink(1, 3, 12), away_from_the_kink(2, 3, 12));
    for alpha in [dvector![0.25, -0.5], dvector![0.25]] {
        let forward = |z: &DMatrix<f64>, alpha: &DMatrix<f64>| {
            prelu_forward(&tensor(z.clone()), &alpha.column(0).into_owned()).unwrap().into_matrix()
        };
        let g = prelu_backward(&tensor(next_dz.clone()), &tensor(z.clone()), &alpha).unwrap();
        assert_eq!(g.dz.shape(), shape);
        let alpha = DMatrix::from_column_slice(alpha.len(), 1, alpha.as_slice());
        let dz = central_differences(|z| forward(z, &alpha), &next_dz, &z);
        assert!(relative_error(&g.dz.into_matrix(), &dz) < OF_DIFFERENCES);
        let dalpha = central_differences(|alpha| forward(&z, alpha), &next_dz, &alpha) / 3.0;
        assert!(
            relative_error(&DMatrix::from_column_slice(alpha.len(), 1, g.dalpha.as_slice()), &dalpha) < OF_DIFFERENCES
        );
    }
}

// (e) Properties.

#[test]
fn far_numbers_overflow_nowhere() {
    fn test<T: Float>(limits: [T; 2]) {
        let z = dmatrix![-limits[0], -limits[1], T::zero(), limits[1], limits[0]];
        let ones = z.map(|_| T::one());
        for (name, forward, backward) in all::<T>() {
            let (y, dz) = (forward(&z), backward(&ones, &z).unwrap());
            assert!(y.iter().chain(dz.iter()).all(|x| x.is_finite()), "{name}: {y:?} {dz:?}");
        }
    }
    test::<f32>([1000.0, 88.0]);
    test::<f64>([1000.0, 709.0]);
}

#[test]
fn nan_stays_nan() {
    for (name, forward, backward) in all::<f64>() {
        let z = dmatrix![f64::NAN; 1.0];
        let (y, dz) = (forward(&z), backward(&dmatrix![1.0; 1.0], &z).unwrap());
        assert!(y[0].is_nan() && dz[0].is_nan(), "{name}: {y} {dz}");
        assert!(!y[1].is_nan() && !dz[1].is_nan(), "{name}: {y} {dz}");
    }
    let z = Tensor4::from_row_major([1, 2, 1, 1], &[f64::NAN, 1.0]).unwrap();
    let y = prelu_forward(&z, &dvector![0.5]).unwrap();
    let g = prelu_backward(&z.map(|_| 1.0), &z, &dvector![0.5, 0.5]).unwrap();
    assert!(y[(0, 0, 0, 0)].is_nan() && g.dz[(0, 0, 0, 0)].is_nan() && g.dalpha[0].is_nan());
    assert_eq!((y[(0, 1, 0, 0)], g.dz[(0, 1, 0, 0)], g.dalpha[1]), (1.0, 1.0, 0.0));
    assert!(softmax_forward(&dmatrix![1.0, f64::NAN, f64::INFINITY]).iter().all(|p| p.is_nan()));
}

#[test]
fn a_batch_is_its_samples_and_a_large_one_too() {
    // 40,000 numbers are spread over threads, in more than one chunk; a row of 40 is not.
    fn test<T: Float>() {
        let z = away_from_the_kink(1, 1000, 40).map(lit::<T>);
        let next_dz = away_from_the_kink(2, 1000, 40).map(lit::<T>);
        for (name, forward, backward) in all::<T>() {
            let (y, dz) = (forward(&z), backward(&next_dz, &z).unwrap());
            for n in 0..1000 {
                let row = |m: &DMatrix<T>| DMatrix::from_iterator(1, 40, m.row(n).iter().copied());
                assert_eq!(row(&y), forward(&row(&z)), "{name}, sample {n}");
                assert_eq!(row(&dz), backward(&row(&next_dz), &row(&z)).unwrap(), "{name}, sample {n}");
            }
        }
    }
    test::<f32>();
    test::<f64>();
}

#[test]
fn every_float_flows_through() {
    // f32 has 24 bits and bf16 has 8, and each result is a few roundings away from the true one. TwoFloat has 106, but
    // its exponential errs by up to 1.7e-11 (near −1.04, compared with f64's).
    fn test<T: Float>(tolerance: f64) {
        let (z, next_dz) = (away_from_the_kink(1, 3, 4), away_from_the_kink(2, 3, 4));
        let (z, next_dz) = (z.map(lit::<T>), next_dz.map(lit::<T>));
        let to_f64 = |m: &DMatrix<T>| m.map(|x| x.to_f64().unwrap());
        for ((name, forward, backward), (_, forward_f64, backward_f64)) in all::<T>().into_iter().zip(all::<f64>()) {
            let error = relative_error(&to_f64(&forward(&z)), &forward_f64(&to_f64(&z)));
            assert!(error <= tolerance, "{name}, forward: {error:e}");
            let dz = backward_f64(&to_f64(&next_dz), &to_f64(&z)).unwrap();
            let error = relative_error(&to_f64(&backward(&next_dz, &z).unwrap()), &dz);
            assert!(error <= tolerance, "{name}, backward: {error:e}");
        }
    }
    test::<f32>(1e-6);
    test::<half::bf16>(3e-2);
    test::<twofloat::TwoFloat>(1e-10);
}

#[test]
fn the_empty_matrix_is_no_exception() {
    for (name, forward, backward) in all::<f64>() {
        for z in [DMatrix::zeros(0, 3), DMatrix::zeros(3, 0)] {
            assert_eq!((forward(&z), backward(&z, &z)), (z.clone(), Ok(z)), "{name}");
        }
    }
    let z = Tensor4::<f64>::zeros([2, 0, 3, 3]);
    assert_eq!(prelu_forward(&z, &dvector![]), Ok(z.clone()));
    assert_eq!(prelu_backward(&z, &z, &dvector![0.5]).unwrap().dalpha, dvector![0.0]);
    let z = Tensor4::<f64>::zeros([0, 2, 3, 3]);
    assert!(prelu_backward(&z, &z, &dvector![0.5]).unwrap().dalpha[0].is_nan()); // the mean of no samples
}

#[test]
fn elu_keeps_its_digits_near_0() {
    // e⁻¹⁰⁻⁶ − 1 as a difference of f32s is off by a percent; the true value is −10⁻⁶ + 5·10⁻¹³.
    let z = dmatrix![-1e-6f32];
    for (y, slope) in [(elu_forward(&z, 1.0), 1.0), (selu_forward(&z), 1.7580993)] {
        assert!((y[0] / (slope * (-1e-6 + 5e-13)) - 1.0).abs() < 3e-7, "{y}"); // two f32 ulps
    }
}

#[test]
fn the_slope_of_elu_is_its_output_plus_alpha() {
    let z = away_from_the_kink(1, 4, 5).map(|x| -x.abs());
    let slope = elu_backward(&z.map(|_| 1.0), &z, 1.5).unwrap();
    assert!(relative_error(&slope, &elu_forward(&z, 1.5).add_scalar(1.5)) < 1e-15);
}

#[test]
fn selu_keeps_mean_0_and_variance_1() {
    // E[f(z)] for z ~ N(0, 1), by Simpson's rule on each side of the kink; beyond ±12 the density is 1e-32.
    let mean_of = |f: &dyn Fn(f64) -> f64| -> f64 {
        let steps = 20_000;
        let simpson = |from: f64, to: f64| -> f64 {
            let h = (to - from) / steps as f64;
            let term = |i: usize| {
                let z = from + h * i as f64;
                let weight = if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
                weight * f(z) * (-z * z / 2.0).exp()
            };
            (0..=steps).map(term).sum::<f64>() * h / 3.0
        };
        (simpson(-12.0, 0.0) + simpson(0.0, 12.0)) / (2.0 * std::f64::consts::PI).sqrt()
    };
    let selu = |z: f64| selu_forward(&dmatrix![z])[0];
    let (mean, variance) = (mean_of(&selu), mean_of(&|z| selu(z).powi(2)));
    // The rule's own error is h⁴/180·f⁗ ≈ 1e-15, and 20,000 terms are added.
    assert!(mean.abs() < 1e-14 && (variance - 1.0).abs() < 1e-14, "mean {mean:e}, variance {variance}");
}

#[test]
fn sigmoid_and_tanh_are_one_curve() {
    let z = away_from_the_kink(1, 4, 5);
    let sigmoid = sigmoid_forward(&z);
    // σ(−z) = 1 − σ(z), and tanh(z) = 2·σ(2z) − 1: a few roundings of numbers near 1.
    assert!((sigmoid_forward(&-&z) - sigmoid.map(|y| 1.0 - y)).amax() < 1e-15);
    assert!((tanh_forward(&z) - sigmoid_forward(&(&z * 2.0)).map(|y| 2.0 * y - 1.0)).amax() < 1e-15);
    // The smallest numbers of f32 are still right: e⁻¹⁰⁰, where 1/(1 + e¹⁰⁰) overflows to 0.
    assert_eq!(sigmoid_forward(&dmatrix![-100f32])[0], (-100f32).exp());
}

/// z and the slope there, from z itself in 60 digits (Python's decimal):
/// `e = (-abs(z)).exp(); e/(1 + e)**2` for σ, `e = (-2*abs(z)).exp(); 4*e/(1 + e)**2` for tanh.
const SLOPES_OF_SIGMOID: [(f64, f64); 5] = [
    (0.5, 2.3500371220159449e-1),
    (3.0, 4.5176659730912130e-2),
    (30.0, 9.3576229688384229e-14),
    (40.0, 4.2483542552915889e-18),
    (700.0, 9.8596765437597708e-305),
];
const SLOPES_OF_TANH: [(f64, f64); 5] = [
    (0.5, 7.8644773296592740e-1),
    (3.0, 9.8660371654401904e-3),
    (9.0, 6.0919917123232291e-8),
    (20.0, 1.6993417021166355e-17),
    (350.0, 3.9438706175039083e-304),
];

#[test]
fn a_flat_slope_keeps_its_digits() {
    fn slopes<T: Float>(backward: Backward<T>, z: T) -> [T; 2] {
        let dz = backward(&dmatrix![T::one(), T::one()], &dmatrix![z, -z]).unwrap();
        [dz[0], dz[1]]
    }
    // An exponential, a product, a sum and a quotient: a few roundings of 1.1e-16.
    for (z, exact) in SLOPES_OF_SIGMOID {
        for slope in slopes(sigmoid_backward, z) {
            assert!((slope / exact - 1.0).abs() < 1e-15, "σ′(±{z}) is {slope:e}, not {exact:e}");
        }
    }
    for (z, exact) in SLOPES_OF_TANH {
        for slope in slopes(tanh_backward, z) {
            assert!((slope / exact - 1.0).abs() < 1e-15, "tanh′(±{z}) is {slope:e}, not {exact:e}");
        }
    }
    // The same for f32, where an ulp is 1.2e-7 (and a subnormal 1.4e-45, of 6.1e-39).
    let of_sigmoid = [(16.75, 5.315784689273009e-8), (17.0, 4.139937376003502e-8), (88.0, 6.054601895401186e-39)];
    for (z, exact) in of_sigmoid {
        for slope in slopes::<f32>(sigmoid_backward, z) {
            assert!((f64::from(slope) / exact - 1.0).abs() < 5e-7, "σ′(±{z}) is {slope:e}, not {exact:e}");
        }
    }
    for (z, exact) in [(9.0109_f32, 5.960628852911439e-8), (44.0, 2.4218407581604743e-38)] {
        for slope in slopes::<f32>(tanh_backward, z) {
            assert!((f64::from(slope) / exact - 1.0).abs() < 5e-7, "tanh′(±{z}) is {slope:e}, not {exact:e}");
        }
    }
    // Beyond the smallest number it is 0, and nothing overflows on the way.
    for backward in [sigmoid_backward, tanh_backward] {
        assert_eq!([800.0, f64::MAX, f64::INFINITY].map(|z| slopes(backward, z)), [[0.0; 2]; 3]);
    }
    for backward in [sigmoid_backward, tanh_backward] {
        assert_eq!([200.0, f32::MAX, f32::INFINITY].map(|z| slopes(backward, z)), [[0.0; 2]; 3]);
    }
}

#[test]
fn the_tails_are_what_the_forward_itself_says() {
    // A batch has moderate numbers as well, beside which the central differences are measured.
    let z = dmatrix![0.5, -1.0, 2.0; 40.0, 0.0, -40.0; 700.0, 0.0, -700.0; 36.0, 37.0, -37.5; -20.0, -300.0, 88.0];
    let next_dz = away_from_the_kink(1, 5, 3);
    for ((name, _, backward), (_, forward_of_duals, _)) in all::<f64>().into_iter().zip(all::<Dual<f64>>()) {
        if ["sigmoid", "tanh", "softmax"].contains(&name) {
            let dz = backward(&next_dz, &z).unwrap();
            let proof = Proof::new(name, &next_dz).input("dz", &z, &dz, |z| Ok(forward_of_duals(z))).unwrap();
            assert!(proof.passed(), "{proof}");
        }
    }
}

#[test]
fn softmax_backward_keeps_what_is_left_of_a_certain_class() {
    // pⱼ·(δⱼ − Σ pᵢδᵢ) from the logits, in 800 digits (Python's decimal).
    let dz = |z: &DMatrix<f64>, next_dz: &DMatrix<f64>| softmax_backward(next_dz, &softmax_forward(z)).unwrap();
    let close = |got: f64, exact: f64| assert!((got / exact - 1.0).abs() < 1e-15, "{got:e} is not {exact:e}");
    let of_two = dz(&dmatrix![40.0, 0.0], &dmatrix![1.0, 3.0]);
    close(of_two[0], -8.4967085105831778e-18);
    close(of_two[1], 8.4967085105831778e-18);
    let of_three = dz(&dmatrix![700.0, 0.0, -700.0], &dmatrix![1.0, 3.0, -2.0]);
    close(of_three[0], -1.9719353087519542e-304);
    close(of_three[1], 1.9719353087519542e-304);
    assert_eq!(of_three[2], 0.0); // −3·e⁻¹⁴⁰⁰
    let single = softmax_backward(&dmatrix![1f32, 3.0], &softmax_forward(&dmatrix![17f32, 0.0])).unwrap();
    for dz in [-single[0], single[1]] {
        assert!((dz / 8.279874752e-8 - 1.0).abs() < 5e-7, "{single}"); // 2·e/(1 + e)² with e = exp(−17)
    }
    // δ the same for all moves nothing, to the bit.
    assert_eq!(dz(&dmatrix![40.0, 0.0, 1.0], &dmatrix![7.0, 7.0, 7.0]), dmatrix![0.0, 0.0, 0.0]);
}

#[test]
fn softmax_rows_sum_to_1_and_their_gradients_to_0() {
    let (z, next_dz) = (away_from_the_kink(1, 6, 9) * 5.0, away_from_the_kink(2, 6, 9));
    let p = softmax_forward(&z);
    let dz = softmax_backward(&next_dz, &p).unwrap();
    for n in 0..6 {
        assert!((p.row(n).sum() - 1.0).abs() < 1e-15); // nine roundings, most of them of far smaller numbers
        assert!(dz.row(n).sum().abs() < 1e-15 * next_dz.amax());
        assert!(p.row(n).iter().all(|&p| p > 0.0));
    }
}

#[test]
fn softmax_sees_only_differences() {
    // Whole numbers, so that the shift itself rounds nothing: the same bits.
    let z = DMatrix::from_fn(3, 5, |i, j| ((7 * i + 3 * j * j) % 11) as f32);
    for shift in [-1e6f32, -1000.0, 1.0, 1e6] {
        assert_eq!(softmax_forward(&z.add_scalar(shift)), softmax_forward(&z), "shifted by {shift}");
    }
    // A constant next_dz moves nothing, as the probabilities sum to 1 whatever z is.
    let dz = softmax_backward(&z.map(|_| 4.0), &softmax_forward(&z)).unwrap();
    assert!(dz.amax() < 4.0 * f32::EPSILON);
}

#[test]
fn shape_errors_name_both_shapes() {
    let (next_dz, z) = (DMatrix::<f64>::zeros(2, 3), DMatrix::zeros(3, 2));
    for (name, _, backward) in elementwise() {
        let name = name.split(' ').next().unwrap();
        assert_eq!(
            backward(&next_dz, &z).unwrap_err().to_string(),
            format!("{name}_backward: next_dz is (2, 3) but z is (3, 2): the two must have the same shape")
        );
    }
    assert_eq!(
        softmax_backward(&next_dz, &z).unwrap_err().to_string(),
        "softmax_backward: next_dz is (2, 3) but p is (3, 2): the two must have the same shape"
    );
}

#[test]
fn prelu_shape_errors_name_both_shapes() {
    let (z, other) = (Tensor4::<f64>::zeros([2, 4, 5, 5]), Tensor4::zeros([2, 4, 5, 6]));
    let rule = "alpha must have one element for each of z's channels (its second axis), or a single one";
    assert_eq!(
        prelu_forward(&z, &DVector::zeros(3)).unwrap_err().to_string(),
        format!("prelu_forward: alpha has 3 elements but z is (2, 4, 5, 5): {rule}")
    );
    assert_eq!(
        prelu_backward(&z, &z, &DVector::zeros(0)).unwrap_err().to_string(),
        format!("prelu_backward: alpha has 0 elements but z is (2, 4, 5, 5): {rule}")
    );
    assert_eq!(
        prelu_backward(&other, &z, &DVector::zeros(4)).unwrap_err().to_string(),
        "prelu_backward: next_dz is (2, 4, 5, 6) but z is (2, 4, 5, 5): the two must have the same shape"
    );
}

// (f) The exponentials of f32.

/// How far `got` is from the exact value, in units of the last place of an f32 of its size.
fn units(got: f32, exact: f64) -> f64 {
    let exponent = exact.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
    (f64::from(got) - exact).abs() / 2f64.powf(exponent - 23.0)
}

#[test]
fn an_exponential_of_f32_is_rounded_once() {
    let z = DMatrix::from_fn(400_001, 1, |n, _| (n as f32 - 200_000.0) / 2_000.0 * 1.0313);
    let small = DMatrix::from_fn(1_000, 1, |n, _| -1e-3f32 / (n as f32 + 1.0).powi(3));
    for z in [z, small] {
        let one = DMatrix::from_element(z.nrows(), 1, 1f32);
        let left = z.map(|z| -z.abs());
        let pairs = [
            ("tanh", &z, tanh_forward(&z), f64::tanh as fn(f64) -> f64),
            ("exp", &left, elu_backward(&one, &left, 1.0).unwrap(), f64::exp),
            ("exp_m1", &left, elu_forward(&left, 1.0), f64::exp_m1),
        ];
        for (name, z, got, exact) in pairs {
            for (&z, &got) in z.iter().zip(got.iter()) {
                let error = units(got, exact(z.into()));
                assert!(error <= 0.501, "{name}({z:e}) is {got:e}, off by {error} units in the last place");
            }
        }
    }
}

#[test]
fn the_ends_of_f32_are_kept() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    assert_eq!(tanh_forward(&dmatrix![-inf, -1e30, 0.0, 1e30, inf]), dmatrix![-1.0, -1.0, 0.0, 1.0, 1.0]);
    assert_eq!(sigmoid_forward(&dmatrix![-inf, -1e30, 0.0, 1e30, inf]), dmatrix![0.0, 0.0, 0.5, 1.0, 1.0]);
    assert_eq!(elu_forward(&dmatrix![-inf, -1e30, -0.0], 1.0), dmatrix![-1.0, -1.0, 0.0]);
    for y in [tanh_forward(&dmatrix![nan]), sigmoid_forward(&dmatrix![nan]), elu_forward(&dmatrix![nan], 1.0)] {
        assert!(y[0].is_nan());
    }
}
