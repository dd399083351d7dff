//! New vectors, filled chunk by chunk on all threads.
//!
//! Their memory is not cleared first: on tensors larger than the caches that would be one more pass, on a single
//! thread.

use super::{Work, vectorised};
use crate::Float;
use crate::kernels::for_each_chunk;
use crate::kernels::memory::room;
use std::mem::MaybeUninit;
use std::ops::Range;

/// `len` numbers: `numbers(range)` gives those of a range, `chunk` of them at a time. Panics if it gives too few.
pub(crate) fn collected<T: Float, I: Iterator<Item = T>>(
    len: usize,
    chunk: usize,
    numbers: impl Fn(Range<usize>) -> I + Send + Sync,
) -> Vec<T> {
    assert!(chunk > 0 || len == 0);
    let mut all = room(len);
    for_each_chunk::<T, _>(&mut all.spare_capacity_mut()[..len], chunk, &|index, out| {
        let first = index * chunk;
        vectorised::<T, _>(Write { numbers: numbers(first..first + out.len()), out });
    });
    // SAFETY: there is room for them, and every chunk's `Write` has written all of its numbers, or panicked.
    unsafe { all.set_len(len) };
    all
}

struct Write<'a, T, I> {
    out: &'a mut [MaybeUninit<T>],
    numbers: I,
}

impl<T, I: Iterator<Item = T>> Work for Write<'_, T, I> {
    type Result = ();

    /// Writes every number of `out`. Panics if the numbers are too few.
    #[inline(always)]
    fn run(self) {
        let (len, mut written) = (self.out.len(), 0);
        for (out, x) in self.out.iter_mut().zip(self.numbers) {
            out.write(x);
            written += 1;
        }
        assert_eq!(written, len);
    }
}

/// `len` numbers, zeros at first, which `f(index, chunk)` changes, `chunk` by chunk.
pub(crate) fn changed<T: Float>(len: usize, chunk: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) -> Vec<T> {
    assert!(chunk > 0 || len == 0);
    let mut all = room(len);
    for_each_chunk::<T, _>(&mut all.spare_capacity_mut()[..len], chunk, &|index, out| {
        out.fill(MaybeUninit::new(T::zero()));
        // SAFETY: every number has just been written, and MaybeUninit<T> lies in memory as T does.
        f(index, unsafe { &mut *(std::ptr::from_mut(out) as *mut [T]) });
    });
    // SAFETY: there is room for them, and every chunk has been filled.
    unsafe { all.set_len(len) };
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cuts::Cuts;
    use crate::kernels::memory::Scratch;

    #[test]
    fn old_numbers_are_overwritten_to_the_last() {
        // From 8 numbers on, chunk by chunk on two threads.
        Cuts::every(8).on_threads(2, numbers_are_overwritten).unwrap();
    }

    fn numbers_are_overwritten() {
        for (len, chunk) in [(0, 50), (1, 50), (7, 50), (63, 50), (207, 50)] {
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
