//! Convolution, fast and naive, and the bricks of its backward.

use super::{integers, reals, relative_error};
use handgrad::prelude::*;

/// One map of these rows.
fn map(rows: &[&[f64]]) -> Tensor4<f64> {
    Tensor4::from_fn([1, 1, rows.len(), rows[0].len()], |_, _, i, j| rows[i][j])
}

#[test]
fn by_hand() {
    let z = map(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], &[7.0, 8.0, 9.0]]);
    let k = map(&[&[1.0, 10.0], &[100.0, 1000.0]]);
    let (b, none) = (dvector![0.5], dvector![0.0]);
    let y = |slide| conv_forward(&z, &k, &b, slide).unwrap().map_at(0, 0);
    assert_eq!(y(Slide::default()), dmatrix![5421.5, 6532.5; 8754.5, 9865.5]);
    assert_eq!(y(Slide::by(2, 1).round_down()), dmatrix![5421.5, 6532.5]);
    assert_eq!(y(Slide::by(2, 2).padding(1, 0).round_down()), dmatrix![2100.5; 8754.5]);

    let next_dz = map(&[&[1.0, 2.0], &[3.0, 4.0]]);
    let g = conv_backward(&next_dz, &k, &z, Slide::default()).unwrap();
    // Tap (0, 0) saw 1, 2, 4, 5 in the four windows: 1·1 + 2·2 + 3·4 + 4·5.
    assert_eq!(g.dk.map_at(0, 0), dmatrix![37.0, 47.0; 67.0, 77.0]);
    assert_eq!(g.db, dvector![10.0]);
    // Pixel (1, 1) was under (1,1) of window (0,0), (1,0) of (0,1), (0,1) of (1,0), (0,0) of (1,1).
    assert_eq!(g.dz.map_at(0, 0), dmatrix![1.0, 12.0, 20.0; 103.0, 1234.0, 2040.0; 300.0, 3400.0, 4000.0]);

    // Under padding a corner tap has seen fewer pixels than the centre tap.
    let ones = |n| Tensor4::from_fn([1, 1, n, n], |_, _, _, _| 1.0);
    let same = Slide::default().padding(1, 1);
    let g = conv_backward(&ones(3), &ones(3), &ones(3), same).unwrap();
    assert_eq!(g.dk.map_at(0, 0), dmatrix![4.0, 6.0, 4.0; 6.0, 9.0, 6.0; 4.0, 6.0, 4.0]);
    assert_eq!(conv_forward(&ones(3), &ones(3), &none, same).unwrap().map_at(0, 0), g.dk.map_at(0, 0));
}

