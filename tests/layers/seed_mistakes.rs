//! Mistakes of the NumPy course this crate grew from, each computed here as it stands there: the layers of this crate
//! do not make it, and the proofs would see it.

use super::{integers, reals};
use handgrad::check::{Diagnosis, Failure};
use handgrad::numbers::Dual;
use handgrad::prelude::*;

/// The cosine of the angle between two gradients.
fn cosine(a: &Tensor4<f64>, b: &Tensor4<f64>) -> f64 {
    a.matrix().dot(b.matrix()) / (a.matrix().norm() * b.matrix().norm())
}

/// How the proof describes this kernel gradient.
fn verdict(
    (next_dz, k, z, slide): (&Tensor4<f64>, &Tensor4<f64>, &Tensor4<f64>, Slide),
    dk: &Tensor4<f64>,
) -> Option<Diagnosis> {
    let b = DVector::<Dual<f64>>::zeros(k.shape()[1]);
    let proof = Proof::new("conv_backward", next_dz).parameter("dk", k, dk, |k| conv_forward(&lift(z), k, &b, slide));
    match &proof.unwrap().checks()[0].failure {
        Some(Failure::Entry { diagnosis, .. } | Failure::Shape(diagnosis)) => Some(diagnosis.clone()),
        _ => None,
    }
}

/// Under padding, the course correlates next_dz with z as it is, not as the kernel saw it.
#[test]
fn e1_the_kernel_gradient_needs_the_padded_input() {
    for stride in [1, 2] {
        let slide = Slide::by(stride, stride).padding(1, 1);
        let (z, k) = (reals(1, [8, 3, 9, 9]), reals(2, [3, 4, 3, 3]));
        let next_dz = reals(3, conv_forward(&z, &k, &DVector::zeros(4), slide).unwrap().shape());
        let right = conv_backward(&next_dz, &k, &z, slide).unwrap().dk;

        let dilated = insert_zeros(&next_dz, slide.strides).unwrap();
        let wrong = |z: &Tensor4<f64>| {
            let dk = conv_forward_naive(&z.swap_axes(), &dilated, &DVector::zeros(4), Slide::default()).unwrap();
            dk.map(|x| x / 8.0)
        };
        let wrong_dk = wrong(&z);
        assert_eq!(wrong_dk.shape(), [3, 4, 1, 1], "one number where there should be nine");
        let spread = Tensor4::from_fn(k.shape(), |c, d, _, _| wrong_dk[(c, d, 0, 0)]); // what broadcasting makes of it
        assert!(cosine(&spread, &right) < 0.6, "{}", cosine(&spread, &right));

        let setting = (&next_dz, &k, &z, slide);
        assert_eq!(verdict(setting, &right), None);
        assert_eq!(verdict(setting, &spread), Some(Diagnosis::EveryTapEqual { centre: true }));
        assert!(matches!(verdict(setting, &wrong_dk), Some(Diagnosis::Shape { .. })));
        // With the padding, the same line is right.
        assert_eq!(verdict(setting, &wrong(&z.pad((1, 1)).unwrap())), None);
    }
}

/// The course divides the number of places by the stride: a window that starts on the last place is lost.
#[test]
fn e2_the_last_window_counts() {
    let seed = |size: usize, k: usize, s: usize| (size - k + 1) / s;
    assert_eq!(seed(5, 3, 2), 1);
    assert_eq!(Slide::by(2, 2).output_size((5, 5), (3, 3)).unwrap(), (2, 2));
    let (mut same, mut fewer) = (0, 0);
    for (size, k, s) in (1..12).flat_map(|size| (1..=size).flat_map(move |k| (1..5).map(move |s| (size, k, s)))) {
        let starts = (0..size).step_by(s).filter(|start| start + k <= size).count();
        assert_eq!(Slide::by(s, s).round_down().output_size((size, size), (k, k)).unwrap(), (starts, starts));
        match seed(size, k, s) == starts {
            true => same += 1,
            false => fewer += 1,
        }
        assert!(seed(size, k, s) <= starts);
    }
    assert!(same > 0 && fewer > 0);
}

/// Row m lies under the windows from ⌈(m − k + 1)/s⌉ to ⌊m/s⌋; the course rounds the lower bound down.
#[test]
fn e4_the_lower_bound_of_the_windows_over_a_row_is_rounded_up() {
    let mut differs = 0;
    for (k, s) in (1..=4).flat_map(|k: usize| (1..=3).map(move |s: usize| (k, s))) {
        let (size, windows) = (k + 4 * s, 5);
        // What the layer does: a gradient of 1 to every window, and a row's dz counts the windows over it.
        let z = Tensor4::zeros([1, 1, size, 1]);
        let next_dz = Tensor4::from_fn([1, 1, windows, 1], |_, _, _, _| k as f64);
        let dz = avg_pooling_backward(&next_dz, &z, (k, 1), Slide::by(s, 1)).unwrap();
        for m in 0..size {
            let upper = (m / s).min(windows - 1) as isize;
            let from = m as isize - k as isize + 1;
            let count = |lower: isize| (upper - lower.max(0) + 1).max(0) as f64;
            let rounded_up = (from + s as isize - 1).div_euclid(s as isize);
            let rounded_down = from.div_euclid(s as isize);
            assert_eq!(dz[(0, 0, m, 0)].round(), count(rounded_up), "k {k}, s {s}, row {m}");
            differs += i32::from(count(rounded_up) != count(rounded_down));
        }
    }
    assert!(differs > 0);
}

