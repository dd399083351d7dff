//! Convolution as matrix products, block by block.
//!
//! Every output pixel of every sample is a row of a matrix `cols`, every tap (u, v, c) of the kernel a column:
//! `cols[(n, i, j), (u, v, c)]` is the input element under tap (u, v) of channel c when the window stands at
//! (i, j). Then
//!
//! ```math
//! output  (N·W'·H' × D)   = cols · K
//! dK      (k1·k2·C × D)   = colsᵀ · next_dz
//! ```
//!
//! and both products are written where they belong without moving a number, because a [`Tensor4`] keeps the
//! sample index fastest. `cols` is never stored whole: a block of its rows is gathered, multiplied while it is
//! in cache, and overwritten by the next.
//!
//! One [`Geometry`] serves both directions. Going forward, the window moves by the strides over the image.
//! Going backward it moves by 1 over next_dz, between whose rows and columns strides − 1 zeros stand: the
//! `dilation`. The zeros are never stored either; a tap that falls on one reads 0.

use super::gemm::{Factor, product};
use super::{WORTH_A_THREAD, is_machine_float};
use crate::{Float, Tensor4};
use nalgebra::{DMatrix, DMatrixViewMut};
use rayon::prelude::*;

/// Where the taps of every output pixel lie: tap (u, v) of pixel (i, j) is row (i·stride + u − offset) of the
/// dilated image, and so for the columns.
#[derive(Clone, Copy)]
pub(crate) struct Geometry {
    pub out: (usize, usize),
    pub kernel: (usize, usize),
    pub strides: (usize, usize),
    pub dilation: (usize, usize),
    /// The padding; negative where it crops.
    pub offset: (isize, isize),
}

impl Geometry {
    /// The input row (or column) under a tap, if there is one: neither padding nor an inserted zero.
    fn source(position: isize, dilation: usize, size: usize) -> Option<usize> {
        let position = usize::try_from(position).ok()?;
        (position % dilation == 0 && position / dilation < size).then_some(position / dilation)
    }
}

/// Bytes of `cols` that a block may take: half of a common L2 cache.
const BLOCK_BYTES: usize = 512 << 10;
/// Blocks a thread works through with one buffer.
const BLOCKS_A_PART: usize = 4;

fn rows_a_block<T>(taps: usize) -> usize {
    (BLOCK_BYTES / (taps * size_of::<T>()).max(1)).next_multiple_of(32).clamp(32, 4096)
}

/// The correlation of every map of `z` with the kernel matrix `k` (k1·k2·C × D), plus `b[d]` in output map d.
pub(crate) fn correlate<T: Float>(
    z: &Tensor4<T>,
    k: Factor<'_, T>,
    b: Option<&[T]>,
    depth: usize,
    g: Geometry,
) -> Tensor4<T> {
    let [samples, channels, _, _] = z.shape();
    let mut out = Tensor4::zeros([samples, depth, g.out.0, g.out.1]);
    let rows = samples * g.out.0 * g.out.1;
    let taps = g.kernel.0 * g.kernel.1 * channels;
    if rows == 0 {
        return out;
    }
    let view = DMatrixViewMut::from_slice(out.as_mut_slice(), rows, depth);
    let part = BLOCKS_A_PART * rows_a_block::<T>(taps);
    let parallel = is_machine_float::<T>() && rows * taps * depth >= 8 * WORTH_A_THREAD;
    in_parts(view, 0, part, parallel, &|mut view: DMatrixViewMut<'_, T>, first: usize| {
        let mut cols = Vec::new();
        let block = rows_a_block::<T>(taps);
        for start in (0..view.nrows()).step_by(block) {
            let count = block.min(view.nrows() - start);
            gather(z, g, first + start, count, &mut cols);
            let mut target = view.rows_mut(start, count);
            if let Some(b) = b {
                for (mut column, &b) in target.column_iter_mut().zip(b) {
                    column.fill(b);
                }
            }
            product(target, Factor::new(&cols, count, taps, count), k, b.is_some());
        }
    });
    out
}

