//! New vectors, filled chunk by chunk on all threads.
//!
//! Their memory is not cleared before: on tensors larger than the caches that would be one more pass. Memory from the
//! system is zero anyway, and memory that was given back is overwritten.

use super::block::{Work, vectorised};
use super::for_each_chunk;
use super::memory::any_numbers;
use crate::Float;
use std::ops::Range;

/// `len` numbers: `numbers(range)` gives those of a range, `chunk` of them at a time. Panics if it gives too few.
pub(crate) fn collected<T: Float, I: Iterator<Item = T>>(
    len: usize,
    chunk: usize,
    numbers: impl Fn(Range<usize>) -> I + Send + Sync,
) -> Vec<T> {
    let mut all = any_numbers(len);
    for_each_chunk(&mut all, chunk, |index, out| {
        let first = index * chunk;
        vectorised(Write { numbers: numbers(first..first + out.len()), out });
    });
    all
}

struct Write<'a, T, I> {
    out: &'a mut [T],
    numbers: I,
}

impl<T, I: Iterator<Item = T>> Work for Write<'_, T, I> {
    type Result = ();

    /// Panics if the numbers are too few.
    #[inline(always)]
    fn run(self) {
        let (len, mut written) = (self.out.len(), 0);
        for (out, x) in self.out.iter_mut().zip(self.numbers) {
            *out = x;
            written += 1;
        }
        assert_eq!(written, len);
    }
}

/// `len` numbers, zeros at first, which `f(index, chunk)` changes, `chunk` by chunk.
pub(crate) fn changed<T: Float>(len: usize, chunk: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) -> Vec<T> {
    let mut all = any_numbers(len);
    for_each_chunk(&mut all, chunk, |index, out| {
        out.fill(T::zero());
        f(index, out);
    });
    all
}

#[cfg(test)]
mod tests {
    use super::super::WORTH_A_THREAD;
    use super::super::memory::Scratch;
    use super::*;

    #[test]
    fn old_numbers_are_overwritten_to_the_last() {
        for (len, chunk) in [(0, 50), (1, 50), (7, 50), (63, 50), (WORTH_A_THREAD + 7, 50)] {
            drop((Scratch(vec![7.0_f64; len]), Scratch(vec![7.0_f32; len])));
            let squares: Vec<f64> = collected(len, chunk, |range| range.map(|i| (i * i) as f64));
            assert_eq!(squares, (0..len).map(|i| (i * i) as f64).collect::<Vec<_>>());
            let chunks: Vec<f32> = changed(len, chunk, |index, chunk| chunk[0] = index as f32);
            let expected = |i| if i % chunk == 0 { (i / chunk) as f32 } else { 0.0 };
            assert_eq!(chunks, (0..len).map(expected).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic]
    fn too_few_numbers_are_refused() {
        collected::<f64, _>(8, 4, |range| range.skip(1).map(|i| i as f64));
    }
}
