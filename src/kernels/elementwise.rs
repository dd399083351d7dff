//! Functions of every number by itself, in one pass over memory.
//!
//! Such a function does little with a number, so it takes the time that memory takes: each number is read once and each
//! result written once, in vectors, by all threads. The result's memory is not cleared before: on tensors larger than
//! the caches that would be one pass more. Memory that is new costs more than any pass, as the system has to find and
//! clear every page of it at its first touch; so each thread touches the pages of its own part.

use super::block::{Work, vectorised};
use super::cuts::cuts;
use super::fill::{changed, collected};
use super::is_machine_float;
use super::memory::{self, Scratch};
use crate::Float;
use nalgebra::DMatrix;

/// `f(x)` of every number.
pub(crate) fn map<T: Float>(x: &[T], f: impl Fn(T) -> T + Copy + Send + Sync) -> Vec<T> {
    collected(x.len(), cuts().chunk, |range| x[range].iter().map(move |&x| f(x)))
}

/// `f(x, y)` of every pair. Panics if there are not as many y as x.
pub(crate) fn zip_map<T: Float>(x: &[T], y: &[T], f: impl Fn(T, T) -> T + Copy + Send + Sync) -> Vec<T> {
    collected(x.len(), cuts().chunk, |range| x[range.clone()].iter().zip(&y[range]).map(move |(&x, &y)| f(x, y)))
}

/// The rows of a matrix with these numbers, in this order. Panics, like a slice, for a number outside.
pub(crate) fn select_rows<T: Float>(matrix: &DMatrix<T>, rows: &[usize]) -> DMatrix<T> {
    let several = (cuts().chunk / rows.len().max(1)).max(1);
    let numbers = changed(rows.len() * matrix.ncols(), rows.len() * several, |number, out| {
        for (j, out) in out.chunks_mut(rows.len()).enumerate() {
            let column = matrix.column(number * several + j);
            out.iter_mut().zip(rows).for_each(|(out, &row)| *out = column.as_slice()[row]);
        }
    });
    DMatrix::from_vec(rows.len(), matrix.ncols(), numbers)
}

/// A work on numbers that lie side by side, for [`in_runs`].
pub(crate) trait Run {
    /// Does it with the L numbers from `first` on.
    fn run<const L: usize>(&mut self, first: usize);
}

/// A work on so many numbers, 16 at a time as long as there are so many: an array of a known length is a register or two
/// to the compiler.
#[inline(always)]
pub(crate) fn in_runs(count: usize, mut work: impl Run) {
    let whole = count - count % 16;
    for first in (0..whole).step_by(16) {
        work.run::<16>(first);
    }
    for first in whole..count {
        work.run::<1>(first);
    }
}

/// The L numbers from `first` on. Panics if there are not so many.
#[inline(always)]
pub(crate) fn array<T: Copy, const L: usize>(numbers: &[T], first: usize) -> [T; L] {
    let numbers = &numbers[first..first + L];
    std::array::from_fn(|l| numbers[l])
}

/// `out[n] ← f(… f(f(z[p₀, n], z[p₁, n]), z[p₂, n]) …)` over the columns p of z, each as long as `out`; nothing is done
/// if there are none.
#[inline(always)]
pub(crate) fn fold_columns<T: Float>(
    out: &mut [T],
    z: &[T],
    columns: impl Iterator<Item = usize> + Clone,
    f: impl Fn(T, T) -> T,
) {
    in_runs(out.len(), FoldColumns { out, z, columns, f });
}

struct FoldColumns<'a, T, C, F> {
    out: &'a mut [T],
    z: &'a [T],
    columns: C,
    f: F,
}

impl<T: Float, C: Iterator<Item = usize> + Clone, F: Fn(T, T) -> T> Work for FoldColumns<'_, T, C, F> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        in_runs(self.out.len(), self);
    }
}

impl<T: Float, C: Iterator<Item = usize> + Clone, F: Fn(T, T) -> T> Run for FoldColumns<'_, T, C, F> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let n = self.out.len();
        let mut columns = self.columns.clone().map(|p| array::<T, L>(self.z, p * n + first));
        let Some(mut folded) = columns.next() else { return };
        for column in columns {
            for l in 0..L {
                folded[l] = (self.f)(folded[l], column[l]);
            }
        }
        self.out[first..first + L].copy_from_slice(&folded);
    }
}

/// `f([a, b, …], [r, s, …])` of the numbers a, b, … that stand in the same place of several matrices (N, d), and of the
/// numbers r, s, … of their row. Panics if the matrices are not all as large as the first, and the rows not as long.
pub(crate) fn with_rows<T: Float, const M: usize, const R: usize>(
    matrices: [&[T]; M],
    rows: [&[T]; R],
    f: impl Fn([T; M], [T; R]) -> T + Sync,
) -> Vec<T> {
    let n = rows[0].len();
    let chunk = n * (cuts().chunk / n.max(1)).max(1);
    changed(matrices[0].len(), chunk, |number, out| {
        vectorised(WithRows { out, first: chunk * number, matrices, rows, f: &f });
    })
}