#[test]
fn output_sizes() {
    let sizes = [
        (5, 3, Slide::default(), (3, 3)),
        (5, 3, Slide::default().padding(1, 1), (5, 5)),
        (5, 3, Slide::by(2, 2), (2, 2)),
        (5, 3, Slide::by(2, 2).padding(1, 1), (3, 3)),
        (5, 3, Slide::by(2, 2).padding(1, 0), (3, 2)),
        (5, 3, Slide::by(2, 1).padding(1, 1), (3, 5)),
    ];
    for (size, k, slide, out) in sizes {
        let (z, k) = (Tensor4::<f64>::zeros([8, 16, size, size]), Tensor4::zeros([16, 32, k, k]));
        let y = conv_forward(&z, &k, &DVector::zeros(32), slide).unwrap();
        assert_eq!(y.shape(), [8, 32, out.0, out.1]);
        let single = single_channel_conv(&z.map_at(0, 0), &k.map_at(0, 0), 0.0, slide).unwrap();
        assert_eq!(single.shape(), out);
    }
    for (strides, shape) in [((1, 2), [1, 1, 3, 5]), ((2, 2), [1, 1, 5, 5]), ((2, 4), [1, 1, 5, 9])] {
        assert_eq!(insert_zeros(&Tensor4::<f64>::zeros([1, 1, 3, 3]), strides).unwrap().shape(), shape);
    }
}

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    let shapes = [
        ([2, 3, 6, 5], 2, (3, 2), Slide::by(2, 1).padding(1, 2).round_down()),
        ([3, 1, 1, 1], 4, (3, 3), Slide::by(1, 1).padding(1, 1)),
        ([1, 2, 7, 7], 1, (2, 2), Slide::by(3, 3).round_down()),
        ([4, 2, 4, 9], 3, (4, 1), Slide::by(1, 4)),
    ];
    for (shape, depth, kernel, slide) in shapes {
        let (z, k) = (reals(1, shape), reals(2, [shape[1], depth, kernel.0, kernel.1]));
        let b = super::vector(3, depth);
        let next_dz = reals(4, conv_forward(&z, &k, &b, slide).unwrap().shape());
        for backward in [conv_backward, conv_backward_naive] {
            let g = backward(&next_dz, &k, &z, slide).unwrap();
            let report = Proof::new("conv_backward", &next_dz)
                .parameter("dk", &k, &g.dk, |k| conv_forward_naive(&lift(&z), k, &lift(&b), slide))
                .and_then(|proof| {
                    proof.parameter("db", &b, &g.db, |b| conv_forward_naive(&lift(&z), &lift(&k), b, slide))
                })
                .and_then(|proof| proof.input("dz", &z, &g.dz, |z| conv_forward_naive(z, &lift(&k), &lift(&b), slide)))
                .unwrap();
            assert!(report.passed(), "{shape:?} {slide:?}\n{report}");
        }
    }
}

/// Shapes larger than a block of gathered windows, larger than a part of blocks, and a multiple of neither.
#[test]
fn blocks_and_parts_leave_no_seam() {
    let shapes = [
        ([1, 1, 70, 71], 2, (3, 3), Slide::by(1, 1)),
        ([9, 4, 28, 27], 8, (5, 5), Slide::by(1, 1).padding(2, 2)),
        ([3, 16, 20, 21], 5, (5, 4), Slide::by(2, 3).padding(2, 1).round_down()),
        ([67, 3, 12, 11], 33, (2, 3), Slide::by(1, 1).padding(0, 1)),
        ([4, 70, 6, 7], 9, (3, 2), Slide::by(1, 1).padding(1, 0)), // channels enough for a vector of them, in f32 too
        ([2, 133, 5, 6], 3, (2, 3), Slide::by(2, 1).padding(1, 1).round_down()),
    ];
    for (shape, depth, kernel, slide) in shapes {
        let (z, k) = (integers(1, shape), integers(2, [shape[1], depth, kernel.0, kernel.1]));
        let b = DVector::from_fn(depth, |d, _| d as f64);
        let y = conv_forward_naive(&z, &k, &b, slide).unwrap();
        assert_eq!(conv_forward(&z, &k, &b, slide).unwrap(), y, "{shape:?}");
        let next_dz = integers(3, y.shape());
        let g = conv_backward(&next_dz, &k, &z, slide).unwrap();
        assert_eq!(g, conv_backward_naive(&next_dz, &k, &z, slide).unwrap(), "{shape:?}");

        // f32 holds these integers as exactly (below 2²⁴ all of them), in blocks of twice the rows.
        let [z, k, next_dz] = [&z, &k, &next_dz].map(|t| t.map(|x| x as f32));
        assert_eq!(conv_forward(&z, &k, &b.map(|x| x as f32), slide).unwrap().map(f64::from), y, "{shape:?} in f32");
        let in_f32 = conv_backward(&next_dz, &k, &z, slide).unwrap();
        assert_eq!(in_f32.dz.map(f64::from), g.dz, "{shape:?} in f32");
        if shape[0].is_power_of_two() {
            assert_eq!(in_f32.dk.map(f64::from), g.dk, "{shape:?} in f32"); // else the mean rounds
        }
    }
}

