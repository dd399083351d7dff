//! Sizes at and beyond what a `usize` counts: each is refused by name. Nothing wraps, crops, panics or asks for memory
//! that is not there.

use super::{integers, matrix};
use handgrad::data::{Dataset, cifar10, synthetic};
use handgrad::init::ChaCha8Rng;
use handgrad::prelude::*;
use rand::RngExt;
use std::fmt::Debug;

const MAX: usize = usize::MAX;
/// Where products and sums of 32 or 64 bits turn over, and the sizes beside them.
const HOSTILE: [usize; 14] = [
    0,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    1 << 61,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    MAX / 2 - 3,
    MAX - 1,
    MAX,
];
/// Of so many numbers a call may ask for memory in these tests; with more than `REFUSED`, no machine has it.
const FEW: u128 = 1 << 12;
const REFUSED: u128 = 1 << 48;

fn message<T: Debug>(result: Result<T, ShapeError>) -> String {
    result.unwrap_err().to_string()
}

/// Three times out of four a small size.
fn size(rng: &mut ChaCha8Rng) -> usize {
    match rng.random_range(0..4) {
        0 => HOSTILE[rng.random_range(0..HOSTILE.len())],
        _ => rng.random_range(0..6),
    }
}

fn pair(rng: &mut ChaCha8Rng) -> (usize, usize) {
    (size(rng), size(rng))
}

fn slide(rng: &mut ChaCha8Rng) -> Slide {
    let ((s1, s2), (p1, p2)) = (pair(rng), pair(rng));
    let slide = Slide::by(s1, s2).padding(p1, p2);
    if rng.random_range(0..4) > 0 { slide.round_down() } else { slide }
}

/// H' or W' in 128 bits, which nothing here overflows.
fn windows(size: usize, k: usize, s: usize, p: usize, round_down: bool) -> Option<usize> {
    let (padded, k, s) = (size as u128 + 2 * p as u128, k as u128, s as u128);
    if s == 0 || k == 0 || k > padded || (!round_down && !(padded - k).is_multiple_of(s)) {
        return None;
    }
    usize::try_from((padded - k) / s + 1).ok()
}

fn both_sides(image: (usize, usize), kernel: (usize, usize), slide: Slide) -> Option<(usize, usize)> {
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let rows = windows(image.0, kernel.0, s1, p1, slide.round_down)?;
    Some((rows, windows(image.1, kernel.1, s2, p2, slide.round_down)?))
}

/// Whether a call may be made that asks for memory for so many numbers: for few, or for more than there is.
fn may_ask(numbers: &[usize]) -> bool {
    let numbers = numbers.iter().fold(1_u128, |product, &size| product.saturating_mul(size as u128));
    numbers <= FEW || numbers > REFUSED
}

#[test]
fn the_output_size_is_that_of_128_bits() {
    let mut rng = init::rng(1);
    let (mut found, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let (image, kernel, slide) = (pair(&mut rng), pair(&mut rng), slide(&mut rng));
        let (got, expected) = (slide.output_size(image, kernel), both_sides(image, kernel, slide));
        assert_eq!(got.clone().ok(), expected, "{slide:?}, {kernel:?} over {image:?}: {got:?}");
        if expected.is_some() { found += 1 } else { refused += 1 }
    }
    assert!(found > 20_000 && refused > 20_000, "{found} found, {refused} refused");
}

