//! Flatten: the maps of a sample in a row.

use super::{exercises, functions};
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, mistakes};
use crate::check::lesson::{Answer, CardText, Grid, Lesson, Question, Setting};
use crate::check::signatures::{BackToMaps, FlattenForward};
use crate::check::values::Named;
use crate::layers::{flatten_backward, flatten_forward};
use crate::{Float, Tensor4};
use nalgebra::DMatrix;
use std::fmt;

/// (N, C, H, W).
#[derive(Clone, Copy)]
pub(super) struct Maps([usize; 4]);

impl fmt::Display for Maps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [n, c, h, w] = self.0;
        write!(f, "z {:?}", (n, c, h, w))
    }
}

impl Setting for Maps {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        Named::of([("z", draw.tensor(self.0).into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        let [n, c, h, w] = self.0;
        vec![(n > 1, Feature::Batch), (c > 1, Feature::Maps), (h != w, Feature::Rectangle)]
    }
}

/// [`flatten_forward`] and [`flatten_backward`].
pub(super) struct Flatten;

impl Lesson for Flatten {
    type Setting = Maps;
    functions! { flatten_forward: FlattenForward = FLATTEN_FORWARD, flatten_backward: BackToMaps = FLATTEN_BACKWARD }
    const IS_POLYNOMIAL: bool = true;
    const CARD: CardText = Some(("flatten", include_str!("../../layers/flatten.rs")));
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Maps, "which runs faster, the pixel or the map?"),
        ("y", Feature::Batch, "does every sample stay in its row?"),
        ("y", Feature::Rectangle, "is a map read row by row?"),
        ("dz", Feature::Maps, "which runs faster, the pixel or the map?"),
        ("dz", Feature::Batch, "does every sample stay in its row?"),
        ("dz", Feature::Rectangle, "is a map written row by row?"),
    ];

    fn call_forward<T: Float>(f: FlattenForward<T>, _: &Maps, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.tensor("z")).into())]))
    }
    fn call_backward<T: Float>(f: BackToMaps<T>, _: &Maps, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz"), x.tensor("z"))?.into())]))
    }

    /// The numbers of a sample in a row: channel by channel, row by row.
    fn definition<T: Float>(_: &Maps, x: &Named<T>) -> Answer<T> {
        let z = x.tensor("z");
        let [n, c, h, w] = z.shape();
        let y = DMatrix::from_fn(n, c * h * w, |n, q| z[(n, q / (h * w), q / w % h, q % w)]);
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Maps> {
        let (proved, told) = (
            [(1, 1, 1), (3, 1, 1), (2, 3, 4), (2, 2, 5), (1, 4, 1)],
            [(1, 2, 2), (2, 2, 2), (1, 2, 3), (3, 2, 4), (2, 1, 3), (2, 3, 1), (4, 1, 1)],
        );
        Grid {
            small: Maps([2, 2, 3, 2]),
            proved: (1..=4).flat_map(|n| proved.map(|(c, h, w)| Maps([n, c, h, w]))).collect(),
            large: vec![Maps([70, 5, 31, 29])],
            problems: [1, 3].into_iter().flat_map(|n| told.map(|(c, h, w)| Maps([n, c, h, w]))).collect(),
        }
    }
}

exercises! { Flatten: flatten_forward(FlattenForward), flatten_backward(BackToMaps); }

mistakes! { FLATTEN_FORWARD of flatten_forward(FlattenForward)
    "the channel runs fastest":
        "y[n, j + W·(i + H·c)] is z[n,c,i,j]: one whole map after the other. Here the channels take turns.",
    |z| {
        let [n, c, h, w] = z.shape();
        DMatrix::from_fn(n, c * h * w, |n, q| z[(n, q % c, q / c / w, q / c % w)])
    };
    "the rows run faster than the columns":
        "y[n, j + W·(i + H·c)] is z[n,c,i,j]: a map is read row by row, not column by column.",
    |z| {
        let [n, c, h, w] = z.shape();
        DMatrix::from_fn(n, c * h * w, |n, q| z[(n, q / (h * w), q % h, q / h % w)])
    };
    "the samples are mixed":
        "A sample stays in its row; here the numbers are dealt out row by row from memory, where the samples take \
         turns.",
    |z| DMatrix::from_row_slice(z.matrix().nrows(), z.matrix().ncols(), z.as_slice());
    "the result is transposed": "y is (N, C·H·W): a sample is a row.",
    |z| flatten_forward(z).transpose();
}

mistakes! { FLATTEN_BACKWARD of flatten_backward(BackToMaps)
    "the channel runs fastest":
        "dz[n,c,i,j] is next_dz[n, j + W·(i + H·c)]: one whole map after the other, as in the forward.",
    |next_dz, z| {
        let [_, c, _, w] = z.shape();
        Ok(Tensor4::from_fn(z.shape(), |n, ch, i, j| next_dz[(n, ch + c * (j + w * i))]))
    };
    "the rows run faster than the columns":
        "dz[n,c,i,j] is next_dz[n, j + W·(i + H·c)]: a map is read row by row, as in the forward.",
    |next_dz, z| {
        let [_, _, h, w] = z.shape();
        Ok(Tensor4::from_fn(z.shape(), |n, c, i, j| next_dz[(n, i + h * (j + w * c))]))
    };
    "dz is multiplied by z":
        "Flattening changes no number, so its slope is 1: dz is next_dz in another shape, nothing else.",
    |next_dz, z| flatten_backward(&next_dz.component_mul(z.matrix()), z);
}
