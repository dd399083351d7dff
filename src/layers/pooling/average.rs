//! Average pooling: the mean of every window.
//!
//! ```math
//! y[n,c,i,j] = Σ_u Σ_v ẑ[n, c, i·s1 + u, j·s2 + v] / (k1·k2)
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, C, H, W) | the batch |
//! | (k1, k2) | | the window; it may overlap its neighbours or leave gaps |
//! | s, p | | strides and padding (with zeros, which count in the mean), a [`Slide`] |
//! | y | (N, C, H', W') | H' = (H + 2·p1 − k1)/s1 + 1, and so for W' |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. `y[i]`, for every window i that covers pixel r, contains `ẑ[r]` with coefficient 1/(k1·k2).
//! 2. So **`dz[r] = Σ δ[i] / (k1·k2)`, over the windows i that cover r**: each window gives every position the same
//!    share. The share of a position in the padding is dropped.
//!
//! The layer is linear: no kinks. Without padding, Σ dz = Σ next_dz, even where the windows overlap or leave pixels
//! uncovered: each window hands out k1·k2 shares of 1/(k1·k2).
//!
//! Source: LeCun et al., *Gradient-based learning applied to document recognition* (1998).

use super::{Windows, by_channels, channel, column, column_mut};
use crate::float::Count;
use crate::kernels::block::{Work, vectorised};
use crate::kernels::elementwise::{Run, array, in_runs, mean_columns};
use crate::{Float, ShapeError, Slide, Tensor4};

/// The mean of every window of z (N, C, H, W), the padding's zeros included.
///
/// # Errors
/// If the windows do not fit ([`Slide::output_size`]), or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 4], &[1.0, 5.0, 2.0, 0.0, 3.0, 3.0, -1.0, 7.0])?;
/// assert_eq!(avg_pooling_forward(&z, (2, 2), Slide::by(2, 2))?.map_at(0, 0), dmatrix![3.0, 2.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn avg_pooling_forward<T: Float>(
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = Windows::new("avg_pooling_forward", z, pooling, slide)?;
    let [samples, channels, _, _] = z.shape();
    Ok(by_channels([samples, channels, windows.out.0, windows.out.1], |c, y| {
        vectorised::<T, _>(Forward { y, z: channel(z, c), samples, windows: &windows });
    }))
}

/// The work on one channel.
struct Forward<'a, T> {
    y: &'a mut [T],
    z: &'a [T],
    samples: usize,
    windows: &'a Windows,
}

impl<T: Float> Work for Forward<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let (area, (k1, k2)) = (self.windows.area(), self.windows.pooling);
        for (at, window) in self.windows.all().enumerate() {
            let y = column_mut(self.y, self.samples, at);
            mean_columns(y, self.z, self.windows.pixels(window), k1.saturating_mul(k2), area);
        }
    }
}

/// Each window's next_dz, in equal shares to all its positions, for next_dz (N, C, H', W'); dz is (N, C, H, W).
///
/// # Errors
/// As for [`avg_pooling_forward`], and if next_dz is not (N, C, H', W').
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 1, 3], &[1.0, 5.0, 2.0])?;
/// let next_dz = Tensor4::from_row_major([1, 1, 1, 2], &[10.0, 20.0])?; // two windows, both over the middle
/// let dz = avg_pooling_backward(&next_dz, &z, (1, 2), Slide::by(1, 1))?;
/// assert_eq!(dz.map_at(0, 0), dmatrix![5.0, 5.0 + 10.0, 10.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn avg_pooling_backward<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = Windows::new("avg_pooling_backward", z, pooling, slide)?;
    windows.check_next_dz("avg_pooling_backward", next_dz, z)?;
    let samples = z.shape()[0];
    Ok(by_channels(z.shape(), |c, dz| {
        vectorised::<T, _>(Backward { dz, next_dz: channel(next_dz, c), samples, windows: &windows });
    }))
}

/// The work on one channel.
struct Backward<'a, T> {
    dz: &'a mut [T],
    next_dz: &'a [T],
    samples: usize,
    windows: &'a Windows,
}

impl<T: Float> Work for Backward<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let (dz, area) = (self.dz, self.windows.area());
        for (at, window) in self.windows.all().enumerate() {
            let (deltas, pixels) = (column(self.next_dz, self.samples, at), self.windows.pixels(window));
            in_runs(self.samples, HandOut { dz, deltas, pixels, area });
        }
    }
}

/// The δ of every sample of one window, handed out in equal shares.
struct HandOut<'a, T, P> {
    dz: &'a mut [T],
    deltas: &'a [T],
    pixels: P,
    area: Count<T>,
}

impl<T: Float, P: Iterator<Item = usize> + Clone> Run for HandOut<'_, T, P> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let shares = array::<T, L>(self.deltas, first).map(|delta| self.area.divide(delta));
        for pixel in self.pixels.clone() {
            let dz = &mut self.dz[pixel * self.deltas.len() + first..][..L];
            for l in 0..L {
                dz[l] += shares[l]; // (2)
            }
        }
    }
}