#[test]
fn shapes_beyond_all_memory_are_refused() {
    let rule = "the product of all sizes but zeros, at 8 bytes an element, must be at most isize::MAX";
    let row_major = |shape, values: &[f64]| message(Tensor4::from_row_major(shape, values));
    assert_eq!(
        row_major([1, 1 << 32, 1 << 32, 1], &[]),
        format!("Tensor4::from_row_major: 0 values but the shape is (1, 4294967296, 4294967296, 1): {rule}")
    );
    for shape in [[MAX, MAX, 2, 2], [2, 1 << 63, 2, 1], [MAX, MAX, 4, 1], [1 << 60, 1, 1, 1], [0, MAX, MAX, 1]] {
        for values in [&[][..], &[1.0; 4]] {
            assert!(row_major(shape, values).ends_with(rule), "{shape:?}");
        }
    }
    let empty = Tensor4::<f64>::from_row_major([0, 1 << 32, 1, 3], &[]).unwrap();
    assert_eq!((empty.shape(), empty.matrix().shape()), ([0, 1 << 32, 1, 3], (0, 3 << 32)));

    let maps = message(Tensor4::from_matrix(matrix(1, 2, 4), [1 << 32, 1 << 32, 4]));
    assert!(maps.starts_with("Tensor4::from_matrix: the matrix is (2, 4) but the maps are") && maps.ends_with(rule));
    let empty = DMatrix::<f64>::zeros(1 << 40, 0);
    assert!(message(Tensor4::from_matrix(empty, [1 << 40, 0, 1])).ends_with(rule));
}

#[test]
#[should_panic(expected = "Tensor4::zeros: capacity overflow: the shape is (4294967296, 4294967296, 1, 1)")]
fn zeros_beyond_all_memory() {
    Tensor4::<f64>::zeros([1 << 32, 1 << 32, 1, 1]);
}

#[test]
#[should_panic(expected = "Tensor4::from_fn: capacity overflow")]
fn functions_beyond_all_memory() {
    Tensor4::from_fn([MAX, MAX, 1, 1], |_, _, _, _| 1.0);
}

#[test]
#[should_panic(expected = "Weights::draw: capacity overflow")]
fn weights_beyond_all_memory() {
    let _: DMatrix<f64> = init::he(&mut init::rng(1), [1 << 32, 1 << 32]);
}

#[test]
#[should_panic(expected = "one_hot: capacity overflow")]
fn targets_beyond_all_memory() {
    handgrad::data::one_hot::<f64>(&[1, 1], 1 << 63);
}

#[test]
#[should_panic(expected = "1 samples from number 18446744073709551615 on, of a batch of 3")]
fn samples_beyond_the_last() {
    integers(1, [3, 1, 1, 1]).samples(MAX, 1);
}

#[test]
fn outputs_beyond_all_memory_are_refused() {
    let (z, k, b) = (integers(1, [2, 1, 3, 5]), integers(2, [1, 1, 3, 3]), dvector![1.0]);
    for p in [1 << 45, 1 << 62, 1 << 63, MAX - 1, MAX] {
        for slide in [Slide::default().padding(p, 0), Slide::default().padding(0, p), Slide::default().padding(p, p)] {
            assert!(message(conv_forward(&z, &k, &b, slide)).starts_with("conv_forward: "));
            assert!(message(conv_forward_naive(&z, &k, &b, slide)).starts_with("conv_forward_naive: "));
            assert!(message(single_channel_conv(&z.map_at(0, 0), &k.map_at(0, 0), 1.0, slide)).starts_with("single"));
            assert!(message(avg_pooling_forward(&z, (3, 3), slide)).starts_with("avg_pooling_forward: "));
            assert!(message(max_pooling_zero_padded_forward(&z, (3, 3), slide)).starts_with("max_pooling_zero_padded"));
            assert!(message(z.pad(slide.padding)).starts_with("Tensor4::pad: "));
            assert!(message(remove_padding(&z, slide.padding)).starts_with("remove_padding: "));
        }
        assert!(message(insert_zeros(&z, (p, 1))).starts_with("insert_zeros: "));
        assert!(message(insert_zeros(&z, (1, p))).starts_with("insert_zeros: "));
    }
    assert_eq!(
        message(z.pad((1 << 45, 0))),
        "Tensor4::pad: the padded tensor would be (2, 1, 70368744177667, 5): there is no memory for its \
         5629499534213360 bytes"
    );
    // Two arrays without a number have a product with more of them than there can be.
    let (tall, wide) = (DMatrix::<f64>::zeros(1 << 32, 0), DMatrix::<f64>::zeros(0, 1 << 32));
    let rule = "the product of all sizes but zeros, at 8 bytes an element, must be at most isize::MAX";
    let found = "would be (4294967296, 4294967296)";
    assert_eq!(message(matmul(&tall, &wide)), format!("matmul: the product {found}: {rule}"));
    let tensors = |shape| Tensor4::<f64>::from_row_major(shape, &[]).unwrap();
    let y = conv_forward(&tensors([1 << 32, 0, 1, 1]), &tensors([0, 1 << 32, 1, 1]), &b, Slide::default());
    assert!(y.is_err());
}

