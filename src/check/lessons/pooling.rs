//! The poolings: maximum with both paddings, average, and both over whole maps. The numbers are the steps of the
//! derivations of [`max`] and [`average`] pooling.

use super::windows::*;
use super::{exercises, functions};
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, mistakes};
use crate::check::lesson::{Answer, CardText, Grid, Lesson, Question, Setting};
use crate::check::signatures::{BackToMaps, GlobalForward, PoolingBackward, PoolingForward};
use crate::check::values::Named;
use crate::layers::*;
use crate::{Float, ShapeError, Slide, Tensor4, lit};
use nalgebra::DMatrix;
use std::fmt;

/// The numbers under window (i, j), row by row, and the pixel of each; a place in the padding has no pixel and counts
/// as `padding`, or not at all.
fn window<T: Float>(
    map: &DMatrix<T>,
    (k1, k2): (usize, usize),
    slide: Slide,
    (i, j): (usize, usize),
    padding: Option<T>,
) -> (Vec<T>, Vec<Option<(usize, usize)>>) {
    let pixel = |(u, v): (usize, usize)| {
        let r = (i * slide.strides.0 + u).checked_sub(slide.padding.0).filter(|&r| r < map.nrows())?;
        let q = (j * slide.strides.1 + v).checked_sub(slide.padding.1).filter(|&q| q < map.ncols())?;
        Some((r, q))
    };
    let places = every(k1, k2).map(pixel);
    places.filter_map(|pixel| Some((pixel.map(|at| map[at]).or(padding)?, pixel))).unzip()
}

/// dz, for which every window calls `give(dz, δ, weight)` at each of its pixels. `weights` sees the numbers of a window,
/// row by row, as [`window`] lists them.
fn hand_out<T: Float, W>(
    (next_dz, z): (&Tensor4<T>, &Tensor4<T>),
    k: (usize, usize),
    slide: Slide,
    padding: Option<T>,
    weights: impl Fn(&[T]) -> Vec<W>,
    give: impl Fn(&mut T, T, W),
) -> Tensor4<T> {
    let [samples, channels, rows, columns] = next_dz.shape();
    let mut dz = Tensor4::zeros(z.shape());
    for (n, c) in every(samples, channels) {
        let map = z.map_at(n, c);
        for (i, j) in every(rows, columns) {
            let (numbers, pixels) = window(&map, k, slide, (i, j), padding);
            for (pixel, weight) in pixels.into_iter().zip(weights(&numbers)) {
                if let Some((r, q)) = pixel {
                    give(&mut dz[(n, c, r, q)], next_dz[(n, c, i, j)], weight);
                }
            }
        }
    }
    dz
}

fn every(a: usize, b: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)))
}

/// How a window becomes one number: its maximum, with a padding that counts as this number or not at all; or its mean,
/// with a padding of zeros.
#[derive(Clone, Copy)]
enum Pooling<T> {
    Max { padding: Option<T> },
    Average,
}

impl<T: Float> Pooling<T> {
    fn padding(self) -> Option<T> {
        match self {
            Pooling::Max { padding } => padding,
            Pooling::Average => Some(T::zero()),
        }
    }

    /// Whether each place of a window contributes to its result.
    fn counted(self, window: &[T]) -> Vec<bool> {
        if matches!(self, Pooling::Average) {
            return vec![true; window.len()];
        }
        let largest = window.iter().fold(T::neg_infinity(), |max, x| max.max(*x));
        let first = window.iter().position(|x| x.is_nan()).or_else(|| window.iter().position(|x| *x == largest));
        (0..window.len()).map(|at| Some(at) == first).collect()
    }

    fn divisor(self, (k1, k2): (usize, usize)) -> T {
        match self {
            Pooling::Max { .. } => T::one(),
            Pooling::Average => lit((k1 * k2) as f64),
        }
    }

