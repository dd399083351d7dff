//! Elementwise functions, in one pass over memory.
//!
//! Such a function does little with a number, so memory decides its speed: each number is read once and each result
//! written once, in vectors, by all threads. The result's memory is not cleared first: on tensors larger than the
//! caches that would be one more pass. New memory costs more than any pass, because the system must find and clear
//! every page at its first touch; so each thread touches the pages of its own part.

use super::block::{Work, changed, collected, vectorised};
use super::cuts::cuts;
use super::machine_float;
use super::memory::{self, Scratch};
use crate::Float;
use crate::float::Count;
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

/// Work on contiguous numbers, for [`in_runs`].
pub(crate) trait Run {
    /// Does the work on the L numbers from `first` on.
    fn run<const L: usize>(&mut self, first: usize);
}

/// Does the work 16 numbers at a time, as far as possible: to the compiler, an array of a known length is a register or
/// two.
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

/// The L numbers from `first` on. Panics if there are fewer.
#[inline(always)]
pub(crate) fn array<T: Copy, const L: usize>(numbers: &[T], first: usize) -> [T; L] {
    let mut array = [numbers[first]; L];
    array.copy_from_slice(&numbers[first..first + L]);
    array
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

/// `out[n] ← Σ z[p, n] / area` over the columns p of z, `most` at most, each as long as `out`: added up as
/// [`sum_of_arrays`] does.
#[inline(always)]
pub(crate) fn mean_columns<T: Float>(
    out: &mut [T],
    z: &[T],
    columns: impl Iterator<Item = usize> + Clone,
    most: usize,
    area: Count<T>,
) {
    in_runs(out.len(), MeanColumns { out, z, columns, most, area });
}

struct MeanColumns<'a, T, C> {
    out: &'a mut [T],
    z: &'a [T],
    columns: C,
    most: usize,
    area: Count<T>,
}

impl<T: Float, C: Iterator<Item = usize> + Clone> Run for MeanColumns<'_, T, C> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let n = self.out.len();
        let terms = TermsOfColumn { z: self.z, n, first, area: self.area };
        let [mut sums] = sum_of_arrays::<T, L, 1>(self.columns.clone(), self.most, &terms);
        sums.iter_mut().for_each(|sum| *sum = self.area.mean(*sum));
        self.out[first..first + L].copy_from_slice(&sums);
    }
}

struct TermsOfColumn<'a, T> {
    z: &'a [T],
    n: usize,
    first: usize,
    area: Count<T>,
}

impl<T: Float, const L: usize> Terms<T, L, 1> for TermsOfColumn<'_, T> {
    #[inline(always)]
    fn at(&self, column: usize) -> [[T; L]; 1] {
        let mut terms = array::<T, L>(self.z, column * self.n + self.first);
        terms.iter_mut().for_each(|z| *z = self.area.term(*z));
        [terms]
    }
}

