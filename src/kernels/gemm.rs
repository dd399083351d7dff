//! The matrix product; the crate's only `unsafe`.

use super::is_machine_float;
use crate::{Float, ShapeError};
use nalgebra::{DMatrix, DMatrixViewMut};

/// A factor of a product: a matrix, or its transpose without moving a number.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T: Float> Factor<'a, T> {
    /// A matrix with `rows` contiguous elements a column, its columns `ld` elements apart.
    pub fn new(data: &'a [T], rows: usize, cols: usize, ld: usize) -> Self {
        let last = if rows == 0 || cols == 0 { 0 } else { (cols - 1) * ld + rows };
        Factor { data: &data[..last], rows, cols, row_stride: 1, col_stride: ld }
    }

    pub fn of(matrix: &'a DMatrix<T>) -> Self {
        Factor::new(matrix.as_slice(), matrix.nrows(), matrix.ncols(), matrix.nrows())
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Factor { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    fn columns(self, first: usize, count: usize) -> Self {
        let from = (first * self.col_stride).min(self.data.len());
        Factor { data: &self.data[from..], cols: count, ..self }
    }

    fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.row_stride + j * self.col_stride]
    }
}

/// out ← a·b, or out ← out + a·b if `add`, on the calling thread.
///
/// The callers have checked the shapes: out is a's rows by b's columns, a's columns equal b's rows.
pub(crate) fn product<T: Float>(mut out: DMatrixViewMut<'_, T>, a: Factor<'_, T>, b: Factor<'_, T>, add: bool) {
    assert_eq!((out.nrows(), out.ncols(), a.cols), (a.rows, b.cols, b.rows));
    if !is_machine_float::<T>() {
        for j in 0..b.cols {
            for i in 0..a.rows {
                let terms = (0..a.cols).map(|k| a.at(i, k) * b.at(k, j));
                let start = add.then(|| out[(i, j)]);
                out[(i, j)] = start.into_iter().chain(terms).reduce(|sum, term| sum + term).unwrap_or_else(T::zero);
            }
        }
        return;
    }
    let out_ld = out.strides().1 as isize;
    // SAFETY: T is f32 or f64, which gemm implements. `out` borrows its m×n elements mutably with unit row
    // stride and column stride out_ld, so it overlaps neither factor; every element a factor's strides reach
    // lies in its `data`, whose length `new` cut (and checked) to the last one. All strides are non-negative
    // and fit isize, as the slices they address do.
    unsafe {
        gemm::gemm(
            out.nrows(),
            out.ncols(),
            a.cols,
            out.as_mut_ptr(),
            out_ld,
            1,
            add,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            T::one(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Multiply-adds that a part of a product should have, to be worth handing to another thread.
const PART: usize = 1 << 21;

/// a·b, its columns spread over the threads in parts that depend on the shapes alone.
pub(crate) fn multiply<T: Float>(a: Factor<'_, T>, b: Factor<'_, T>) -> DMatrix<T> {
    let mut out = DMatrix::zeros(a.rows, b.cols);
    let columns = (PART / (a.rows * a.cols).max(1)).max(b.cols / 8).next_multiple_of(16);
    by_columns(out.as_view_mut(), a, b, columns);
    out
}

/// The product in parts of at most `size` columns.
fn by_columns<T: Float>(mut out: DMatrixViewMut<'_, T>, a: Factor<'_, T>, b: Factor<'_, T>, size: usize) {
    let n = out.ncols();
    if !is_machine_float::<T>() || n <= size {
        return product(out, a, b, false);
    }
    let half = (n.div_ceil(size) / 2) * size;
    let (left, right) = out.columns_range_pair_mut(..half, half..);
    rayon::join(
        || by_columns(left, a, b.columns(0, half), size),
        || by_columns(right, a, b.columns(half, n - half), size),
    );
}

/// The product a·b, fast for `f32` and `f64`.
///
/// # Errors
/// If a does not have as many columns as b has rows.
///
/// ```
/// use handgrad::prelude::*;
/// let a = dmatrix![1.0, 2.0; 3.0, 4.0];
/// assert_eq!(matmul(&a, &a)?, dmatrix![7.0, 10.0; 15.0, 22.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn matmul<T: Float>(a: &DMatrix<T>, b: &DMatrix<T>) -> Result<DMatrix<T>, ShapeError> {
    if a.ncols() != b.nrows() {
        return Err(ShapeError::new(
            "matmul",
            format!("a is {:?} but b is {:?}", a.shape(), b.shape()),
            "a's columns must equal b's rows",
        ));
    }
    Ok(multiply(Factor::of(a), Factor::of(b)))
}
