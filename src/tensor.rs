//! A batch of feature maps, stored as a matrix.

use crate::{Float, ShapeError, sizes};
use nalgebra::{DMatrix, Scalar};
use std::fmt;
use std::ops::{Index, IndexMut};

/// An array of shape (N, C, H, W): N samples of C maps with H rows and W columns.
///
/// It is one nalgebra matrix with a row for each sample and a column for each (c, i, j). nalgebra stores columns
/// contiguously, so element (n, c, i, j) lies at n + N·(j + W·(i + H·c)): **the sample index runs fastest**. Three
/// things follow:
///
/// * flattening moves nothing: the matrix *is* the flattened batch (N, C·H·W), in the order of NumPy and PyTorch;
/// * a kernel K (C, D, k1, k2), stored by the same rule, *is* the (k1·k2·C) × D matrix of the convolution's
///   product, its rows in the order (u, v, c);
/// * a pixel of the whole batch is one contiguous column, so max pooling takes the maximum of whole columns.
///
/// The product of its sizes, zeros left out, is at most `isize::MAX` bytes. A larger shape is refused, even if one of
/// its axes has length 0.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_fn([2, 3, 4, 5], |n, c, i, j| (1000 * n + 100 * c + 10 * i + j) as f64);
/// assert_eq!(z[(1, 2, 3, 4)], 1234.0);
/// assert_eq!(z.matrix()[(1, 4 + 5 * (3 + 4 * 2))], 1234.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor4<T> {
    data: DMatrix<T>,
    maps: [usize; 3],
}

impl<T: Scalar> Tensor4<T> {
    /// The tensor with element (n, c, i, j) = `f(n, c, i, j)`.
    ///
    /// # Panics
    /// If the shape is larger than any memory: like `Vec::with_capacity`, with the words "capacity overflow".
    pub fn from_fn(shape: [usize; 4], f: impl FnMut(usize, usize, usize, usize) -> T) -> Self {
        sizes::demand::<T>("Tensor4::from_fn", &shape);
        Tensor4::filled(shape, f)
    }

    /// [`from_fn`](Self::from_fn) for a shape known to fit.
    pub(crate) fn filled([n, c, h, w]: [usize; 4], mut f: impl FnMut(usize, usize, usize, usize) -> T) -> Self {
        let columns = c * h * w;
        if n == 0 || columns == 0 {
            return Tensor4 { data: DMatrix::from_vec(n, columns, Vec::new()), maps: [c, h, w] };
        }
        let data = DMatrix::from_fn(n, columns, |n, q| f(n, q / (h * w), q / w % h, q % w));
        Tensor4 { data, maps: [c, h, w] }
    }

    /// A matrix with one sample per row, its columns read as `channels` maps of `height` × `width`.
    ///
    /// # Errors
    /// If the matrix does not have channels·height·width columns, or the shape is larger than any memory.
    pub fn from_matrix(data: DMatrix<T>, [c, h, w]: [usize; 3]) -> Result<Self, ShapeError> {
        let columns = sizes::product::<T>(&[c, h, w]);
        if columns != Some(data.ncols()) || sizes::product::<T>(&[data.nrows(), c, h, w]).is_none() {
            return Err(ShapeError::new(
                "Tensor4::from_matrix",
                format!("the matrix is {:?} but the maps are {:?}", data.shape(), (c, h, w)),
                match columns {
                    Some(columns) if columns != data.ncols() => format!("it must have C·H·W = {columns} columns"),
                    _ => sizes::rule::<T>(),
                },
            ));
        }
        Ok(Tensor4 { data, maps: [c, h, w] })
    }

    /// [`from_matrix`](Self::from_matrix) for a matrix known to have C·H·W columns.
    pub(crate) fn from_columns(data: DMatrix<T>, maps: [usize; 3]) -> Self {
        debug_assert_eq!(data.ncols(), maps[0] * maps[1] * maps[2]);
        Tensor4 { data, maps }
    }

    /// A batch of vectors (N, m) as the tensor (N, m, 1, 1).
    #[must_use]
    pub fn from_vectors(data: DMatrix<T>) -> Self {
        let maps = [data.ncols(), 1, 1];
        Tensor4 { data, maps }
    }