/// `f([a, b, …], [r, s, …])` of the numbers a, b, … in the same place of several matrices (N, d), and of the
/// numbers r, s, … of their row. Panics if the matrices are not all as large as the first, and the rows not as long.
pub(crate) fn with_rows<T: Float, const M: usize, const R: usize>(
    matrices: [&[T]; M],
    rows: [&[T]; R],
    f: impl Fn([T; M], [T; R]) -> T + Sync,
) -> Vec<T> {
    let n = rows[0].len();
    let chunk = n * (cuts().chunk / n.max(1)).max(1);
    changed(matrices[0].len(), chunk, |number, out| {
        vectorised::<T, _>(WithRows { out, first: chunk * number, matrices, rows, f: &f });
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

/// `f(… f(f(a₀, a₁), a₂) …)` of the arrays aⱼ = [x, y, …] of the numbers in column j of several matrices of n rows: an
/// array for each row; 0 if there are no columns. Panics if the matrices are not all as large as the first.
pub(crate) fn fold_rows<T: Float, const M: usize>(
    n: usize,
    matrices: [&[T]; M],
    f: impl Fn([T; M], [T; M]) -> [T; M],
) -> [Scratch<T>; M] {
    let mut folded: [Scratch<T>; M] = std::array::from_fn(|_| Scratch(memory::zeros(n)));
    let out = folded.each_mut().map(|out| &mut out[..]);
    vectorised::<T, _>(FoldRows { out, matrices, f: &f });
    folded
}

struct FoldRows<'a, T, F, const M: usize> {
    out: [&'a mut [T]; M],
    matrices: [&'a [T]; M],
    f: &'a F,
}

impl<T: Float, F: Fn([T; M], [T; M]) -> [T; M], const M: usize> Work for FoldRows<'_, T, F, M> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        in_runs(self.out[0].len(), self);
    }
}

impl<T: Float, F: Fn([T; M], [T; M]) -> [T; M], const M: usize> Run for FoldRows<'_, T, F, M> {
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let n = self.out[0].len();
        let column = |j: usize| -> [[T; L]; M] { std::array::from_fn(|k| array(self.matrices[k], j * n + first)) };
        let columns = self.matrices[0].len() / n;
        if columns == 0 {
            return;
        }
        let mut folded = column(0);
        for j in 1..columns {
            let next = column(j);
            for l in 0..L {
                let both = (self.f)(std::array::from_fn(|k| folded[k][l]), std::array::from_fn(|k| next[k][l]));
                for k in 0..M {
                    folded[k][l] = both[k];
                }
            }
        }
        for (out, folded) in self.out.iter_mut().zip(&folded) {
            out[first..first + L].copy_from_slice(folded);
        }
    }
}

/// Σⱼ `f([a, b, …], [r, s, …])` over the columns j of several matrices (N, d), of the numbers in column j and of those of
/// their row: S sums at once, each with a number for every row. Panics as [`with_rows`] does.
pub(crate) fn sum_rows<T: Float, const M: usize, const R: usize, const S: usize>(
    n: usize,
    matrices: [&[T]; M],
    rows: [&[T]; R],
    f: impl Fn([T; M], [T; R]) -> [T; S],
) -> [Scratch<T>; S] {
    let mut sums: [Scratch<T>; S] = std::array::from_fn(|_| Scratch(memory::zeros(n)));
    let out = sums.each_mut().map(|out| &mut out[..]);
    vectorised::<T, _>(SumRows { out, matrices, rows, f: &f });
    sums
}

