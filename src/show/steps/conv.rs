//! A convolution, window by window: the forward, and each of its gradients.

use super::cells::{Cell, Frame, Grid, Look, places};
use super::correlation::{Correlation, Map};
use super::formula::{Formula, Symbols};
use super::scene::{Scene, Slot};
use super::walk::Steps;
use super::words::{described, mean_of, readable, rows_and_columns, title};
use crate::layers::{self, ConvGradients};
use crate::numbers::traced::Index;
use crate::numbers::{Session, Traced};
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// The steps of a convolution's backward, named as its gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvSteps {
    /// For every tap of the kernel: the padded z times δ, summed.
    pub dk: Steps,
    /// For every output map: the sum of δ.
    pub db: Steps,
    /// For every pixel: insert zeros into δ, pad it, slide the rotated K over it, crop the padding.
    pub dz: Steps,
}

/// [`conv_forward`](layers::conv_forward), a step for every number of the output: the window on the padded z, the
/// kernel, their products and their sum.
///
/// # Errors
/// Those of [`conv_forward`](layers::conv_forward), and if a map has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
/// let k = Tensor4::from_row_major([1, 1, 2, 1], &[10.0, 1.0])?;
/// let steps = show::steps::conv_forward(&z, &k, &dvector![5.0], Slide::default())?;
/// assert_eq!(steps.captions()[1], ["y₁ = z₀₁·w₀ + z₁₁·w₁ + b", "y₁ = 2·10 + 4·1 + 5 = 29"]);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn conv_forward(z: &Tensor4<f64>, k: &Tensor4<f64>, b: &DVector<f64>, slide: Slide) -> Result<Steps, ShapeError> {
    let session = Session::new();
    let (z, k, b) = (session.tensor("z", z), session.tensor("w", k), session.vector("b", b));
    let y = layers::conv_forward(&z, &k, &b, slide)?;
    let padded = readable("steps::conv_forward", z.pad(slide.padding)?)?;

    let symbols = Symbols::among(z.as_slice().iter().chain(k.as_slice()).chain(&b));
    let ([_, channels, ..], [samples, depth, rows, columns]) = (z.shape(), y.shape());
    let mut steps = Vec::new();
    for (n, d) in places((samples, depth)) {
        let pair = |c| (image(&padded, slide, (n, c)), Map::new(title_of_kernel(&k, (c, d)), k.map_at(c, d), (0, 0)));
        let bias = Grid::new(b[d].to_string(), DMatrix::from_element(1, 1, Cell::of(b[d], Look::Weight)));
        let correlation = Correlation {
            pairs: (0..channels).map(pair).collect(),
            strides: slide.strides,
            sum: vec![Slot::Sign("Σ +".into()), Slot::Grid(bias), Slot::Sign("→".into())],
        };
        let result = Grid::empty(title("y", y.shape(), ["n", "d"], (n, d)), (rows, columns));
        let formulas = places((rows, columns)).map(|(i, j)| ((i, j), Formula::at("y", &y, (n, d, i, j), &symbols)));
        steps.extend(correlation.walk(result, formulas));
    }
    Ok(Steps::new(format!("Convolution, forward{}", described(slide)), steps))
}

/// [`conv_backward`](layers::conv_backward), a step for every number of its gradients, in the order of the
/// [derivation](layers::conv#derivation).
///
/// # Errors
/// Those of [`conv_backward`](layers::conv_backward), and if a map has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?;
/// let k = Tensor4::from_row_major([1, 1, 2, 2], &[5.0, 6.0, 7.0, 8.0])?;
/// let next_dz = Tensor4::from_row_major([1, 1, 1, 1], &[10.0])?;
/// let steps = show::steps::conv_backward(&next_dz, &k, &z, Slide::default())?;
/// assert_eq!(steps.dk.captions()[1], ["dK₀₁ = z₀₁·δ", "dK₀₁ = 2·10 = 20"]);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn conv_backward(
    next_dz: &Tensor4<f64>,
    k: &Tensor4<f64>,
    z: &Tensor4<f64>,
    slide: Slide,
) -> Result<ConvSteps, ShapeError> {
    let session = Session::new();
    let (z, delta, k) = (session.tensor("z", z), session.tensor("δ", next_dz), session.tensor("w", k));
    let gradients = layers::conv_backward(&delta, &k, &z, slide)?;
    let dilated = layers::insert_zeros(&delta, slide.strides)?;
    let symbols = Symbols::among(z.as_slice().iter().chain(k.as_slice()).chain(delta.as_slice()));
    let backward = Backward { z, k, delta, dilated, slide, gradients, symbols };
    Ok(ConvSteps { dk: backward.dk()?, db: backward.db(), dz: backward.dz()? })
}

