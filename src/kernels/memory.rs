//! Reused memory.
//!
//! A training step makes tensors of the same sizes as the step before. New memory costs more than many layers, because
//! the system must find and clear every page at its first touch. So a network returns memory here when it no longer
//! needs it, and every new tensor of `f32` or `f64` looks here first.

use crate::{Float, Tensor4};
use nalgebra::{DMatrix, Dim, Matrix, VecStorage};
use std::any::Any;
use std::ops::{Deref, DerefMut, Range};
use std::sync::{Mutex, PoisonError};

/// The returned memory, the oldest first.
struct Shelf<T>(Mutex<Vec<Vec<T>>>);

static SINGLES: Shelf<f32> = Shelf::new();
static DOUBLES: Shelf<f64> = Shelf::new();

/// Bytes that a shelf keeps: beyond that, the oldest are freed.
const MOST: usize = 256 << 20;

impl<T> Shelf<T> {
    const fn new() -> Self {
        Shelf(Mutex::new(Vec::new()))
    }

    fn change<R>(&self, f: impl FnOnce(&mut Vec<Vec<T>>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, memory: Vec<T>) {
        let bytes = |memory: &Vec<T>| memory.capacity() * size_of::<T>();
        if (1..=MOST).contains(&bytes(&memory)) {
            self.change(|kept| {
                kept.push(memory);
                while kept.iter().map(bytes).sum::<usize>() > MOST {
                    kept.remove(0);
                }
            });
        }
    }

    /// The smallest memory with room for `len` numbers, but for at most twice as many; it still holds old numbers.
    fn take(&self, len: usize) -> Option<Vec<T>> {
        self.change(|kept| {
            let fitting = kept.iter().enumerate().filter(|(_, memory)| (len..=2 * len).contains(&memory.capacity()));
            let (at, _) = fitting.min_by_key(|(_, memory)| memory.capacity())?;
            Some(kept.remove(at))
        })
    }
}

/// The shelf for numbers of the type T, if there is one.
fn shelf<T: 'static>() -> Option<&'static Shelf<T>> {
    let shelves: [&dyn Any; 2] = [&SINGLES, &DOUBLES];
    shelves.into_iter().find_map(<dyn Any>::downcast_ref)
}

/// Memory with room for `len` numbers, if some was given back; it still holds old numbers.
fn take<T: 'static>(len: usize) -> Option<Vec<T>> {
    shelf()?.take(len)
}

/// Takes back the memory of a matrix or vector that is no longer needed.
pub(crate) fn give_back<T: 'static, R: Dim, C: Dim>(matrix: Matrix<T, R, C, VecStorage<T, R, C>>) {
    put(matrix.data.into());
}

fn put<T: 'static>(memory: Vec<T>) {
    if let Some(shelf) = shelf() {
        shelf.put(memory);
    }
}

/// Temporary numbers. Their memory is given back when they are dropped.
pub(crate) struct Scratch<T: 'static>(pub Vec<T>);

impl<T> Drop for Scratch<T> {
    fn drop(&mut self) {
        put(std::mem::take(&mut self.0));
    }
}

impl<T> Deref for Scratch<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

/// Room for `len` numbers.
pub(crate) fn room<T: 'static>(len: usize) -> Vec<T> {
    let mut memory = take(len).unwrap_or_else(|| Vec::with_capacity(len));
    memory.clear();
    memory
}

/// `len` numbers of any value, to be overwritten.
pub(crate) fn any_numbers<T: Float>(len: usize) -> Vec<T> {
    let Some(mut memory) = take(len) else { return vec![T::zero(); len] };
    memory.resize(len, T::zero());
    memory
}

/// `len` zeros.
pub(crate) fn zeros<T: Float>(len: usize) -> Vec<T> {
    let Some(mut memory) = take(len) else { return vec![T::zero(); len] };
    memory.clear();
    memory.resize(len, T::zero());
    memory
}

/// A copy of some rows of a matrix.
pub(crate) fn copy_rows<T: Float>(matrix: &DMatrix<T>, rows: Range<usize>) -> DMatrix<T> {
    let mut copy = room(rows.len() * matrix.ncols());
    matrix.column_iter().for_each(|column| copy.extend_from_slice(&column.as_slice()[rows.clone()]));
    DMatrix::from_vec(rows.len(), matrix.ncols(), copy)
}

/// A copy of some samples of a tensor.
pub(crate) fn copy_samples<T: Float>(z: &Tensor4<T>, samples: Range<usize>) -> Tensor4<T> {
    let [_, c, h, w] = z.shape();
    Tensor4::from_columns(copy_rows(z.matrix(), samples), [c, h, w])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmatrix;
    use crate::numbers::Dual;

    #[test]
    fn a_shelf_gives_what_fits() {
        let shelf = Shelf::new();
        let memories = [100, 30, 40].map(|capacity| vec![0.0; capacity]);
        let places = memories.each_ref().map(|memory| memory.as_ptr());
        memories.into_iter().for_each(|memory| shelf.put(memory));
        let taken = |len| shelf.take(len).map(|memory: Vec<f64>| memory.as_ptr());
        assert_eq!(taken(49), None, "100 would be more than twice as many");
        assert_eq!([taken(25), taken(25), taken(25)], [Some(places[1]), Some(places[2]), None]);
        assert_eq!(taken(50), Some(places[0]));
    }

    #[test]
    fn a_shelf_keeps_no_more_than_it_may() {
        let shelf = Shelf::<u8>::new();
        for size in [MOST / 2, 10, MOST / 2 - 10] {
            shelf.put(Vec::with_capacity(size));
        }
        assert!(shelf.take(10).is_some());
        shelf.put(Vec::with_capacity(11));
        assert!(shelf.take(MOST / 2).is_none(), "the oldest has gone");
        assert!(shelf.take(11).is_some());
        shelf.put(Vec::with_capacity(MOST + 1));
        assert!(shelf.take(MOST / 2 - 10).is_some(), "what is too large has not driven out the others");
    }

    #[test]
    fn numbers_that_keep_a_record_have_no_shelf() {
        assert!(shelf::<f32>().is_some() && shelf::<f64>().is_some() && shelf::<Dual<f64>>().is_none());
    }

    #[test]
    fn old_numbers_are_no_longer_there() {
        drop(Scratch(vec![7.0f32; 1000]));
        assert_eq!((room::<f32>(900).len(), any_numbers::<f32>(900).len()), (0, 900));
        assert_eq!(zeros::<f32>(900), [0.0; 900]);
        let z = Tensor4::from_fn([3, 2, 1, 1], |n, c, _, _| (10 * n + c) as f64);
        assert_eq!(copy_samples(&z, 0..3), z);
        assert_eq!(copy_rows(z.matrix(), 1..3), dmatrix![10.0, 11.0; 20.0, 21.0]);
    }
}
