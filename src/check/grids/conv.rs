//! Convolution, and the bricks of its backward.

use super::Numbers;
use crate::check::certificate::{Case, Evidence};
use crate::check::{Proof, definitions, lift};
use crate::layers::{
    conv_backward, conv_backward_naive, conv_forward, conv_forward_naive, insert_zeros, remove_padding,
    single_channel_conv,
};
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::DVector;
use std::fmt;

/// One convolution's shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// (N, C, H, W).
    pub z: [usize; 4],
    /// D.
    pub depth: usize,
    /// (k1, k2).
    pub kernel: (usize, usize),
    /// Strides, padding, and rounding down where the strides do not tile.
    pub slide: Slide,
}

impl fmt::Display for ConvShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Slide { strides, padding, .. }, kernel) = (self.slide, self.kernel);
        write!(f, "z {:?}, D {}, kernel {kernel:?}, strides {strides:?}, padding {padding:?}", self.z, self.depth)
    }
}

/// Three grids, one after the other.
///
/// 1. Every kernel from 1×1 to 5×5 with every stride from 1×1 to 3×3; paddings, remainders, N, C and D of 1–4 and
///    outputs of 1–3 rows and columns run through beside them, each in its own rhythm.
/// 2. Along the rows every side of a kernel (1–5) with every stride (1–3), padding (0–3) and remainder that the stride
///    can leave, along the columns the same in another order.
/// 3. 1×1 images under every kernel, padding and stride that fits them.
pub fn conv_shapes() -> Vec<ConvShape> {
    let mut shapes = Vec::new();
    let kernels = (1..=5).flat_map(|k1| (1..=5).map(move |k2| (k1, k2)));
    let strides = (1..=3).flat_map(|s1| (1..=3).map(move |s2| (s1, s2)));
    for (a, kernel) in kernels.enumerate() {
        for (b, strides) in strides.clone().enumerate() {
            let padding = ((a + b) % 4, (a / 4 + b / 2) % 4);
            let (height, left_rows) = image_side(kernel.0, strides.0, padding.0, a / 2 + b, a);
            let (width, left_columns) = image_side(kernel.1, strides.1, padding.1, a / 4 + b / 3, a / 3);
            let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
            let slide = if left_rows + left_columns > 0 { slide.round_down() } else { slide };
            let (samples, channels, depth) = (1 + (a + 2 * b) % 4, 1 + (a / 3 + b) % 4, 1 + (a / 2 + b / 2) % 4);
            shapes.push(ConvShape { z: [samples, channels, height, width], depth, kernel, slide });
        }
    }
    let sides: Vec<_> = (1..=5)
        .flat_map(|k| (1..=3).map(move |s| (k, s)))
        .flat_map(|(k, s)| (0..=3).map(move |p| (k, s, p)))
        .flat_map(|(k, s, p)| (0..s).map(move |left| (k, s, p, left)))
        .collect();
    for (t, &(k1, s1, p1, left_rows)) in sides.iter().enumerate() {
        let (k2, s2, p2, left_columns) = sides[(37 * t + 11) % sides.len()]; // 37 has no factor in common with 120
        let (height, width) = (image_side(k1, s1, p1, t, left_rows).0, image_side(k2, s2, p2, t / 3, left_columns).0);
        let slide = Slide::by(s1, s2).padding(p1, p2).round_down();
        let (samples, channels, depth) = (1 + t % 4, 1 + t / 4 % 3, 1 + t / 2 % 3);
        shapes.push(ConvShape { z: [samples, channels, height, width], depth, kernel: (k1, k2), slide });
    }
    for (k, p) in (1..=5).flat_map(|k: usize| (k / 2..=3).map(move |p| (k, p))) {
        for s in 1..=3 {
            let t = shapes.len();
            let slide = Slide::by(s, s).padding(p, p).round_down();
            let (samples, channels, depth) = (1 + t % 4, 1 + t / 2 % 4, 1 + t / 3 % 4);
            shapes.push(ConvShape { z: [samples, channels, 1, 1], depth, kernel: (k, k), slide });
        }
    }
    shapes
}

/// The side of an image with `outputs` % 3 + 1 windows along it (more if the padding alone holds that many) and what
/// the last window leaves of it.
pub(super) fn image_side(k: usize, s: usize, p: usize, outputs: usize, remainder: usize) -> (usize, usize) {
    let left = remainder % s;
    let mut padded = k + outputs % 3 * s + left;
    while padded <= 2 * p {
        padded += s;
    }
    (padded - 2 * p, left)
}