#[test]
fn a_far_padding_costs_no_memory() -> Result<(), ShapeError> {
    let (z, k, b) = (integers(1, [17, 2, 2, 3]), integers(2, [2, 3, 2, 1]), dvector![1.0, 2.0, 3.0]);
    let at_once = |p: usize, s: usize| Slide::by(s, 1).padding(p, 0).round_down();
    // One window: the stride is of no account.
    for s in [3, 1 << 32, 1 << 63, MAX] {
        let slide = Slide::by(s, s).round_down();
        assert_eq!(conv_forward(&z, &k, &b, slide)?, conv_forward(&z, &k, &b, Slide::by(1, 3).round_down())?);
        let next_dz = integers(3, [17, 3, 1, 1]);
        let expected = conv_backward(&next_dz, &k, &z, Slide::by(1, 3).round_down())?;
        assert_eq!(conv_backward(&next_dz, &k, &z, slide)?, expected);
        assert_eq!(conv_backward_naive(&next_dz, &k, &z, slide)?, expected);
    }
    // Three windows, of which the middle one sees the image, or none.
    for (p, s, sees) in
        [(1 << 40, 1 << 40, true), ((1 << 61) + 7, (1 << 61) + 6, true), (1 << 61, (1 << 61) - 9, false)]
    {
        let slide = at_once(p, s);
        let y = conv_forward(&z, &k, &b, slide)?;
        assert_eq!((y.shape(), &y), ([17, 3, 3, 3], &conv_forward_naive(&z, &k, &b, slide)?));
        assert_eq!(y.as_slice().iter().any(|y| ![1.0, 2.0, 3.0].contains(y)), sees);
        let lifted = conv_forward(&lift(&z), &lift(&k), &lift(&b), slide)?;
        assert_eq!(lifted.map(|y: Dual<f64>| y.re), y);
        let g = conv_backward(&integers(3, y.shape()), &k, &z, slide)?;
        assert_eq!((g.dk.shape(), g.dz.shape()), (k.shape(), z.shape()));
        assert_eq!(g.dk.as_slice().iter().any(|x| *x != 0.0), sees);
        assert_eq!(g.dz.as_slice().iter().any(|x| *x != 0.0), sees);
    }
    Ok(())
}

#[test]
fn far_and_near_paddings_agree() -> Result<(), ShapeError> {
    // From 64 rows beyond the kernel on, windows without a pixel are not computed.
    for (p, s) in [(62, 1), (65, 1), (66, 1), (66, 3), (80, 7), (90, 41), (90, 181), (70, 64)] {
        let (z, k, b) = (integers(p as u64, [3, 2, 4, 5]), integers(2, [2, 3, 2, 3]), dvector![1.0, 2.0, 3.0]);
        for slide in [Slide::by(s, 1).padding(p, 1).round_down(), Slide::by(2, s).padding(0, p).round_down()] {
            let y = conv_forward(&z, &k, &b, slide)?;
            assert_eq!(y, conv_forward_naive(&z, &k, &b, slide)?, "{slide:?}");
            assert_eq!(lift(&y), conv_forward(&lift(&z), &lift(&k), &lift(&b), slide)?, "{slide:?}");
            let next_dz = integers(4, y.shape());
            let g = conv_backward(&next_dz, &k, &z, slide)?;
            let naive = conv_backward_naive(&next_dz, &k, &z, slide)?;
            assert_eq!((&g.dz, &g.db), (&naive.dz, &naive.db), "{slide:?}");
            assert_eq!(g.dk, naive.dk, "{slide:?}");
        }
    }
    Ok(())
}

