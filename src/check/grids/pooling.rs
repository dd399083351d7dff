//! The poolings: maximum with both paddings, average, and both over whole maps.

use super::Numbers;
use super::conv::image_side;
use crate::check::Proof;
use crate::check::certificate::{Case, Evidence};
use crate::check::definitions::Pooling;
use crate::layers::*;
use crate::numbers::Dual;
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::DMatrix;
use std::fmt;

/// One pooling's shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolingShape {
    /// (N, C, H, W).
    pub z: [usize; 4],
    /// (k1, k2).
    pub window: (usize, usize),
    /// Strides, padding, and rounding down where the strides do not tile.
    pub slide: Slide,
}

impl fmt::Display for PoolingShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Slide { strides, padding, .. }, window) = (self.slide, self.window);
        write!(f, "z {:?}, window {window:?}, strides {strides:?}, padding {padding:?}", self.z)
    }
}

/// Every window from 1×1 to 4×4 with seven strides from 1×1 to 3×3, so that windows overlap, tile and leave gaps;
/// paddings smaller than the window, N and C 1–4, outputs of 1–3 and remainders of 0–2 run through beside them. Then
/// 1×1 images.
pub fn pooling_shapes() -> Vec<PoolingShape> {
    let mut shapes = Vec::new();
    let windows = (1..=4).flat_map(|k1| (1..=4).map(move |k2| (k1, k2)));
    for (a, window) in windows.enumerate() {
        for (b, strides) in [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1), (2, 3), (3, 1)].into_iter().enumerate() {
            let padding = ((a + b) % window.0, (a / 2 + b) % window.1);
            let (height, left_rows) = image_side(window.0, strides.0, padding.0, a / 2 + b, a);
            let (width, left_columns) = image_side(window.1, strides.1, padding.1, a / 4 + b / 3, a / 3);
            let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
            let slide = if left_rows + left_columns > 0 { slide.round_down() } else { slide };
            let (samples, channels) = (1 + (a + 2 * b) % 4, 1 + (a / 3 + b) % 4);
            shapes.push(PoolingShape { z: [samples, channels, height, width], window, slide });
        }
    }
    for (k, p) in [(1, 0), (2, 1), (3, 1), (3, 2)] {
        for s in 1..=3 {
            let t = shapes.len();
            let slide = Slide::by(s, s).padding(p, p).round_down();
            shapes.push(PoolingShape { z: [1 + t % 4, 1 + t / 2 % 4, 1, 1], window: (k, k), slide });
        }
    }
    shapes
}

type Pooled<T> = Result<Tensor4<T>, ShapeError>;
type Forward<T> = fn(&Tensor4<T>, (usize, usize), Slide) -> Pooled<T>;
type Backward<T> = fn(&Tensor4<T>, &Tensor4<T>, (usize, usize), Slide) -> Pooled<T>;

/// One pooling layer: its functions, and what defines it.
struct Layer {
    names: [&'static str; 2],
    definition: Pooling<f64>,
    forward: Forward<f64>,
    on_duals: Forward<Dual<f64>>,
    backward: Backward<f64>,
}

const LAYERS: [Layer; 3] = [
    Layer {
        names: ["max_pooling_forward", "max_pooling_backward"],
        definition: Pooling::Max { padding: f64::NEG_INFINITY },
        forward: max_pooling_forward,
        on_duals: max_pooling_forward,
        backward: max_pooling_backward,
    },
    Layer {
        names: ["max_pooling_zero_padded_forward", "max_pooling_zero_padded_backward"],
        definition: Pooling::Max { padding: 0.0 },
        forward: max_pooling_zero_padded_forward,
        on_duals: max_pooling_zero_padded_forward,
        backward: max_pooling_zero_padded_backward,
    },
    Layer {
        names: ["avg_pooling_forward", "avg_pooling_backward"],
        definition: Pooling::Average,
        forward: avg_pooling_forward,
        on_duals: avg_pooling_forward,
        backward: avg_pooling_backward,
    },
];

pub(super) fn cases() -> Vec<Case> {
    let sliding = pooling_shapes().into_iter().enumerate().map(|(number, shape)| {
        Case::new(format!("pooling: {shape}"), move |evidence| {
            LAYERS.iter().try_for_each(|layer| pool(evidence, number, shape, layer))
        })
    });
    let maps = [(1, 1), (1, 4), (2, 2), (3, 2), (5, 3)];
    let batches = [(1, 1), (1, 3), (2, 2), (3, 1), (4, 4)];
    let shapes = batches.into_iter().flat_map(|(n, c)| maps.map(|(h, w)| [n, c, h, w]));
    let global = shapes.enumerate().map(|(number, shape)| {
        Case::new(format!("global pooling: z {shape:?}"), move |evidence| global(evidence, number, shape))
    });
    sliding.chain(global).collect()
}

fn pool(evidence: &mut Evidence, number: usize, shape: PoolingShape, layer: &Layer) -> Result<(), ShapeError> {
    let ([forward, backward], PoolingShape { z, window, slide }) = (layer.names, shape);
    let [samples, channels, height, width] = z;
    let out = slide.output_size((height, width), window)?;
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers && layer.definition.is_exact(window);
        let (z, next_dz) = (numbers.distinct(z), numbers.tensor([samples, channels, out.0, out.1]));
        let defined = layer.definition.forward(&z, window, slide, out);
        evidence.values(forward, &(layer.forward)(&z, window, slide)?, &defined, exact);
        let dz = (layer.backward)(&next_dz, &z, window, slide)?;
        evidence.values(backward, &dz, &layer.definition.backward(&next_dz, &z, window, slide), exact);
        let proof = Proof::new(backward, &next_dz).exact_if(exact);
        evidence.proof(&proof.input("dz", &z, &dz, |z| (layer.on_duals)(z, window, slide))?);

        // Small integers are full of ties, where there is no derivative; but the definition says who takes the gradient.
        let tied = numbers.tensor(shape.z);
        let dz = (layer.backward)(&next_dz, &tied, window, slide)?;
        evidence.values(backward, &dz, &layer.definition.backward(&next_dz, &tied, window, slide), exact);
    }
    Ok(())
}

fn global(evidence: &mut Evidence, number: usize, shape: [usize; 4]) -> Result<(), ShapeError> {
    let [samples, channels, height, width] = shape;
    let is_exact = |integers: bool| integers && (height * width).is_power_of_two();
    for mut numbers in Numbers::both(number) {
        let exact = numbers.integers;
        let (z, next_dz) = (numbers.distinct(shape), numbers.matrix(samples, channels));

        let largest = DMatrix::from_fn(samples, channels, |n, c| z.map_at(n, c).max());
        evidence.values("global_max_pooling_forward", &global_max_pooling_forward(&z)?, &largest, exact);
        let dz = global_max_pooling_backward(&next_dz, &z)?;
        let proof = Proof::new("global_max_pooling_backward", &next_dz).exact_if(exact);
        evidence.proof(&proof.input("dz", &z, &dz, global_max_pooling_forward)?);

        let mean = DMatrix::from_fn(samples, channels, |n, c| z.map_at(n, c).mean());
        evidence.values("global_avg_pooling_forward", &global_avg_pooling_forward(&z)?, &mean, is_exact(exact));
        let dz = global_avg_pooling_backward(&next_dz, &z)?;
        let proof = Proof::new("global_avg_pooling_backward", &next_dz).exact_if(is_exact(exact));
        evidence.proof(&proof.input("dz", &z, &dz, global_avg_pooling_forward)?);
    }
    Ok(())
}
