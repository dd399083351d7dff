//! The innermost loops: sums of products, held in registers. This folder has all of the crate's `unsafe`.
//!
//! A core multiplies and adds a whole vector of numbers in one instruction (16 `f32` with AVX-512), and begins one or two
//! such instructions a cycle. It can do so only if the numbers are already there. A product fetched from memory and
//! added to a sum in memory costs three accesses for one multiply-add; a cache serves two in a cycle. So a *block* of
//! sums is kept in registers while all of its terms go by: 4 vectors of rows by 6 columns. A term then fetches 4
//! vectors and 6 numbers, for 24 multiply-adds. 24 is also more than the 8 or so that must be in flight at a time,
//! because each needs four cycles until its sum can be used again.
//!
//! There are two such loops, for the two ways in which a sum can lie in memory: [`accumulate()`] and [`dots()`]. Each is
//! written once, over a [`Vector`](vector::Vector) that loads, multiplies and adds, and stores; [`vector`] picks the longest
//! one that the processor has. [`fill`](collected) makes new vectors without clearing their memory.

#![allow(clippy::needless_range_loop)] // the indices of registers, as the equations have them

mod accumulate;
mod dots;
mod fill;
mod vector;

pub(crate) use accumulate::{Start, Tap, accumulate};
pub(crate) use dots::{Runs, dots, fold};
pub(crate) use fill::{changed, collected};
pub(crate) use vector::{VECTOR, Work, lanes, vectorised};

#[cfg(test)]
mod tests {
    use super::accumulate::Accumulate;
    use super::dots::Dots;
    use super::vector::{Loop, Machine, run};
    use super::*;
    use crate::Float;
    use crate::kernels::cuts::{Cuts, Vectors};
    use nalgebra::DMatrix;

    /// Small integers, on which nothing is rounded.
    fn numbers<T: Float>(len: usize) -> Vec<T> {
        (0..len).map(|i| T::from(i * 7 % 11).unwrap() - T::from(5).unwrap()).collect()
    }

    /// Whether the loops give the sums that the equation gives, for `run`, which runs them on some kind of vectors.
    ///
    /// `a`, `b` and `out` end where [`accumulate`] lets them end: who watches the memory sees every access beyond.
    fn accumulates<T: Float>(rows: usize, depth: usize, terms: usize, run: impl Fn(Accumulate<'_, T>)) {
        let taps: Vec<Tap> = (0..terms).map(|t| Tap { a: 3 * t, b: 5 * t }).collect();
        let a = taps.last().map_or(0, |tap| tap.a + rows.next_multiple_of(lanes::<T>()));
        let b = taps.last().map_or(0, |tap| tap.b + 2 * (depth - 1) + 1);
        let (a, b, column, bias) = (numbers::<T>(a), numbers::<T>(b), rows + 2, numbers::<T>(depth));
        for start in [Start::Nothing, Start::Bias(&bias), Start::Itself] {
            let before = numbers::<T>(column * (depth - 1) + rows);
            let mut out = before.clone();
            let (taps, a, b) = (&taps[..], &a[..], &b[..]);
            run(Accumulate { out: out.as_mut_ptr(), column, rows, depth, start, taps, chain: 3, a, b, step: 2 });
            for (at, (&out, &before)) in out.iter().zip(&before).enumerate() {
                let (r, d) = (at % column, at / column);
                let first = match start {
                    _ if r >= rows => before, // not ours: it stays what it was
                    Start::Nothing => T::zero(),
                    Start::Bias(bias) => bias[d],
                    Start::Itself => before,
                };
                let taps = if r < rows { taps } else { &[] };
                let expected = taps.iter().fold(first, |sum, tap| sum + a[tap.a + r] * b[tap.b + 2 * d]);
                assert!(out == expected, "{rows} rows, {depth} columns, {terms} terms: sum ({r}, {d})");
            }
        }
    }

    /// The same for [`dots`].
    fn dots_are_right<T: Float>(taps: usize, depth: usize, len: usize, run: impl Fn(Dots<'_, T>)) {
        let (starts, taps) = ([(0, 0), (len + 1, len + 2)], (0..taps).map(|t| 2 * t).collect::<Vec<_>>());
        let step = 2 * len + 3;
        let a = taps[taps.len() - 1] + (len + 1) + len;
        let b = step * (depth - 1) + (len + 2) + len;
        let (a, b) = (numbers::<T>(a), numbers::<T>(b));
        let mut sums = vec![T::zero(); taps.len() * depth * lanes::<T>()];
        let runs = Runs { taps: &taps, starts: &starts, len };
        run(Dots { sums: sums.as_mut_ptr(), depth, runs, a: &a, b: &b, step });
        for (at, sum) in sums.chunks(lanes::<T>()).enumerate() {
            let (t, d) = (at / depth, at % depth);
            let terms = starts.iter().flat_map(|&(x, y)| (0..len).map(move |r| (x + r, y + r)));
            let expected = terms.fold(T::zero(), |sum, (x, y)| sum + a[taps[t] + x] * b[step * d + y]);
            assert!(fold(sum) == expected, "{len} numbers: sum ({t}, {d})");
        }
    }

    /// On every kind of vector that this machine has.
    #[test]
    fn blocks_leave_no_seam_on_this_machine() {
        for vectors in [Vectors::Short, Vectors::Avx2, Vectors::Avx512] {
            let cuts = Cuts { vectors, ..Cuts::PRODUCTION };
            cuts.on_threads(1, || (blocks_leave_no_seam::<f32>(), blocks_leave_no_seam::<f64>())).unwrap();
        }
    }

    fn blocks_leave_no_seam<T: Machine>() {
        for (rows, depth, terms) in
            [(1, 1, 1), (16, 6, 3), (17, 13, 2), (64, 12, 4), (100, 7, 5), (130, 23, 1), (9, 2, 0), (70, 5, 11)]
        {
            // SAFETY: the fields are as `accumulate` would have them.
            accumulates::<T>(rows, depth, terms, |loops| unsafe { run::<T>(loops) });
        }
        for (taps, depth, len) in [(1, 1, 1), (6, 4, 16), (7, 7, 37), (25, 6, 15)] {
            // SAFETY: the same, as `dots` would have them.
            dots_are_right::<T>(taps, depth, len, |loops| unsafe { run::<T>(loops) });
        }
    }

    /// The blocks of a machine with long vectors and many registers, also where there are none.
    #[test]
    fn blocks_of_long_vectors_leave_no_seam() {
        for (rows, depth, terms) in [(1, 1, 1), (65, 7, 2), (82, 19, 3)] {
            // SAFETY: arrays are vectors of every machine, and the fields are as `accumulate` would have them.
            accumulates::<f32>(rows, depth, terms, |loops| unsafe { loops.run::<[f32; 16], 4, 6>() });
        }
        for (taps, depth, len) in [(7, 5, 33), (13, 2, 16)] {
            // SAFETY: the same, as `dots` would have them.
            dots_are_right::<f64>(taps, depth, len, |loops| unsafe { loops.run::<[f64; 8], 4, 6>() });
        }
    }

    #[test]
    #[should_panic]
    fn a_tap_beyond_the_end_is_refused() {
        let (a, b) = (numbers::<f32>(40), numbers::<f32>(4));
        let mut out = DMatrix::zeros(20, 1);
        accumulate(out.as_view_mut(), Start::Nothing, &[Tap { a: 9, b: 0 }], &a, &b, 1);
    }
}
