//! Functions of every number by itself, in one pass over memory.
//!
//! Such a function does little with a number, so it takes the time that memory takes: each number is read once and each
//! result written once, in vectors, by all threads. The result's memory is not cleared before: on tensors larger than
//! the caches that would be one pass more. Memory that is new costs more than any pass, as the system has to find and
//! clear every page of it at its first touch; so each thread touches the pages of its own part.

use super::block::{changed, collected, vectorised};
use super::{WORTH_A_THREAD, is_machine_float};
use crate::Float;
use nalgebra::DMatrix;

/// Numbers that a thread takes at a time.
const CHUNK: usize = 1 << 13;

/// `f(x)` of every number.
pub(crate) fn map<T: Float>(x: &[T], f: impl Fn(T) -> T + Copy + Send + Sync) -> Vec<T> {
    collected(x.len(), CHUNK, |range| x[range].iter().map(move |&x| f(x)))
}

/// `f(x, y)` of every pair. Panics if there are not as many y as x.
pub(crate) fn zip_map<T: Float>(x: &[T], y: &[T], f: impl Fn(T, T) -> T + Copy + Send + Sync) -> Vec<T> {
    collected(x.len(), CHUNK, |range| x[range.clone()].iter().zip(&y[range]).map(move |(&x, &y)| f(x, y)))
}

/// `out[n] ← f(… f(f(z[p₀, n], z[p₁, n]), z[p₂, n]) …)` over the columns p of z, each as long as `out`; nothing is done
/// if there are none.
#[inline(always)]
pub(crate) fn fold_columns<T: Float>(out: &mut [T], z: &[T], columns: &[usize], f: impl Fn(T, T) -> T + Copy) {
    let n = out.len();
    let column = |p: usize| &z[p * n..(p + 1) * n];
    // Four columns in one pass, if there are so many: a number that stays in its register need not be stored.
    let mut others = match columns {
        [a, b, c, d, others @ ..] => {
            let numbers = out.iter_mut().zip(column(*a)).zip(column(*b)).zip(column(*c)).zip(column(*d));
            numbers.for_each(|((((out, &a), &b), &c), &d)| *out = f(f(f(a, b), c), d));
            others
        }
        [a, others @ ..] => {
            out.copy_from_slice(column(*a));
            others
        }
        [] => return,
    };
    while let [a, b, c, d, rest @ ..] = others {
        let numbers = out.iter_mut().zip(column(*a)).zip(column(*b)).zip(column(*c)).zip(column(*d));
        numbers.for_each(|((((out, &a), &b), &c), &d)| *out = f(f(f(f(*out, a), b), c), d));
        others = rest;
    }
    for &a in others {
        out.iter_mut().zip(column(a)).for_each(|(out, &a)| *out = f(*out, a));
    }
}

/// The n × d matrix whose column j, zeros at first, `f(j, column)` changes.
pub(crate) fn by_columns<T: Float>((n, d): (usize, usize), f: impl Fn(usize, &mut [T]) + Send + Sync) -> DMatrix<T> {
    let several = (CHUNK / n.max(1)).max(1);
    let numbers = changed(n * d, n * several, |first, chunk| {
        chunk.chunks_mut(n).enumerate().for_each(|(j, column)| f(first * several + j, column));
    });
    DMatrix::from_vec(n, d, numbers)
}

/// `f(… f(f(z₀, z₁), z₂) …)` over the columns of z: a number for each row, 0 if there are no columns.
pub(crate) fn fold_rows<T: Float>(z: &DMatrix<T>, f: impl Fn(T, T) -> T + Copy) -> Vec<T> {
    let (mut folded, columns) = (vec![T::zero(); z.nrows()], (0..z.ncols()).collect::<Vec<_>>());
    vectorised(|| fold_columns(&mut folded, z.as_slice(), &columns, f));
    folded
}

/// `(w, memories) ← rule(w, g, memories)` for every number of w, its gradient and its K memories, all equally long.
pub(crate) fn update<T: Float, const K: usize>(
    w: &mut [T],
    g: &[T],
    memories: [&mut [T]; K],
    rule: &(impl Fn(T, T, [T; K]) -> (T, [T; K]) + Sync),
) {
    if !is_machine_float::<T>() || w.len() < WORTH_A_THREAD {
        return vectorised(|| update_in_order(w, g, memories, rule));
    }
    let half = w.len() / 2;
    let (w, g) = (w.split_at_mut(half), g.split_at(half));
    let mut memories = memories.map(|memory| memory.split_at_mut(half));
    let first = memories.each_mut().map(|memory| std::mem::take(&mut memory.0));
    let second = memories.map(|memory| memory.1);
    rayon::join(|| update(w.0, g.0, first, rule), || update(w.1, g.1, second, rule));
}

#[inline(always)]
fn update_in_order<T: Float, const K: usize>(
    w: &mut [T],
    g: &[T],
    mut memories: [&mut [T]; K],
    rule: &impl Fn(T, T, [T; K]) -> (T, [T; K]),
) {
    // Slices of one known length: the loop over them becomes vector instructions.
    let len = w.len();
    let g = &g[..len];
    for memory in &mut memories {
        *memory = &mut std::mem::take(memory)[..len];
    }
    for j in 0..len {
        let (next, next_memories) = rule(w[j], g[j], std::array::from_fn(|k| memories[k][j]));
        w[j] = next;
        for k in 0..K {
            memories[k][j] = next_memories[k];
        }
    }
}

/// Σ f(x) over all x. In order, but for `f32` and `f64`: theirs are added up in 16 sums side by side, and these in order.
pub(crate) fn sum_of<T: Float>(x: &[T], f: impl Fn(T) -> T) -> T {
    let in_order = |x: &[T]| x.iter().map(|&x| f(x)).reduce(|sum, x| sum + x).unwrap_or_else(T::zero);
    let (chunks, rest) = x.as_chunks::<16>();
    let Some((first, others)) = chunks.split_first().filter(|_| is_machine_float::<T>()) else {
        return in_order(x);
    };
    let sums = vectorised(|| {
        let mut sums = first.map(&f);
        for chunk in others {
            sums.iter_mut().zip(chunk).for_each(|(sum, &x)| *sum += f(x));
        }
        sums
    });
    let sum = sums.into_iter().reduce(|sum, x| sum + x).unwrap_or_else(T::zero);
    if rest.is_empty() { sum } else { sum + in_order(rest) }
}