#[test]
fn a_window_of_two_to_the_64_pixels_has_a_mean() -> Result<(), ShapeError> {
    let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
    let (window, slide) = ((1 << 32, 1 << 32), Slide::default().padding((1 << 31) - 1, (1 << 31) - 1));
    let y = avg_pooling_forward(&z, window, slide)?;
    assert_eq!(y.to_row_major(), [10.0 / 2_f64.powi(64)]);
    let dz = avg_pooling_backward(&y.map(|_| 2_f64.powi(64)), &z, window, slide)?;
    assert_eq!(dz.to_row_major(), [1.0; 4]);
    assert_eq!(max_pooling_forward(&z, window, slide)?.to_row_major(), [4.0]);
    assert_eq!(max_pooling_zero_padded_forward(&z.map(|z| -z), window, slide)?.to_row_major(), [0.0]);
    let dz = max_pooling_zero_padded_backward(&y.map(|_| 7.0), &z, window, slide)?;
    assert_eq!(dz.to_row_major(), [0.0, 0.0, 0.0, 7.0]);
    Ok(())
}

/// Fast and naive convolution, with axes of length 0 too: the same numbers (NaN where N is 0) or the same refusal.
fn fast_is_naive<T: Float>(convert: impl Fn(f64) -> T + Copy) {
    let rule = |error: ShapeError| error.rule;
    let same =
        |a: &[T], b: &[T]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
    for number in 0..3 * 3 * 3 * 3 * 2 * 4 * 2 * 2 {
        let mut left = number;
        let mut digit = |base: usize| {
            let digit = left % base;
            left /= base;
            digit
        };
        let (n, c, d, h) = (digit(3), digit(3), digit(3), [0, 1, 3][digit(3)]);
        let (w, p) = ([0, 2][digit(2)], [(0, 0), (1, 1), (2, 0), (70, 1)][digit(4)]);
        let (s, k) = (1 + digit(2), 1 + digit(2));
        let slide = Slide::by(s, 2).padding(p.0, p.1).round_down();
        let (z, kernel) = (integers(1, [n, c, h, w]).map(convert), integers(2, [c, d, k, 2]).map(convert));
        let b = DVector::from_fn(d, |d, _| convert(3.0 + d as f64));
        let case = format!("z {:?}, K {:?}, {slide:?}", z.shape(), kernel.shape());
        let fast = conv_forward(&z, &kernel, &b, slide);
        let naive = conv_forward_naive(&z, &kernel, &b, slide);
        let shape = match (&fast, &naive) {
            (Ok(fast), Ok(naive)) => {
                assert!(fast.shape() == naive.shape() && same(fast.as_slice(), naive.as_slice()), "{case}");
                fast.shape()
            }
            _ => {
                assert_eq!(fast.map_err(rule), naive.map_err(rule), "{case}");
                continue;
            }
        };
        if c == 0 {
            assert!(fast.is_ok_and(|y| y == Tensor4::from_fn(shape, |_, d, _, _| b[d])), "{case}: the bias");
        }
        let next_dz = integers(3, shape).map(convert);
        let fast = conv_backward(&next_dz, &kernel, &z, slide).unwrap();
        let naive = conv_backward_naive(&next_dz, &kernel, &z, slide).unwrap();
        assert!(same(fast.dz.as_slice(), naive.dz.as_slice()), "{case}: dz");
        assert!(same(fast.dk.as_slice(), naive.dk.as_slice()), "{case}: dk");
        assert!(same(fast.db.as_slice(), naive.db.as_slice()), "{case}: db");
    }
}

