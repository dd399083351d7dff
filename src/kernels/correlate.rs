//! Convolution, block by block: the correlation of an image with a kernel, and the kernel's gradient.
//!
//! With the matrix `cols` of [tiles](super::tile),
//!
//! ```math
//! output  (N·W'·H' × D)   = cols · K
//! dK      (k1·k2·C × D)   = colsᵀ · next_dz
//! ```
//!
//! and both products are written in place, without moving a number, because a [`Tensor4`] keeps the
//! sample index fastest. The work is cut into blocks of output pixels and of channels, so that the tile of a block stays in
//! the L2 cache while it is multiplied with every kernel.

use super::block::{Runs, Start, Tap, VECTOR, accumulate, dots, fold, lanes};
use super::cuts::{Cuts, cuts};
use super::elementwise::divide;
use super::memory::{Scratch, any_numbers, room, zeros};
use super::tile::{Block, Geometry, Tile};
use super::{Cut, Space, in_parts, is_machine_float, machine_float, mean_of, with_space};
use crate::float::Count;
use crate::{Float, Tensor4};
use nalgebra::{DMatrix, DMatrixViewMut, DVector};
use rayon::prelude::*;
use std::ops::Range;

/// The kernels K (C, D, k1, k2) as they are, from C channels to D, or the other way, from D to C: rotated by 180°.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<'a, T> {
    pub k: &'a Tensor4<T>,
    pub rotated: bool,
}

impl<T: Float> Kernel<'_, T> {
    /// (input channels, output channels).
    fn channels(&self) -> (usize, usize) {
        let [c, d, _, _] = self.k.shape();
        if self.rotated { (d, c) } else { (c, d) }
    }

    /// The place of tap (u, v) of an input channel for the first output channel …
    fn place(&self, u: usize, v: usize, channel: usize) -> usize {
        let [c, _, k1, k2] = self.k.shape();
        if self.rotated { c * (k2 - 1 - v + k2 * (k1 - 1 - u + k1 * channel)) } else { channel + c * (v + k2 * u) }
    }

    /// … and how far it is from one input channel, and one output channel, to the next.
    fn steps(&self) -> (usize, usize) {
        let [c, _, k1, k2] = self.k.shape();
        if self.rotated { (c * k2 * k1, 1) } else { (1, c * k2 * k1) }
    }
}

/// How the work is cut, depending only on its shape.
#[derive(Clone, Copy)]
struct Sizes {
    samples: usize,
    rows: usize,
    columns: usize,
    channels: usize,
}

impl Sizes {
    /// Blocks whose tiles stay in the cache, of at least and at most so many channels.
    fn of<T: Float>(z: &Tensor4<T>, g: Geometry, least_channels: usize, most_channels: usize) -> Self {
        let [n, c, _, _] = z.shape();
        let (height, width) = g.out;
        if !is_machine_float::<T>() {
            return Sizes { samples: n.max(1), rows: height, columns: width, channels: c.max(1) };
        }
        let Cuts { tile, tile_terms, rows: pixels, .. } = cuts();
        let most = tile / size_of::<T>();
        let taps = g.kernel.0 * g.kernel.1;
        // A pixel of all samples is one run; of more samples than that, a part, in whole register blocks.
        let samples = if n <= 2 * pixels || n * width <= 8 * pixels { n } else { (8 * pixels / width).max(1) * pixels };
        let samples = samples.min(most / taps).max(1);
        // First enough channels that reading and writing the sums costs little beside the products, then pixels, then as
        // many more channels as fit.
        let size = |rows: usize, columns: usize| Tile::<T>::channel_size(g, samples, rows, columns);
        let few = (tile_terms / taps).max(least_channels).clamp(1, c.max(1)).min(most_channels);
        let columns = (1..=width).rev().find(|&columns| few * size(1, columns) <= most).unwrap_or(1);
        let rows = (1..=height).rev().find(|&rows| few * size(rows, columns) <= most).unwrap_or(1);
        let channels = (most / size(rows, columns).max(1)).clamp(few, most_channels.max(few));
        Sizes { samples, rows, columns, channels: c.max(1).div_ceil(c.max(1).div_ceil(channels)) }
    }
}

