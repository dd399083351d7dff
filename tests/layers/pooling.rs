//! The poolings.

use super::{integers, reals};
use handgrad::prelude::*;

type Forward = fn(&Tensor4<f64>, (usize, usize), Slide) -> Result<Tensor4<f64>, ShapeError>;
type Backward = fn(&Tensor4<f64>, &Tensor4<f64>, (usize, usize), Slide) -> Result<Tensor4<f64>, ShapeError>;

/// One map of these rows.
fn map(rows: &[&[f64]]) -> Tensor4<f64> {
    Tensor4::from_fn([1, 1, rows.len(), rows[0].len()], |_, _, i, j| rows[i][j])
}

fn total(t: &Tensor4<f64>) -> f64 {
    t.matrix().sum()
}

#[test]
fn maxima_by_hand() {
    let z = map(&[&[1.0, 9.0, 2.0], &[3.0, 4.0, 8.0], &[7.0, 6.0, 5.0]]);
    let overlapping = Slide::by(1, 1);
    assert_eq!(max_pooling_forward(&z, (2, 2), overlapping).unwrap().map_at(0, 0), dmatrix![9.0, 9.0; 7.0, 8.0]);
    let next_dz = map(&[&[1.0, 2.0], &[3.0, 4.0]]);
    let dz = max_pooling_backward(&next_dz, &z, (2, 2), overlapping).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![0.0, 3.0, 0.0; 0.0, 0.0, 4.0; 3.0, 0.0, 0.0]); // both upper windows chose the 9

    let gaps = Slide::by(2, 2);
    assert_eq!(max_pooling_forward(&z, (1, 1), gaps).unwrap().map_at(0, 0), dmatrix![1.0, 2.0; 7.0, 5.0]);
    let dz = max_pooling_backward(&next_dz, &z, (1, 1), gaps).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![1.0, 0.0, 2.0; 0.0, 0.0, 0.0; 3.0, 0.0, 4.0]);
}

#[test]
fn means_by_hand() {
    let z = map(&[&[1.0, 9.0, 2.0], &[3.0, 3.0, 8.0]]);
    assert_eq!(avg_pooling_forward(&z, (2, 2), Slide::by(1, 1)).unwrap().map_at(0, 0), dmatrix![4.0, 5.5]);
    let dz = avg_pooling_backward(&map(&[&[4.0, 8.0]]), &z, (2, 2), Slide::by(1, 1)).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![1.0, 3.0, 2.0; 1.0, 3.0, 2.0]);
    // The padding's zeros count: the corner window holds one pixel and three zeros.
    let padded = Slide::by(2, 2).padding(1, 1).round_down();
    assert_eq!(avg_pooling_forward(&z, (2, 2), padded).unwrap().map_at(0, 0), dmatrix![0.25, 2.75; 0.75, 2.75]);
}

#[test]
fn global_pooling_is_one_window_over_the_map() {
    let z = reals(1, [3, 4, 5, 2]);
    let next_dz = super::matrix(2, 3, 4);
    let as_maps = Tensor4::from_vectors(next_dz.clone());
    let all = Slide::default();
    let largest = max_pooling_forward(&z, (5, 2), all).unwrap();
    assert_eq!(&global_max_pooling_forward(&z).unwrap(), largest.matrix());
    let dz = max_pooling_backward(&as_maps, &z, (5, 2), all).unwrap();
    assert_eq!(global_max_pooling_backward(&next_dz, &z).unwrap(), dz);
    let mean = avg_pooling_forward(&z, (5, 2), all).unwrap();
    assert_eq!(&global_avg_pooling_forward(&z).unwrap(), mean.matrix());
    let dz = avg_pooling_backward(&as_maps, &z, (5, 2), all).unwrap();
    assert_eq!(global_avg_pooling_backward(&next_dz, &z).unwrap(), dz);
}

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    // Reals drawn at random have no ties, and are further apart than a central difference steps (1e-5).
    let z = reals(1, [2, 3, 7, 5]);
    for (pooling, slide) in
        [((2, 2), Slide::by(2, 2).round_down()), ((3, 2), Slide::by(1, 1).padding(1, 1)), ((1, 2), Slide::by(3, 3))]
    {
        let y = avg_pooling_forward(&z, pooling, slide).unwrap();
        let next_dz = reals(2, y.shape());
        let dz = |backward: Backward| backward(&next_dz, &z, pooling, slide).unwrap();
        let proof = |name| Proof::new(name, &next_dz);
        let reports = [
            proof("max").input("dz", &z, &dz(max_pooling_backward), |z| max_pooling_forward(z, pooling, slide)),
            proof("max, padded with 0").input("dz", &z, &dz(max_pooling_zero_padded_backward), |z| {
                max_pooling_zero_padded_forward(z, pooling, slide)
            }),
            proof("average").input("dz", &z, &dz(avg_pooling_backward), |z| avg_pooling_forward(z, pooling, slide)),
        ];
        for report in reports {
            let report = report.unwrap();
            assert!(report.passed(), "{pooling:?} {slide:?}\n{report}");
        }
    }
}

#[test]
fn without_padding_and_remainder_no_gradient_is_lost() {
    for (size, pooling, strides) in [((6, 4), (2, 2), (2, 2)), ((7, 5), (3, 3), (2, 1)), ((5, 7), (1, 1), (2, 3))] {
        // Ties included: integers of −4 … 4 meet in a window.
        let z = integers(1, [3, 2, size.0, size.1]);
        let slide = Slide::by(strides.0, strides.1);
        let next_dz = integers(2, max_pooling_forward(&z, pooling, slide).unwrap().shape());
        for backward in [max_pooling_backward, max_pooling_zero_padded_backward] {
            assert_eq!(total(&backward(&next_dz, &z, pooling, slide).unwrap()), total(&next_dz));
        }
        let dz = avg_pooling_backward(&next_dz, &z, pooling, slide).unwrap();
        // Ninths are rounded: a few hundred of them, to 1e-16 each.
        assert!((total(&dz) - total(&next_dz)).abs() < 1e-12 * next_dz.matrix().abs().sum());
    }
}

