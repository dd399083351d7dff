//! Global pooling: one number for every map, its maximum or its mean.
//!
//! ```math
//! maximum  y[n,c] = max over i, j of z[n,c,i,j]
//! average  y[n,c] = Σᵢ Σⱼ z[n,c,i,j] / (H·W)
//! ```
//!
//! | symbol | shape |
//! |---|---|
//! | z | (N, C, H, W) |
//! | y | (N, C) |
//!
//! # Derivation
//!
//! Write δ for `next_dz`. Each layer is a pooling with one window as large as the map:
//!
//! 1. The maximum *is* the element at the first maximum m (row by row): **`dz[m] = δ`**, and 0 elsewhere.
//! 2. The mean contains every element with coefficient 1/(H·W): **`dz[i,j] = δ / (H·W)`**.
//!
//! Kink of the maximum: a tie, where the first of the equal elements takes all of δ.
//!
//! Source: Lin, Chen, Yan, *Network in Network* (2013), §3.2.

use super::{avg_pooling_backward, avg_pooling_forward, has_pixels, max_pooling_backward, max_pooling_forward};
use crate::error::same_shape;
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::DMatrix;

/// The maximum of every map of z (N, C, H, W); y is (N, C).
///
/// # Errors
/// If the maps are empty.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 2, 1, 2], &[1.0, 5.0, 4.0, -2.0])?;
/// assert_eq!(global_max_pooling_forward(&z)?, dmatrix![5.0, 4.0]);
/// let dz = global_max_pooling_backward(&dmatrix![10.0, 20.0], &z)?;
/// assert_eq!(dz.to_row_major(), [0.0, 10.0, 20.0, 0.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn global_max_pooling_forward<T: Float>(z: &Tensor4<T>) -> Result<DMatrix<T>, ShapeError> {
    let map = whole_map("global_max_pooling_forward", z)?;
    Ok(max_pooling_forward(z, map, Slide::default())?.into_matrix())
}

/// next_dz (N, C) at the first maximum of each map; dz is (N, C, H, W).
///
/// # Errors
/// If the maps are empty or next_dz is not (N, C).
#[inline(never)]
pub fn global_max_pooling_backward<T: Float>(next_dz: &DMatrix<T>, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
    let map = whole_map("global_max_pooling_backward", z)?;
    let next_dz = one_window("global_max_pooling_backward", next_dz, z)?;
    max_pooling_backward(&next_dz, z, map, Slide::default()) // (1)
}

/// The mean of every map of z (N, C, H, W); y is (N, C).
///
/// # Errors
/// If the maps are empty.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 2, 1, 2], &[1.0, 5.0, 4.0, -2.0])?;
/// assert_eq!(global_avg_pooling_forward(&z)?, dmatrix![3.0, 1.0]);
/// let dz = global_avg_pooling_backward(&dmatrix![10.0, 20.0], &z)?;
/// assert_eq!(dz.to_row_major(), [5.0, 5.0, 10.0, 10.0]);
/// # Ok::<(), ShapeError>(())
/// ```
#[inline(never)]
pub fn global_avg_pooling_forward<T: Float>(z: &Tensor4<T>) -> Result<DMatrix<T>, ShapeError> {
    let map = whole_map("global_avg_pooling_forward", z)?;
    Ok(avg_pooling_forward(z, map, Slide::default())?.into_matrix())
}

/// next_dz (N, C) in equal shares to every pixel of its map; dz is (N, C, H, W).
///
/// # Errors
/// If the maps are empty or next_dz is not (N, C).
#[inline(never)]
pub fn global_avg_pooling_backward<T: Float>(next_dz: &DMatrix<T>, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
    let map = whole_map("global_avg_pooling_backward", z)?;
    let next_dz = one_window("global_avg_pooling_backward", next_dz, z)?;
    avg_pooling_backward(&next_dz, z, map, Slide::default()) // (2)
}

/// (H, W), if the map has at least one pixel.
fn whole_map<T: Float>(function: &'static str, z: &Tensor4<T>) -> Result<(usize, usize), ShapeError> {
    has_pixels(function, z)?;
    let [_, _, height, width] = z.shape();
    Ok((height, width))
}

/// next_dz (N, C) as the output (N, C, 1, 1) of a window over the whole map.
fn one_window<T: Float>(
    function: &'static str,
    next_dz: &DMatrix<T>,
    z: &Tensor4<T>,
) -> Result<Tensor4<T>, ShapeError> {
    let [samples, channels, _, _] = z.shape();
    same_shape(function, ("next_dz", next_dz.shape()), ("the output", (samples, channels)))?;
    Ok(Tensor4::from_vectors(next_dz.clone()))
}
