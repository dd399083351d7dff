//! Kernel, strides and padding: how many windows fit, and the error when they do not.

use crate::ShapeError;

/// How a window slides over an image: its strides, the padding around the image, and what happens to rows
/// and columns that are left over.
///
/// ```
/// use handgrad::prelude::*;
/// let slide = Slide::by(2, 2).padding(1, 1);
/// assert_eq!(slide.output_size((5, 5), (3, 3))?, (3, 3)); // (5 + 2·1 − 3)/2 + 1
/// let error = Slide::by(2, 2).output_size((6, 6), (3, 3)).unwrap_err();
/// assert!(error.to_string().contains("leaves 1 of the 6 padded rows"));
/// assert_eq!(Slide::by(2, 2).round_down().output_size((6, 6), (3, 3))?, (2, 2));
/// # Ok::<(), ShapeError>(())
/// ```
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slide {
    /// Rows and columns from one window to the next.
    pub strides: (usize, usize),
    /// Rows added above and below, columns added left and right.
    pub padding: (usize, usize),
    /// Leave a remainder unseen, as PyTorch does, instead of refusing it.
    pub round_down: bool,
}

impl Default for Slide {
    /// Stride 1, no padding: every window that lies inside the image.
    fn default() -> Self {
        Slide::by(1, 1)
    }
}

impl Slide {
    /// From one window to the next `rows` down or `columns` to the right; no padding.
    pub fn by(rows: usize, columns: usize) -> Self {
        Slide { strides: (rows, columns), padding: (0, 0), round_down: false }
    }

    /// The same, with `rows` of padding above and below and `columns` of padding left and right.
    pub fn padding(self, rows: usize, columns: usize) -> Self {
        Slide { padding: (rows, columns), ..self }
    }

    /// The same, but rows and columns that the last window does not reach are left unseen.
    pub fn round_down(self) -> Self {
        Slide { round_down: true, ..self }
    }

    /// How many windows of size `kernel` fit into an `image`: (H + 2p − k)/s + 1 down, and likewise across.
    ///
    /// # Errors
    /// If a stride or a side of the kernel is 0, if the kernel is larger than the padded image, if the strides leave a
    /// remainder and rounding down was not requested, or if there are more windows than a `usize` counts. The padded
    /// image itself may be larger than that here; for a layer, its sides are at most `isize::MAX`.
    pub fn output_size(&self, image: (usize, usize), kernel: (usize, usize)) -> Result<(usize, usize), ShapeError> {
        self.windows("Slide::output_size", image, kernel, u128::MAX)
    }

    /// [`output_size`](Self::output_size) for a layer's `function`, which an error then names. No index of the padded
    /// image overflows an `isize`.
    pub(crate) fn layer_windows(
        &self,
        function: &'static str,
        image: (usize, usize),
        kernel: (usize, usize),
    ) -> Result<(usize, usize), ShapeError> {
        self.windows(function, image, kernel, isize::MAX as u128)
    }

    fn windows(
        &self,
        function: &'static str,
        image: (usize, usize),
        kernel: (usize, usize),
        largest: u128,
    ) -> Result<(usize, usize), ShapeError> {
        let along = |side, size, k, s, p| self.windows_along(function, side, (size, k, s, p), largest);
        Ok((
            along("rows", image.0, kernel.0, self.strides.0, self.padding.0)?,
            along("columns", image.1, kernel.1, self.strides.1, self.padding.1)?,
        ))
    }

    fn windows_along(
        &self,
        function: &'static str,
        side: &str,
        (size, k, s, p): (usize, usize, usize, usize),
        largest: u128,
    ) -> Result<usize, ShapeError> {
        let padded = size as u128 + 2 * p as u128;
        let error = |found: String, rule: &str| Err(ShapeError::new(function, found, rule));
        if s == 0 {
            return error(format!("the stride along the {side} is 0"), "strides must be at least 1");
        }
        if k == 0 {
            return error(format!("the window has 0 {side}"), "a window must have at least one row and one column");
        }
        let (window, stride) = (k as u128, s as u128);
        if window > padded {
            return error(
                format!("the window has {k} {side} but the padded image {padded} ({size} + 2·{p})"),
                "the window must fit into the padded image",
            );
        }
        if padded > largest {
            return error(
                format!("the padded image has {padded} {side} ({size} + 2·{p})"),
                "a padded image must have at most isize::MAX rows and columns",
            );
        }
        let left = (padded - window) % stride;
        if left != 0 && !self.round_down {
            return error(
                format!("a window of {k} {side} with stride {s} leaves {left} of the {padded} padded {side} unseen"),
                "(H + 2p − k) must be a multiple of the stride, or Slide::round_down() asked for",
            );
        }
        usize::try_from((padded - window) / stride + 1).or_else(|_| {
            error(format!("there are more than {} windows along the {side}", usize::MAX), "a usize must count them")
        })
    }
}