struct SumRows<'a, T, F, const M: usize, const R: usize, const S: usize> {
    out: [&'a mut [T]; S],
    matrices: [&'a [T]; M],
    rows: [&'a [T]; R],
    f: &'a F,
}

impl<T, F, const M: usize, const R: usize, const S: usize> Work for SumRows<'_, T, F, M, R, S>
where
    T: Float,
    F: Fn([T; M], [T; R]) -> [T; S],
{
    type Result = ();

    #[inline(always)]
    fn run(self) {
        in_runs(self.out[0].len(), self);
    }
}

impl<T, F, const M: usize, const R: usize, const S: usize> Run for SumRows<'_, T, F, M, R, S>
where
    T: Float,
    F: Fn([T; M], [T; R]) -> [T; S],
{
    #[inline(always)]
    fn run<const L: usize>(&mut self, first: usize) {
        let n = self.out[0].len();
        let rows: [[T; L]; R] = std::array::from_fn(|k| array(self.rows[k], first));
        let columns = self.matrices[0].len() / n;
        let terms = TermsOfRows { matrices: self.matrices, rows, n, first, f: self.f };
        let sums: [[T; L]; S] = sum_of_arrays(0..columns, columns, &terms);
        for (out, sums) in self.out.iter_mut().zip(&sums) {
            out[first..first + L].copy_from_slice(sums);
        }
    }
}

struct TermsOfRows<'a, T, F, const M: usize, const R: usize, const L: usize> {
    matrices: [&'a [T]; M],
    rows: [[T; L]; R],
    n: usize,
    first: usize,
    f: &'a F,
}

impl<T, F, const M: usize, const R: usize, const L: usize, const S: usize> Terms<T, L, S>
    for TermsOfRows<'_, T, F, M, R, L>
where
    T: Float,
    F: Fn([T; M], [T; R]) -> [T; S],
{
    #[inline(always)]
    fn at(&self, column: usize) -> [[T; L]; S] {
        let at = column * self.n + self.first;
        let numbers: [[T; L]; M] = std::array::from_fn(|k| array(self.matrices[k], at));
        let mut terms = [[T::zero(); L]; S];
        for l in 0..L {
            let of_row = (self.f)(std::array::from_fn(|k| numbers[k][l]), std::array::from_fn(|k| self.rows[k][l]));
            for k in 0..S {
                terms[k][l] = of_row[k];
            }
        }
        terms
    }
}

/// What is added up at each of several places: S arrays of L numbers. A closure would do if it could be marked
/// `#[inline(always)]` (see [`Work`]).
trait Terms<T, const L: usize, const S: usize> {
    fn at(&self, place: usize) -> [[T; L]; S];
}

/// Terms that are added up in order: their sum is a block.
const BLOCK: usize = 8;

/// Σ `terms.at(p)` over all p, `most` at most: 0 if there are none.
///
/// A sum of n terms in order is off by up to n/2 units in the last place, and if all terms are alike, by that order. So
/// blocks of 8 terms are added up in order, and the blocks in pairs, the pairs in pairs, and so on: each term passes
/// through 7 + log₂(n/8) additions at most. The order is the same for every type of number and on any number of threads.
#[inline(always)]
fn sum_of_arrays<T: Float, const L: usize, const S: usize>(
    places: impl Iterator<Item = usize>,
    most: usize,
    terms: &impl Terms<T, L, S>,
) -> [[T; L]; S] {
    match most.div_ceil(BLOCK) {
        0..=1 => in_order(places, terms),
        2..16 => pairwise::<T, L, S, 4>(places, terms), // fewer than 2⁴ blocks
        _ => pairwise::<T, L, S, 40>(places, terms),    // more terms than any memory holds
    }
}

/// The same, for a single block.
#[inline(always)]
fn in_order<T: Float, const L: usize, const S: usize>(
    mut places: impl Iterator<Item = usize>,
    terms: &impl Terms<T, L, S>,
) -> [[T; L]; S] {
    let Some(first) = places.next() else { return [[T::zero(); L]; S] };
    let mut sum = terms.at(first);
    for place in places {
        sum = added(sum, terms.at(place));
    }
    sum
}

/// The same, for fewer than 2ᴰ blocks.
#[inline(always)]
fn pairwise<T: Float, const L: usize, const S: usize, const D: usize>(
    mut places: impl Iterator<Item = usize>,
    terms: &impl Terms<T, L, S>,
) -> [[T; L]; S] {
    // Sums of 2ᵏ blocks, the largest first: one for each 1 in the binary number of the blocks so far.
    let mut sums = [[[T::zero(); L]; S]; D];
    let (mut blocks, mut waiting) = (0_usize, 0);
    while let Some(first) = places.next() {
        let mut sum = terms.at(first);
        for _ in 1..BLOCK {
            let Some(next) = places.next() else { break };
            sum = added(sum, terms.at(next));
        }
        for _ in 0..blocks.trailing_ones() {
            waiting -= 1;
            sum = added(sums[waiting], sum);
        }
        sums[waiting] = sum;
        waiting += 1;
        blocks += 1;
    }
    let mut total = sums[waiting.saturating_sub(1)];
    for sum in sums[..waiting.saturating_sub(1)].iter().rev() {
        total = added(*sum, total);
    }
    total
}

#[inline(always)]
fn added<T: Float, const L: usize, const S: usize>(mut a: [[T; L]; S], b: [[T; L]; S]) -> [[T; L]; S] {
    for k in 0..S {
        for l in 0..L {
            a[k][l] += b[k][l];
        }
    }
    a
}

/// `(w, memories) ← rule(w, g, memories)` for every number of w, its gradient and its K memories, all equally long.
pub(crate) fn update<T: Float, const K: usize>(
    w: &mut [T],
    g: &[T],
    memories: [&mut [T]; K],
    rule: &(impl Fn(T, T, [T; K]) -> (T, [T; K]) + Sync),
) {
    if !machine_float!(T) || w.len() < cuts().thread.max(2) {
        return vectorised::<T, _>(Update { w, g, memories, rule });
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
pub(crate) fn divide<T: Float>(x: &mut [T], n: Count<T>) {
    vectorised::<T, _>(Divide(x, n));
}

struct Divide<'a, T>(&'a mut [T], Count<T>);

impl<T: Float> Work for Divide<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|x| *x = self.1.divide(*x));
    }
}

