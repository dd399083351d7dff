//! The pictures of the notebooks and of plots/: curves, bars, heat maps, images, error maps.
//!
//! Each is one call and is drawn by plotters. As the last line of a notebook cell it is displayed; `save` writes it to
//! an SVG file. Every figure has an alt text, made from its data or set by `alt`.
//!
//! ```
//! use handgrad::show;
//! let losses: Vec<f64> = (1..100).map(|step| 1.0 / f64::from(step)).collect();
//! let figure = show::curve("training loss", &losses).log_y().labels("step", "loss").figure();
//! assert!(figure.svg().starts_with("<svg "));
//! assert_eq!(figure.alt, "Line plot, loss against step. training loss: 99 points, 1 to 0.0101.");
//! ```
//!
//! | call | shows |
//! |---|---|
//! | [`curve`] | a sequence of numbers: the loss at each step |
//! | [`accuracy`] | a sequence of fractions, in percent |
//! | [`training`] | loss and accuracy side by side |
//! | [`xy`] | pairs of numbers as a line, or as points |
//! | [`bars`], [`histogram`] | a number for each name; the distribution of many numbers |
//! | [`ratios()`] | ratios of measurements: bars in groups, and a line at 1 |
//! | [`heat`] | a matrix, one colour for each entry |
//! | [`error_map`] | the difference of two matrices, entry by entry |
//! | [`graph()`] | a computation graph, with values and gradients |
//! | [`landscape()`] | a function of two variables as a map, with the paths of optimizers on it |
//! | [`images()`] | the maps of a tensor: images, kernels |
//! | [`steps`] | a layer, step by step: which numbers are multiplied and summed |
//! | [`row`], [`column()`] | several figures as one |
//!
//! Values that cannot be drawn (NaN, infinities, zeros on a logarithmic axis) are left out; the figure says how many.

mod axis;
mod backend;
mod base64;
pub(crate) mod canvas;
mod chart;
mod contour;
mod figure;
mod graph;
mod ground;
mod images;
mod landscape;
mod matrix;
mod palette;
mod png;
mod ratios;
mod regions;
pub mod steps;

pub use base64::base64;
pub use chart::{Chart, accuracy, bars, curve, histogram, training, xy};
pub(crate) use figure::escape;
pub use figure::{Figure, column, row};
pub use graph::{Graph, graph};
pub use images::{Images, images, photographs};
pub use landscape::{Landscape, landscape};
pub use matrix::{Heat, error_map, heat};
pub use ratios::{Ratios, ratios};
pub(crate) use regions::{places, regions};

/// The style of all pictures on a dark page, for pictures that are part of a page.
#[doc(hidden)]
#[must_use]
pub fn dark_style() -> &'static str {
    canvas::DARK
}