    /// The pooled maps, of `out` rows and columns.
    fn forward(self, z: &Tensor4<T>, k: (usize, usize), slide: Slide, out: (usize, usize)) -> Tensor4<T> {
        let [samples, channels, _, _] = z.shape();
        Tensor4::from_fn([samples, channels, out.0, out.1], |n, c, i, j| {
            let (numbers, _) = window(&z.map_at(n, c), k, slide, (i, j), self.padding());
            let terms = numbers.iter().zip(self.counted(&numbers)).filter(|(_, counted)| *counted);
            terms.fold(T::zero(), |sum, (x, _)| sum + *x) / self.divisor(k)
        })
    }

    /// Every window passes its δ to the places that contribute to it.
    fn backward(self, next_dz: &Tensor4<T>, z: &Tensor4<T>, k: (usize, usize), slide: Slide) -> Tensor4<T> {
        hand_out(
            (next_dz, z),
            k,
            slide,
            self.padding(),
            |window| self.counted(window),
            |dz, delta, counted| {
                if counted {
                    *dz += delta / self.divisor(k);
                }
            },
        )
    }

    /// y, and dz if there is a next_dz.
    fn answer(self, shape: &PoolingShape, x: &Named<T>) -> Answer<T> {
        let (z, PoolingShape { window, slide, .. }) = (x.tensor("z"), *shape);
        let [_, _, height, width] = z.shape();
        let y = self.forward(z, window, slide, slide.output_size((height, width), window)?);
        let y = Named::of([("y", y.into())]);
        if x.get("next_dz").is_none() {
            return Ok(y);
        }
        Ok(y.with("dz", self.backward(x.tensor("next_dz"), z, window, slide)))
    }

    /// The same of a window as large as the map.
    fn of_whole_maps(self, maps: &WholeMaps, x: &Named<T>) -> Answer<T> {
        let (z, [_, _, height, width]) = (x.tensor("z"), maps.z);
        let (window, slide) = ((height, width), Slide::default());
        let y = Named::of([("y", self.forward(z, window, slide, (1, 1)).into_matrix().into())]);
        if x.get("next_dz").is_none() {
            return Ok(y);
        }
        let next_dz = Tensor4::from_vectors(x.matrix("next_dz").clone());
        Ok(y.with("dz", self.backward(&next_dz, z, window, slide)))
    }
}

/// The lesson of a pooling by windows: what defines it, where it is exact, and what else belongs to it.
macro_rules! by_windows {
    ($lesson:ident as $pooling:expr, exact where $exact:expr; $($own:tt)*) => {
        impl Lesson for $lesson {
            type Setting = PoolingShape;
            const DEFINES_INFINITIES: bool = true;
            $($own)*

            fn call_forward<T: Float>(f: PoolingForward<T>, shape: &PoolingShape, x: &Named<T>) -> Answer<T> {
                Ok(Named::of([("y", f(x.tensor("z"), shape.window, shape.slide)?.into())]))
            }
            fn call_backward<T: Float>(f: PoolingBackward<T>, shape: &PoolingShape, x: &Named<T>) -> Answer<T> {
                let dz = f(x.tensor("next_dz"), x.tensor("z"), shape.window, shape.slide)?;
                Ok(Named::of([("dz", dz.into())]))
            }
            fn definition<T: Float>(shape: &PoolingShape, x: &Named<T>) -> Answer<T> {
                $pooling.answer(shape, x)
            }
            fn grid() -> Grid<PoolingShape> {
                pooling_grid()
            }
            fn is_exact(shape: &PoolingShape) -> bool {
                let exact: fn((usize, usize)) -> bool = $exact;
                exact(shape.window)
            }
        }
    };
}