/// `range` in pieces of `size`.
fn pieces(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(size).map(move |from| from..(from + size).min(end))
}

/// The blocks of these pixels, sample by sample, then row by row.
fn blocks(pixels: &Block, sizes: Sizes) -> impl Iterator<Item = Block> {
    let Block { samples, rows, columns, channels } = pixels.clone();
    pieces(samples, sizes.samples).flat_map(move |samples| {
        let (columns, channels) = (columns.clone(), channels.clone());
        pieces(rows.clone(), sizes.rows).flat_map(move |rows| {
            let (samples, channels) = (samples.clone(), channels.clone());
            pieces(columns.clone(), sizes.columns).map(move |columns| Block {
                samples: samples.clone(),
                rows: rows.clone(),
                columns,
                channels: channels.clone(),
            })
        })
    })
}

/// The correlation of every map of `z` with the kernels, plus `bias[d]` in output map d.
pub(crate) fn correlate<T: Float>(
    z: &Tensor4<T>,
    kernel: Kernel<'_, T>,
    bias: Option<&[T]>,
    g: Geometry,
) -> Tensor4<T> {
    let [samples, channels, _, _] = z.shape();
    let (height, width) = g.out;
    let depth = kernel.channels().1;
    let rows = samples * height * width;
    if rows * depth * channels == 0 {
        let bias = |d: usize| bias.map_or(T::zero(), |bias| bias[d]);
        return Tensor4::from_fn([samples, depth, height, width], |_, d, _, _| bias(d));
    }
    let overhangs = (0..height).any(|i| (0..g.kernel.0).any(|u| g.row(i, u, z.shape()[2]).is_none()))
        || (0..width).any(|j| (0..g.kernel.1).any(|v| g.column(j, v, z.shape()[3]).is_none()));
    // Where the kernel is finite, a tap over the padding may be multiplied: it adds a zero.
    let finite = !overhangs || is_finite(kernel.k.as_slice());
    let numbers = DMatrix::from_vec(samples, depth * height * width, any_numbers(rows * depth));
    let mut out = Tensor4::from_columns(numbers, [depth, height, width]);
    // Parts are whole rows of pixels if there are several, else whole pixels, else samples.
    let line = if height > 1 {
        samples * width
    } else if width > 1 {
        samples
    } else {
        cuts().rows
    };
    let sizes = Sizes::of(z, g, 1, usize::MAX);
    let view = DMatrixViewMut::from_slice(out.as_mut_slice(), rows, depth);
    let terms = channels * g.kernel.0 * g.kernel.1;
    let cut = Cut { rows: line * (2 * cuts().rows).div_ceil(line), columns: 6, parts: 2 };
    in_parts(view, (0, 0), cut, terms, &|mut out: DMatrixViewMut<'_, T>, (first, d)| {
        let count = out.nrows();
        let lines = first / line..(first + count).div_ceil(line);
        let (all, whole) = (0..samples, first..first + count);
        let pixels = match (height, width) {
            (1, 1) => Block { samples: whole, rows: 0..1, columns: 0..1, channels: 0..0 },
            (1, _) => Block { samples: all, rows: 0..1, columns: lines, channels: 0..0 },
            _ => Block { samples: all, rows: lines, columns: 0..width, channels: 0..0 },
        };
        with_space(|space| {
            for mut block in blocks(&pixels, sizes) {
                for channels in pieces(0..channels, sizes.channels) {
                    let start = match bias {
                        _ if channels.start > 0 => Start::Itself,
                        Some(bias) => Start::Bias(&bias[d..d + out.ncols()]),
                        None => Start::Nothing,
                    };
                    block.channels = channels;
                    add_block(&mut out, first, d, start, z, (kernel, finite), g, &block, space);
                }
            }
        });
    });
    out
}