/// The course's loss is Σ(y − y*)², its gradient that of half of it.
#[test]
fn e5_the_loss_and_its_gradient_belong_together() {
    let (y, target) = (super::matrix(1, 4, 3), super::matrix(2, 4, 3));
    let Loss { loss, dy } = mean_squared_loss(&y, &target).unwrap();
    let proof = |factor: f64| {
        let forward = |y: &_| Ok(dvector![mean_squared_loss(y, &lift(&target))?.loss * lit(factor)]);
        Proof::of_loss("mean_squared_loss", 4).input("dy", &y, &dy, forward).unwrap()
    };
    assert!(proof(1.0).passed());
    let seed_loss = (&y - &target).norm_squared() / 4.0;
    assert!((seed_loss / loss - 2.0).abs() < 1e-15);
    assert!(proof(2.0).to_string().contains("Every entry is 0.5 times what it should be"), "{}", proof(2.0));
}

/// The course hands the whole gradient to every maximum that is tied.
#[test]
fn e7_a_tie_hands_its_gradient_on_once() {
    let z = Tensor4::from_fn([2, 2, 6, 6], |n, c, i, j| ((n + c + i * j) % 3) as f64); // full of ties
    let slide = Slide::by(2, 2);
    let y = max_pooling_forward(&z, (2, 2), slide).unwrap();
    let next_dz = integers(1, y.shape()).map(f64::abs);
    let seed = Tensor4::from_fn(z.shape(), |n, c, i, j| {
        let window = (n, c, i / 2, j / 2);
        if z[(n, c, i, j)] == y[window] { next_dz[window] } else { 0.0 }
    });
    let dz = max_pooling_backward(&next_dz, &z, (2, 2), slide).unwrap();
    assert_eq!(dz.matrix().sum(), next_dz.matrix().sum());
    assert!(seed.matrix().sum() > next_dz.matrix().sum());
}

/// The course pads with 0, which wins against negative numbers.
#[test]
fn e8_padding_never_wins_a_maximum() {
    let z = integers(1, [2, 2, 4, 4]).map(|x| -1.0 - x.abs()); // all of it negative
    let slide = Slide::by(2, 2).padding(1, 1);
    let seed = max_pooling_forward(&z.pad((1, 1)).unwrap(), (2, 2), Slide::by(2, 2)).unwrap();
    assert_eq!(seed, max_pooling_zero_padded_forward(&z, (2, 2), slide).unwrap());
    assert_eq!(seed[(0, 0, 0, 0)], 0.0, "a number that is in no image");
    let y = max_pooling_forward(&z, (2, 2), slide).unwrap();
    assert_eq!(y[(0, 0, 0, 0)], z[(0, 0, 0, 0)]);

    let next_dz = Tensor4::from_fn(y.shape(), |_, _, _, _| 1.0);
    let kept = |dz: Tensor4<f64>| dz.matrix().sum() / next_dz.matrix().sum();
    assert_eq!(kept(max_pooling_backward(&next_dz, &z, (2, 2), slide).unwrap()), 1.0);
    // Only the middle one of 3×3 windows does not touch the border.
    assert_eq!(kept(max_pooling_zero_padded_backward(&next_dz, &z, (2, 2), slide).unwrap()), 1.0 / 9.0);
}

/// The course's pools keep their results in float32, whatever comes in.
#[test]
fn e9_a_pool_keeps_the_precision_it_is_given() {
    let z = reals(1, [2, 3, 4, 4]);
    let seed = |y: &Tensor4<f64>| y.map(|x| f64::from(x as f32));
    let slide = Slide::by(2, 2);
    let y = max_pooling_forward(&z, (2, 2), slide).unwrap();
    assert!(y.as_slice().iter().all(|y| z.as_slice().contains(y)), "a maximum is one of the numbers, bit for bit");
    assert_ne!(seed(&y), y);
    let y = avg_pooling_forward(&z, (2, 2), slide).unwrap();
    let mean = |n, c, i, j| {
        let at = |u, v| z[(n, c, 2 * i + u, 2 * j + v)];
        (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0
    };
    assert_eq!(y, Tensor4::from_fn(y.shape(), mean));
    assert_ne!(seed(&y), y);
}