#[test]
fn a_tie_goes_to_the_first_row_by_row() {
    let z = map(&[&[0.0, 5.0, 5.0], &[5.0, 5.0, 5.0]]);
    let dz = max_pooling_backward(&map(&[&[1.0]]), &z, (2, 3), Slide::default()).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![0.0, 1.0, 0.0; 0.0, 0.0, 0.0]);
    let dz = global_max_pooling_backward(&dmatrix![1.0], &z).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![0.0, 1.0, 0.0; 0.0, 0.0, 0.0]);
    // A zero of the padding comes before the zeros behind it.
    let z = map(&[&[0.0, -1.0]]);
    let slide = Slide::by(1, 1).padding(0, 1);
    let dz = max_pooling_zero_padded_backward(&map(&[&[1.0, 2.0, 4.0]]), &z, (1, 2), slide).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![2.0, 0.0]);
}

#[test]
fn nan_is_not_hidden_by_a_maximum() {
    let z = map(&[&[1.0, f64::NAN, 9.0]]);
    assert!(max_pooling_forward(&z, (1, 3), Slide::default()).unwrap()[(0, 0, 0, 0)].is_nan());
    let dz = max_pooling_backward(&map(&[&[1.0]]), &z, (1, 3), Slide::default()).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![0.0, 1.0, 0.0]);
    // −∞ is a number like any other, and wins against the padding.
    let z = map(&[&[f64::NEG_INFINITY]]);
    let slide = Slide::by(1, 1).padding(0, 1);
    assert_eq!(max_pooling_forward(&z, (1, 2), slide).unwrap().map_at(0, 0), DMatrix::repeat(1, 2, f64::NEG_INFINITY));
    let dz = max_pooling_backward(&map(&[&[1.0, 2.0]]), &z, (1, 2), slide).unwrap();
    assert_eq!(dz.map_at(0, 0), dmatrix![3.0]);
}

#[test]
fn a_batch_is_its_samples_in_parallel_too() {
    // 40·4·30·30 numbers: enough for all threads.
    let (z, slide) = (reals(1, [40, 4, 30, 30]), Slide::by(2, 2));
    let layers: [(Forward, Backward); 2] =
        [(max_pooling_forward, max_pooling_backward), (avg_pooling_forward, avg_pooling_backward)];
    for (forward, backward) in layers {
        let y = forward(&z, (2, 2), slide).unwrap();
        let next_dz = reals(2, y.shape());
        let dz = backward(&next_dz, &z, (2, 2), slide).unwrap();
        for n in [0, 17, 39] {
            let one = z.select(&[n]);
            assert_eq!(forward(&one, (2, 2), slide).unwrap(), y.select(&[n]));
            assert_eq!(backward(&next_dz.select(&[n]), &one, (2, 2), slide).unwrap(), dz.select(&[n]));
        }
    }
}

#[test]
fn the_mean_of_a_large_map_keeps_its_digits() {
    // The mean of equal numbers is that number. 250·250 in order: off by a thousand ulps.
    let mean = |side: usize, x: f32| {
        global_avg_pooling_forward(&Tensor4::from_fn([1, 1, side, side], |_, _, _, _| x)).unwrap()[0]
    };
    for (side, x) in [(250, 1.23456_f32), (224, 0.1), (250, 1.0 / 3.0), (99, 7.7), (1000, 1.999)] {
        let ulps = (mean(side, x).to_bits() as i64 - x.to_bits() as i64).abs();
        assert!(ulps <= 2, "the mean of {side}² times {x} is {} ulps off", ulps);
    }
    // 20,250,000 is beyond 2²⁴, where the f32s lie 2 apart, and adding 1 changes nothing.
    assert_eq!(mean(4500, 1.0), 1.0);
    // Several samples side by side, and every number of the batch its own.
    let z = Tensor4::from_fn([20, 3, 90, 100], |n, c, _, _| (20 * c + n) as f32 + 0.1);
    let y = global_avg_pooling_forward(&z).unwrap();
    for (n, c) in (0..20).flat_map(|n| (0..3).map(move |c| (n, c))) {
        let x = (20 * c + n) as f32 + 0.1;
        assert!((y[(n, c)] / x - 1.0).abs() <= 2.0 * f32::EPSILON, "({n}, {c}): {} is not {x}", y[(n, c)]);
    }
    // In 8 digits, 256 is followed by 258.
    let ones = Tensor4::from_fn([1, 1, 40, 50], |_, _, _, _| half::bf16::ONE);
    assert_eq!(global_avg_pooling_forward(&ones).unwrap()[0], half::bf16::ONE);
}

#[test]
fn a_mean_divides_by_more_than_the_type_can_count() {
    // 70,000 pixels; the largest f16 is 65,504.
    let z = Tensor4::from_fn([1, 1, 250, 280], |_, _, _, _| half::f16::ONE);
    let y = global_avg_pooling_forward(&z).unwrap()[0].to_f64();
    assert!((y - 1.0).abs() <= 2f64.powi(-10), "{y}");
    let dz = global_avg_pooling_backward(&dmatrix![half::f16::from_f64(7.0)], &z).unwrap();
    assert!((dz[(0, 0, 100, 100)].to_f64() / 1e-4 - 1.0).abs() < 2f64.powi(-9), "{}", dz[(0, 0, 100, 100)]);
}