/// Adds what the channels of a block contribute to its pixels. `out` begins at row `first` and column `d` of the output.
///
/// By the definition, a tap over the padding contributes nothing. If the kernel is finite, a zero may be multiplied there:
/// that joins runs of a small batch's pixels, and numbers that keep a record take the same steps everywhere.
#[allow(clippy::too_many_arguments)]
fn add_block<T: Float>(
    out: &mut DMatrixViewMut<'_, T>,
    first: usize,
    d: usize,
    start: Start<'_, T>,
    z: &Tensor4<T>,
    (kernel, finite): (Kernel<'_, T>, bool),
    g: Geometry,
    block: &Block,
    space: &mut Space<T>,
) {
    let [samples, _, height, width] = z.shape();
    let Space { tile, taps, rows, .. } = space;
    tile.gather(z, g, block);
    let (next_channel, next_depth) = kernel.steps();
    let k = &kernel.k.as_slice()[d * next_depth..];
    let skip = is_machine_float::<T>() || !finite;
    let count = block.samples.len();
    let skip_columns = skip && !(finite && count == samples && count < lanes::<T>());
    let meets_row = |i: usize, u: usize| !skip || g.row(i, u, height).is_some();
    let meets_column = |j: usize, v: usize| !skip_columns || g.column(j, v, width).is_some();
    let mut j = block.columns.start;
    while j < block.columns.end {
        // Neighbouring pixels whose taps meet the image in the same columns are one run, if all samples are here.
        let alike = |next: &usize| (0..g.kernel.1).all(|v| meets_column(j, v) == meets_column(*next, v));
        let end = if count == samples { (j + 1..block.columns.end).find(|next| !alike(next)) } else { Some(j + 1) };
        let end = end.unwrap_or(block.columns.end);
        rows.clear();
        taps.clear();
        for i in block.rows.clone() {
            let met = (0..g.kernel.0).filter(|&u| meets_row(i, u));
            if !rows.iter().copied().eq(met.clone()) || taps.is_empty() {
                rows.clear();
                rows.extend(met);
                taps.clear();
                for &u in rows.iter() {
                    for v in (0..g.kernel.1).filter(|&v| meets_column(j, v)) {
                        let tap = Tap { a: tile.tap(u, v, 0), b: kernel.place(u, v, block.channels.start) };
                        let next = tile.tap(0, 0, 1) - tile.tap(0, 0, 0);
                        taps.extend(
                            (0..block.channels.len()).map(|c| Tap { a: tap.a + c * next, b: tap.b + c * next_channel }),
                        );
                    }
                }
            }
            let row = block.samples.start + samples * (j + g.out.1 * i) - first;
            let run = out.rows_mut(row, count * (end - j));
            let pixel = tile.pixel(i - block.rows.start, j - block.columns.start);
            accumulate(run, start, taps, &tile.numbers[pixel..], k, next_depth);
        }
        j = end;
    }
}

/// The gradient of the kernels K (C, D, k1, k2), colsᵀ · next_dz, divided by `n`.
///
/// As in the forward, a tap over the padding contributes nothing; if next_dz is `finite`, a zero may be multiplied there.
pub(crate) fn correlate_kernel<T: Float>(
    z: &Tensor4<T>,
    next_dz: &Tensor4<T>,
    finite: bool,
    g: Geometry,
    n: Count<T>,
) -> Tensor4<T> {
    let ([_, channels, _, _], depth) = (z.shape(), next_dz.shape()[1]);
    let columns = depth * g.kernel.0 * g.kernel.1;
    let sums = DMatrix::from_vec(channels, columns, zeros(channels * columns));
    let mut dk = Tensor4::from_columns(sums, [depth, g.kernel.0, g.kernel.1]);
    if dk.as_slice().is_empty() {
        return dk;
    }
    if !machine_float!(T) {
        kernel_in_order(&mut dk, z, next_dz, finite, g);
    } else if finite && channels < cuts().channel_vectors * lanes::<T>() {
        kernel_by_dots(&mut dk, z, next_dz, g);
    } else {
        kernel_by_channels(&mut dk, z, next_dz, g);
    }
    divide(dk.as_mut_slice(), n);
    dk
}

/// All output pixels, and these channels.
fn everything<T: Float>(z: &Tensor4<T>, g: Geometry, channels: Range<usize>) -> Block {
    Block { samples: 0..z.shape()[0], rows: 0..g.out.0, columns: 0..g.out.1, channels }
}

/// Sum by sum, as in the equation.
fn kernel_in_order<T: Float>(dk: &mut Tensor4<T>, z: &Tensor4<T>, next_dz: &Tensor4<T>, finite: bool, g: Geometry) {
    let ([samples, channels, rows, columns], (height, width)) = (z.shape(), g.out);
    let block = everything(z, g, 0..channels);
    with_space(|Space { tile, .. }| {
        tile.gather(z, g, &block);
        for (d, (u, v), c) in indices(dk.shape()) {
            let pixels = (0..height).flat_map(|i| (0..width).map(move |j| (i, j)));
            let pixels =
                pixels.filter(|&(i, j)| finite || g.row(i, u, rows).is_some() && g.column(j, v, columns).is_some());
            let places = pixels.flat_map(|(i, j)| {
                let x = tile.tap(u, v, c) + tile.pixel(i, j);
                let y = samples * (j + width * (i + height * d));
                (0..samples).map(move |n| (x + n, y + n))
            });
            dk[(c, d, u, v)] = in_chains(places.map(|(x, y)| tile.numbers[x] * next_dz.as_slice()[y]));
        }
    });
}

/// Σ of the terms: chains of them, which are then added up in order.
fn in_chains<T: Float>(mut terms: impl Iterator<Item = T>) -> T {
    let add = |sum, term| sum + term;
    let chain = || terms.by_ref().take(cuts().chain).reduce(add);
    std::iter::from_fn(chain).reduce(add).unwrap_or_else(T::zero)
}

/// (d, (u, v), c) of a kernel, in the order of its numbers.
fn indices([channels, depth, k1, k2]: [usize; 4]) -> impl Iterator<Item = (usize, (usize, usize), usize)> {
    let taps = move |d| (0..k1).flat_map(move |u| (0..k2).map(move |v| (d, (u, v))));
    (0..depth).flat_map(taps).flat_map(move |(d, tap)| (0..channels).map(move |c| (d, tap, c)))
}

/// For many channels: the tile is transposed, so that the channels of a pixel lie side by side and a vector holds the sums
/// of as many channels. The terms of a sum are the pixels that a tap meets.
fn kernel_by_channels<T: Float>(dk: &mut Tensor4<T>, z: &Tensor4<T>, next_dz: &Tensor4<T>, g: Geometry) {
    let ([samples, channels, height, width], (k1, k2)) = (z.shape(), g.kernel);
    let step = samples * g.out.0 * g.out.1; // from one map of next_dz to the next
    let rows = cuts().rows;
    let size = if channels < 2 * rows { rows.div_ceil(2) } else { rows };
    let sizes = Sizes::of(z, g, size, size);
    let columns = dk.matrix().ncols();
    let view = DMatrixViewMut::from_slice(dk.as_mut_slice(), channels, columns);
    let cut = Cut { rows: size, columns: k1 * k2, parts: 1 };
    in_parts(view, (0, 0), cut, step, &|mut dk: DMatrixViewMut<'_, T>, (first, column)| {
        let deltas = &next_dz.as_slice()[step * (column / (k1 * k2))..];
        let depth = dk.ncols() / (k1 * k2);
        with_space(|space| {
            for channels in pieces(first..first + dk.nrows(), size) {
                for (number, block) in blocks(&everything(z, g, channels.clone()), sizes).enumerate() {
                    let start = if number == 0 { Start::Nothing } else { Start::Itself };
                    let Space { tile, turned, taps, .. } = space;
                    tile.gather(z, g, &block);
                    tile.turn(channels.len(), turned);
                    for (u, v) in (0..k1).flat_map(|u| (0..k2).map(move |v| (u, v))) {
                        taps.clear();
                        let rows = block.rows.clone().filter(|&i| g.row(i, u, height).is_some());
                        for (i, j) in rows.flat_map(|i| block.columns.clone().map(move |j| (i, j))) {
                            if g.column(j, v, width).is_some() {
                                let x = tile.turned(u, v, i - block.rows.start, j - block.columns.start);
                                let y = block.samples.start + samples * (j + g.out.1 * i);
                                let size = channels.len();
                                taps.extend((0..block.samples.len()).map(|n| Tap { a: size * (x + n), b: y + n }));
                            }
                        }
                        let mut sums = dk.rows_mut(channels.start - first, channels.len());
                        let sums = sums.columns_with_step_mut(v + k2 * u, depth, k1 * k2 - 1);
                        accumulate(sums, start, taps, turned, deltas, step);
                    }
                }
            }
        });
    });
}

