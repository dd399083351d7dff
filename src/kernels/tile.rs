//! The part of the input that a block of output pixels needs, gathered so that it stays in the cache.
//!
//! For every output pixel of every sample, write down all numbers under its window. That gives the matrix `cols`
//! ("image to columns"), with a row for every (n, j, i) and a column for every tap (u, v, c) of the kernel; a
//! convolution is its product with the kernel. It is k1·k2 times as large as the input, and each of its columns is the
//! input itself, shifted by u rows and v columns. So `cols` is never written down. A [`Tile`] holds the input of a
//! block of output pixels once, its padding included, and a column of `cols` is a place in the tile where reading
//! begins.

use super::block::{VECTOR, lanes};
use crate::{Float, Tensor4};
use std::ops::Range;

/// Where the taps of every output pixel lie: tap (u, v) of pixel (i, j) is row (i·stride + u − offset) of the dilated
/// image, and so for the columns.
///
/// One geometry serves both directions. Going forward, the window moves by the strides over the image. Going backward it
/// moves by 1 over next_dz, between whose rows and columns strides − 1 zeros are inserted: the `dilation`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub out: (usize, usize),
    pub kernel: (usize, usize),
    pub strides: (usize, usize),
    pub dilation: (usize, usize),
    /// The padding; negative where it crops.
    pub offset: (isize, isize),
}

impl Geometry {
    /// The row of z (N, C, H, W) under tap u of output row i, if there is one: neither padding nor an inserted zero.
    pub fn row(&self, i: usize, u: usize, height: usize) -> Option<usize> {
        source(i * self.strides.0 + u, self.offset.0, self.dilation.0, height)
    }

    /// The column of z under tap v of output column j, if there is one.
    pub fn column(&self, j: usize, v: usize, width: usize) -> Option<usize> {
        source(j * self.strides.1 + v, self.offset.1, self.dilation.1, width)
    }
}

/// The row (or column) that became number `position` when zeros were inserted and `offset` rows of padding added.
fn source(position: usize, offset: isize, dilation: usize, size: usize) -> Option<usize> {
    let position = position.checked_add_signed(-offset)?;
    (position % dilation == 0 && position / dilation < size).then_some(position / dilation)
}

/// Output pixels (samples, rows i, columns j) and the input channels that are summed over.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub samples: Range<usize>,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    pub channels: Range<usize>,
}

/// The input under the windows of a block: its numbers (c, r, q, n), n fastest, r and q counted from the first row and
/// column under the first window.
///
/// With a column stride s the columns q, q + s, q + 2s, … stand side by side, and after them those from q + 1 on. So the
/// pixels under one tap in neighbouring windows are neighbours for every stride. Rows and columns between the windows are
/// left out.
pub(crate) struct Tile<T> {
    pub numbers: Vec<T>,
    /// Where the first number lies: at the beginning of a cache line.
    origin: usize,
    samples: usize,
    rows: usize,
    /// Columns of one remainder of q by the stride.
    columns: usize,
    /// From one window to the next: the strides, but no more than a window, because no tap sees what lies between.
    steps: (usize, usize),
}

impl<T: Float> Tile<T> {
    pub fn new() -> Self {
        Tile { numbers: Vec::new(), origin: 0, samples: 0, rows: 0, columns: 0, steps: (1, 1) }
    }

    /// Numbers that a tile for a block of these sizes holds for each channel.
    pub fn channel_size(g: Geometry, samples: usize, rows: usize, columns: usize) -> usize {
        let (r, q) = Self::sides(g, rows, columns);
        r * q * Self::steps(g).1 * samples
    }

    fn steps(g: Geometry) -> (usize, usize) {
        (g.strides.0.min(g.kernel.0), g.strides.1.min(g.kernel.1))
    }

    fn sides(g: Geometry, rows: usize, columns: usize) -> (usize, usize) {
        let along = |windows: usize, step: usize, k: usize| windows.saturating_sub(1) * step + k;
        let (down, right) = Self::steps(g);
        (along(rows, down, g.kernel.0), along(columns, right, g.kernel.1).div_ceil(right))
    }