/// Calls `work(rows, first row)` on parts of at most `size` rows, on all threads if `parallel`.
fn in_parts<T: Float>(
    mut view: DMatrixViewMut<'_, T>,
    first: usize,
    size: usize,
    parallel: bool,
    work: &(impl Fn(DMatrixViewMut<'_, T>, usize) + Sync),
) {
    let rows = view.nrows();
    if !parallel || rows <= size {
        return work(view, first);
    }
    let half = (rows.div_ceil(size) / 2) * size;
    let (upper, lower) = view.rows_range_pair_mut(..half, half..);
    rayon::join(
        || in_parts(upper, first, size, parallel, work),
        || in_parts(lower, first + half, size, parallel, work),
    );
}

/// Σ over all rows of cols(z)ᵀ · next_dz: the kernel matrix's gradient (k1·k2·C × D), summed over the batch.
pub(crate) fn correlate_kernel<T: Float>(z: &Tensor4<T>, next_dz: &Tensor4<T>, g: Geometry) -> DMatrix<T> {
    let [samples, channels, _, _] = z.shape();
    let depth = next_dz.shape()[1];
    let rows = samples * g.out.0 * g.out.1;
    let taps = g.kernel.0 * g.kernel.1 * channels;
    let block = rows_a_block::<T>(taps);
    let part = |p: usize, size: usize| {
        let mut sum = DMatrix::zeros(taps, depth);
        let mut cols = Vec::new();
        for start in (p * size..((p + 1) * size).min(rows)).step_by(block) {
            let count = block.min(rows - start);
            gather(z, g, start, count, &mut cols);
            let deltas = Factor::new(&next_dz.as_slice()[start..], count, depth, rows);
            product(sum.as_view_mut(), Factor::new(&cols, count, taps, count).t(), deltas, start > p * size);
        }
        sum
    };
    if !is_machine_float::<T>() || rows * taps * depth < 8 * WORTH_A_THREAD {
        return part(0, rows.max(1));
    }
    // Two to eight parts, so many as the shape gives; their sums are added in order.
    let size = rows.div_ceil(8).max(rows_a_block::<T>(taps)).next_multiple_of(block);
    let sums: Vec<_> = (0..rows.div_ceil(size)).into_par_iter().map(|p| part(p, size)).collect();
    sums.into_iter().reduce(|sum, next| sum + next).unwrap_or_else(|| DMatrix::zeros(taps, depth))
}

/// Rows first … first + count of `cols`, column by column, into the buffer.
fn gather<T: Float>(z: &Tensor4<T>, g: Geometry, first: usize, count: usize, cols: &mut Vec<T>) {
    let [samples, channels, height, width] = z.shape();
    cols.clear();
    cols.reserve(count * channels * g.kernel.0 * g.kernel.1);
    let line = samples * g.out.1; // the rows of `cols` that belong to one output row i
    for (u, v, c) in taps(g.kernel, channels) {
        for i in first / line..=(first + count - 1) / line {
            // The part from … to of output row i, counted in elements n + N·j.
            let from = first.saturating_sub(i * line);
            let to = (first + count - i * line).min(line);
            let row = (i * g.strides.0 + u) as isize - g.offset.0;
            let Some(row) = Geometry::source(row, g.dilation.0, height) else {
                cols.resize(cols.len() + to - from, T::zero());
                continue;
            };
            let start = samples * width * (row + height * c);
            let source = &z.as_slice()[start..start + samples * width];
            if g.strides.1 == 1 && g.dilation.1 == 1 {
                // Neighbouring windows read neighbouring columns: one run, cut off at both borders.
                let shift = samples as isize * (v as isize - g.offset.1);
                let clip = |x: usize| (x as isize + shift).clamp(0, source.len() as isize) as usize;
                let (a, b) = (clip(from), clip(to));
                let zeros_before = ((-(from as isize + shift)).max(0) as usize).min(to - from);
                cols.resize(cols.len() + zeros_before, T::zero());
                cols.extend_from_slice(&source[a..b]);
                cols.resize(cols.len() + (to - from) - zeros_before - (b - a), T::zero());
            } else {
                for j in from / samples..=(to - 1) / samples {
                    let (a, b) = (from.max(j * samples) - j * samples, to.min((j + 1) * samples) - j * samples);
                    let column = (j * g.strides.1 + v) as isize - g.offset.1;
                    match Geometry::source(column, g.dilation.1, width) {
                        Some(column) => cols.extend_from_slice(&source[column * samples + a..column * samples + b]),
                        None => cols.resize(cols.len() + b - a, T::zero()),
                    }
                }
            }
        }
    }
}

/// The taps (u, v, c) in the order of the kernel matrix's rows: c fastest.
fn taps((k1, k2): (usize, usize), channels: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..k1).flat_map(move |u| (0..k2).flat_map(move |v| (0..channels).map(move |c| (u, v, c))))
}
