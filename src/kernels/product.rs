//! The matrix product.

use super::block::{Start, Tap, accumulate, lanes};
use super::{Cut, Space, in_parts, is_machine_float, with_space};
use crate::{Float, ShapeError};
use nalgebra::{DMatrix, DMatrixViewMut};

/// A factor of a product: a matrix, or its transpose without moving a number.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a, T> {
    data: &'a [T],
    shape: (usize, usize),
    /// How far it is from one row, and one column, to the next.
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
}

/// Rows of a that are gathered at a time …
const ROWS: usize = 256;
/// … and columns: their products with a column of b are added up in registers.
const TERMS: usize = 256;

/// a·b, plus `bias[j]` in column j.
///
/// The callers have checked the shapes: a's columns equal b's rows, and there is a bias for every column of b.
pub(crate) fn multiply<T: Float>(a: Factor<'_, T>, b: Factor<'_, T>, bias: Option<&[T]>) -> DMatrix<T> {
    let (shape, terms) = ((a.shape.0, b.shape.1), a.shape.1);
    assert_eq!(terms, b.shape.0);
    let mut out = DMatrix::zeros(shape.0, shape.1);
    let (rows, most) = if is_machine_float::<T>() { (ROWS, TERMS) } else { (shape.0.max(1), terms.max(1)) };
    in_parts(
        out.as_view_mut(),
        (0, 0),
        Cut { rows: 64, columns: 6 },
        terms,
        &|mut out: DMatrixViewMut<'_, T>, (first, d)| {
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
                        gather(a, (first + row, count), (term, chunk), &mut space.tile.numbers);
                        space.taps.clear();
                        space.taps.extend((0..chunk).map(|t| Tap { a: count * t, b: b.steps.0 * t }));
                        let b_data = &b.data[(b.steps.0 * term + b.steps.1 * d).min(b.data.len())..];
                        accumulate(
                            out.rows_mut(row, count),
                            start,
                            &space.taps,
                            &space.tile.numbers,
                            b_data,
                            b.steps.1,
                        );
                    }
                }
            });
        },
    );
    out
}

/// Rows and columns of a, each from a first one on and so many of them, column by column.
fn gather<T: Float>(a: Factor<'_, T>, rows: (usize, usize), columns: (usize, usize), tile: &mut Vec<T>) {
    tile.clear();
    for k in columns.0..columns.0 + columns.1 {
        let first = a.steps.0 * rows.0 + a.steps.1 * k;
        if a.steps.0 == 1 {
            tile.extend_from_slice(&a.data[first..first + rows.1]);
        } else {
            tile.extend(a.data[first..].iter().step_by(a.steps.0).take(rows.1));
        }
    }
    tile.resize(tile.len() + lanes::<T>(), T::zero());
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
    Ok(multiply(Factor::of(a), Factor::of(b), None))
}