/// A backward after its run on symbols.
struct Backward {
    z: Tensor4<Traced>,
    k: Tensor4<Traced>,
    delta: Tensor4<Traced>,
    /// δ with zeros between.
    dilated: Tensor4<Traced>,
    slide: Slide,
    gradients: ConvGradients<Traced>,
    symbols: Symbols,
}

impl Backward {
    /// The steps that prepare δ and K, a step for every pixel, and the step that crops.
    fn dz(&self) -> Result<Steps, ShapeError> {
        let Slide { padding, .. } = self.slide;
        let ([samples, channels, height, width], [_, depth, k1, k2]) = (self.z.shape(), self.k.shape());
        let around = (k1 - 1, k2 - 1);
        let spread = readable("steps::conv_backward", self.dilated.pad(around)?)?;
        let rotated = self.k.rotate_180().swap_axes();
        // If the padding is part of z, its gradient is part of dz.
        let whole = Slide { padding: (0, 0), ..self.slide };
        let whole = layers::conv_backward(&self.delta, &self.k, &self.z.pad(padding)?, whole)?.dz;

        let mut steps = Vec::new();
        for (n, c) in places((samples, channels)) {
            let pair = |d| {
                let title = title("δ̂", spread.shape(), ["n", "d"], (n, d));
                let turned = title_of_kernel(&self.k, (c, d)) + ", rotated";
                (Map::new(title, spread.map_at(n, d), around), Map::new(turned, rotated.map_at(d, c), (0, 0)))
            };
            let pairs = (0..depth).map(pair).collect();
            let correlation = Correlation { pairs, strides: (1, 1), sum: vec![Slot::Sign("Σ →".into())] };
            let result = self.framed_by_padding(whole.map_at(n, c), title("dz", self.z.shape(), ["n", "c"], (n, c)));
            let unfilled = result.cells.map(|cell| match cell.look {
                Look::Cropped => Cell { look: Look::Padding, ..Cell::empty() },
                _ => Cell::empty(),
            });
            let empty = Grid { cells: unfilled, ..result.clone() };
            if steps.is_empty() {
                steps.extend(self.preparations(&correlation, &empty));
            }
            let pixel = |(r, q)| {
                let formula = Formula::at("dz", &self.gradients.dz, (n, c, r, q), &self.symbols);
                ((r + padding.0, q + padding.1), formula)
            };
            steps.extend(correlation.walk(empty, places((height, width)).map(pixel)));
            if padding != (0, 0) {
                let cropped = result.framed(Frame::Result, padding, (height, width));
                let caption = "The padding is not part of z: its gradient is cropped.";
                steps.push(correlation.at_rest(cropped, "crop the padding", caption.into()));
            }
        }
        Ok(Steps::new(format!("Convolution, backward to z{}", described(self.slide)), steps))
    }

    /// The gradient of a padded map, with the padding crossed out.
    fn framed_by_padding(&self, whole: DMatrix<Traced>, title: String) -> Grid {
        let ((p1, p2), [_, _, height, width]) = (self.slide.padding, self.z.shape());
        let mut grid = Grid::of(title, &whole);
        let inside = |(r, q)| (p1..p1 + height).contains(&r) && (p2..p2 + width).contains(&q);
        for at in places(whole.shape()).filter(|&at| !inside(at)) {
            grid.cells[at].look = Look::Cropped;
        }
        grid
    }