    /// The tensor whose elements, the last index fastest (the order of NumPy and PyTorch), are `values`.
    ///
    /// # Errors
    /// If there are not N·C·H·W values, or the shape is larger than any memory.
    #[inline(never)]
    pub fn from_row_major(shape: [usize; 4], values: &[T]) -> Result<Self, ShapeError> {
        let [n, c, h, w] = shape;
        let len = sizes::product::<T>(&shape);
        if len != Some(values.len()) {
            return Err(ShapeError::new(
                "Tensor4::from_row_major",
                format!("{} values but the shape is {:?}", values.len(), (n, c, h, w)),
                len.map_or_else(sizes::rule::<T>, |len| format!("there must be N·C·H·W = {len} of them")),
            ));
        }
        if values.is_empty() {
            return Ok(Tensor4 { data: DMatrix::from_vec(n, c * h * w, Vec::new()), maps: [c, h, w] });
        }
        Ok(Tensor4 { data: DMatrix::from_row_slice(n, c * h * w, values), maps: [c, h, w] })
    }

    /// (N, C, H, W).
    #[must_use]
    pub fn shape(&self) -> [usize; 4] {
        let [c, h, w] = self.maps;
        [self.data.nrows(), c, h, w]
    }

    /// The shape as a tuple, as messages write it.
    pub(crate) fn dims(&self) -> (usize, usize, usize, usize) {
        let [n, c, h, w] = self.shape();
        (n, c, h, w)
    }

    /// The matrix (N, C·H·W) behind it.
    #[must_use]
    pub fn matrix(&self) -> &DMatrix<T> {
        &self.data
    }

    /// The matrix (N, C·H·W) behind it, mutably.
    pub fn matrix_mut(&mut self) -> &mut DMatrix<T> {
        &mut self.data
    }

    /// The matrix (N, C·H·W) behind it, without a copy.
    #[must_use]
    pub fn into_matrix(self) -> DMatrix<T> {
        self.data
    }

    /// All elements, the sample index fastest.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.data.as_slice()
    }

    /// All elements, the sample index fastest, mutably.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.data.as_mut_slice()
    }

    /// All elements, the last index fastest: the order of NumPy and PyTorch.
    #[inline(never)]
    #[must_use]
    pub fn to_row_major(&self) -> Vec<T> {
        self.data.transpose().as_slice().to_vec()
    }

    /// `f` of every element.
    pub fn map<U: Scalar>(&self, f: impl FnMut(T) -> U) -> Tensor4<U> {
        Tensor4 { data: self.data.map(f), maps: self.maps }
    }

    /// The first two axes swapped: (N, C, H, W) becomes (C, N, H, W).
    #[inline(never)]
    #[must_use]
    pub fn swap_axes(&self) -> Self {
        let [n, c, h, w] = self.shape();
        Tensor4::filled([c, n, h, w], |c, n, i, j| self[(n, c, i, j)].clone())
    }

    /// Every map rotated by 180°: both its rows and its columns in reverse order.
    #[inline(never)]
    #[must_use]
    pub fn rotate_180(&self) -> Self {
        let [_, _, h, w] = self.shape();
        Tensor4::filled(self.shape(), |n, c, i, j| self[(n, c, h - 1 - i, w - 1 - j)].clone())
    }

    /// Sample n, map c as a matrix (H, W), for display.
    ///
    /// # Panics
    /// Like a slice, if there is no such sample or map.
    #[inline(never)]
    #[must_use]
    pub fn map_at(&self, n: usize, c: usize) -> DMatrix<T> {
        let [samples, channels, _, _] = self.shape();
        assert!(n < samples && c < channels, "map {:?} is outside the shape {:?}", (n, c), self.dims());
        DMatrix::from_fn(self.maps[1], self.maps[2], |i, j| self[(n, c, i, j)].clone())
    }

    /// The samples with these indices, in this order.
    ///
    /// # Panics
    /// Like a slice, for an index outside the batch.
    #[inline(never)]
    #[must_use]
    pub fn select(&self, samples: &[usize]) -> Self {
        sizes::demand::<T>("Tensor4::select", &[samples.len(), self.data.ncols()]);
        Tensor4 { data: self.data.select_rows(samples), maps: self.maps }
    }

    /// `count` samples, starting at index `first`.
    ///
    /// # Panics
    /// Like a slice, if there are not that many.
    #[inline(never)]
    #[must_use]
    pub fn samples(&self, first: usize, count: usize) -> Self {
        let all = self.data.nrows();
        assert!(first <= all && count <= all - first, "{count} samples from number {first} on, of a batch of {all}");
        Tensor4 { data: self.data.rows(first, count).into_owned(), maps: self.maps }
    }

    fn offset(&self, (n, c, i, j): (usize, usize, usize, usize)) -> usize {
        let [channels, h, w] = self.maps;
        let samples = self.data.nrows();
        assert!(
            n < samples && c < channels && i < h && j < w,
            "index {:?} is outside the shape {:?}",
            (n, c, i, j),
            self.dims()
        );
        n + samples * (j + w * (i + h * c))
    }
}