/// ⟨δ, conv(z)⟩ = ⟨dz, z⟩ = N·⟨dk, K⟩ for b = 0: the layer is linear in each, so this holds for any size.
#[test]
fn the_adjoint_identity_at_the_size_of_a_real_layer() {
    let slide = Slide::by(1, 1).padding(2, 2);
    let (z, k) = (integers(1, [16, 6, 28, 28]), integers(2, [6, 16, 5, 5]));
    let y = conv_forward(&z, &k, &DVector::zeros(16), slide).unwrap();
    let next_dz = integers(3, y.shape());
    let g = conv_backward(&next_dz, &k, &z, slide).unwrap();
    let dot = |a: &Tensor4<f64>, b: &Tensor4<f64>| a.matrix().dot(b.matrix());
    assert_eq!(dot(&next_dz, &y), dot(&g.dz, &z));
    assert_eq!(dot(&next_dz, &y), 16.0 * dot(&g.dk, &k));
}

#[test]
fn a_batch_is_its_samples() {
    let slide = Slide::by(2, 1).padding(1, 1).round_down();
    let (z, k, b) = (integers(1, [4, 3, 6, 5]), integers(2, [3, 2, 3, 3]), dvector![1.0, -1.0]);
    let y = conv_forward(&z, &k, &b, slide).unwrap();
    let next_dz = integers(3, y.shape());
    let g = conv_backward(&next_dz, &k, &z, slide).unwrap();
    let (mut dk, mut db) = (DMatrix::zeros(3, 18), DVector::zeros(2));
    for n in 0..4 {
        let z = z.select(&[n]);
        assert_eq!(conv_forward(&z, &k, &b, slide).unwrap(), y.select(&[n]));
        let one = conv_backward(&next_dz.select(&[n]), &k, &z, slide).unwrap();
        assert_eq!(one.dz, g.dz.select(&[n]));
        dk += one.dk.matrix() / 4.0;
        db += one.db / 4.0;
    }
    assert_eq!((g.dk.matrix(), g.db), (&dk, db));
}

#[test]
fn what_no_window_sees_gets_no_gradient() {
    // 6 rows, kernel 2, stride 3: rows 2 and 5 lie between and behind the windows.
    let (z, k) = (integers(1, [1, 1, 6, 6]), map(&[&[1.0, 2.0], &[3.0, 4.0]]));
    let slide = Slide::by(3, 3).round_down();
    let next_dz = Tensor4::from_fn([1, 1, 2, 2], |_, _, _, _| 1.0);
    let dz = conv_backward(&next_dz, &k, &z, slide).unwrap().dz;
    for (i, j) in (0..6).flat_map(|i| (0..6).map(move |j| (i, j))) {
        assert_eq!(dz[(0, 0, i, j)] == 0.0, i % 3 == 2 || j % 3 == 2, "({i}, {j})");
    }
}

#[test]
fn a_kernel_with_one_tap_shifts_the_image() {
    let z = reals(1, [2, 1, 5, 6]);
    let k = Tensor4::from_fn([1, 1, 3, 3], |_, _, u, v| f64::from((u, v) == (0, 2)));
    let y = conv_forward(&z, &k, &dvector![0.0], Slide::default().padding(1, 1)).unwrap();
    let shifted = Tensor4::from_fn(z.shape(), |n, c, i, j| if i > 0 && j < 5 { z[(n, c, i - 1, j + 1)] } else { 0.0 });
    assert_eq!(y, shifted);
}

