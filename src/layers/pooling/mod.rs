//! Pooling: a window of every map becomes one number, its maximum or its mean.
//!
//! A pixel of a whole batch is one contiguous column of a [`Tensor4`], so a window of N samples is a handful of
//! columns, and pooling it is a maximum or a sum of whole columns.

pub mod average;
pub mod global;
pub mod max;

pub use average::*;
pub use global::*;
pub use max::*;

use crate::error::same_shape;
use crate::float::Count;
use crate::kernels::block::changed;
use crate::{Float, ShapeError, Slide, Tensor4, sizes};
use nalgebra::DMatrix;

/// Where the windows of one map lie: the sizes of map and output, and the pixels under a window.
struct Windows {
    image: (usize, usize),
    pooling: (usize, usize),
    slide: Slide,
    out: (usize, usize),
}

impl Windows {
    fn new<T: Float>(
        function: &'static str,
        z: &Tensor4<T>,
        pooling: (usize, usize),
        slide: Slide,
    ) -> Result<Self, ShapeError> {
        let [samples, channels, height, width] = z.shape();
        let out = slide.layer_windows(function, (height, width), pooling)?;
        sizes::fit::<T>(function, "the output", &[samples, channels, out.0, out.1])?;
        Ok(Windows { image: (height, width), pooling, slide, out })
    }

    /// k1·k2: how many positions a window has.
    fn area<T: Float>(&self) -> Count<T> {
        Count::of_product(self.pooling.0, self.pooling.1)
    }

    /// All windows (i, j), row by row.
    #[inline(always)]
    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, columns) = self.out;
        (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
    }

    /// The pixels r·W + q under window (i, j), row by row, without those in the padding.
    #[inline(always)]
    fn pixels(&self, (i, j): (usize, usize)) -> impl Iterator<Item = usize> + Clone + use<> {
        let ((height, width), (s1, s2), (p1, p2)) = (self.image, self.slide.strides, self.slide.padding);
        let along =
            |at: usize, k: usize, p: usize, size: usize| at.saturating_sub(p)..(at + k).saturating_sub(p).min(size);
        let columns = along(j * s2, self.pooling.1, p2, width);
        along(i * s1, self.pooling.0, p1, height).flat_map(move |r| columns.clone().map(move |q| r * width + q))
    }

    /// How many taps of window (i, j) come before the first one in the padding, or `None` if no tap is there. The taps
    /// in the padding are all equal, so only the first of them can be the maximum.
    #[inline(always)]
    fn before_padding(&self, (i, j): (usize, usize)) -> Option<usize> {
        let ((height, width), (k1, k2), (p1, p2)) = (self.image, self.pooling, self.slide.padding);
        let (top, left) = (i * self.slide.strides.0, j * self.slide.strides.1);
        if top < p1 || left < p2 {
            Some(0)
        } else if left + k2 > p2 + width {
            Some((p2 + width).saturating_sub(left)) // it comes after those of the first row
        } else if top + k1 > p1 + height {
            Some((p1 + height).saturating_sub(top) * k2) // it comes after those of the last row
        } else {
            None
        }
    }

    /// The pixels under the taps of window (i, j), in order, with `None` for the first tap in the padding.
    fn taps(&self, window: (usize, usize)) -> Vec<Option<usize>> {
        let mut taps: Vec<_> = self.pixels(window).map(Some).collect();
        if let Some(before) = self.before_padding(window) {
            taps.insert(before.min(taps.len()), None);
        }
        taps
    }

    fn check_next_dz<T: Float>(
        &self,
        function: &'static str,
        next_dz: &Tensor4<T>,
        z: &Tensor4<T>,
    ) -> Result<(), ShapeError> {
        let [samples, channels, _, _] = z.shape();
        let out = (samples, channels, self.out.0, self.out.1);
        same_shape(function, ("next_dz", next_dz.dims()), ("the output", out))
    }
}

/// `Ok` if a map has at least one pixel.
fn has_pixels<T: Float>(function: &'static str, z: &Tensor4<T>) -> Result<(), ShapeError> {
    let [_, _, height, width] = z.shape();
    if height == 0 || width == 0 {
        return Err(ShapeError::new(function, format!("z is {:?}", z.dims()), "its maps must have at least one pixel"));
    }
    Ok(())
}

/// A tensor of this shape: each channel c starts as zeros and is filled by `f(c, channel)`.
fn by_channels<T: Float>([n, c, h, w]: [usize; 4], f: impl Fn(usize, &mut [T]) + Send + Sync) -> Tensor4<T> {
    let channels = changed(n * c * h * w, n * h * w, f);
    Tensor4::from_columns(DMatrix::from_vec(n, c * h * w, channels), [c, h, w])
}

/// Element `at` of a channel's columns: all samples of one pixel.
fn column<T>(map: &[T], samples: usize, at: usize) -> &[T] {
    &map[at * samples..(at + 1) * samples]
}

fn column_mut<T>(map: &mut [T], samples: usize, at: usize) -> &mut [T] {
    &mut map[at * samples..(at + 1) * samples]
}

/// All columns of channel c: samples·H·W numbers.
fn channel<T: Float>(z: &Tensor4<T>, c: usize) -> &[T] {
    let [samples, _, height, width] = z.shape();
    let size = samples * height * width;
    &z.as_slice()[c * size..(c + 1) * size]
}