#[test]
fn axes_of_length_0_are_no_exception() {
    fast_is_naive(|x| x);
    fast_is_naive(|x| x as f32);
    fast_is_naive(Dual::constant);
}

#[test]
fn an_empty_map_has_no_maximum() {
    for shape in [[2, 3, 0, 4], [2, 3, 4, 0], [2, 3, 0, 0]] {
        let (z, slide) = (Tensor4::<f64>::zeros(shape), Slide::default().padding(1, 1));
        let [n, c, h, w] = shape;
        let rule = "its maps must have at least one pixel";
        assert_eq!(
            message(max_pooling_forward(&z, (2, 2), slide)),
            format!("max_pooling_forward: z is {:?}: {rule}", (n, c, h, w))
        );
        let out = Tensor4::zeros([n, c, h + 1, w + 1]);
        assert!(message(max_pooling_backward(&out, &z, (2, 2), slide)).ends_with(rule));
        // Zeros have a maximum and a mean.
        assert_eq!(max_pooling_zero_padded_forward(&z, (2, 2), slide).unwrap(), out);
        assert_eq!(avg_pooling_forward(&z, (2, 2), slide).unwrap(), out);
        assert_eq!(max_pooling_zero_padded_backward(&out, &z, (2, 2), slide).unwrap(), z);
        assert_eq!(avg_pooling_backward(&out, &z, (2, 2), slide).unwrap(), z);
    }
}

#[test]
fn a_layer_without_inputs_gives_its_bias() -> Result<(), ShapeError> {
    let (z, w, b) = (DMatrix::<f64>::zeros(2, 0), DMatrix::zeros(0, 3), dvector![1.0, 2.0, 3.0]);
    assert_eq!(fc_forward(&z, &w, &b)?, dmatrix![1.0, 2.0, 3.0; 1.0, 2.0, 3.0]);
    let g = fc_backward(&matrix(1, 2, 3), &w, &z)?;
    assert_eq!((g.dw.shape(), g.db.len(), g.dz.shape()), ((0, 3), 3, (2, 0)));
    // Numbers that are no machine floats take other loops.
    let y = fc_forward(&lift(&z), &lift(&w), &lift(&b))?;
    assert_eq!(y.map(|y: Dual<f64>| y.re), fc_forward(&z, &w, &b)?);
    for shape in [[0, 2, 3, 1], [2, 0, 3, 1], [2, 3, 0, 1]] {
        let (z, alpha) = (Tensor4::<f64>::zeros(shape), DVector::from_element(shape[1], 0.25));
        assert_eq!(prelu_forward(&z, &alpha)?, z);
        assert_eq!(prelu_backward(&z, &z, &alpha)?.dz, z);
        assert_eq!(flatten_backward(&flatten_forward(&z), &z)?, z);
    }
    Ok(())
}

#[test]
fn data_sets_of_any_size_are_read_or_refused() -> Result<(), Box<dyn std::error::Error>> {
    let none = cifar10::read::<f32>("x", &[][..], 0)?;
    assert_eq!((none.inputs.shape(), none.labels.len()), ([0, 3, 32, 32], 0));
    for count in HOSTILE.into_iter().filter(|count| *count > 0) {
        let error = cifar10::read::<f32>("x", &[1; 3073][..], count).unwrap_err().to_string();
        let promised = count as u128 * 3073;
        assert_eq!(error, format!("x: expected {count} records of 3073 bytes, {promised} in all, found 3073"));
    }
    let one = || Tensor4::<f64>::zeros([2, 1, 1, 1]);
    assert!(Dataset::new(one(), vec![0, 1], 1 << 20).is_ok());
    let refused = message(Dataset::new(one(), vec![0, 1], 1 << 63));
    assert!(refused.starts_with("Dataset::new: the targets are (2, 9223372036854775808): the product"));
    for samples in [1 << 45, 1 << 62, 1 << 63, MAX] {
        let (w, b) = (matrix(1, 4, 2), dvector![1.0, 2.0]);
        assert!(message(synthetic::linear(&w, &b, samples, 0)).starts_with("synthetic::linear: x would be"));
    }
    for maps in [[1 << 32, 1 << 32, 1], [1, 1 << 45, 28], [MAX, MAX, MAX]] {
        assert!(
            message(lenet::<f32>(Start::He, 1).summary(maps)).starts_with("Sequential::summary: the input would be")
        );
        let cost = Cost::of(&mut Sequential::new().with(Relu::new()), maps);
        assert!(message(cost).starts_with("Cost::of: the input would be"));
    }
    Ok(())
}

