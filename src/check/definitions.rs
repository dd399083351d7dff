//! The oracles: each function as its equation reads, element by element, with no thought of speed.
//!
//! They share no line with what they judge.

use crate::{Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// Σₖ aᵢₖ·bₖⱼ.
pub(super) fn matmul(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}

/// Σᵢ zₙᵢ·wᵢⱼ + bⱼ.
pub(super) fn fc(z: &DMatrix<f64>, w: &DMatrix<f64>, b: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(z.nrows(), w.ncols(), |n, j| (0..z.ncols()).map(|i| z[(n, i)] * w[(i, j)]).sum::<f64>() + b[j])
}

/// b + Σ ẑ[i·s1 + u, j·s2 + v]·K[u, v], on an image that is really padded.
pub(super) fn single_channel_conv(z: &DMatrix<f64>, k: &DMatrix<f64>, b: f64, slide: Slide) -> DMatrix<f64> {
    let ((p1, p2), (s1, s2)) = (slide.padding, slide.strides);
    let mut padded = DMatrix::zeros(z.nrows() + 2 * p1, z.ncols() + 2 * p2);
    padded.view_mut((p1, p2), z.shape()).copy_from(z);
    let rows = (padded.nrows() - k.nrows()) / s1 + 1;
    let columns = (padded.ncols() - k.ncols()) / s2 + 1;
    DMatrix::from_fn(rows, columns, |i, j| b + padded.view((i * s1, j * s2), k.shape()).dot(k))
}

/// `b[d]` plus the sum over c of the single-channel convolutions of `z[n, c]` by `K[c, d]`.
pub(super) fn conv(z: &Tensor4<f64>, k: &Tensor4<f64>, b: &DVector<f64>, slide: Slide) -> Tensor4<f64> {
    let ([samples, channels, _, _], [_, depth, _, _]) = (z.shape(), k.shape());
    let map = |n, d| {
        let maps = (0..channels).map(|c| single_channel_conv(&z.map_at(n, c), &k.map_at(c, d), 0.0, slide));
        maps.reduce(|sum, map| sum + map).unwrap_or_default().add_scalar(b[d])
    };
    from_maps(samples, depth, map)
}

/// The numbers under window (i, j), row by row, each with its pixel; a place in the padding has none and counts as
/// `padding`.
fn window(
    map: &DMatrix<f64>,
    (k1, k2): (usize, usize),
    slide: Slide,
    (i, j): (usize, usize),
    padding: f64,
) -> Vec<(f64, Option<(usize, usize)>)> {
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
pub(super) enum Pooling {
    Max { padding: f64 },
    Average,
}

impl Pooling {
    /// Whether it rounds nothing on small integers: it does not divide, or by a power of two.
    pub fn is_exact(self, window: (usize, usize)) -> bool {
        self.divisor(window).log2().fract() == 0.0
    }

    fn padding(self) -> f64 {
        match self {
            Pooling::Max { padding } => padding,
            Pooling::Average => 0.0,
        }
    }

    /// The weight of each place of a window in its result.
    fn weights(self, window: &[(f64, Option<(usize, usize)>)]) -> Vec<f64> {
        let largest = window.iter().fold(f64::NEG_INFINITY, |max, x| max.max(x.0));
        let first = window.iter().position(|x| x.0 == largest);
        match self {
            Pooling::Max { .. } => (0..window.len()).map(|at| f64::from(Some(at) == first)).collect(),
            Pooling::Average => vec![1.0; window.len()],
        }
    }

    fn divisor(self, (k1, k2): (usize, usize)) -> f64 {
        match self {
            Pooling::Max { .. } => 1.0,
            Pooling::Average => (k1 * k2) as f64,
        }
    }

    /// The pooled maps, of `out` rows and columns.
    pub fn forward(self, z: &Tensor4<f64>, k: (usize, usize), slide: Slide, out: (usize, usize)) -> Tensor4<f64> {
        let [samples, channels, _, _] = z.shape();
        Tensor4::from_fn([samples, channels, out.0, out.1], |n, c, i, j| {
            let window = window(&z.map_at(n, c), k, slide, (i, j), self.padding());
            let terms = window.iter().zip(self.weights(&window)).filter(|(_, weight)| *weight != 0.0);
            terms.map(|(x, weight)| x.0 * weight).sum::<f64>() / self.divisor(k)
        })
    }

    /// Every window hands its δ to its places, each by its weight.
    pub fn backward(self, next_dz: &Tensor4<f64>, z: &Tensor4<f64>, k: (usize, usize), slide: Slide) -> Tensor4<f64> {
        let [samples, channels, rows, columns] = next_dz.shape();
        let mut dz = Tensor4::zeros(z.shape());
        for (n, c) in pairs(samples, channels) {
            let map = z.map_at(n, c);
            for (i, j) in pairs(rows, columns) {
                let window = window(&map, k, slide, (i, j), self.padding());
                for ((_, pixel), weight) in window.iter().zip(self.weights(&window)) {
                    if let Some((r, q)) = *pixel {
                        dz[(n, c, r, q)] += next_dz[(n, c, i, j)] * weight / self.divisor(k);
                    }
                }
            }
        }
        dz
    }
}

/// Every element of z at s times its row and column, on a ground of zeros.
pub(super) fn insert_zeros(z: &Tensor4<f64>, (s1, s2): (usize, usize)) -> Tensor4<f64> {
    let [samples, maps, height, width] = z.shape();
    let mut spread = Tensor4::zeros([samples, maps, (height - 1) * s1 + 1, (width - 1) * s2 + 1]);
    for ((n, d), (i, j)) in pairs(samples, maps).flat_map(|nd| pairs(height, width).map(move |ij| (nd, ij))) {
        spread[(n, d, s1 * i, s2 * j)] = z[(n, d, i, j)];
    }
    spread
}

fn pairs(a: usize, b: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..a).flat_map(move |i| (0..b).map(move |j| (i, j)))
}

fn from_maps(samples: usize, depth: usize, map: impl Fn(usize, usize) -> DMatrix<f64>) -> Tensor4<f64> {
    let maps: Vec<DMatrix<f64>> = pairs(samples, depth).map(|(n, d)| map(n, d)).collect();
    let (height, width) = maps.first().map_or((0, 0), DMatrix::shape);
    Tensor4::from_fn([samples, depth, height, width], |n, d, i, j| maps[n * depth + d][(i, j)])
}
