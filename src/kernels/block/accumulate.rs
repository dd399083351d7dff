//! `out[r, d] = Σₜ a[tₐ + r]·b[t_b + d]`: neighbouring sums r lie beside each other, as their terms do, and a vector
//! holds one term of as many sums.
//!
//! A sum of n numbers in a chain is off by about √n units in the last place. So
//! [`Cuts::chain`](super::super::cuts::Cuts) terms are added up from nothing, in registers, and these partial sums are
//! added in memory: as many additions more as there are chains.

use super::super::cuts::cuts;
use super::super::machine_float;
use super::vector::{Loop, VECTOR, Vector, is_same, lanes, load_part, over, run};
use crate::Float;
use nalgebra::DMatrixViewMut;
use std::ops::Range;

/// A term of a sum: where its vector lies in `a`, and its number in `b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    pub a: usize,
    pub b: usize,
}

/// What a sum begins with.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
    /// With its first term.
    Nothing,
    /// With this number for all sums of column d.
    Bias(&'a [T]),
    /// With the number already in its place.
    Itself,
}

/// `out[r, d] ← start + Σₜ a[tₐ + r]·b[t_b + d·step]`, the terms in the order of `taps`, chain by chain.
///
/// `a` must reach [`VECTOR`] bytes beyond the last number that is asked for. Panics where it or `b` does not reach so far.
pub(crate) fn accumulate<T: Float>(
    mut out: DMatrixViewMut<'_, T>,
    start: Start<'_, T>,
    taps: &[Tap],
    a: &[T],
    b: &[T],
    step: usize,
) {
    let ((rows, depth), chain) = (out.shape(), cuts().chain);
    if rows == 0 || depth == 0 {
        return;
    }
    if !machine_float!(T) {
        for (d, mut column) in out.column_iter_mut().enumerate() {
            for (r, out) in column.iter_mut().enumerate() {
                let (mut sum, mut first) = match start {
                    Start::Nothing => (None, None),
                    Start::Bias(bias) => (None, Some(bias[d])),
                    Start::Itself => (Some(*out), None),
                };
                for taps in taps.chunks(chain) {
                    let terms = taps.iter().map(|tap| a[tap.a + r] * b[tap.b + d * step]);
                    let partial = first.take().into_iter().chain(terms).reduce(|sum, term| sum + term);
                    sum = sum.into_iter().chain(partial).reduce(|sum, partial| sum + partial);
                }
                *out = sum.or(first).unwrap_or_else(T::zero);
            }
        }
        return;
    }
    let farthest = taps.iter().fold(Tap { a: 0, b: 0 }, |far, tap| Tap { a: far.a.max(tap.a), b: far.b.max(tap.b) });
    let last = farthest.b.saturating_add((depth - 1).saturating_mul(step));
    assert!(farthest.a.saturating_add(rows.next_multiple_of(lanes::<T>())) <= a.len() || taps.is_empty());
    assert!(last < b.len() || taps.is_empty());
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), depth);
    }
    let column = out.strides().1;
    let loops = Accumulate { out: out.as_mut_ptr(), column, rows, depth, start, taps, chain, a, b, step };
    // SAFETY: `out` is a view of so many rows and columns, nobody else holds it, and `a` and `b` reach as far as the taps.
    unsafe { if is_same::<T, f32>() { run(loops.over::<f32>()) } else { run(loops.over::<f64>()) } }
}

/// The loop of [`accumulate`], which has checked its fields.
pub(super) struct Accumulate<'a, T> {
    pub out: *mut T,
    /// From one column of `out` to the next.
    pub column: usize,
    pub rows: usize,
    pub depth: usize,
    pub start: Start<'a, T>,
    pub taps: &'a [Tap],
    /// Terms of a partial sum, 1 or more.
    pub chain: usize,
    pub a: &'a [T],
    pub b: &'a [T],
    pub step: usize,
}

impl<'a, T: Float> Accumulate<'a, T> {
    /// The same over U, which must be T.
    fn over<U: Float>(self) -> Accumulate<'a, U> {
        let Accumulate { out, column, rows, depth, start, taps, chain, a, b, step } = self;
        let start = match start {
            Start::Nothing => Start::Nothing,
            Start::Bias(bias) => Start::Bias(over(bias)),
            Start::Itself => Start::Itself,
        };
        Accumulate { out: out.cast(), column, rows, depth, start, taps, chain, a: over(a), b: over(b), step }
    }
}

impl<T: Float> Loop<T> for Accumulate<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self) {
        let whole = self.rows - self.rows % (M * V::LANES);
        // Of the rows that are left, fewer vectors at a time by more columns.
        let pairs = if M > 2 { self.rows - (self.rows - whole) % (2 * V::LANES) } else { whole };
        // SAFETY: as the caller says.
        unsafe {
            self.strip::<V, M, 6, 4>(0..whole);
            self.strip::<V, 2, 6, 4>(whole..pairs);
            self.strip::<V, 1, 12, 6>(pairs..self.rows);
        }
    }
}

