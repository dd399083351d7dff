//! The windows of a convolution that are computed: all except those that lie far out in the padding.
//!
//! The fast kernels gather the padded image block by block, and a block is at least as wide as the stride. To keep wide
//! padding from costing memory, windows that see nothing of the image are left out there: each of their outputs is the
//! bias. Where a single window is left along a side, its stride is 1, because no other window follows it.

use crate::kernels::Geometry;
use crate::{Float, Slide, Tensor4};
use nalgebra::DVector;
use std::borrow::Cow;
use std::ops::Range;

/// With at least this many rows of padding beyond the kernel, windows without a pixel are left out.
const FAR: usize = 64;

/// The rows and columns of the windows that are computed, out of all windows.
pub(super) struct Seen {
    rows: Range<usize>,
    columns: Range<usize>,
    out: (usize, usize),
}

impl Seen {
    /// For an image z (N, C, H, W), a kernel (k1, k2) and its output (H', W'): none at all if C is 0.
    pub(super) fn new<T: Float>(z: &Tensor4<T>, kernel: (usize, usize), slide: Slide, out: (usize, usize)) -> Self {
        let [_, channels, height, width] = z.shape();
        if channels == 0 {
            return Seen { rows: 0..0, columns: 0..0, out };
        }
        let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
        Seen { rows: along(out.0, height, kernel.0, s1, p1), columns: along(out.1, width, kernel.1, s2, p2), out }
    }

    /// Where the taps of the windows that are computed lie.
    pub(super) fn geometry(&self, kernel: (usize, usize), slide: Slide) -> Geometry {
        let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
        let stride = |windows: &Range<usize>, s: usize| if windows.len() > 1 { s } else { 1 };
        // No sum overflows: the first window lies in the padded image, whose sides are isizes.
        let offset = |windows: &Range<usize>, s: usize, p: usize| {
            let first = if windows.start == 0 { 0 } else { windows.start * s };
            p as isize - first as isize
        };
        Geometry {
            out: (self.rows.len(), self.columns.len()),
            kernel,
            strides: (stride(&self.rows, s1), stride(&self.columns, s2)),
            dilation: (1, 1),
            offset: (offset(&self.rows, s1, p1), offset(&self.columns, s2, p2)),
        }
    }

    fn all(&self) -> bool {
        (self.rows.len(), self.columns.len()) == self.out
    }

    /// The whole output (N, D, H', W'), from the windows that were computed: the others are the bias b (D).
    pub(super) fn completed<T: Float>(&self, y: Tensor4<T>, b: &DVector<T>) -> Tensor4<T> {
        if self.all() {
            return y;
        }
        let [n, d, _, _] = y.shape();
        Tensor4::filled([n, d, self.out.0, self.out.1], |n, d, i, j| {
            let seen = self.rows.contains(&i) && self.columns.contains(&j);
            if seen { y[(n, d, i - self.rows.start, j - self.columns.start)] } else { b[d] }
        })
    }

    /// The part of next_dz (N, D, H', W') that belongs to the windows that are computed.
    pub(super) fn cut<'a, T: Float>(&self, next_dz: &'a Tensor4<T>) -> Cow<'a, Tensor4<T>> {
        if self.all() {
            return Cow::Borrowed(next_dz);
        }
        let [n, d, _, _] = next_dz.shape();
        Cow::Owned(Tensor4::filled([n, d, self.rows.len(), self.columns.len()], |n, d, i, j| {
            next_dz[(n, d, i + self.rows.start, j + self.columns.start)]
        }))
    }
}

/// Of `windows` windows along a side: all of them, or, if the padding is wide, those that see the image.
fn along(windows: usize, size: usize, k: usize, s: usize, p: usize) -> Range<usize> {
    if p < k.saturating_add(FAR) {
        return 0..windows;
    }
    // Window i covers positions i·s … i·s + k − 1 of the padded image; the image covers p … p + size − 1.
    let (first, end) = ((p - k) / s + 1, (p + size).div_ceil(s).min(windows));
    if size == 0 || first >= end { 0..0 } else { first..end }
}
