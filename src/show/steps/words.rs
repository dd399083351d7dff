//! Words that all walks share, and the sizes that fit on a screen.

use crate::numbers::Traced;
use crate::text::counted;
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::DMatrix;

/// More rows or columns than this do not fit on a screen with a number in each cell.
const SIDE: usize = 16;

/// The maps, if they are small enough to read.
pub(super) fn readable(function: &'static str, maps: Tensor4<Traced>) -> Result<Tensor4<Traced>, ShapeError> {
    let [_, _, height, width] = maps.shape();
    check(function, "map", (height, width)).map(|()| maps)
}

/// `Ok` if the matrices are small enough to read.
pub(super) fn readable_matrices<'a>(
    function: &'static str,
    matrices: impl IntoIterator<Item = &'a DMatrix<Traced>>,
) -> Result<(), ShapeError> {
    matrices.into_iter().try_for_each(|matrix| check(function, "matrix", matrix.shape()))
}

fn check(function: &'static str, what: &str, (rows, columns): (usize, usize)) -> Result<(), ShapeError> {
    if rows <= SIDE && columns <= SIDE {
        return Ok(());
    }
    Err(ShapeError::new(
        function,
        format!("a {what} to draw has {} and {}", counted(rows, "row"), counted(columns, "column")),
        format!("with a number in each cell, at most {SIDE} of each can be read"),
    ))
}

/// The name of a map, with its indices where there are several.
pub(super) fn title(name: &str, shape: [usize; 4], axes: [&str; 2], (first, second): (usize, usize)) -> String {
    let mut title = name.to_owned();
    for (axis, size, index) in [(axes[0], shape[0], first), (axes[1], shape[1], second)] {
        if size > 1 {
            title += &format!(", {axis} = {index}");
        }
    }
    title
}

/// Strides and padding, where they are not the default.
pub(super) fn described(slide: Slide) -> String {
    let pair = |(a, b): (usize, usize)| if a == b { a.to_string() } else { format!("({a}, {b})") };
    let stride = if slide.strides == (1, 1) { String::new() } else { format!(", stride {}", pair(slide.strides)) };
    let padding = if slide.padding == (0, 0) { String::new() } else { format!(", padding {}", pair(slide.padding)) };
    stride + &padding
}

/// The sum over a batch, divided by its size.
pub(super) fn mean_of(samples: usize) -> String {
    if samples == 1 { "Σ →".into() } else { format!("Σ / {samples} →") }
}

/// "2 rows and 1 column".
pub(super) fn rows_and_columns(rows: usize, columns: usize) -> String {
    match (rows, columns) {
        (rows, 0) => counted(rows, "row"),
        (0, columns) => counted(columns, "column"),
        (rows, columns) => format!("{} and {}", counted(rows, "row"), counted(columns, "column")),
    }
}
