//! The oracles: each function as its equation reads, element by element, with no thought of speed.
//!
//! They share no line with what they judge. On `f64` they judge values, on symbols formulas.

use crate::{Float, Slide, Tensor4, lit};
use nalgebra::{DMatrix, DVector};

fn sum<T: Float>(terms: impl Iterator<Item = T>) -> T {
    terms.fold(T::zero(), |sum, term| sum + term)
}

/// Σₖ aᵢₖ·bₖⱼ.
pub(super) fn matmul<T: Float>(a: &DMatrix<T>, b: &DMatrix<T>) -> DMatrix<T> {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| sum((0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)])))
}

/// Σᵢ zₙᵢ·wᵢⱼ + bⱼ.
pub(super) fn fc<T: Float>(z: &DMatrix<T>, w: &DMatrix<T>, b: &DVector<T>) -> DMatrix<T> {
    DMatrix::from_fn(z.nrows(), w.ncols(), |n, j| sum((0..z.ncols()).map(|i| z[(n, i)] * w[(i, j)])) + b[j])
}

/// The numbers of a sample in a row: channel by channel, row by row.
pub(super) fn flatten<T: Float>(z: &Tensor4<T>) -> DMatrix<T> {
    let [samples, channels, height, width] = z.shape();
    let at = |n, q| z[(n, q / (height * width), q / width % height, q % width)];
    DMatrix::from_fn(samples, channels * height * width, at)
}

/// b + Σ ẑ[i·s1 + u, j·s2 + v]·K[u, v], on an image that is really padded.
pub(super) fn single_channel_conv<T: Float>(z: &DMatrix<T>, k: &DMatrix<T>, b: T, slide: Slide) -> DMatrix<T> {
    let ((p1, p2), (s1, s2)) = (slide.padding, slide.strides);
    let mut padded = DMatrix::zeros(z.nrows() + 2 * p1, z.ncols() + 2 * p2);
    padded.view_mut((p1, p2), z.shape()).copy_from(z);
    let rows = (padded.nrows() - k.nrows()) / s1 + 1;
    let columns = (padded.ncols() - k.ncols()) / s2 + 1;
    DMatrix::from_fn(rows, columns, |i, j| b + padded.view((i * s1, j * s2), k.shape()).dot(k))
}

/// `b[d]` plus the sum over c of the single-channel convolutions of `z[n, c]` by `K[c, d]`.
pub(super) fn conv<T: Float>(z: &Tensor4<T>, k: &Tensor4<T>, b: &DVector<T>, slide: Slide) -> Tensor4<T> {
    let ([samples, channels, _, _], [_, depth, _, _]) = (z.shape(), k.shape());
    let map = |n, d| {
        let maps = (0..channels).map(|c| single_channel_conv(&z.map_at(n, c), &k.map_at(c, d), T::zero(), slide));
        maps.reduce(|sum, map| sum + map).unwrap_or_default().add_scalar(b[d])
    };
    from_maps(samples, depth, map)
}

/// The numbers under window (i, j), row by row, each with its pixel; a place in the padding has none and counts as
/// `padding`.
fn window<T: Float>(
    map: &DMatrix<T>,
    (k1, k2): (usize, usize),
    slide: Slide,
    (i, j): (usize, usize),
    padding: T,
) -> Vec<(T, Option<(usize, usize)>)> {
    let mut values = Vec::new();
    for u in 0..k1 {
        for v in 0..k2 {
            let r = (i * slide.strides.0 + u) as isize - slide.padding.0 as isize;
            let q = (j * slide.strides.1 + v) as isize - slide.padding.1 as isize;
            let inside = r >= 0 && q >= 0 && r < map.nrows() as isize && q < map.ncols() as isize;
            let pixel = inside.then_some((r as usize, q as usize));
            values.push((pixel.map_or(padding, |at| map[at]), pixel));
        }
    }
    values
}

/// How a window becomes one number: its maximum over a padding of this value, or its mean over zeros.
#[derive(Clone, Copy)]
pub(super) enum Pooling<T> {
    Max { padding: T },
    Average,
}

impl<T: Float> Pooling<T> {
    /// Whether it rounds nothing on small integers: it does not divide, or by a power of two.
    pub fn is_exact(self, (k1, k2): (usize, usize)) -> bool {
        matches!(self, Pooling::Max { .. }) || (k1 * k2).is_power_of_two()
    }

    fn padding(self) -> T {
        match self {
            Pooling::Max { padding } => padding,
            Pooling::Average => T::zero(),
        }
    }

    /// The places of a window that have a part in its result.
    fn counted(self, window: &[(T, Option<(usize, usize)>)]) -> Vec<bool> {
        if matches!(self, Pooling::Average) {
            return vec![true; window.len()];
        }
        let largest = window.iter().fold(T::neg_infinity(), |max, x| max.max(x.0));
        let first = window.iter().position(|x| x.0 == largest);
        (0..window.len()).map(|at| Some(at) == first).collect()
    }

    fn divisor(self, (k1, k2): (usize, usize)) -> T {
        match self {
            Pooling::Max { .. } => T::one(),
            Pooling::Average => lit((k1 * k2) as f64),
        }
    }

