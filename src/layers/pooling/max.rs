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
//! 1. While one element of a window is larger than all others, y *is* that element: dy = dẑ at its place, and y
//!    depends on no other element.
//! 2. So each window passes its δ to the position of its maximum: **`dz[r] = Σ δ[i]`, over the windows i whose maximum
//!    is at r**. Overlapping windows may share that position; then their δ add up.
//!
//! Kinks: where a maximum is tied, max has no derivative. The **first** maximum of the window, row by row, takes the
//! whole δ, so Σ dz = Σ next_dz always. A NaN counts as larger than any number, and the first NaN takes δ.
//!
//! The padding is −∞: it never wins. [`max_pooling_zero_padded_forward`] pads with 0 instead, as the NumPy course this
//! crate grew from does. There, a window of negative numbers at the border gives 0, and its δ goes to the padding and
//! is lost.
//!
//! Source: LeCun et al., *Gradient-based learning applied to document recognition* (1998), for pooling; Scherer,
//! Müller, Behnke (2010) for its maximum.

use super::{Windows, by_channels, channel, column_mut, has_pixels};
use crate::kernels::block::{Work, vectorised};
use crate::kernels::elementwise::fold_columns;
use crate::kernels::machine_float;
use crate::kernels::pooling::{beats, max_backward};
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

/// Each window's next_dz at the position of its first maximum, for next_dz (N, C, H', W'); dz is (N, C, H, W).
///
/// # Errors
/// As for [`max_pooling_forward`], and if next_dz is not (N, C, H', W').
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

/// Steps (1) and (2), window by window. For machine floats, the same steps run on several samples at a time.
fn backward<T: Float>(next_dz: &Tensor4<T>, z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let [samples, channels, _, width] = z.shape();
    if machine_float!(T) {
        return by_channels(z.shape(), |c, dz| {
            let windows = windows.all().map(|window| (windows.pixels(window), windows.before_padding(window)));
            max_backward(dz, channel(z, c), channel(next_dz, c), samples, windows, padding);
        });
    }
    let mut dz = Tensor4::zeros(z.shape());
    for (c, (i, j), n) in (0..channels)
        .flat_map(|c| windows.all().map(move |window| (c, window)))
        .flat_map(|(c, window)| (0..samples).map(move |n| (c, window, n)))
    {
        let mut maximum: Option<(T, Option<(usize, usize)>)> = None; // its value, and its position in the image
        for tap in windows.taps((i, j)) {
            let place = tap.map(|pixel| (pixel / width, pixel % width));
            let Some(value) = place.map(|(r, q)| z[(n, c, r, q)]).or(padding) else { continue };
            if maximum.is_none_or(|(largest, _)| beats(value, largest)) {
                maximum = Some((value, place)); // (1): of equals, the first
            }
        }
        if let Some((_, Some((r, q)))) = maximum {
            dz[(n, c, r, q)] += next_dz[(n, c, i, j)]; // (2)
        }
    }
    dz
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

/// [`max_pooling_backward`] padded with 0: gradient that falls on the padding is dropped.
///
/// # Errors
/// As for [`max_pooling_zero_padded_forward`], and if next_dz is not (N, C, H', W').
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

/// The larger of the two; NaN if either is NaN.
#[inline(always)]
fn larger<T: Float>(best: T, x: T) -> T {
    // Without `||`, which would be a branch, the comparison becomes vector instructions.
    if (x > best) | x.is_nan() { x } else { best }
}

/// Every window's maximum. A position in the padding counts as `padding`, or not at all.
fn forward<T: Float>(z: &Tensor4<T>, windows: &Windows, padding: Option<T>) -> Tensor4<T> {
    let [samples, channels, _, _] = z.shape();
    by_channels([samples, channels, windows.out.0, windows.out.1], |c, y| {
        vectorised::<T, _>(Forward { y, z: channel(z, c), samples, windows, padding });
    })
}

/// The work on one channel.
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
