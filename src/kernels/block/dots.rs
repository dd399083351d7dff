//! `Σᵣ a[t + r]·b[d + r]`: the terms of one sum lie beside each other, so a vector holds as many terms of it, and its lanes
//! are added up at the very end ([`fold`]).

use super::super::is_machine_float;
use super::vector::{Loop, VECTOR, Vector, is_same, lanes, load_part, over, run};
use crate::Float;

/// Which numbers [`dots`] multiplies: for tap t and run (x, y), those of `a` from taps\[t\] + x on with those of a column of
/// `b` from y on, `len` of them.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a> {
    pub taps: &'a [usize],
    pub starts: &'a [(usize, usize)],
    pub len: usize,
}

/// `sum[t, d] += Σ a[taps[t] + x + r]·b[d·step + y + r]`, over all runs (x, y) and r < len, each sum kept in [`lanes`]
/// parts: those of sum (t, d) stand from lanes·(d + depth·t) on.
///
/// For `f32` and `f64` alone. Panics where `a`, `b` or `sums` is too short.
pub(crate) fn dots<T: Float>(sums: &mut [T], depth: usize, runs: Runs<'_>, a: &[T], b: &[T], step: usize) {
    assert!(is_machine_float::<T>());
    let Runs { taps, starts, len } = runs;
    if depth == 0 || taps.is_empty() || starts.is_empty() {
        return;
    }
    assert_eq!(sums.len(), taps.len() * depth * lanes::<T>());
    let (x, y) = starts.iter().fold((0, 0), |far, start| (far.0.max(start.0), far.1.max(start.1)));
    let tap = taps.iter().copied().max().unwrap_or(0);
    assert!(tap.saturating_add(x).saturating_add(len) <= a.len());
    assert!((depth - 1).saturating_mul(step).saturating_add(y).saturating_add(len) <= b.len());
    let loops = Dots { sums: sums.as_mut_ptr(), depth, runs, a, b, step };
    // SAFETY: `sums` has a place for the lanes of every sum, nobody else holds it, and `a` and `b` reach as far as the runs.
    unsafe { if is_same::<T, f32>() { run(loops.over::<f32>()) } else { run(loops.over::<f64>()) } }
}

/// The loop of [`dots`], which has checked its fields.
pub(super) struct Dots<'a, T> {
    pub sums: *mut T,
    pub depth: usize,
    pub runs: Runs<'a>,
    pub a: &'a [T],
    pub b: &'a [T],
    pub step: usize,
}

impl<'a, T: Float> Dots<'a, T> {
    /// The same over U, which must be T.
    fn over<U: Float>(self) -> Dots<'a, U> {
        let Dots { sums, depth, runs, a, b, step } = self;
        Dots { sums: sums.cast(), depth, runs, a: over(a), b: over(b), step }
    }
}

impl<T: Float> Loop<T> for Dots<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self) {
        let mut d = 0;
        while d < self.depth {
            // SAFETY: a panel ends at `depth` or before, and otherwise as the caller says.
            d += unsafe {
                match self.depth - d {
                    4.. => self.panel::<V, G, 4>(d),
                    2.. => self.panel::<V, G, 2>(d),
                    _ => self.panel::<V, G, 1>(d),
                }
            };
        }
    }
}

impl<T: Float> Dots<'_, T> {
    /// All taps with the D columns from `d` on; returns D.
    ///
    /// # Safety
    /// That of [`Loop::run`], and d + D ≤ depth.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>, const G: usize, const D: usize>(&self, d: usize) -> usize {
        let mut tap = 0;
        // SAFETY: the taps that a block takes are there.
        unsafe {
            while tap + G <= self.runs.taps.len() {
                self.block::<V, G, D>(tap, d);
                tap += G;
            }
            while tap < self.runs.taps.len() {
                self.block::<V, 1, D>(tap, d);
                tap += 1;
            }
        }
        D
    }

    /// The sums of the G taps from `tap` on and the D columns from `d` on.
    ///
    /// # Safety
    /// That of [`Loop::run`], with tap + G ≤ taps.len() and d + D ≤ depth.
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const G: usize, const D: usize>(&self, tap: usize, d: usize) {
        let Runs { taps, starts, len } = self.runs;
        let whole = len - len % V::LANES;
        // SAFETY: `dots` has checked that there is a place for the lanes of every sum, which only this block uses, and
        // that a and b reach beyond the last number of every run.
        unsafe {
            let place = |g: usize, j: usize| self.sums.add(lanes::<T>() * (d + j + self.depth * (tap + g)));
            let mut sums = [[V::all(T::zero()); D]; G];
            for &(x, y) in starts {
                let a = self.a.as_ptr().add(x);
                let b = self.b.as_ptr().add(y + d * self.step);
                let mut r = 0;
                while r < whole {
                    let mut y = [V::all(T::zero()); D];
                    for j in 0..D {
                        y[j] = V::load(b.add(r + j * self.step));
                    }
                    for g in 0..G {
                        let x = V::load(a.add(r + taps[tap + g]));
                        for j in 0..D {
                            sums[g][j] = x.multiply_add(y[j], sums[g][j]);
                        }
                    }
                    r += V::LANES;
                }
                if whole < len {
                    let mut y = [V::all(T::zero()); D];
                    for j in 0..D {
                        y[j] = load_part(b.add(whole + j * self.step), len - whole);
                    }
                    for g in 0..G {
                        let x: V = load_part(a.add(whole + taps[tap + g]), len - whole);
                        for j in 0..D {
                            sums[g][j] = x.multiply_add(y[j], sums[g][j]);
                        }
                    }
                }
            }
            for g in 0..G {
                for j in 0..D {
                    V::load(place(g, j)).add(sums[g][j]).store(place(g, j));
                }
            }
        }
    }
}

/// The sum of the lanes that [`dots`] kept of one sum: halves are added until one number is left.
pub(crate) fn fold<T: Float>(sum: &[T]) -> T {
    let mut parts = [T::zero(); VECTOR / 4];
    parts[..sum.len()].copy_from_slice(sum);
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            parts[l] += parts[l + half];
        }
    }
    parts[0]
}