/// Shapes that are cut into blocks and parts: larger than a block of the kernels, and not a multiple of it.
fn large_shapes() -> [ConvShape; 3] {
    let shape = |z, depth, kernel, slide| ConvShape { z, depth, kernel, slide };
    [
        shape([9, 4, 28, 27], 8, (5, 5), Slide::by(1, 1).padding(2, 2)),
        shape([5, 3, 40, 41], 6, (3, 3), Slide::by(2, 2).padding(1, 1).round_down()),
        shape([33, 2, 17, 16], 16, (4, 3), Slide::by(1, 1)),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let proved = conv_shapes()
        .into_iter()
        .enumerate()
        .map(|(number, shape)| Case::new(format!("conv: {shape}"), move |evidence| conv(evidence, number, shape)));
    let compared =
        large_shapes().map(|shape| Case::new(format!("conv: {shape}"), move |evidence| large(evidence, shape)));
    proved.chain(compared).chain(bricks()).collect()
}

/// z, K, b and next_dz of a shape.
type Inputs = (Tensor4<f64>, Tensor4<f64>, DVector<f64>, Tensor4<f64>);

fn inputs(numbers: &mut Numbers, shape: ConvShape) -> Result<Inputs, ShapeError> {
    let [samples, channels, height, width] = shape.z;
    let (rows, columns) = shape.slide.output_size((height, width), shape.kernel)?;
    Ok((
        numbers.tensor(shape.z),
        numbers.tensor([channels, shape.depth, shape.kernel.0, shape.kernel.1]),
        numbers.vector(shape.depth),
        numbers.tensor([samples, shape.depth, rows, columns]),
    ))
}

fn conv(evidence: &mut Evidence, number: usize, shape: ConvShape) -> Result<(), ShapeError> {
    let slide = shape.slide;
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers;
        let (z, k, b, next_dz) = inputs(&mut numbers, shape)?;
        let (map, kernel) = (z.map_at(0, 0), k.map_at(0, 0));
        let defined = definitions::single_channel_conv(&map, &kernel, b[0], slide);
        evidence.values("single_channel_conv", &single_channel_conv(&map, &kernel, b[0], slide)?, &defined, exact);
        let naive = conv_forward_naive(&z, &k, &b, slide)?;
        evidence.values("conv_forward_naive", &naive, &definitions::conv(&z, &k, &b, slide), exact);
        evidence.values("conv_forward", &conv_forward(&z, &k, &b, slide)?, &naive, exact);

        let g = conv_backward(&next_dz, &k, &z, slide)?;
        let proof = Proof::new("conv_backward", &next_dz).exact_if(exact);
        let proof = proof
            .parameter("dk", &k, &g.dk, |k| conv_forward(&lift(&z), k, &lift(&b), slide))?
            .parameter("db", &b, &g.db, |b| conv_forward(&lift(&z), &lift(&k), b, slide))?
            .input("dz", &z, &g.dz, |z| conv_forward(z, &lift(&k), &lift(&b), slide))?;
        evidence.proof(&proof);

        let naive = conv_backward_naive(&next_dz, &k, &z, slide)?;
        let [dk, db, dz] = [0, 1, 2].map(|at| &proof.checks()[at].expected);
        evidence.values("conv_backward_naive", &naive.dk, &with(&k, dk), exact);
        evidence.values("conv_backward_naive", &naive.db, &DVector::from_column_slice(db), exact);
        evidence.values("conv_backward_naive", &naive.dz, &with(&z, dz), exact);
    }
    Ok(())
}

/// A tensor of the shape of `like` with these numbers, as they lie in memory.
fn with(like: &Tensor4<f64>, values: &[f64]) -> Tensor4<f64> {
    let mut values = values.iter();
    like.map(|_| values.next().copied().unwrap_or(f64::NAN))
}

fn large(evidence: &mut Evidence, shape: ConvShape) -> Result<(), ShapeError> {
    for mut numbers in Numbers::both(0) {
        let exact = numbers.integers;
        let (z, k, b, next_dz) = inputs(&mut numbers, shape)?;
        let naive = conv_forward_naive(&z, &k, &b, shape.slide)?;
        evidence.values("conv_forward", &conv_forward(&z, &k, &b, shape.slide)?, &naive, exact);
        let g = conv_backward(&next_dz, &k, &z, shape.slide)?;
        let naive = conv_backward_naive(&next_dz, &k, &z, shape.slide)?;
        evidence.values("conv_backward", &g.dk, &naive.dk, exact);
        evidence.values("conv_backward", &g.db, &naive.db, exact);
        evidence.values("conv_backward", &g.dz, &naive.dz, exact);
    }
    Ok(())
}

fn bricks() -> Vec<Case> {
    let mut cases = Vec::new();
    for (s1, s2) in (1..=4).flat_map(|s1| (1..=4).map(move |s2| (s1, s2))) {
        let number = cases.len();
        let shape = [1 + number % 3, 1 + number / 3 % 2, 1 + number % 4, 1 + number / 2 % 4];
        cases.push(Case::new(format!("insert_zeros: z {shape:?}, strides {:?}", (s1, s2)), move |evidence| {
            let [_, mut numbers] = Numbers::both(number);
            let z = numbers.tensor(shape);
            let spread = definitions::insert_zeros(&z, (s1, s2));
            evidence.values("insert_zeros", &insert_zeros(&z, (s1, s2))?, &spread, true);
            Ok(())
        }));
    }
    for (p1, p2) in (0..=3).flat_map(|p1| (0..=3).map(move |p2| (p1, p2))) {
        let number = cases.len();
        let [n, c, h, w] = [1 + number % 3, 1 + number / 3 % 2, number % 4, 1 + number / 2 % 4];
        let shape = [n, c, h + 2 * p1, w + 2 * p2];
        cases.push(Case::new(format!("remove_padding: z {shape:?}, padding {:?}", (p1, p2)), move |evidence| {
            let [_, mut numbers] = Numbers::both(number);
            let z = numbers.tensor(shape);
            let inside = definitions::remove_padding(&z, (p1, p2));
            evidence.values("remove_padding", &remove_padding(&z, (p1, p2))?, &inside, true);
            Ok(())
        }));
    }
    cases
}