impl<T: Float> Tensor4<T> {
    /// The tensor of this shape, all zero.
    ///
    /// # Panics
    /// If the shape is larger than any memory: like `Vec::with_capacity`, with the words "capacity overflow".
    #[must_use]
    pub fn zeros([n, c, h, w]: [usize; 4]) -> Self {
        sizes::demand::<T>("Tensor4::zeros", &[n, c, h, w]);
        Tensor4 { data: DMatrix::zeros(n, c * h * w), maps: [c, h, w] }
    }

    /// Every map with p1 rows of zeros above and below it and p2 columns of zeros left and right of it:
    /// (N, C, H + 2·p1, W + 2·p2).
    ///
    /// # Errors
    /// If there is no memory for that.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let z = Tensor4::from_row_major([1, 1, 1, 2], &[1.0, 2.0])?;
    /// assert_eq!(z.pad((0, 1))?.map_at(0, 0), dmatrix![0.0, 1.0, 2.0, 0.0]);
    /// assert!(z.pad((usize::MAX, 0)).is_err());
    /// # Ok::<(), ShapeError>(())
    /// ```
    #[inline(never)]
    pub fn pad(&self, (p1, p2): (usize, usize)) -> Result<Self, ShapeError> {
        let [n, c, h, w] = self.shape();
        let padded = |size: usize, p: usize| p.checked_mul(2).and_then(|both| size.checked_add(both));
        let (Some(rows), Some(columns)) = (padded(h, p1), padded(w, p2)) else {
            let found = format!("the tensor is {:?} and the padding {:?}", self.dims(), (p1, p2));
            return Err(ShapeError::new("Tensor4::pad", found, "H + 2·p1 and W + 2·p2 must fit in a usize"));
        };
        let shape = [n, c, rows, columns];
        sizes::fit::<T>("Tensor4::pad", "the padded tensor", &shape)?;
        Ok(Tensor4::filled(shape, |n, c, i, j| {
            let inside = (p1..p1 + h).contains(&i) && (p2..p2 + w).contains(&j);
            if inside { self[(n, c, i - p1, j - p2)] } else { T::zero() }
        }))
    }
}

/// Element (n, c, i, j). Like a slice, it panics outside the shape.
impl<T: Scalar> Index<(usize, usize, usize, usize)> for Tensor4<T> {
    type Output = T;
    fn index(&self, at: (usize, usize, usize, usize)) -> &T {
        &self.data.as_slice()[self.offset(at)]
    }
}

impl<T: Scalar> IndexMut<(usize, usize, usize, usize)> for Tensor4<T> {
    fn index_mut(&mut self, at: (usize, usize, usize, usize)) -> &mut T {
        let offset = self.offset(at);
        &mut self.data.as_mut_slice()[offset]
    }
}

/// The maps as matrices, one below the other, each under its (n, c).
impl<T: Scalar + fmt::Display> fmt::Display for Tensor4<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [n, c, _, _] = self.shape();
        for (n, c) in (0..n).flat_map(|n| (0..c).map(move |c| (n, c))) {
            write!(f, "n = {n}, c = {c}")?;
            fmt::Display::fmt(&self.map_at(n, c), f)?;
        }
        Ok(())
    }
}