impl<T: Float> Accumulate<'_, T> {
    /// These rows of all columns, in panels of MANY or SOME columns, or of 2 or 1.
    ///
    /// # Safety
    /// That of [`Loop::run`], and rows in whole blocks of M vectors or, for M = 1, the last ones.
    #[inline(always)]
    unsafe fn strip<V: Vector<T>, const M: usize, const MANY: usize, const SOME: usize>(&self, rows: Range<usize>) {
        let mut d = 0;
        while !rows.is_empty() && d < self.depth {
            // The numbers of a panel of columns stay in the nearest cache while all rows go by.
            let (rows, left) = (rows.clone(), self.depth - d);
            // SAFETY: a panel ends at `depth` or before, and otherwise as the caller says.
            d += unsafe {
                if left >= MANY {
                    self.panel::<V, M, MANY>(rows, d)
                } else if left >= SOME {
                    self.panel::<V, M, SOME>(rows, d)
                } else if left >= 2 {
                    self.panel::<V, M, 2>(rows, d)
                } else {
                    self.panel::<V, M, 1>(rows, d)
                }
            };
        }
    }

    /// These rows of the D columns from `d` on; returns D.
    ///
    /// # Safety
    /// That of [`Loop::run`], with d + D ≤ depth, and rows in whole blocks or, for M = 1, the last ones.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>, const M: usize, const D: usize>(&self, rows: Range<usize>, d: usize) -> usize {
        for row in rows.step_by(M * V::LANES) {
            // SAFETY: M vectors of rows are there, or else it is said how many rows of one vector are.
            unsafe { self.block::<V, M, D>(row, d, V::LANES.min(self.rows - row)) };
        }
        D
    }

    /// The sums of M vectors of rows from `row` on and of the D columns from `d` on. Of the last vector, `count` rows are
    /// there.
    ///
    /// # Safety
    /// That of [`Loop::run`], with row + (M − 1)·LANES + count ≤ rows and d + D ≤ depth.
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const M: usize, const D: usize>(&self, row: usize, d: usize, count: usize) {
        let (mut start, mut taps) = (self.start, self.taps);
        loop {
            let (chain, rest) = taps.split_at(self.chain.min(taps.len()));
            // SAFETY: as the caller says, and `chain` is a part of the taps.
            unsafe { self.chain::<V, M, D>(row, d, count, start, chain) };
            if rest.is_empty() {
                return;
            }
            (start, taps) = (Start::Itself, rest);
        }
    }

    /// The terms of these taps, of the same sums, added up in registers and added to what the sums begin with.
    ///
    /// # Safety
    /// That of [`block`](Self::block), with some of `taps`.
    #[inline(always)]
    unsafe fn chain<V: Vector<T>, const M: usize, const D: usize>(
        &self,
        row: usize,
        d: usize,
        count: usize,
        start: Start<'_, T>,
        taps: &[Tap],
    ) {
        let (a, b) = (self.a.as_ptr(), self.b.as_ptr());
        // SAFETY: `count` rows of a column lie from `place` on, and LANES do if count is LANES; nobody else holds them.
        // `accumulate` has checked that `a` reaches beyond tap.a + row + M·LANES, and b beyond tap.b + (depth − 1)·step.
        unsafe {
            let place = |j: usize, m: usize| self.out.add(row + m * V::LANES + (d + j) * self.column);
            let mut sums = [[V::all(T::zero()); M]; D];
            if let Start::Bias(bias) = start {
                for j in 0..D {
                    for m in 0..M {
                        sums[j][m] = V::all(*bias.as_ptr().add(d + j));
                    }
                }
            }
            for tap in taps {
                let mut x = [V::all(T::zero()); M];
                for m in 0..M {
                    x[m] = V::load(a.add(tap.a + row + m * V::LANES));
                }
                for j in 0..D {
                    let y = V::all(*b.add(tap.b + (d + j) * self.step));
                    for m in 0..M {
                        sums[j][m] = x[m].multiply_add(y, sums[j][m]);
                    }
                }
            }
            // Small loops, which the compiler unrolls: an index that it does not know would keep the sums out of registers.
            let whole = M > 1 || count == V::LANES;
            if let Start::Itself = start {
                for j in 0..D {
                    for m in 0..M {
                        let before = if whole { V::load(place(j, m)) } else { load_part(place(j, m), count) };
                        sums[j][m] = before.add(sums[j][m]);
                    }
                }
            }
            for j in 0..D {
                for m in 0..M {
                    if whole {
                        sums[j][m].store(place(j, m));
                    } else {
                        let mut part = [T::zero(); VECTOR / 4];
                        sums[j][m].store(part.as_mut_ptr());
                        place(j, m).copy_from_nonoverlapping(part.as_ptr(), count);
                    }
                }
            }
        }
    }
}