    /// From next_dz and K to the rotated kernel on the padded δ̂, one change at a time.
    fn preparations(&self, correlation: &Correlation, result: &Grid) -> Vec<Scene> {
        let [_, depth, k1, k2] = self.k.shape();
        let kernels = |turned: bool| {
            let kernel = move |d: usize| match turned {
                true => correlation.pairs[d].1.grid(),
                false => Grid::of(title_of_kernel(&self.k, (0, d)), &self.k.map_at(0, d)),
            };
            (0..depth).map(kernel)
        };
        let mut steps = Vec::new();
        let mut step = |name: &str, images: Vec<Grid>, turned: bool, caption: String| {
            let pairs = images.into_iter().zip(kernels(turned)).map(|(image, kernel)| [image, kernel]).collect();
            steps.push(correlation.before(pairs, result.clone(), name, caption));
        };
        let maps = |name: &str, maps: &Tensor4<Traced>| -> Vec<Grid> {
            let map = |d| Map::new(title(name, maps.shape(), ["n", "d"], (0, d)), maps.map_at(0, d), (0, 0)).grid();
            (0..depth).map(map).collect()
        };
        step("δ", maps("δ", &self.delta), false, "δ is next_dz: one number for every output.".into());
        let (s1, s2) = self.slide.strides;
        if (s1, s2) != (1, 1) {
            let zeros = format!(
                "Stride {s1} down and {s2} to the right: insert {} of zeros between neighbours. This is δ̂.",
                rows_and_columns(s1 - 1, s2 - 1)
            );
            step("zeros between", maps("δ̂", &self.dilated), false, zeros);
        }
        let padded = || correlation.pairs.iter().map(|(image, _)| image.grid()).collect();
        if (k1, k2) != (1, 1) {
            let zeros = format!(
                "Pad with k − 1, {} of zeros on each side, so that every tap meets every number.",
                rows_and_columns(k1 - 1, k2 - 1)
            );
            step("zeros around", padded(), false, zeros);
        }
        step("K rotated", padded(), true, "K, rotated by 180°, slides over δ̂ with stride 1.".into());
        steps
    }

    /// A step for every tap.
    fn dk(&self) -> Result<Steps, ShapeError> {
        let ([samples, ..], [channels, depth, k1, k2]) = (self.z.shape(), self.k.shape());
        let padded = readable("steps::conv_backward", self.z.pad(self.slide.padding)?)?;
        let mut steps = Vec::new();
        for (c, d) in places((channels, depth)) {
            let pair = |n| {
                let delta = title("δ̂", self.dilated.shape(), ["n", "d"], (n, d));
                (image(&padded, self.slide, (n, c)), Map::new(delta, self.dilated.map_at(n, d), (0, 0)))
            };
            let pairs = (0..samples).map(pair).collect();
            let correlation = Correlation { pairs, strides: (1, 1), sum: vec![Slot::Sign(mean_of(samples))] };
            let result = Grid::empty(title("dK", self.k.shape(), ["c", "d"], (c, d)), (k1, k2));
            let tap = |(u, v)| ((u, v), Formula::at("dK", &self.gradients.dk, (c, d, u, v), &self.symbols));
            steps.extend(correlation.walk(result, places((k1, k2)).map(tap)));
        }
        Ok(Steps::new(format!("Convolution, backward to K{}", described(self.slide)), steps))
    }

    /// A step for every bias.
    fn db(&self) -> Steps {
        let [samples, depth, ..] = self.delta.shape();
        let mut result = Grid::empty("db", (1, depth));
        let index = Index::new(&[depth]);
        let step = |d: usize| {
            let formula = Formula::new(index.write("db", &[d]).0, self.gradients.db[d], &self.symbols);
            let now = result.fill((0, d), formula.cell(Look::Plain));
            let row = |n: usize| {
                let mut delta = Grid::of(title("δ", self.delta.shape(), ["n", "d"], (n, d)), &self.delta.map_at(n, d));
                delta.cells.apply(|cell| cell.look = Look::Read);
                match n == samples.saturating_sub(1) / 2 {
                    true => vec![Slot::Grid(delta), Slot::Sign(mean_of(samples)), Slot::Grid(now.clone())],
                    false => vec![Slot::Grid(delta), Slot::Nothing, Slot::Nothing],
                }
            };
            let slots = (0..samples).map(row).collect();
            Scene::new(slots, (samples.saturating_sub(1) / 2, 2), (0, d), &formula)
        };
        let steps = (0..depth).map(step).collect();
        Steps::new("Convolution, backward to b", steps)
    }
}

/// A padded map of z.
fn image(padded: &Tensor4<Traced>, slide: Slide, (n, c): (usize, usize)) -> Map {
    let name = match slide.padding {
        (0, 0) => "z",
        _ => "ẑ: z padded",
    };
    Map::new(title(name, padded.shape(), ["n", "c"], (n, c)), padded.map_at(n, c), slide.padding)
}

fn title_of_kernel(k: &Tensor4<Traced>, at: (usize, usize)) -> String {
    title("K", k.shape(), ["c", "d"], at)
}