/// Σ x / n, added up as [`sum_of`] does.
pub(crate) fn mean_of<T: Float>(x: &[T], n: Count<T>) -> T {
    n.mean(sum_of(x, |x| n.term(x)))
}

/// Σ f(x), added up as [`sums_of`] does.
pub(crate) fn sum_of<T: Float>(x: &[T], f: impl Fn(T) -> T) -> T {
    let [sum] = sums_of([x], |[x]| [f(x)]);
    sum
}

/// S sums of f(x₁, …) over the places of M slices, which are equally long: each is added up in 16 sums side by side, each
/// as [`sum_of_arrays`] does, and these in pairs.
pub(crate) fn sums_of<T: Float, const M: usize, const S: usize>(
    x: [&[T]; M],
    f: impl Fn([T; M]) -> [T; S],
) -> [T; S] {
    let chunks = x.map(|x| x.as_chunks::<16>());
    let (count, after) = (chunks[0].0.len(), chunks[0].1.len());
    let added = |a: [T; S], b: [T; S]| std::array::from_fn(|k| a[k] + b[k]);
    let rest = (0..after).map(|at| f(chunks.map(|(_, rest)| rest[at]))).reduce(added);
    if count == 0 {
        return rest.unwrap_or([T::zero(); S]);
    }
    let mut sums = vectorised::<T, _>(Sums { chunks: chunks.map(|(chunks, _)| chunks), f: &f });
    for half in [8, 4, 2, 1] {
        for sums in &mut sums {
            for l in 0..half {
                sums[l] += sums[l + half];
            }
        }
    }
    let sums = sums.map(|sums| sums[0]);
    rest.map_or(sums, |rest| added(sums, rest))
}

struct Sums<'a, T, F, const M: usize, const S: usize> {
    chunks: [&'a [[T; 16]]; M],
    f: &'a F,
}

impl<T: Float, F: Fn([T; M]) -> [T; S], const M: usize, const S: usize> Work for Sums<'_, T, F, M, S> {
    type Result = [[T; 16]; S];

    #[inline(always)]
    fn run(self) -> [[T; 16]; S] {
        let count = self.chunks[0].len();
        sum_of_arrays(0..count, count, &self)
    }
}

impl<T: Float, F: Fn([T; M]) -> [T; S], const M: usize, const S: usize> Terms<T, 16, S> for Sums<'_, T, F, M, S> {
    #[inline(always)]
    fn at(&self, chunk: usize) -> [[T; 16]; S] {
        let mut terms = [[T::zero(); 16]; S];
        for l in 0..16 {
            let of_place = (self.f)(std::array::from_fn(|k| self.chunks[k][chunk][l]));
            for k in 0..S {
                terms[k][l] = of_place[k];
            }
        }
        terms
    }
}