    /// Where the number under tap (u, v) of the c-th channel lies for the first pixel and sample of the block.
    pub fn tap(&self, u: usize, v: usize, c: usize) -> usize {
        let (remainder, column) = (v % self.steps.1, v / self.steps.1);
        self.origin + self.samples * (column + self.columns * (remainder + self.steps.1 * (u + self.rows * c)))
    }

    /// How much farther it lies for the i-th row and j-th column of the block's pixels.
    pub fn pixel(&self, i: usize, j: usize) -> usize {
        self.samples * (j + self.columns * self.steps.1 * self.steps.0 * i)
    }

    /// Gathers the input of a block, and as many zeros behind it as a vector may reach beyond its end.
    pub fn gather(&mut self, z: &Tensor4<T>, g: Geometry, block: &Block) {
        let [samples, _, height, width] = z.shape();
        (self.rows, self.columns) = Self::sides(g, block.rows.len(), block.columns.len());
        (self.samples, self.steps) = (block.samples.len(), Self::steps(g));
        self.numbers.clear();
        let size = block.channels.len() * Self::channel_size(g, self.samples, block.rows.len(), block.columns.len());
        self.numbers.reserve(size + 2 * VECTOR);
        self.origin = self.numbers.as_ptr().align_offset(VECTOR).min(VECTOR);
        self.zeros(self.origin);
        let whole_pixels = self.samples == samples && g.strides.1 == 1 && g.dilation.1 == 1;
        for c in block.channels.clone() {
            for r in 0..self.rows {
                let below = r / self.steps.0 * g.strides.0 + r % self.steps.0;
                let Some(row) = g.row(block.rows.start, below, height) else {
                    self.zeros(self.columns * self.steps.1 * self.samples);
                    continue;
                };
                let start = samples * width * (row + height * c);
                let line = &z.as_slice()[start..start + samples * width];
                if whole_pixels {
                    // One run of pixels, cut off at both borders.
                    let first = block.columns.start as isize - g.offset.1;
                    let within = |q: isize| q.clamp(0, width as isize) as usize;
                    let (from, to) = (within(first), within(first.saturating_add(self.columns as isize)));
                    let before = (-first).clamp(0, self.columns as isize) as usize;
                    self.zeros(before * samples);
                    self.numbers.extend_from_slice(&line[from * samples..to * samples]);
                    self.zeros((self.columns - before - (to - from)) * samples);
                } else {
                    for remainder in 0..self.steps.1 {
                        for q in (0..self.columns).map(|q| q * g.strides.1 + remainder) {
                            match g.column(block.columns.start, q, width) {
                                Some(column) => {
                                    let pixel = &line[column * samples..][..samples];
                                    self.numbers.extend_from_slice(&pixel[block.samples.clone()]);
                                }
                                None => self.zeros(self.samples),
                            }
                        }
                    }
                }
            }
        }
        self.zeros(lanes::<T>());
    }

    /// Writes a transposed copy of a tile of so many channels: its numbers (r, q, n, c), c fastest.
    pub fn turn(&self, channels: usize, turned: &mut Vec<T>) {
        let numbers = &self.numbers[self.origin..];
        let size = self.tap(0, 0, 1) - self.origin; // of a channel
        turned.clear();
        turned.resize(size * channels + lanes::<T>(), T::zero());
        // A cache line of every channel at a time.
        for first in (0..size).step_by(16) {
            for c in 0..channels {
                let line = &numbers[c * size + first..c * size + size.min(first + 16)];
                for (place, &x) in turned[first * channels + c..].iter_mut().step_by(channels).zip(line) {
                    *place = x;
                }
            }
        }
    }

    /// The pixel of the turned tile under tap (u, v) of the window in row i and column j of the block, counted in samples.
    pub fn turned(&self, u: usize, v: usize, i: usize, j: usize) -> usize {
        self.tap(u, v, 0) - self.origin + self.pixel(i, j)
    }

    fn zeros(&mut self, count: usize) {
        self.numbers.resize(self.numbers.len() + count, T::zero());
    }
}