/// The same of a pooling of whole maps.
macro_rules! of_whole_maps {
    ($lesson:ident as $pooling:expr, exact where $exact:expr; $($own:tt)*) => {
        impl Lesson for $lesson {
            type Setting = WholeMaps;
            const DEFINES_INFINITIES: bool = true;
            $($own)*
            const CARD: CardText = Some(("global_pooling", include_str!("../../layers/pooling/global.rs")));
            const QUESTIONS: &'static [Question] = QUESTIONS;

            fn call_forward<T: Float>(f: GlobalForward<T>, _: &WholeMaps, x: &Named<T>) -> Answer<T> {
                Ok(Named::of([("y", f(x.tensor("z"))?.into())]))
            }
            fn call_backward<T: Float>(f: BackToMaps<T>, _: &WholeMaps, x: &Named<T>) -> Answer<T> {
                Ok(Named::of([("dz", f(x.matrix("next_dz"), x.tensor("z"))?.into())]))
            }
            fn definition<T: Float>(maps: &WholeMaps, x: &Named<T>) -> Answer<T> {
                $pooling.of_whole_maps(maps, x)
            }
            fn grid() -> Grid<WholeMaps> {
                whole_maps()
            }
            fn is_exact(maps: &WholeMaps) -> bool {
                let exact: fn((usize, usize)) -> bool = $exact;
                exact((maps.z[2], maps.z[3]))
            }
        }
    };
}

const QUESTIONS: &[Question] = &[
    ("y", Feature::Padding, "what does a place in the padding count as?"),
    ("y", Feature::Negative, "what is the maximum before the first number is seen?"),
    ("y", Feature::Overlap, "does window (i, j) begin at row i·s1 and column j·s2?"),
    ("y", Feature::Gaps, "does window (i, j) begin at row i·s1 and column j·s2?"),
    ("y", Feature::LeftOver, "is the number of windows rounded down?"),
    ("y", Feature::Rectangle, "which index runs over rows, and which over columns?"),
    ("y", Feature::Maps, "is every map pooled by itself?"),
    ("y", Feature::Batch, "does every sample go its own way?"),
    ("dz", Feature::Ties, "which of equal maxima takes the gradient?"),
    ("dz", Feature::Overlap, "a pixel under several windows gets something from each; do they add up?"),
    ("dz", Feature::Gaps, "do pixels that no window sees get a 0?"),
    ("dz", Feature::Padding, "what does a place in the padding count as, and where does its share go?"),
    ("dz", Feature::LeftOver, "do the rows that no window reaches get a 0?"),
    ("dz", Feature::Rectangle, "which index runs over rows, and which over columns?"),
    ("dz", Feature::Maps, "is every map pooled by itself?"),
    ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
];

/// [`max_pooling_forward`] and [`max_pooling_backward`].
pub(super) struct MaxPooling;

by_windows! { MaxPooling as Pooling::Max { padding: None }, exact where |_| true;
    functions! {
        max_pooling_forward: PoolingForward = MAX_POOLING_FORWARD,
        max_pooling_backward: PoolingBackward = MAX_POOLING_BACKWARD
    }
    const CARD: CardText = Some(("max_pooling", include_str!("../../layers/pooling/max.rs")));
    const TORCH: &'static str = "max_pool2d";
    const QUESTIONS: &'static [Question] = QUESTIONS;
}

/// [`max_pooling_zero_padded_forward`] and [`max_pooling_zero_padded_backward`].
pub(super) struct MaxPoolingZeroPadded;

by_windows! { MaxPoolingZeroPadded as Pooling::Max { padding: Some(T::zero()) }, exact where |_| true;
    functions! { max_pooling_zero_padded_forward: PoolingForward, max_pooling_zero_padded_backward: PoolingBackward }
}

/// [`avg_pooling_forward`] and [`avg_pooling_backward`].
pub(super) struct AvgPooling;

by_windows! { AvgPooling as Pooling::Average, exact where |(k1, k2)| (k1 * k2).is_power_of_two();
    functions! {
        avg_pooling_forward: PoolingForward = AVG_POOLING_FORWARD,
        avg_pooling_backward: PoolingBackward = AVG_POOLING_BACKWARD
    }
    const IS_POLYNOMIAL: bool = true;
    const CARD: CardText = Some(("avg_pooling", include_str!("../../layers/pooling/average.rs")));
    const TORCH: &'static str = "avg_pool2d";
    const QUESTIONS: &'static [Question] = QUESTIONS;
}

