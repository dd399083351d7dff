//! What a proof works on: numbers with a shape.

use crate::Tensor4;
use crate::numbers::Dual;
use nalgebra::{DMatrix, DVector, Scalar};

/// A matrix, a vector or a tensor: contiguous numbers, each with an index in the array's own shape.
pub trait Array {
    /// The numbers.
    type Element: Scalar;
    /// The same kind of array with other numbers in it.
    type Of<U: Scalar>: Array<Element = U>;

    /// The size of each axis.
    fn shape(&self) -> Vec<usize>;
    /// All numbers, in memory order.
    fn elements(&self) -> &[Self::Element];
    /// All numbers, mutable in place.
    fn elements_mut(&mut self) -> &mut [Self::Element];
    /// The index of `elements()[offset]`, one number per axis.
    fn index_of(&self, offset: usize) -> Vec<usize>;
    /// `f` applied to every number.
    fn each<U: Scalar>(&self, f: impl FnMut(Self::Element) -> U) -> Self::Of<U>;

    /// The memory offset of each number, with the last index running fastest.
    fn row_by_row(&self) -> Vec<usize> {
        let mut offsets: Vec<usize> = (0..self.elements().len()).collect();
        offsets.sort_by_cached_key(|&offset| self.index_of(offset));
        offsets
    }
}

/// The array as constant dual numbers: what a forward takes for everything that it is *not* differentiated with respect
/// to.
///
/// ```
/// use handgrad::check::lift;
/// use handgrad::prelude::*;
/// let z = lift(&dmatrix![1.0, 2.0]);
/// assert_eq!((z[(0, 1)].re, z[(0, 1)].eps), (2.0, 0.0));
/// ```
pub fn lift<A: Array<Element = f64>>(array: &A) -> A::Of<Dual<f64>> {
    array.each(Dual::constant)
}

impl<T: Scalar> Array for DMatrix<T> {
    type Element = T;
    type Of<U: Scalar> = DMatrix<U>;

    fn shape(&self) -> Vec<usize> {
        vec![self.nrows(), self.ncols()]
    }
    fn elements(&self) -> &[T] {
        self.as_slice()
    }
    fn elements_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
    fn index_of(&self, offset: usize) -> Vec<usize> {
        vec![offset % self.nrows(), offset / self.nrows()]
    }
    fn each<U: Scalar>(&self, f: impl FnMut(T) -> U) -> DMatrix<U> {
        self.map(f)
    }
}

impl<T: Scalar> Array for DVector<T> {
    type Element = T;
    type Of<U: Scalar> = DVector<U>;

    fn shape(&self) -> Vec<usize> {
        vec![self.len()]
    }
    fn elements(&self) -> &[T] {
        self.as_slice()
    }
    fn elements_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
    fn index_of(&self, offset: usize) -> Vec<usize> {
        vec![offset]
    }
    fn each<U: Scalar>(&self, f: impl FnMut(T) -> U) -> DVector<U> {
        self.map(f)
    }
}

impl<T: Scalar> Array for Tensor4<T> {
    type Element = T;
    type Of<U: Scalar> = Tensor4<U>;

    fn shape(&self) -> Vec<usize> {
        Tensor4::shape(self).to_vec()
    }
    fn elements(&self) -> &[T] {
        self.as_slice()
    }
    fn elements_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
    fn index_of(&self, offset: usize) -> Vec<usize> {
        let [samples, _, height, width] = Tensor4::shape(self);
        let pixel = offset / samples;
        vec![offset % samples, pixel / (height * width), pixel / width % height, pixel % width]
    }
    fn each<U: Scalar>(&self, f: impl FnMut(T) -> U) -> Tensor4<U> {
        self.map(f)
    }
}