/// For few channels: a vector holds terms of one sum.
fn kernel_by_dots<T: Float>(dk: &mut Tensor4<T>, z: &Tensor4<T>, next_dz: &Tensor4<T>, g: Geometry) {
    let ([samples, channels, _, _], [_, depth, k1, k2]) = (z.shape(), dk.shape());
    let (taps, height, step) = (channels * k1 * k2, g.out.0, samples * g.out.0 * g.out.1);
    let sizes = Sizes::of(z, g, 1, channels);
    let Cuts { sums: bytes, groups, .. } = cuts();
    let most = (bytes / (taps * VECTOR)).max(1);
    for maps in pieces(0..depth, most) {
        let size = taps * maps.len() * lanes::<T>();
        let deltas = &next_dz.as_slice()[maps.start * step..];
        let mut sums = Scratch(zeros(groups * size));
        sums.par_chunks_mut(size).enumerate().for_each(|(group, sums)| {
            let rows = height * group / groups..height * (group + 1) / groups;
            with_space(|space| {
                for block in blocks(&Block { rows, ..everything(z, g, 0..channels) }, sizes) {
                    let len = runs(z, g, &block, space);
                    let runs = Runs { taps: &space.offsets, starts: &space.runs, len };
                    dots(sums, maps.len(), runs, &space.tile.numbers, deltas, step);
                }
            });
        });
        let (total, groups) = sums.split_at_mut(size);
        for group in groups.chunks(size) {
            total.iter_mut().zip(group).for_each(|(total, &sum)| *total += sum);
        }
        for (at, (d, (u, v), c)) in indices([channels, maps.len(), k1, k2]).enumerate() {
            let lane = lanes::<T>() * (d + maps.len() * (v + k2 * (u + k1 * c)));
            dk.as_mut_slice()[taps * maps.start + at] = fold(&total[lane..lane + lanes::<T>()]);
        }
    }
}

