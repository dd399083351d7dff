//! What a notebook shows and plots/ holds: curves, bars, heat maps, images, error maps.
//!
//! Each is one call, drawn by plotters. As the last line of a notebook's cell it is shown; `save` writes it as an SVG
//! file. Every figure has an alt text, made from its data or given by `alt`.
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
//! | [`curve`] | numbers in a row: a loss at each step |
//! | [`accuracy`] | the same for shares of one, in percent |
//! | [`training`] | loss and accuracy side by side |
//! | [`xy`] | pairs of numbers as a line, or as points |
//! | [`bars`], [`histogram`] | a number for each name; how numbers are spread |
//! | [`ratios()`] | how measurements compare: bars in groups, and a line at 1 |
//! | [`heat`] | a matrix, a colour for each entry |
//! | [`error_map`] | how far two matrices are apart in every entry |
//! | [`landscape()`] | a function of two variables as a map, and how optimizers walk on it |
//! | [`images()`] | a tensor's maps: images, kernels |
//! | [`steps`] | a layer, step by step: which numbers meet which |
//! | [`row`], [`column()`] | several figures as one |
//!
//! What cannot be drawn (NaN, infinities, zeros on a logarithmic axis) is left out and counted in the figure.

mod axis;
mod canvas;
mod chart;
mod contour;
mod figure;
mod images;
mod landscape;
mod matrix;
mod palette;
mod png;
mod ratios;
pub mod steps;

pub use chart::{Chart, accuracy, bars, curve, histogram, training, xy};
pub use figure::{Figure, base64, column, row};
pub use images::{Images, images, photographs};
pub use landscape::{Landscape, landscape};
pub use matrix::{Heat, error_map, heat};
pub use ratios::{Ratios, ratios};
