//! Where a fast path is likely to leave the definition: infinities and NaN, over padding above all, and axes of length 0.

use super::integers;
use handgrad::cuts::Cuts;
use handgrad::numbers::Dual;
use handgrad::prelude::*;

/// Equal, or both NaN.
fn same<T: Float>(got: &[T], expected: &[T]) -> bool {
    got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

/// As constants, which take the loops of every number that is no machine float.
fn dual<T: Float>(t: &Tensor4<T>) -> Tensor4<Dual<T>> {
    t.map(Dual::constant)
}

/// The fast convolution is the definition.
fn agrees<T: Float>(z: &Tensor4<T>, k: &Tensor4<T>, next_dz: &Tensor4<T>, slide: Slide, what: &str) {
    let b = DVector::from_fn(k.shape()[1], |d, _| lit(d as f64 + 1.0));
    let [y, naive] = [conv_forward, conv_forward_naive].map(|forward| forward(z, k, &b, slide).unwrap());
    let what = format!("{}, {what}, z {:?}, K {:?}", std::any::type_name::<T>(), z.shape(), k.shape());
    assert!(y.shape() == naive.shape() && same(y.as_slice(), naive.as_slice()), "y, {what}:\n{y:?}\n{naive:?}");
    let [g, naive] = [conv_backward, conv_backward_naive].map(|backward| backward(next_dz, k, z, slide).unwrap());
    assert!(same(g.dk.as_slice(), naive.dk.as_slice()), "dk, {what}:\n{:?}\n{:?}", g.dk, naive.dk);
    assert!(same(g.db.as_slice(), naive.db.as_slice()), "db, {what}");
    assert!(same(g.dz.as_slice(), naive.dz.as_slice()), "dz, {what}:\n{:?}\n{:?}", g.dz, naive.dz);
}

/// A convolution with an infinity or NaN in each of its inputs.
fn with_infinities<T: Float>(shape: [usize; 4], depth: usize, (k1, k2): (usize, usize), slide: Slide) {
    let convert = |t: Tensor4<f64>| t.map(|x| lit::<T>(x));
    let (z, k) = (convert(integers(1, shape)), convert(integers(2, [shape[1], depth, k1, k2])));
    let (rows, columns) = slide.output_size((shape[2], shape[3]), (k1, k2)).unwrap();
    let next_dz = convert(integers(3, [shape[0], depth, rows, columns]));
    agrees(&z, &k, &next_dz, slide, "finite");
    for special in [T::infinity(), T::neg_infinity(), T::nan()] {
        let at = |t: &Tensor4<T>, place: usize| {
            let mut t = t.clone();
            t.as_mut_slice()[place] = special;
            t
        };
        for last in [false, true] {
            let place = |t: &Tensor4<T>| if last { t.as_slice().len() - 1 } else { 0 };
            agrees(&z, &at(&k, place(&k)), &next_dz, slide, "K with ∞ or NaN");
            agrees(&at(&z, place(&z)), &k, &next_dz, slide, "z with ∞ or NaN");
            agrees(&z, &k, &at(&next_dz, place(&next_dz)), slide, "δ with ∞ or NaN");
        }
    }
}

#[test]
fn an_infinite_weight_over_padding_counts_for_nothing() {
    for n in (1..=40).chain([64]) {
        let z = Tensor4::from_fn([n, 1, 3, 3], |_, _, _, _| 1.0_f32);
        let k = Tensor4::from_fn([1, 1, 3, 3], |_, _, u, v| if (u, v) == (0, 0) { f32::NEG_INFINITY } else { 1.0 });
        let y = conv_forward(&z, &k, &dvector![0.0], Slide::default().padding(1, 1)).unwrap();
        // Over pixel (1, 0) the weight lies on the padding at the left, over (0, 1) on the padding above.
        assert!((0..n).all(|n| y[(n, 0, 1, 0)] == 6.0 && y[(n, 0, 0, 1)] == 6.0), "N = {n}");
        assert!((0..n).all(|n| y[(n, 0, 1, 1)] == f32::NEG_INFINITY), "N = {n}");
    }
}

#[test]
fn infinities_are_where_the_definition_has_them() {
    let padded = Slide::by(1, 1).padding(1, 1);
    for n in 1..=40 {
        with_infinities::<f32>([n, 2, 3, 4], 3, (3, 3), padded);
        with_infinities::<f64>([n, 2, 3, 4], 3, (3, 3), padded);
        with_infinities::<f32>([n, 1, 4, 4], 2, (2, 3), Slide::by(3, 2).padding(2, 1).round_down());
        with_infinities::<f64>([n, 1, 4, 4], 2, (2, 3), Slide::by(3, 2).padding(2, 1).round_down());
    }
    for n in [1, 3, 17] {
        with_infinities::<f32>([n, 70, 2, 3], 2, (2, 2), padded); // channels enough for vectors of them
        with_infinities::<f64>([n, 35, 2, 3], 2, (2, 2), padded);
        with_infinities::<f32>([n, 140, 2, 3], 2, (2, 2), padded); // a kernel of more than 1024 numbers
        with_infinities::<Dual<f64>>([n, 2, 3, 4], 2, (3, 3), padded);
        with_infinities::<Dual<f32>>([n, 1, 4, 4], 2, (2, 3), Slide::by(3, 2).padding(2, 1).round_down());
    }
    let cuts = Cuts { tile: 700, ..Cuts::every(3) };
    cuts.on_threads(2, || {
        for n in [1, 7, 19] {
            with_infinities::<f32>([n, 2, 3, 4], 3, (3, 3), padded);
            with_infinities::<f64>([n, 2, 3, 4], 3, (3, 3), padded);
        }
    })
    .unwrap();
}

fn with_axes_of_length_0<T: Float>() {
    let slide = Slide::default().padding(2, 2);
    for (shape, depth) in [
        ([0, 2, 3, 3], 2),
        ([2, 0, 3, 3], 2),
        ([2, 2, 3, 3], 0),
        ([2, 2, 0, 3], 2),
        ([17, 2, 3, 0], 1),
        ([0, 0, 0, 0], 0),
    ] {
        let (z, k) = (Tensor4::<T>::zeros(shape), Tensor4::<T>::zeros([shape[1], depth, 3, 2]));
        let (rows, columns) = slide.output_size((shape[2], shape[3]), (3, 2)).unwrap();
        agrees(&z, &k, &Tensor4::zeros([shape[0], depth, rows, columns]), slide, "an axis of length 0");
    }
}

#[test]
fn axes_of_length_0() {
    with_axes_of_length_0::<f32>();
    with_axes_of_length_0::<f64>();
    with_axes_of_length_0::<Dual<f64>>();
    let (z, k) = (Tensor4::<f64>::zeros([2, 0, 1, 1]), Tensor4::zeros([0, 2, 1, 1]));
    let y = conv_forward(&z, &k, &dvector![3.0, 4.0], Slide::default()).unwrap();
    assert_eq!(y.to_row_major(), [3.0, 4.0, 3.0, 4.0]); // without a map to sum over, the bias
}

/// The padding is at two sides only: above and below, or left and right.
#[test]
fn infinities_over_padding_at_two_sides() {
    for (n, (p1, p2)) in [1, 4, 16, 35].into_iter().flat_map(|n| [(n, (1, 0)), (n, (0, 1))]) {
        let slide = Slide::default().padding(p1, p2);
        with_infinities::<f32>([n, 2, 4, 5], 3, (2, 3), slide);
        with_infinities::<f64>([n, 2, 4, 5], 3, (2, 3), slide);
        with_infinities::<Dual<f64>>([n, 2, 4, 5], 3, (2, 3), slide);
    }
}

/// A stride as large as it can be, of which one window sees nothing: the memory needed is that of the window.
#[test]
fn a_stride_far_beyond_the_image() {
    let (z, k) = (integers(1, [2, 1, 3, 3]), integers(2, [1, 2, 3, 2]));
    for stride in [usize::MAX, 1 << 40] {
        let slide = Slide::by(stride, stride).round_down();
        agrees(&z, &k, &integers(3, [2, 2, 1, 1]), slide, "one window");
    }
}

/// The first of two NaN takes δ, in vectors and one by one, and dual numbers say the same.
#[test]
fn of_two_nan_the_first_takes_the_gradient() {
    for n in 1..=40 {
        let z = Tensor4::from_fn([n, 1, 1, 4], |n, _, _, j| match (n + j) % 4 {
            0 | 2 => f64::NAN,
            other => other as f64,
        });
        let next_dz = Tensor4::from_fn([n, 1, 1, 1], |n, _, _, _| n as f64 + 1.0);
        let dz = max_pooling_backward(&next_dz, &z, (1, 4), Slide::default()).unwrap();
        let padded = max_pooling_zero_padded_backward(&next_dz, &z, (1, 4), Slide::default()).unwrap();
        let global = global_max_pooling_backward(&next_dz.clone().into_matrix(), &z).unwrap();
        let generic = max_pooling_backward(&dual(&next_dz), &dual(&z), (1, 4), Slide::default()).unwrap();
        for m in 0..n {
            let first = m % 2; // NaN at 0 and 2, or at 1 and 3
            for j in 0..4 {
                let expected = if j == first { m as f64 + 1.0 } else { 0.0 };
                let got = [&dz, &padded, &global].map(|dz| dz[(m, 0, 0, j)]);
                assert!(got == [expected; 3] && generic[(m, 0, 0, j)].re == expected, "N = {n}, {m}, {j}: {got:?}");
            }
        }
    }
}

/// The fast max pooling is the loops on its page, which every other number takes.
fn pools_as_its_page<T: Float>(shape: [usize; 4], pooling: (usize, usize), slide: Slide) {
    let z = integers(1, shape).map(|x| match x as i64 {
        4 => T::infinity(),
        -4 => T::neg_infinity(),
        3 => T::nan(),
        _ => lit(x),
    });
    let [y, zero_padded_y] = [max_pooling_forward, max_pooling_zero_padded_forward]
        .map(|forward| forward(&z, pooling, slide).unwrap().shape());
    assert_eq!(y, zero_padded_y);
    let next_dz = integers(2, y).map(|x| lit::<T>(x));
    let fast = [max_pooling_backward, max_pooling_zero_padded_backward]
        .map(|backward| backward(&next_dz, &z, pooling, slide).unwrap());
    let page = [max_pooling_backward, max_pooling_zero_padded_backward]
        .map(|backward| backward(&dual(&next_dz), &dual(&z), pooling, slide).unwrap());
    for (fast, page) in fast.iter().zip(page) {
        let page = page.map(|x: Dual<T>| x.re);
        assert!(same(fast.as_slice(), page.as_slice()), "{shape:?}, {pooling:?}, {slide:?}");
    }
}

#[test]
fn max_pooling_is_the_loops_on_its_page() {
    for n in 1..=40 {
        for (pooling, slide) in [
            ((2, 2), Slide::by(2, 2).round_down()),
            ((3, 2), Slide::by(1, 1).padding(1, 1)),
            ((2, 3), Slide::by(2, 3).padding(1, 2).round_down()),
        ] {
            pools_as_its_page::<f32>([n, 2, 5, 4], pooling, slide);
            pools_as_its_page::<f64>([n, 2, 5, 4], pooling, slide);
        }
    }
}
