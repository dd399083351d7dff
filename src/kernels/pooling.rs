//! The fast body of max pooling's backward: several samples at a time, in vectors.

use super::block::{Work, vectorised};
use super::elementwise::{Run, array, in_runs};
use crate::Float;

/// Whether `x` replaces the largest number so far: only if it is larger, so the first of equals stays. A NaN counts as
/// larger than any number, and the first NaN stays.
#[inline(always)]
pub(crate) fn beats<T: Float>(x: T, largest: T) -> bool {
    // Without `||`, which would be a branch, the comparison becomes vector instructions.
    (x > largest) | (x.is_nan() & !largest.is_nan())
}

/// Adds every window's δ to `dz` at the window's first maximum, for one channel of z, dz (H·W pixels of so many samples
/// each) and δ (H'·W' pixels).
///
/// A window is its pixels in order, and how many of them come before the first tap in the padding, if one is there. The
/// value there is `padding`, or nothing at all.
pub(crate) fn max_backward<T: Float, W: Iterator<Item = (impl Iterator<Item = usize>, Option<usize>)>>(
    dz: &mut [T],
    z: &[T],
    deltas: &[T],
    samples: usize,
    windows: W,
    padding: Option<T>,
) {
    vectorised::<T, _>(MaxBackward { dz, z, deltas, samples, windows, padding });
}

struct MaxBackward<'a, T, W> {
    dz: &'a mut [T],
    z: &'a [T],
    deltas: &'a [T],
    samples: usize,
    windows: W,
    padding: Option<T>,
}

impl<T: Float, W: Iterator<Item = (impl Iterator<Item = usize>, Option<usize>)>> Work for MaxBackward<'_, T, W> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let MaxBackward { dz, z, deltas, samples, windows, padding } = self;
        let mut taps = Vec::new();
        for (at, (pixels, before_padding)) in windows.enumerate() {
            taps.clear();
            taps.extend(pixels.map(Some));
            if let Some(before) = before_padding {
                taps.insert(before.min(taps.len()), None);
            }
            let deltas = &deltas[at * samples..(at + 1) * samples];
            in_runs(samples, OneWindow { dz, z, deltas, taps: &taps, padding });
        }
    }
}

struct OneWindow<'a, T> {
    dz: &'a mut [T],
    z: &'a [T],
    deltas: &'a [T],
    taps: &'a [Option<usize>],
    padding: Option<T>,
}

impl<T: Float> Run for OneWindow<'_, T> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let samples = self.deltas.len();
        let (mut largest, mut winners) = ([T::zero(); L], [0; L]);
        let mut none_yet = true;
        for (tap, &pixel) in (0_u32..).zip(self.taps) {
            let values: [T; L] = match (pixel, self.padding) {
                (Some(pixel), _) => array(self.z, pixel * samples + first),
                (None, Some(value)) => [value; L],
                (None, None) => continue,
            };
            // Both are written whether a value wins or not: without a branch, the loop becomes vector instructions.
            for l in 0..L {
                let wins = none_yet || beats(values[l], largest[l]);
                (largest[l], winners[l]) = if wins { (values[l], tap) } else { (largest[l], winners[l]) };
            }
            none_yet = false;
        }
        let deltas: [T; L] = array(self.deltas, first);
        for (tap, &pixel) in (0..).zip(self.taps) {
            let Some(pixel) = pixel else { continue };
            let dz = &mut self.dz[pixel * samples + first..][..L];
            for l in 0..L {
                dz[l] = if winners[l] == tap { dz[l] + deltas[l] } else { dz[l] };
            }
        }
    }
}
