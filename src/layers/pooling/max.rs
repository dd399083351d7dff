//! Max pooling: the largest number of every window.
//!
//! ```math
//! y[n,c,i,j] = max over u, v of ẑ[n, c, i·s1 + u, j·s2 + v]
//! ```
//!
//! | symbol | shape | meaning |
//! |---|---|---|
//! | z | (N, C, H, W) | the batch |
//! | (k1, k2) | | the window; it may overlap its neighbours or leave gaps |
//! | s, p | | strides and padding, a [`Slide`] |
//! | y | (N, C, H', W') | H' = (H + 2·p1 − k1)/s1 + 1, and so for W' |
//!
//! # Derivation
//!
//! Write δ for `next_dz`.
//!
//! 1. While one element of a window is larger than all others, y *is* that element: dy = dẑ at its place, and no other
//!    element has a part in it.
//! 2. So each window hands its δ to the place of its maximum:
//!    **`dz[r] = Σ δ[i]`, over the windows i whose maximum stands at r**. Windows that overlap may name the same place;
//!    then their δ add up.
//!
//! Kinks: where a maximum is tied, max has no derivative. The **first** maximum of the window, row by row, takes the
//! whole δ, so that Σ dz = Σ next_dz always. A NaN counts as larger than any number.
//!
//! The padding is −∞: it never wins. [`max_pooling_zero_padded_forward`] pads with 0 instead, as the NumPy course this
//! crate grew from does: there a window of negative numbers at the border answers 0, and its δ falls into the padding
//! and is lost.
//!
//! Source: LeCun et al., *Gradient-based learning applied to document recognition* (1998), for pooling; Scherer,
//! Müller, Behnke (2010) for its maximum.

use super::{Windows, by_channels, channel, column, column_mut, has_pixels};
use crate::kernels::block::{Work, vectorised};
use crate::kernels::elementwise::{Run, array, fold_columns, in_runs};
use crate::{Float, ShapeError, Slide, Tensor4};

/// The maximum of every window of z (N, C, H, W); padded with −∞.
///
/// # Errors
/// If the windows do not fit ([`Slide::output_size`]), the maps are empty, or the padding is as large as the window: a
/// window wholly in the padding would have no maximum. Also if there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 4], &[1.0, 5.0, 2.0, 0.0, 3.0, 4.0, -1.0, 7.0])?;
/// assert_eq!(max_pooling_forward(&z, (2, 2), Slide::by(2, 2))?.map_at(0, 0), dmatrix![5.0, 7.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn max_pooling_forward<T: Float>(
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = padded_with_infinity("max_pooling_forward", z, pooling, slide)?;
    Ok(forward(z, &windows, None))
}

/// Each window's next_dz at the place of its first maximum, for next_dz (N, C, H', W'); dz is (N, C, H, W).
///
/// # Errors
/// Those of [`max_pooling_forward`], and if next_dz is not (N, C, H', W').
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, 5.0, 5.0, 4.0])?; // a tie: the first 5 takes it
/// let next_dz = Tensor4::from_row_major([1, 1, 1, 1], &[10.0])?;
/// let dz = max_pooling_backward(&next_dz, &z, (2, 2), Slide::by(2, 2))?;
/// assert_eq!(dz.map_at(0, 0), dmatrix![0.0, 10.0; 0.0, 0.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn max_pooling_backward<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = padded_with_infinity("max_pooling_backward", z, pooling, slide)?;
    windows.check_next_dz("max_pooling_backward", next_dz, z)?;
    Ok(backward(next_dz, z, &windows, None))
}

/// [`max_pooling_forward`] padded with 0.
///
/// # Errors
/// If the windows do not fit ([`Slide::output_size`]), or there is no memory for y.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, slide) = (Tensor4::from_row_major([1, 1, 1, 1], &[-3.0])?, Slide::default().padding(0, 1));
/// assert_eq!(max_pooling_forward(&z, (1, 2), slide)?.map_at(0, 0), dmatrix![-3.0, -3.0]);
/// assert_eq!(max_pooling_zero_padded_forward(&z, (1, 2), slide)?.map_at(0, 0), dmatrix![0.0, 0.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn max_pooling_zero_padded_forward<T: Float>(
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = Windows::new("max_pooling_zero_padded_forward", z, pooling, slide)?;
    Ok(forward(z, &windows, Some(T::zero())))
}