struct WithRows<'a, T, F, const M: usize, const R: usize> {
    /// Some columns …
    out: &'a mut [T],
    /// … and where they begin in the matrices.
    first: usize,
    matrices: [&'a [T]; M],
    rows: [&'a [T]; R],
    f: &'a F,
}

impl<T: Float, F: Fn([T; M], [T; R]) -> T, const M: usize, const R: usize> Work for WithRows<'_, T, F, M, R> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let WithRows { out, first, matrices, rows, f } = self;
        let n = rows[0].len();
        for (j, out) in out.chunks_mut(n).enumerate() {
            in_runs(n, WithRows { out, first: first + n * j, matrices, rows, f });
        }
    }
}

/// Of one column.
impl<T: Float, F: Fn([T; M], [T; R]) -> T, const M: usize, const R: usize> Run for WithRows<'_, T, F, M, R> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, row: usize) {
        let numbers: [[T; L]; M] = std::array::from_fn(|k| array(self.matrices[k], self.first + row));
        let rows: [[T; L]; R] = std::array::from_fn(|k| array(self.rows[k], row));
        let out = &mut self.out[row..row + L];
        for l in 0..L {
            out[l] = (self.f)(std::array::from_fn(|k| numbers[k][l]), std::array::from_fn(|k| rows[k][l]));
        }
    }
}

/// `f(… f(f(z₀, z₁), z₂) …)` over the columns of z, n numbers each: a number for each row, 0 if there are no columns.
pub(crate) fn fold_rows<T: Float>(n: usize, z: &[T], f: impl Fn(T, T) -> T) -> Scratch<T> {
    let mut folded = Scratch(memory::zeros(n));
    vectorised(FoldColumns { out: &mut folded, z, columns: 0..z.len() / n.max(1), f });
    folded
}

/// `(w, memories) ← rule(w, g, memories)` for every number of w, its gradient and its K memories, all equally long.
pub(crate) fn update<T: Float, const K: usize>(
    w: &mut [T],
    g: &[T],
    memories: [&mut [T]; K],
    rule: &(impl Fn(T, T, [T; K]) -> (T, [T; K]) + Sync),
) {
    if !is_machine_float::<T>() || w.len() < cuts().thread.max(2) {
        return vectorised(Update { w, g, memories, rule });
    }
    let half = w.len() / 2;
    let (w, g) = (w.split_at_mut(half), g.split_at(half));
    let mut memories = memories.map(|memory| memory.split_at_mut(half));
    let first = memories.each_mut().map(|memory| std::mem::take(&mut memory.0));
    let second = memories.map(|memory| memory.1);
    rayon::join(|| update(w.0, g.0, first, rule), || update(w.1, g.1, second, rule));
}

struct Update<'a, T, R, const K: usize> {
    w: &'a mut [T],
    g: &'a [T],
    memories: [&'a mut [T]; K],
    rule: &'a R,
}

impl<T: Float, R: Fn(T, T, [T; K]) -> (T, [T; K]), const K: usize> Work for Update<'_, T, R, K> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        in_runs(self.w.len(), self);
    }
}

impl<T: Float, R: Fn(T, T, [T; K]) -> (T, [T; K]), const K: usize> Run for Update<'_, T, R, K> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let (mut w, g): ([T; L], [T; L]) = (array(self.w, first), array(self.g, first));
        let mut memories: [[T; L]; K] = std::array::from_fn(|k| array(self.memories[k], first));
        for l in 0..L {
            let (next, next_memories) = (self.rule)(w[l], g[l], std::array::from_fn(|k| memories[k][l]));
            w[l] = next;
            for k in 0..K {
                memories[k][l] = next_memories[k];
            }
        }
        self.w[first..first + L].copy_from_slice(&w);
        for (kept, memory) in self.memories.iter_mut().zip(&memories) {
            kept[first..first + L].copy_from_slice(memory);
        }
    }
}

/// `x ← x / n` for every x.
pub(crate) fn divide<T: Float>(x: &mut [T], n: T) {
    vectorised(Divide(x, n));
}

struct Divide<'a, T>(&'a mut [T], T);

impl<T: Float> Work for Divide<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|x| *x /= self.1);
    }
}

/// Σ x. In order, but for `f32` and `f64`: theirs are added up in 16 sums side by side, and these in order.
pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    sum_of(x, |x| x)
}

/// Σ f(x), added up as [`sum`] does.
pub(crate) fn sum_of<T: Float>(x: &[T], f: impl Fn(T) -> T) -> T {
    let in_order = |x: &[T]| x.iter().map(|&x| f(x)).reduce(|sum, x| sum + x).unwrap_or_else(T::zero);
    let (chunks, rest) = x.as_chunks::<16>();
    let Some((first, others)) = chunks.split_first().filter(|_| is_machine_float::<T>()) else {
        return in_order(x);
    };
    let sums = vectorised(Sums { first, others, f: &f });
    let sum = sums.into_iter().reduce(|sum, x| sum + x).unwrap_or_else(T::zero);
    if rest.is_empty() { sum } else { sum + in_order(rest) }
}

struct Sums<'a, T, F> {
    first: &'a [T; 16],
    others: &'a [[T; 16]],
    f: &'a F,
}

impl<T: Float, F: Fn(T) -> T> Work for Sums<'_, T, F> {
    type Result = [T; 16];

    #[inline(always)]
    fn run(self) -> [T; 16] {
        let mut sums = self.first.map(self.f);
        for chunk in self.others {
            sums.iter_mut().zip(chunk).for_each(|(sum, &x)| *sum += (self.f)(x));
        }
        sums
    }
}
