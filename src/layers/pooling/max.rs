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

use super::{Windows, by_channels, channel, column, column_mut};
use crate::kernels::elementwise::fold_columns;
use crate::{Float, ShapeError, Slide, Tensor4};

/// The maximum of every window of z (N, C, H, W); padded with −∞.
///
/// # Errors
/// If the windows do not fit ([`Slide::output_size`]), or the padding is as large as the window: a window wholly in
/// the padding would have no maximum.
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
/// If the windows do not fit ([`Slide::output_size`]).
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
    Windows::new(function, z, pooling, slide)
}

/// Whether `x` takes the place of the best so far: only if larger, so the first of equals stays.
fn beats<T: Float>(x: T, best: T) -> bool {
    x > best || x.is_nan()
}

/// The larger one, of equals the first.
fn larger<T: Float>(best: T, x: T) -> T {
    if beats(x, best) { x } else { best }
}

/// Every window's maximum; a place in the padding counts as `padding`, or not at all.
fn forward<T: Float>(z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let [samples, channels, _, _] = z.shape();
    let window_size = windows.pooling.0 * windows.pooling.1;
    by_channels([samples, channels, windows.out.0, windows.out.1], |c, y| {
        let (z, mut pixels) = (channel(z, c), Vec::new());
        for (at, window) in windows.all().enumerate() {
            let y = column_mut(y, samples, at);
            pixels.clear();
            pixels.extend(windows.pixels(window));
            fold_columns(y, z, &pixels, larger);
            match padding {
                Some(value) if pixels.is_empty() => y.fill(value),
                Some(value) if pixels.len() < window_size => y.iter_mut().for_each(|y| *y = larger(*y, value)),
                _ => {}
            }
        }
    })
}

fn backward<T: Float>(next_dz: &Tensor4<T>, z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let samples = z.shape()[0];
    by_channels(z.shape(), |c, dz| {
        let (z, next_dz) = (channel(z, c), channel(next_dz, c));
        let (mut best, mut winners, mut taps) = (vec![T::zero(); samples], vec![0; samples], Vec::new());
        for (at, window) in windows.all().enumerate() {
            taps.clear();
            taps.extend(windows.taps(window));
            find_winners(z, &taps, padding, &mut best, &mut winners);
            let deltas = column(next_dz, samples, at);
            for (tap, &pixel) in (0..).zip(&taps) {
                let Some(pixel) = pixel else { continue };
                for ((dz, &delta), &winner) in column_mut(dz, samples, pixel).iter_mut().zip(deltas).zip(&winners) {
                    *dz = if winner == tap { *dz + delta } else { *dz }; // (2)
                }
            }
        }
    })
}

/// Of every sample, which of the taps of one window has the maximum, counted from 0; `best` is that maximum.
fn find_winners<T: Float>(z: &[T], taps: &[Option<usize>], padding: Option<T>, best: &mut [T], winners: &mut [u32]) {
    let samples = best.len();
    let mut first = true;
    for (tap, &pixel) in (0..).zip(taps) {
        match (pixel, padding) {
            (Some(pixel), _) => raise(best, winners, tap, first, column(z, samples, pixel).iter().copied()),
            (None, Some(value)) => raise(best, winners, tap, first, std::iter::repeat(value)),
            (None, None) => continue,
        }
        first = false;
    }
}

/// Every sample's value at this tap takes the place of the best so far if it beats it, or if it is the first.
fn raise<T: Float>(best: &mut [T], winners: &mut [u32], tap: u32, first: bool, values: impl Iterator<Item = T>) {
    for ((best, winner), x) in best.iter_mut().zip(winners).zip(values) {
        // Both are written whether x wins or not: without a branch, the loop becomes vector instructions.
        let wins = first || beats(x, *best);
        (*best, *winner) = if wins { (x, tap) } else { (*best, *winner) };
    }
}