/// Pixels of one side under window i, of a side padded by p.
fn covers(i: usize, s: usize, k: usize, p: usize, size: usize) -> impl Iterator<Item = usize> {
    let from = i as i128 * s as i128 - p as i128;
    (0..size).filter(move |&r| (from..from + k as i128).contains(&(r as i128)))
}

#[test]
fn hostile_sizes_are_right_or_refused() {
    let mut rng = init::rng(2);
    let (mut done, mut refused) = (0, 0);
    for number in 0..20_000 {
        let mut small = || rng.random_range(0..4_usize);
        let [n, c, d, h, w] = std::array::from_fn(|_| small());
        let (k1, k2) = (1 + small(), 1 + small());
        let (z, k) = (integers(number, [n, c, h, w]), integers(number + 1, [c, d, k1, k2]));
        let (b, slide) = (DVector::from_element(d, 5.0), slide(&mut rng));
        let case = format!("z {:?}, K {:?}, {slide:?}", z.shape(), k.shape());
        let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);

        // Bricks.
        let padded = [h, w].into_iter().zip([p1, p2]).map(|(size, p)| size.saturating_add(p.saturating_mul(2)));
        let padded: Vec<usize> = [n, c].into_iter().chain(padded).collect();
        if may_ask(&padded) {
            match z.pad(slide.padding) {
                Ok(wide) => {
                    assert_eq!(wide.shape()[..], padded, "{case}");
                    assert_eq!(remove_padding(&wide, slide.padding).as_ref(), Ok(&z), "{case}");
                }
                Err(error) => assert_eq!(error.function, "Tensor4::pad"),
            }
        }
        if let Ok(less) = remove_padding(&z, slide.padding) {
            assert_eq!(less.shape(), [n, c, h - 2 * p1, w - 2 * p2], "{case}");
        }
        let spread = [(h, s1), (w, s2)].map(|(size, s)| size.saturating_sub(1).saturating_mul(s).saturating_add(1));
        if may_ask(&[n, c, spread[0], spread[1]]) {
            match insert_zeros(&z, slide.strides) {
                Ok(hat) if h * w > 0 => assert_eq!(hat.shape(), [n, c, spread[0], spread[1]], "{case}"),
                Ok(hat) => assert!(hat.as_slice().is_empty(), "{case}"),
                Err(error) => assert_eq!(error.function, "insert_zeros"),
            }
        }
        let wild = [size(&mut rng), size(&mut rng), size(&mut rng), size(&mut rng)];
        if let Ok(tensor) = Tensor4::from_row_major(wild, &[1.0; 2][..number as usize % 3]) {
            assert_eq!((tensor.shape(), tensor.as_slice().len()), (wild, number as usize % 3), "{wild:?}");
            let product = wild.iter().fold(1_u128, |product, &size| product * size as u128);
            assert_eq!(product, number as u128 % 3, "{wild:?}");
        }
        let _ = Tensor4::from_matrix(z.matrix().clone(), [wild[0], wild[1], wild[2]])
            .map(|t| assert_eq!(t.shape(), [n, wild[0], wild[1], wild[2]]));

        // Convolution.
        let out = both_sides((h, w), (k1, k2), slide);
        if out.is_none_or(|(rows, columns)| may_ask(&[n.max(1), d.max(1), rows, columns])) {
            let (fast, naive) = (conv_forward(&z, &k, &b, slide), conv_forward_naive(&z, &k, &b, slide));
            match (fast, naive) {
                (Ok(fast), Ok(naive)) => {
                    assert_eq!(fast, naive, "{case}");
                    let next_dz = integers(number + 2, fast.shape());
                    let fast = conv_backward(&next_dz, &k, &z, slide).unwrap();
                    let wide = [n.max(1), c.max(d).max(1), padded[2].saturating_add(k1), padded[3].saturating_add(k2)];
                    let numbers = wide.iter().fold(1_u128, |product, &size| product.saturating_mul(size as u128));
                    if numbers <= FEW && n > 0 {
                        assert_eq!(conv_backward_naive(&next_dz, &k, &z, slide).as_ref(), Ok(&fast), "{case}");
                    }
                    done += 1;
                }
                (fast, naive) => {
                    assert!(fast.is_err() && naive.is_err(), "{case}: {fast:?}, {naive:?}");
                    refused += 1;
                }
            }
        }

        // Pooling, with hostile windows.
        let pooling = pair(&mut rng);
        let out = both_sides((h, w), pooling, slide);
        if out.is_none_or(|(rows, columns)| may_ask(&[n.max(1), c.max(1), rows, columns])) {
            let mean = avg_pooling_forward(&z, pooling, slide);
            let max = max_pooling_zero_padded_forward(&z, pooling, slide);
            let _ = max_pooling_forward(&z, pooling, slide).map(|y| {
                assert_eq!(y.shape(), max.as_ref().unwrap().shape(), "{case}, {pooling:?}");
                let dz = max_pooling_backward(&y, &z, pooling, slide).unwrap();
                assert_eq!(dz.matrix().sum(), y.matrix().sum(), "{case}, {pooling:?}");
            });
            assert_eq!(mean.is_ok(), max.is_ok(), "{case}, {pooling:?}");
            let (Ok(mean), Ok(max)) = (mean, max) else { continue };
            let area = pooling.0 as f64 * pooling.1 as f64;
            let [_, _, rows, columns] = mean.shape();
            assert_eq!(Some((rows, columns)), out, "{case}, {pooling:?}");
            for (n, c, i, j) in (0..n)
                .flat_map(|n| (0..c).map(move |c| (n, c)))
                .flat_map(|(n, c)| (0..rows).flat_map(move |i| (0..columns).map(move |j| (n, c, i, j))))
            {
                let pixels = || {
                    covers(i, s1, pooling.0, p1, h)
                        .flat_map(|r| covers(j, s2, pooling.1, p2, w).map(move |q| (r, q)))
                        .map(|(r, q)| z[(n, c, r, q)])
                };
                let expected = pixels().sum::<f64>() / area;
                assert!((mean[(n, c, i, j)] - expected).abs() <= 1e-15 * expected.abs(), "{case}, {pooling:?}");
                let padded = (pixels().count() as u128) < pooling.0 as u128 * pooling.1 as u128;
                let largest = pixels().chain(padded.then_some(0.0)).fold(f64::NEG_INFINITY, f64::max);
                assert_eq!(max[(n, c, i, j)], largest, "{case}, {pooling:?}");
            }
            let dz = avg_pooling_backward(&mean, &z, pooling, slide).unwrap();
            assert_eq!(dz.shape(), z.shape());
            let dz = max_pooling_zero_padded_backward(&max, &z, pooling, slide).unwrap();
            // What goes to the padding is a maximum of 0.
            assert_eq!(dz.matrix().sum(), max.matrix().sum(), "{case}, {pooling:?}");
            done += 1;
        } else {
            refused += 1;
        }
    }
    assert!(done > 3_000 && refused > 3_000, "{done} done, {refused} refused");
}