    /// The pooled maps, of `out` rows and columns.
    pub fn forward(self, z: &Tensor4<T>, k: (usize, usize), slide: Slide, out: (usize, usize)) -> Tensor4<T> {
        let [samples, channels, _, _] = z.shape();
        Tensor4::from_fn([samples, channels, out.0, out.1], |n, c, i, j| {
            let window = window(&z.map_at(n, c), k, slide, (i, j), self.padding());
            let terms = window.iter().zip(self.counted(&window)).filter(|(_, counted)| *counted);
            sum(terms.map(|(x, _)| x.0)) / self.divisor(k)
        })
    }

    /// Every window hands its δ to the places that have a part in it.
    pub fn backward(self, next_dz: &Tensor4<T>, z: &Tensor4<T>, k: (usize, usize), slide: Slide) -> Tensor4<T> {
        let [samples, channels, rows, columns] = next_dz.shape();
        let mut dz = Tensor4::zeros(z.shape());
        for (n, c) in pairs(samples, channels) {
            let map = z.map_at(n, c);
            for (i, j) in pairs(rows, columns) {
                let window = window(&map, k, slide, (i, j), self.padding());
                let places = window.iter().zip(self.counted(&window)).filter(|(_, counted)| *counted);
                for (r, q) in places.filter_map(|((_, pixel), _)| *pixel) {
                    dz[(n, c, r, q)] += next_dz[(n, c, i, j)] / self.divisor(k);
                }
            }
        }
        dz
    }
}

/// Every element of z at s times its row and column, on a ground of zeros.
pub(super) fn insert_zeros<T: Float>(z: &Tensor4<T>, (s1, s2): (usize, usize)) -> Tensor4<T> {
    let [samples, maps, height, width] = z.shape();
    let mut spread = Tensor4::zeros([samples, maps, (height - 1) * s1 + 1, (width - 1) * s2 + 1]);
    for ((n, d), (i, j)) in pairs(samples, maps).flat_map(|nd| pairs(height, width).map(move |ij| (nd, ij))) {
        spread[(n, d, s1 * i, s2 * j)] = z[(n, d, i, j)];
    }
    spread
}

/// What is at least p1 rows and p2 columns away from the border.
pub(super) fn remove_padding<T: Float>(z: &Tensor4<T>, (p1, p2): (usize, usize)) -> Tensor4<T> {
    let [samples, maps, height, width] = z.shape();
    let shape = [samples, maps, height - 2 * p1, width - 2 * p2];
    Tensor4::from_fn(shape, |n, c, i, j| z[(n, c, i + p1, j + p2)])
}

// The activations of one number.

pub(super) fn relu<T: Float>(z: T) -> T {
    z.max(T::zero())
}

pub(super) fn leaky_relu<T: Float>(z: T, alpha: T) -> T {
    z.max(T::zero()) + alpha * z.min(T::zero())
}

pub(super) fn elu<T: Float>(z: T, alpha: T) -> T {
    if z > T::zero() { z } else { alpha * (z.exp() - T::one()) }
}

/// With the constants as PyTorch states them.
pub(super) fn selu<T: Float>(z: T) -> T {
    lit::<T>(1.050_700_987_355_480_5) * elu(z, lit(1.673_263_242_354_377_2))
}

pub(super) fn sigmoid<T: Float>(z: T) -> T {
    T::one() / (T::one() + (-z).exp())
}

pub(super) fn tanh<T: Float>(z: T) -> T {
    (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())
}

/// exp(zₙⱼ) / Σᵢ exp(zₙᵢ).
pub(super) fn softmax<T: Float>(z: &DMatrix<T>) -> DMatrix<T> {
    DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / sum(z.row(n).iter().map(|z| z.exp())))
}

// The losses.

/// Σ (y − y*)² / 2N.
pub(super) fn mean_squared<T: Float>(y: &DMatrix<T>, target: &DMatrix<T>) -> T {
    let squares = y.iter().zip(target).map(|(&y, &target)| (y - target) * (y - target));
    sum(squares) / lit(2.0 * y.nrows() as f64)
}

/// −Σ y*·ln p / N, where ln pₙⱼ = −ln Σᵢ exp(yₙᵢ − yₙⱼ): a probability itself may be below every number.
pub(super) fn cross_entropy<T: Float>(y: &DMatrix<T>, target: &DMatrix<T>) -> T {
    let surprise = |n: usize, j: usize| sum(y.row(n).iter().map(|&other| (other - y[(n, j)]).exp())).ln();
    let of_sample = |n: usize| sum((0..y.ncols()).map(|j| target[(n, j)] * surprise(n, j)));
    sum((0..y.nrows()).map(of_sample)) / lit(y.nrows() as f64)
}

fn pairs(a: usize, b: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)))
}

fn from_maps<T: Float>(samples: usize, depth: usize, map: impl Fn(usize, usize) -> DMatrix<T>) -> Tensor4<T> {
    let maps: Vec<DMatrix<T>> = pairs(samples, depth).map(|(n, d)| map(n, d)).collect();
    let (height, width) = maps.first().map_or((0, 0), DMatrix::shape);
    Tensor4::from_fn([samples, depth, height, width], |n, d, i, j| maps[n * depth + d][(i, j)])
}