/// Gathers the tile of a block, the offsets of its taps (c, u, v) and its runs: where they begin in the tile and in a
/// map of next_dz. Returns their length.
fn runs<T: Float>(z: &Tensor4<T>, g: Geometry, block: &Block, space: &mut Space<T>) -> usize {
    let samples = z.shape()[0];
    let Space { tile, offsets, runs, .. } = space;
    tile.gather(z, g, block);
    offsets.clear();
    for c in 0..block.channels.len() {
        offsets
            .extend((0..g.kernel.0).flat_map(|u| (0..g.kernel.1).map(move |v| (u, v))).map(|(u, v)| tile.tap(u, v, c)));
    }
    runs.clear();
    let (count, columns) = (block.samples.len(), block.columns.len());
    let pixels = if count == samples { columns } else { 1 };
    for i in block.rows.clone() {
        for j in block.columns.clone().step_by(pixels) {
            let x = tile.pixel(i - block.rows.start, j - block.columns.start);
            runs.push((x, block.samples.start + samples * (j + g.out.1 * i)));
        }
    }
    count * pixels
}

/// Whether no number is infinite or NaN. A number that keeps a record is checked by its value, without recording it.
pub(crate) fn is_finite<T: Float>(numbers: &[T]) -> bool {
    if !is_machine_float::<T>() {
        return numbers.iter().all(|x| x.to_f64().is_some_and(f64::is_finite));
    }
    numbers.chunks(1024).all(|numbers| numbers.iter().fold(true, |finite, x| finite & x.is_finite()))
}

/// Σₙ Σᵢ Σⱼ of every map, divided by `n`: the gradient of the bias.
pub(crate) fn map_sums<T: Float>(next_dz: &Tensor4<T>, n: Count<T>) -> DVector<T> {
    let [samples, depth, height, width] = next_dz.shape();
    let size = samples * height * width;
    let mut sums = room(depth);
    sums.extend((0..depth).map(|d| mean_of(&next_dz.as_slice()[d * size..(d + 1) * size], n)));
    DVector::from_vec(sums)
}