/// [`max_pooling_backward`] padded with 0: what falls to a zero of the padding is dropped.
///
/// # Errors
/// Those of [`max_pooling_zero_padded_forward`], and if next_dz is not (N, C, H', W').
#[inline(never)]
pub fn max_pooling_zero_padded_backward<T: Float>(
    next_dz: &Tensor4<T>,
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Tensor4<T>, ShapeError> {
    let windows = Windows::new("max_pooling_zero_padded_backward", z, pooling, slide)?;
    windows.check_next_dz("max_pooling_zero_padded_backward", next_dz, z)?;
    Ok(backward(next_dz, z, &windows, Some(T::zero())))
}

fn padded_with_infinity<T: Float>(
    function: &'static str,
    z: &Tensor4<T>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Windows, ShapeError> {
    let (p1, p2) = slide.padding;
    if p1 >= pooling.0.max(1) || p2 >= pooling.1.max(1) {
        return Err(ShapeError::new(
            function,
            format!("the padding is {:?} but the window {pooling:?}", slide.padding),
            "the padding must be smaller than the window, or a window would see padding alone",
        ));
    }
    let windows = Windows::new(function, z, pooling, slide)?;
    has_pixels(function, z)?;
    Ok(windows)
}

/// Whether `x` takes the place of the best so far: only if larger, so the first of equals stays.
#[inline(always)]
fn beats<T: Float>(x: T, best: T) -> bool {
    x > best || x.is_nan()
}

/// The larger one, of equals the first.
#[inline(always)]
fn larger<T: Float>(best: T, x: T) -> T {
    if beats(x, best) { x } else { best }
}

/// Every window's maximum; a place in the padding counts as `padding`, or not at all.
fn forward<T: Float>(z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let [samples, channels, _, _] = z.shape();
    by_channels([samples, channels, windows.out.0, windows.out.1], |c, y| {
        vectorised(Forward { y, z: channel(z, c), samples, windows, padding });
    })
}

/// Of one channel.
struct Forward<'a, T> {
    y: &'a mut [T],
    z: &'a [T],
    samples: usize,
    windows: &'a Windows,
    padding: Option<T>,
}

impl<T: Float> Work for Forward<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let window_size = self.windows.pooling.0.saturating_mul(self.windows.pooling.1);
        for (at, window) in self.windows.all().enumerate() {
            let (y, pixels) = (column_mut(self.y, self.samples, at), self.windows.pixels(window));
            fold_columns(y, self.z, pixels.clone(), larger);
            match (self.padding, pixels.count()) {
                (Some(value), 0) => y.fill(value),
                (Some(value), pixels) if pixels < window_size => y.iter_mut().for_each(|y| *y = larger(*y, value)),
                _ => {}
            }
        }
    }
}

fn backward<T: Float>(next_dz: &Tensor4<T>, z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let samples = z.shape()[0];
    by_channels(z.shape(), |c, dz| {
        vectorised(Backward { dz, z: channel(z, c), next_dz: channel(next_dz, c), samples, windows, padding });
    })
}

/// Of one channel.
struct Backward<'a, T> {
    dz: &'a mut [T],
    z: &'a [T],
    next_dz: &'a [T],
    samples: usize,
    windows: &'a Windows,
    padding: Option<T>,
}

impl<T: Float> Work for Backward<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let Backward { dz, z, padding, .. } = self;
        let mut taps = Vec::new();
        for (at, window) in self.windows.all().enumerate() {
            taps.clear();
            taps.extend(self.windows.taps(window));
            let deltas = column(self.next_dz, self.samples, at);
            in_runs(self.samples, HandOver { dz, z, deltas, taps: &taps, padding });
        }
    }
}

/// The δ of every sample of one window, handed to the tap that has the sample's maximum.
struct HandOver<'a, T> {
    dz: &'a mut [T],
    z: &'a [T],
    deltas: &'a [T],
    taps: &'a [Option<usize>],
    padding: Option<T>,
}

impl<T: Float> Run for HandOver<'_, T> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let samples = self.deltas.len();
        let (mut best, mut winners) = ([T::zero(); L], [0; L]);
        let mut none_yet = true;
        for (tap, &pixel) in (0_u32..).zip(self.taps) {
            let values: [T; L] = match (pixel, self.padding) {
                (Some(pixel), _) => array(self.z, pixel * samples + first),
                (None, Some(value)) => [value; L],
                (None, None) => continue,
            };
            // Both are written whether a value wins or not: without a branch, the loop becomes vector instructions.
            for l in 0..L {
                let wins = none_yet || beats(values[l], best[l]);
                (best[l], winners[l]) = if wins { (values[l], tap) } else { (best[l], winners[l]) };
            }
            none_yet = false;
        }
        let deltas: [T; L] = array(self.deltas, first);
        for (tap, &pixel) in (0..).zip(self.taps) {
            let Some(pixel) = pixel else { continue };
            let dz = &mut self.dz[pixel * samples + first..][..L];
            for l in 0..L {
                dz[l] = if winners[l] == tap { dz[l] + deltas[l] } else { dz[l] }; // (2)
            }
        }
    }
}
