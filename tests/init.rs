//! Initial weights: their moments, within bounds that statistics gives, their seeds and their shapes.

use handgrad::init::Weights;
use handgrad::prelude::*;

/// Mean, variance and kurtosis E[(x − mean)⁴] / variance².
fn moments(values: &[f64]) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let central = |power| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    (mean, central(2), central(4) / central(2).powi(2))
}

/// Five standard errors: a fair draw exceeds one of them once in two million times, and these seeds do not.
///
/// Of n numbers with variance σ² and kurtosis κ, the standard error of the mean is σ/√n and that of the variance
/// σ²·√((κ − 1)/n).
fn check_moments(values: &[f64], variance: f64, kurtosis: f64) {
    let n = values.len() as f64;
    let (mean, got, got_kurtosis) = moments(values);
    assert!(mean.abs() < 5.0 * (variance / n).sqrt(), "mean {mean:e}");
    assert!((got / variance - 1.0).abs() < 5.0 * ((kurtosis - 1.0) / n).sqrt(), "variance {got:e}, not {variance:e}");
    // It tells a normal distribution (3) from a uniform one (1.8); its own standard error is √(24/n) and less.
    assert!((got_kurtosis - kurtosis).abs() < 5.0 * (24.0 / n).sqrt(), "kurtosis {got_kurtosis}");
}

const NORMAL: f64 = 3.0;
const UNIFORM: f64 = 1.8;

#[test]
fn matrices_have_the_moments_they_should() {
    let (l, m) = (400, 100);
    let rng = &mut init::rng(1);
    let w: DMatrix<f64> = init::normal(rng, [l, m], 1e-3);
    check_moments(w.as_slice(), 1e-6, NORMAL);
    let w: DMatrix<f64> = init::he(rng, [l, m]);
    check_moments(w.as_slice(), 2.0 / 400.0, NORMAL);
    let w: DMatrix<f64> = init::glorot_normal(rng, [l, m]);
    check_moments(w.as_slice(), 2.0 / 500.0, NORMAL);
    let w: DMatrix<f64> = init::glorot_uniform(rng, [l, m]);
    check_moments(w.as_slice(), 2.0 / 500.0, UNIFORM);
    let bound = (6.0f64 / 500.0).sqrt();
    assert!(w.amax() < bound && w.amax() > 0.999 * bound); // 40,000 draws, of which one in a thousand is that large
}

#[test]
fn kernels_have_the_moments_of_their_fans() {
    let shape = [16, 32, 5, 3];
    assert_eq!(shape.fans(), (16 * 5 * 3, 32 * 5 * 3));
    assert_eq!([784, 10].fans(), (784, 10));
    let rng = &mut init::rng(2);
    let k: Tensor4<f64> = init::normal(rng, shape, 0.5);
    check_moments(k.as_slice(), 0.25, NORMAL);
    let k: Tensor4<f64> = init::he(rng, shape);
    check_moments(k.as_slice(), 2.0 / 240.0, NORMAL);
    let k: Tensor4<f64> = init::glorot_normal(rng, shape);
    check_moments(k.as_slice(), 2.0 / 720.0, NORMAL);
    let k: Tensor4<f64> = init::glorot_uniform(rng, shape);
    check_moments(k.as_slice(), 2.0 / 720.0, UNIFORM);
}

#[test]
fn a_seed_gives_one_network() {
    let draw = |seed| -> Tensor4<f64> { init::he(&mut init::rng(seed), [2, 3, 4, 5]) };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    let rng = &mut init::rng(7);
    let (first, second): (DMatrix<f64>, DMatrix<f64>) = (init::he(rng, [3, 3]), init::he(rng, [3, 3]));
    assert_ne!(first, second);
}

#[test]
fn networks_of_any_scalar_start_alike() {
    let shape = [5, 4];
    let w: DMatrix<f64> = init::he(&mut init::rng(3), shape);
    assert_eq!(init::he::<f32, _>(&mut init::rng(3), shape), w.map(|x| x as f32));
    assert_eq!(init::he::<half::bf16, _>(&mut init::rng(3), shape), w.map(half::bf16::from_f64));
    let u: DMatrix<f64> = init::glorot_uniform(&mut init::rng(3), shape);
    assert_eq!(init::glorot_uniform::<f32, _>(&mut init::rng(3), shape), u.map(|x| x as f32));
}

#[test]
fn shapes_are_kept_and_empty_ones_too() {
    let rng = &mut init::rng(4);
    assert_eq!(init::he::<f64, _>(rng, [3, 7]).shape(), (3, 7));
    assert_eq!(init::glorot_uniform::<f64, _>(rng, [2, 3, 4, 5]).shape(), [2, 3, 4, 5]);
    for shape in [[0, 0], [0, 5], [5, 0]] {
        assert_eq!(init::he::<f64, _>(rng, shape).shape(), (shape[0], shape[1]));
        assert_eq!(init::glorot_normal::<f64, _>(rng, shape).len(), 0);
        assert_eq!(init::glorot_uniform::<f64, _>(rng, shape).len(), 0);
    }
}