#[test]
fn the_bricks() {
    let z = map(&[&[1.0, 2.0], &[3.0, 4.0]]);
    let spread = insert_zeros(&z, (2, 3)).unwrap();
    assert_eq!(spread.map_at(0, 0), dmatrix![1.0, 0.0, 0.0, 2.0; 0.0, 0.0, 0.0, 0.0; 3.0, 0.0, 0.0, 4.0]);
    assert_eq!(insert_zeros(&z, (1, 1)).unwrap(), z);
    assert_eq!(insert_zeros(&Tensor4::<f64>::zeros([1, 1, 0, 2]), (3, 2)).unwrap().shape(), [1, 1, 0, 3]);
    assert_eq!(remove_padding(&z.pad((2, 1)).unwrap(), (2, 1)).unwrap(), z);
    assert_eq!(remove_padding(&z, (1, 0)).unwrap().shape(), [1, 1, 0, 2]);
    assert_eq!(remove_padding(&z, (0, 1)).unwrap().shape(), [1, 1, 2, 0]);
    assert!(remove_padding(&z, (0, 2)).is_err());
}

/// The first rows and columns of every map, with zeros where it has fewer.
fn fitted(z: &Tensor4<f64>, (height, width): (usize, usize)) -> Tensor4<f64> {
    let [samples, channels, h, w] = z.shape();
    Tensor4::from_fn(
        [samples, channels, height, width],
        |n, c, i, j| if i < h && j < w { z[(n, c, i, j)] } else { 0.0 },
    )
}

/// Steps 5 to 7: insert zeros, pad, rotate, exchange the axes, convolve, crop. The rows and columns that rounding down has
/// left over get no gradient.
#[test]
fn the_bricks_make_a_backward() {
    for (number, slide) in
        [Slide::default().padding(1, 2), Slide::by(2, 3).padding(2, 0).round_down(), Slide::by(4, 1).round_down()]
            .into_iter()
            .enumerate()
    {
        let (z, k) = (integers(number as u64, [4, 3, 8, 7]), integers(7, [3, 2, 3, 2]));
        let plain = |z: &Tensor4<f64>, k: &Tensor4<f64>| {
            conv_forward(z, k, &DVector::zeros(k.shape()[1]), Slide::default()).unwrap()
        };
        let next_dz = integers(8, conv_forward(&z, &k, &dvector![0.0, 0.0], slide).unwrap().shape());
        let g = conv_backward_naive(&next_dz, &k, &z, slide).unwrap();
        let dilated = insert_zeros(&next_dz, slide.strides).unwrap(); // (5)
        let dk = plain(&z.pad(slide.padding).unwrap().swap_axes(), &dilated); // (3)
        assert_eq!(fitted(&dk, (3, 2)).map(|sum| sum / 4.0), g.dk, "{slide:?}");
        let framed = plain(&dilated.pad((2, 1)).unwrap(), &k.rotate_180().swap_axes()); // (6)
        let (p1, p2) = slide.padding;
        let dz = remove_padding(&fitted(&framed, (8 + 2 * p1, 7 + 2 * p2)), slide.padding).unwrap(); // (7)
        assert_eq!(dz, g.dz, "{slide:?}");
    }
}

#[test]
fn fast_and_naive_agree_on_real_numbers() {
    let slide = Slide::by(1, 2).padding(2, 1).round_down();
    let (z, k, b) = (reals(1, [5, 4, 13, 12]), reals(2, [4, 7, 5, 3]), super::vector(3, 7));
    let y = conv_forward_naive(&z, &k, &b, slide).unwrap();
    // 60 products in another order: 60·1.1e-16 at the very most.
    assert!(relative_error(conv_forward(&z, &k, &b, slide).unwrap().as_slice(), y.as_slice()) < 1e-14);
    let next_dz = reals(4, y.shape());
    let (fast, naive) = (conv_backward(&next_dz, &k, &z, slide), conv_backward_naive(&next_dz, &k, &z, slide));
    let (fast, naive) = (fast.unwrap(), naive.unwrap());
    // Up to 5·13·7 products in another order.
    assert!(relative_error(fast.dk.as_slice(), naive.dk.as_slice()) < 1e-13);
    assert!(relative_error(fast.dz.as_slice(), naive.dz.as_slice()) < 1e-13);
    assert!(relative_error(fast.db.as_slice(), naive.db.as_slice()) < 1e-13);
}
