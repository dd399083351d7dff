//! The matrix product.

use super::block::{Start, Tap, accumulate, lanes};
use super::cuts::cuts;
use super::elementwise::divide;
use super::memory::any_numbers;
use super::{Cut, Space, in_parts, is_machine_float, with_space};
use crate::float::Count;
use crate::{Float, ShapeError, sizes};
use nalgebra::{DMatrix, DMatrixViewMut};
use std::ops::Range;

/// A factor of a product: a matrix, or its transpose without moving a number.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a, T> {
    data: &'a [T],
    shape: (usize, usize),
    /// The distance from one row, and one column, to the next.
    steps: (usize, usize),
}

impl<'a, T: Float> Factor<'a, T> {
    pub fn of(matrix: &'a DMatrix<T>) -> Self {
        Factor { data: matrix.as_slice(), shape: matrix.shape(), steps: (1, matrix.nrows()) }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Factor { shape: (self.shape.1, self.shape.0), steps: (self.steps.1, self.steps.0), ..self }
    }

    /// These columns, where they lie in memory as a tile would: with all their `count` rows, in whole vectors.
    fn columns_as_they_are(self, count: usize, columns: Range<usize>) -> Option<&'a [T]> {
        let whole = self.steps.0 == 1 && count == self.steps.1 && count.is_multiple_of(lanes::<T>());
        (whole && is_machine_float::<T>()).then(|| &self.data[count * columns.start..count * columns.end])
    }
}

/// Numbers of a cache line, of `f32` or of two with `f64`.
const LINE: usize = 16;

/// a·b, plus `bias[j]` in column j.
///
/// The callers have checked the shapes: a's columns equal b's rows, and there is a bias for every column of b.
pub(crate) fn multiply<T: Float>(a: Factor<'_, T>, b: Factor<'_, T>, bias: Option<&[T]>) -> DMatrix<T> {
    product(a, b, bias, &|_| ())
}

/// a·b / n.
pub(crate) fn multiply_mean<T: Float>(a: Factor<'_, T>, b: Factor<'_, T>, n: Count<T>) -> DMatrix<T> {
    product(a, b, None, &|column| divide(column, n))
}

/// a·b, plus the bias; `finish` then changes every piece of a column while it is in the cache.
fn product<T: Float>(
    a: Factor<'_, T>,
    b: Factor<'_, T>,
    bias: Option<&[T]>,
    finish: &(impl Fn(&mut [T]) + Sync),
) -> DMatrix<T> {
    let (shape, terms) = ((a.shape.0, b.shape.1), a.shape.1);
    assert_eq!(terms, b.shape.0);
    let mut out = DMatrix::from_vec(shape.0, shape.1, any_numbers(shape.0 * shape.1));
    let cuts = cuts();
    let (rows, most) =
        if is_machine_float::<T>() { (cuts.product_rows, cuts.product_terms) } else { (shape.0.max(1), terms.max(1)) };
    let cut = Cut { rows: cuts.rows, columns: 6, parts: 2 };
    in_parts(out.as_view_mut(), (0, 0), cut, terms, &|mut out: DMatrixViewMut<'_, T>, (first, d)| {
        let depth = out.ncols();
        with_space(|space: &mut Space<T>| {
            for row in (0..out.nrows()).step_by(rows) {
                let count = rows.min(out.nrows() - row);
                for term in (0..terms.max(1)).step_by(most) {
                    let start = match bias {
                        _ if term > 0 => Start::Itself,
                        Some(bias) => Start::Bias(&bias[d..d + depth]),
                        None => Start::Nothing,
                    };
                    let chunk = most.min(terms - term);
                    let tile = match a.columns_as_they_are(count, term..term + chunk) {
                        Some(columns) => columns,
                        None => {
                            gather(a, (first + row, count), (term, chunk), &mut space.tile.numbers);
                            &space.tile.numbers
                        }
                    };
                    space.taps.clear();
                    space.taps.extend((0..chunk).map(|t| Tap { a: count * t, b: b.steps.0 * t }));
                    let b_data = &b.data[(b.steps.0 * term + b.steps.1 * d).min(b.data.len())..];
                    accumulate(out.rows_mut(row, count), start, &space.taps, tile, b_data, b.steps.1);
                }
                out.rows_mut(row, count).column_iter_mut().for_each(|mut column| finish(column.as_mut_slice()));
            }
        });
    });
    out
}

/// Rows and columns of a, each from a first one on and so many of them, column by column.
fn gather<T: Float>(a: Factor<'_, T>, rows: (usize, usize), columns: (usize, usize), tile: &mut Vec<T>) {
    tile.clear();
    if a.steps.0 == 1 {
        for k in columns.0..columns.0 + columns.1 {
            let first = rows.0 + a.steps.1 * k;
            tile.extend_from_slice(&a.data[first..first + rows.1]);
        }
    } else {
        // What is a row here is a column in memory: a cache line of every one at a time.
        tile.resize(rows.1 * columns.1, T::zero());
        for first in (0..columns.1).step_by(LINE) {
            let line = first..columns.1.min(first + LINE);
            for r in 0..rows.1 {
                let from = a.steps.0 * (rows.0 + r) + a.steps.1 * columns.0;
                for k in line.clone() {
                    tile[r + rows.1 * k] = a.data[from + a.steps.1 * k];
                }
            }
        }
    }
    tile.resize(tile.len() + lanes::<T>(), T::zero());
}

/// The product a·b, fast for `f32` and `f64`.
///
/// # Errors
/// If a does not have as many columns as b has rows, or there is no memory for the product.
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
    sizes::fit::<T>("matmul", "the product", &[a.nrows(), b.ncols()])?;
    Ok(multiply(Factor::of(a), Factor::of(b), None))
}