#[test]
fn deep_networks_stay_in_range() {
    // 30 layers of 200 units on 100 samples. Each layer multiplies the mean square by 1 ± √(5/200) (the spread of a
    // mean of 200 squares of rectified normal numbers), so after 30 of them it is within a factor e^(3·√30·0.16) = 14.
    let rng = &mut init::rng(5);
    let mean_square = |m: &DMatrix<f64>| m.norm_squared() / m.len() as f64;
    let start: DMatrix<f64> = init::normal(rng, [100, 200], 1.0);
    let through = |rng: &mut init::ChaCha8Rng, draw: &dyn Fn(&mut init::ChaCha8Rng) -> DMatrix<f64>| {
        let mut z = start.clone();
        for _ in 0..30 {
            z = relu_forward(&(&z * draw(rng)));
        }
        mean_square(&z)
    };
    let he = through(rng, &|rng| init::he(rng, [200, 200]));
    assert!((1.0 / 14.0..14.0).contains(&he), "He: the mean square goes from 1 to {he:e}");
    // With σ = 10⁻³ every layer divides it by 10⁴: ½·200·10⁻⁶.
    let small = through(rng, &|rng| init::normal(rng, [200, 200], 1e-3));
    assert!((small.log10() + 120.0).abs() < 2.0, "σ = 10⁻³: the mean square goes from 1 to {small:e}");
    // Glorot's uniform weights, no activation: l·σ² = 1 where l = m.
    let mut z = start.clone();
    for _ in 0..30 {
        z = &z * init::glorot_uniform::<f64, _>(rng, [200, 200]);
    }
    assert!(
        (1.0 / 14.0..14.0).contains(&mean_square(&z)),
        "Glorot: the mean square goes from 1 to {:e}",
        mean_square(&z)
    );
}

#[test]
fn the_first_numbers_of_a_seed_are_pinned() {
    // Whoever changes them changes every network that was ever trained from a seed. The bits of the uniform numbers
    // are the generator's; those of the normal ones have gone through a logarithm, so an ulp or two is allowed.
    let u: DMatrix<f64> = init::glorot_uniform(&mut init::rng(2026), [2, 2]);
    let expected = [0.2441058235226269, -0.6026410507952408, -1.1213209005849085, -0.7662811439456916];
    assert_eq!(u.as_slice(), expected);
    let w: DMatrix<f64> = init::normal(&mut init::rng(2026), [2, 2], 1.0);
    let expected = [0.3647979579789241, -0.20094965323009062, -1.380932587511922, -1.038443292231313];
    assert!((w - DMatrix::from_column_slice(2, 2, &expected)).amax() < 1e-15);
    // A kernel with fan_in 8 has half of that, and its first index runs fastest.
    let k: Tensor4<f64> = init::he(&mut init::rng(2026), [2, 1, 2, 2]);
    for (at, normal) in [(0, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (1, 0, 0, 1)].into_iter().zip(expected) {
        assert!((k[at] - normal / 2.0).abs() < 1e-15, "{at:?}");
    }
}

#[test]
fn whole_numbers_below_n_are_all_as_likely() {
    let rng = &mut init::rng(1);
    let (n, draws) = (10, 10_000);
    let mut counts = vec![0.0; n];
    (0..draws).for_each(|_| counts[init::below(rng, n)] += 1.0);
    // χ² with 9 degrees of freedom exceeds 40 once in a hundred thousand draws.
    let expected = draws as f64 / n as f64;
    let chi_squared: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    assert!(chi_squared < 40.0, "{counts:?}");
    assert_eq!((init::below(rng, 1), init::below(rng, 0)), (0, 0));
}

#[test]
fn below_draws_every_number_and_no_other() {
    for n in [1, 2, 3, 10, 100] {
        let (mut rng, draws) = (init::rng(n as u64), 400 * n);
        let mut counts = vec![0; n];
        (0..draws).for_each(|_| counts[init::below(&mut rng, n)] += 1);
        // 400 are expected of each, with a standard deviation below 20.
        assert!(counts.iter().all(|count| (300..=500).contains(count)), "{counts:?}");
    }
    assert_eq!(init::below(&mut init::rng(1), 0), 0);
}

#[test]
fn uniform_weights_reach_both_ends() {
    let w: DMatrix<f64> = init::glorot_uniform(&mut init::rng(1), [100, 100]);
    let a = (6.0 / 200.0_f64).sqrt();
    // 10,000 draws: that none is within a thousandth of an end has a probability of e⁻⁵.
    assert!(w.max() > 0.999 * a && w.max() < a && w.min() < -0.999 * a && w.min() >= -a, "{} {}", w.min(), w.max());
}
