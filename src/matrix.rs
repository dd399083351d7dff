//! Matrices and vectors written out element by element.
//!
//! nalgebra has macros of these names and this syntax. Ours are declarative, so a tool that reads the code without
//! running it knows what they produce: the notebooks' kernel needs no type annotation in
//! `let z = dmatrix![1.0, 2.0; 3.0, 4.0];`.

use nalgebra::{DMatrix, Scalar};

/// The matrix with these elements: `,` between columns, `;` between rows.
///
/// Rows of different lengths do not compile.
///
/// ```
/// use handgrad::prelude::*;
/// let z = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
/// assert_eq!((z.shape(), z[(0, 2)], z[(1, 0)]), ((2, 3), 3.0, 4.0));
/// ```
///
/// ```compile_fail,E0308
/// use handgrad::prelude::*;
/// let z = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0];
/// ```
#[macro_export]
macro_rules! dmatrix {
    ($($($x:expr),+ $(,)?);+ $(;)?) => {
        $crate::from_rows([$([$($x),+]),+])
    };
}

/// The column vector with these elements.
///
/// ```
/// use handgrad::prelude::*;
/// assert_eq!(dvector![1.0, 2.0].as_slice(), [1.0, 2.0]);
/// ```
#[macro_export]
macro_rules! dvector {
    ($($x:expr),* $(,)?) => {
        $crate::nalgebra::DVector::from_row_slice(&[$($x),*])
    };
}

/// The matrix with these rows: what [`dmatrix!`](crate::dmatrix) calls.
pub fn from_rows<T: Scalar, const ROWS: usize, const COLUMNS: usize>(rows: [[T; COLUMNS]; ROWS]) -> DMatrix<T> {
    DMatrix::from_row_slice(ROWS, COLUMNS, rows.as_flattened())
}