/// Maps that are pooled to one number each.
#[derive(Clone, Copy)]
pub(super) struct WholeMaps {
    z: [usize; 4],
    values: Values,
}

impl fmt::Display for WholeMaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [n, c, h, w] = self.z;
        write!(f, "z {:?}", (n, c, h, w))
    }
}

impl Setting for WholeMaps {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        Named::of([("z", self.values.draw(draw, self.z).into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        let [n, c, h, w] = self.z;
        vec![
            (n > 1, Feature::Batch),
            (c > 1, Feature::Maps),
            (h != w, Feature::Rectangle),
            (self.values == Values::Negative, Feature::Negative),
            (self.values == Values::Tied, Feature::Ties),
        ]
    }

    fn is_smooth(&self) -> bool {
        self.values != Values::Tied
    }

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        Some(WholeMaps { z: x.tensor("z").shape(), values: Values::Distinct })
    }
}

fn whole_maps() -> Grid<WholeMaps> {
    let maps = [(1, 1), (1, 4), (2, 2), (3, 2), (5, 3)];
    let batches = [(1, 1), (1, 3), (2, 2), (3, 1), (4, 4)];
    let proved = batches.into_iter().flat_map(|(n, c)| maps.map(|(h, w)| [n, c, h, w]));
    let told = [(1, 2, 2), (3, 2, 2), (1, 2, 3), (2, 3, 1), (2, 1, 1)];
    let told = [1, 3].into_iter().flat_map(|n| told.map(|(c, h, w)| [n, c, h, w]));
    let kinds = [Values::Distinct, Values::Negative, Values::Tied];
    Grid {
        small: WholeMaps { z: [2, 2, 3, 3], values: Values::Distinct },
        proved: proved.flat_map(|z| Values::PROVED.map(|values| WholeMaps { z, values })).collect(),
        large: vec![WholeMaps { z: [40, 6, 31, 29], values: Values::Tied }],
        problems: kinds.into_iter().flat_map(|values| told.clone().map(move |z| WholeMaps { z, values })).collect(),
    }
}

/// [`global_max_pooling_forward`] and [`global_max_pooling_backward`].
pub(super) struct GlobalMaxPooling;

of_whole_maps! { GlobalMaxPooling as Pooling::Max { padding: None }, exact where |_| true;
    functions! {
        global_max_pooling_forward: GlobalForward = GLOBAL_MAX_POOLING_FORWARD,
        global_max_pooling_backward: BackToMaps = GLOBAL_MAX_POOLING_BACKWARD
    }
    const TORCH: &'static str = "adaptive_max_pool2d";
}

/// [`global_avg_pooling_forward`] and [`global_avg_pooling_backward`].
pub(super) struct GlobalAvgPooling;

of_whole_maps! { GlobalAvgPooling as Pooling::Average, exact where |(h, w)| (h * w).is_power_of_two();
    functions! {
        global_avg_pooling_forward: GlobalForward = GLOBAL_AVG_POOLING_FORWARD,
        global_avg_pooling_backward: BackToMaps = GLOBAL_AVG_POOLING_BACKWARD
    }
    const IS_POLYNOMIAL: bool = true;
    const TORCH: &'static str = "adaptive_avg_pool2d";
}

exercises! {
    MaxPooling: max_pooling_forward(PoolingForward), max_pooling_backward(PoolingBackward);
    AvgPooling: avg_pooling_forward(PoolingForward), avg_pooling_backward(PoolingBackward);
    GlobalMaxPooling: global_max_pooling_forward(GlobalForward), global_max_pooling_backward(BackToMaps);
    GlobalAvgPooling: global_avg_pooling_forward(GlobalForward), global_avg_pooling_backward(BackToMaps);
}

mistakes! { MAX_POOLING_FORWARD of max_pooling_forward(PoolingForward)
    "the padding counts as 0":
        "The padding is −∞ and never wins; here a window of negative numbers at the border answers 0.",
    max_pooling_zero_padded_forward;
    "the maximum starts from 0":
        "A window of negative numbers has a negative maximum: start from −∞, or from the first of them.",
    |z, pooling, slide| Ok(max_pooling_forward(z, pooling, slide)?.map(|y| y.max(0.0)));
    "the windows tile, whatever the strides": "Window (i, j) begins at row i·s1 and column j·s2, not at i·k1 and j·k2.",
    |z, pooling, slide| max_pooling_forward(z, pooling, Slide { strides: pooling, ..slide }.round_down());
    "the last window is lost": "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
    |z, pooling, slide| Ok(last_window_lost(z, pooling, slide, &max_pooling_forward(z, pooling, slide)?));
    "the mean instead of the maximum": "y is the largest number of the window; here it is the mean of them.",
    avg_pooling_forward;
    "the largest absolute value": "−3 is not larger than 2: the maximum is taken of the numbers, not of their sizes.",
    |z, pooling, slide| max_pooling_forward(&z.map(f64::abs), pooling, slide);
}

mistakes! { MAX_POOLING_BACKWARD of max_pooling_backward(PoolingBackward)
    "every tied maximum gets the gradient":
        "The first maximum alone takes δ, so that Σ dz = Σ next_dz; here each of the equals gets all of it.",
    |next_dz, z, pooling, slide| {
        scatter(next_dz, z, pooling, slide, |window| {
            let largest = maximum(window);
            window.iter().map(|&x| f64::from(x == largest)).collect()
        })
    };
    "tied maxima share the gradient":
        "Of equal maxima, the first takes all of δ, as in the field's libraries; here they share it.",
    |next_dz, z, pooling, slide| {
        scatter(next_dz, z, pooling, slide, |window| {
            let largest = maximum(window);
            let count = window.iter().filter(|&&x| x == largest).count() as f64;
            window.iter().map(|&x| f64::from(x == largest) / count).collect()
        })
    };
    "the last of tied maxima gets the gradient":
        "Of equal maxima the first one counts, row by row: compare with >, not with >=.",
    |next_dz, z, pooling, slide| {
        scatter(next_dz, z, pooling, slide, |window| {
            let last = window.iter().rposition(|&x| x == maximum(window));
            (0..window.len()).map(|at| f64::from(Some(at) == last)).collect()
        })
    };
    "every place of a window gets the gradient":
        "y is the maximum and no other element: δ goes to its place alone (step 2).",
    |next_dz, z, pooling, slide| scatter(next_dz, z, pooling, slide, |window| vec![1.0; window.len()]);
    "windows that overlap overwrite each other":
        "Where two windows have the same maximum, their δ add up (step 2): was = written for += ?",
    |next_dz, z, pooling, slide| overwrite(next_dz, z, pooling, slide, first_maximum);
    "the padding counts as 0":
        "The padding is −∞ and never wins; here the δ of a negative window at the border is lost in it.",
    max_pooling_zero_padded_backward;
    "the gradient is multiplied by the maximum":
        "y is the maximum itself, with the slope 1 (step 1): δ arrives as it is.",
    |next_dz, z, pooling, slide| {
        let y = max_pooling_forward(z, pooling, slide)?;
        let product = Tensor4::from_fn(y.shape(), |n, c, i, j| next_dz[(n, c, i, j)] * y[(n, c, i, j)]);
        max_pooling_backward(&product, z, pooling, slide)
    };
    "the strides of rows and columns are exchanged":
        "Window (i, j) begins at row i·s1 and column j·s2; here at row i·s2 and column j·s1.",
    |next_dz, z, pooling, slide| {
        let (s1, s2) = slide.strides;
        scatter(next_dz, z, pooling, Slide { strides: (s2, s1), ..slide }, first_maximum)
    };
}

mistakes! { AVG_POOLING_FORWARD of avg_pooling_forward(PoolingForward)
    "the sum instead of the mean": "y is the window's sum divided by k1·k2.",
    |z, pooling, slide| {
        Ok(avg_pooling_forward(z, pooling, slide)?.map(|mean| mean * (pooling.0 * pooling.1) as f64))
    };
    "the padding does not count in the mean":
        "The zeros of the padding are numbers of the window: every window is divided by k1·k2.",
    |z, pooling, slide| {
        let sums = avg_pooling_forward(z, pooling, slide)?;
        let shares = avg_pooling_forward(&z.map(|_| 1.0), pooling, slide)?;
        Ok(Tensor4::from_fn(sums.shape(), |n, c, i, j| sums[(n, c, i, j)] / shares[(n, c, i, j)]))
    };
    "divided by k1 + k2": "A window has k1·k2 places.",
    |z, (k1, k2), slide| {
        Ok(avg_pooling_forward(z, (k1, k2), slide)?.map(|mean| mean * (k1 * k2) as f64 / (k1 + k2) as f64))
    };
    "the windows tile, whatever the strides": "Window (i, j) begins at row i·s1 and column j·s2, not at i·k1 and j·k2.",
    |z, pooling, slide| avg_pooling_forward(z, pooling, Slide { strides: pooling, ..slide }.round_down());
    "the last window is lost": "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
    |z, pooling, slide| Ok(last_window_lost(z, pooling, slide, &avg_pooling_forward(z, pooling, slide)?));
}

mistakes! { AVG_POOLING_BACKWARD of avg_pooling_backward(PoolingBackward)
    "not divided by the window's area":
        "Each place of a window contributes 1/(k1·k2) to its mean (step 1).",
    |next_dz, z, pooling, slide| {
        let area = (pooling.0 * pooling.1) as f64;
        avg_pooling_backward(&next_dz.map(|delta| delta * area), z, pooling, slide)
    };
    "the padding does not count in the mean":
        "The forward divides by k1·k2, the zeros of the padding included, and so does the backward (step 2).",
    |next_dz, z, pooling, slide| {
        scatter(next_dz, z, pooling, slide, |window| {
            let inside = window.iter().filter(|x| x.is_finite()).count() as f64;
            vec![1.0 / inside; window.len()]
        })
    };
    "floor for ceil":
        "Row r lies under the windows from ⌈(r − k + 1)/s⌉ to ⌊r/s⌋; with ⌊ ⌋ for ⌈ ⌉, one that ends before it is \
         counted, too.",
    |next_dz, z, (k1, k2), slide| {
        let [_, _, rows, columns] = next_dz.shape();
        let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
        let windows =
            |r: usize, k: usize, s: usize, count: usize| ((r + 1).saturating_sub(k) / s)..(r / s + 1).min(count);
        Ok(Tensor4::from_fn(z.shape(), |n, c, r, q| {
            let over_row = windows(r + p1, k1, s1, rows);
            let over_column = |_| windows(q + p2, k2, s2, columns);
            let places = over_row.flat_map(|i| over_column(i).map(move |j| (i, j)));
            places.map(|(i, j)| next_dz[(n, c, i, j)]).sum::<f64>() / (k1 * k2) as f64
        }))
    };
    "windows that overlap overwrite each other":
        "A pixel under several windows gets a share from each (step 2): was = written for += ?",
    |next_dz, z, (k1, k2), slide| {
        overwrite(next_dz, z, (k1, k2), slide, |window| vec![1.0 / (k1 * k2) as f64; window.len()])
    };
    "the maximum gets the gradient":
        "Every place of a window has the same weight in its mean: this is the backward of max pooling.",
    |next_dz, z, pooling, slide| scatter(next_dz, z, pooling, slide, first_maximum);
}

mistakes! { GLOBAL_MAX_POOLING_FORWARD of global_max_pooling_forward(GlobalForward)
    "the maximum starts from 0":
        "A map of negative numbers has a negative maximum: start from −∞, or from its first pixel.",
    |z| Ok(global_max_pooling_forward(z)?.map(|y| y.max(0.0)));
    "the maximum runs over the channels, too": "Every channel has a maximum of its own: y is (N, C).",
    |z| {
        let y = global_max_pooling_forward(z)?;
        Ok(DMatrix::from_fn(y.nrows(), y.ncols(), |n, _| y.row(n).max()))
    };
    "the mean instead of the maximum": "y is the largest number of the map; here it is the mean of them.",
    global_avg_pooling_forward;
}

mistakes! { GLOBAL_MAX_POOLING_BACKWARD of global_max_pooling_backward(BackToMaps)
    "every tied maximum gets the gradient":
        "The first maximum alone takes δ, so that Σ dz = Σ next_dz; here each of the equals gets all of it.",
    |next_dz, z| {
        let largest = global_max_pooling_forward(z)?;
        Ok(Tensor4::from_fn(
            z.shape(),
            |n, c, i, j| {
                if z[(n, c, i, j)] == largest[(n, c)] { next_dz[(n, c)] } else { 0.0 }
            },
        ))
    };
    "every pixel gets the gradient": "y is the maximum and no other pixel: δ goes to its place alone.",
    |next_dz, z| Ok(Tensor4::from_fn(z.shape(), |n, c, _, _| next_dz[(n, c)]));
    "one channel's maximum alone gets a gradient":
        "Every channel has a maximum of its own, and each of them gets its δ.",
    |next_dz, z| {
        let y = global_max_pooling_forward(z)?;
        let winner =
            DMatrix::from_fn(
                y.nrows(),
                y.ncols(),
                |n, c| {
                    if y[(n, c)] == y.row(n).max() { next_dz[(n, c)] } else { 0.0 }
                },
            );
        global_max_pooling_backward(&winner, z)
    };
}

mistakes! { GLOBAL_AVG_POOLING_FORWARD of global_avg_pooling_forward(GlobalForward)
    "the sum instead of the mean": "y is the map's sum divided by H·W.",
    |z| {
        let [_, _, h, w] = z.shape();
        Ok(global_avg_pooling_forward(z)? * (h * w) as f64)
    };
    "divided by the channels, too": "Every channel has a mean of its own: it is divided by H·W, not by C·H·W.",
    |z| Ok(global_avg_pooling_forward(z)? / z.shape()[1] as f64);
}

mistakes! { GLOBAL_AVG_POOLING_BACKWARD of global_avg_pooling_backward(BackToMaps)
    "not divided by the map's area": "Each pixel contributes 1/(H·W) to its map's mean.",
    |next_dz, z| Ok(Tensor4::from_fn(z.shape(), |n, c, _, _| next_dz[(n, c)]));
    "divided by the channels, too": "Every channel has a mean of its own: it is divided by H·W, not by C·H·W.",
    |next_dz, z| global_avg_pooling_backward(&(next_dz / z.shape()[1] as f64), z);
    "dz is divided by N": "What flows backward is each sample's own gradient: only parameters are divided by N.",
    |next_dz, z| global_avg_pooling_backward(&(next_dz / z.shape()[0] as f64), z);
}

// The bricks that the mistakes are built of.

/// Every window hands its δ to its places, each by its weight, and what a place gets adds up. The padding is −∞.
fn scatter(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
    weights: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Tensor4<f64>, ShapeError> {
    let add = |dz: &mut f64, delta: f64, weight: f64| *dz += delta * weight;
    Ok(hand_out((next_dz, z), pooling, slide, Some(f64::NEG_INFINITY), weights, add))
}

/// The same, but a place keeps only what the last window gives it.
fn overwrite(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
    weights: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Tensor4<f64>, ShapeError> {
    let replace = |dz: &mut f64, delta: f64, weight: f64| {
        if delta * weight != 0.0 {
            *dz = delta * weight;
        }
    };
    Ok(hand_out((next_dz, z), pooling, slide, Some(f64::NEG_INFINITY), weights, replace))
}

/// 1 at the first maximum of a window, and 0 elsewhere.
fn first_maximum(window: &[f64]) -> Vec<f64> {
    let first = window.iter().position(|&x| x == maximum(window));
    (0..window.len()).map(|at| f64::from(Some(at) == first)).collect()
}

fn maximum(window: &[f64]) -> f64 {
    window.iter().fold(f64::NEG_INFINITY, |largest, &x| largest.max(x))
}
