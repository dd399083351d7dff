//! How fast an optimizer goes down a loss of two parameters: predicted from the curvatures, and measured from a run.

use crate::numbers::Dual;
use crate::optim::surface::Surface;
use crate::optim::{Optimizer, Sgd, State};
use crate::{Error, Float, ShapeError};
use nalgebra::Matrix2;

/// From here on a loss is so small, beside the first one, that rounding makes it.
const ROUNDING: f64 = 1e-24;

/// A loss of two parameters.
pub(super) trait Slope {
    /// The loss; NaN where it has none.
    fn value(&self, at: [f64; 2]) -> f64;

    /// Its gradient.
    fn gradient<T: Float>(&self, at: [T; 2]) -> Result<[T; 2], ShapeError>;
}

impl Slope for Surface {
    fn value(&self, at: [f64; 2]) -> f64 {
        Surface::value(*self, at)
    }

    fn gradient<T: Float>(&self, at: [T; 2]) -> Result<[T; 2], ShapeError> {
        Ok(Surface::gradient(*self, at))
    }
}

/// The path of an optimizer: the start and every point after it, up to the first that is not finite.
pub(super) fn descend(
    slope: &impl Slope,
    optimizer: &mut dyn Optimizer<f64>,
    start: [f64; 2],
    steps: usize,
) -> Result<Vec<[f64; 2]>, ShapeError> {
    let (mut at, mut path) = (start, vec![start]);
    for _ in 0..steps {
        let gradient = slope.gradient(at)?;
        optimizer.step(&mut [&mut at], &[&gradient])?;
        if !at.iter().all(|number| number.is_finite()) {
            break;
        }
        path.push(at);
    }
    Ok(path)
}

/// The curvatures at a point, the largest first: the eigenvalues of the matrix of second derivatives, which dual numbers
/// compute from the gradient.
pub(super) fn curvatures(slope: &impl Slope, [x, y]: [f64; 2]) -> Result<[f64; 2], ShapeError> {
    let [xx, xy] = slope.gradient([Dual::variable(x), Dual::constant(y)])?;
    let [yx, yy] = slope.gradient([Dual::constant(x), Dual::variable(y)])?;
    let values = Matrix2::new(xx.eps, xy.eps, yx.eps, yy.eps).symmetric_eigenvalues();
    Ok([values.max(), values.min()])
}

/// What each step of SGD multiplies the error by, in the long run, where these are the curvatures.
pub(super) fn slowest(sgd: &Sgd<Dual<f64>>, [high, low]: [f64; 2]) -> Result<f64, Error> {
    Ok(radius(sgd, high)?.max(radius(sgd, low)?))
}

/// The same along a direction of this curvature.
///
/// A step maps the error and the velocity to the next two, by a matrix. Its columns are read off a step on dual numbers,
/// and the result is the size of its larger eigenvalue.
fn radius(sgd: &Sgd<Dual<f64>>, curvature: f64) -> Result<f64, Error> {
    let has_velocity = sgd.name() != "Sgd";
    let mut m = Matrix2::zeros();
    for column in 0..if has_velocity { 2 } else { 1 } {
        let mut at = [Dual::constant(0.0); 2];
        at[column].eps = 1.0;
        let ([error, velocity], mut sgd) = (at, sgd.clone());
        let memories = if has_velocity { vec![vec![velocity]] } else { Vec::new() };
        sgd.restore(State { steps: 1, memories })?;
        let mut next = [error];
        sgd.step(&mut [&mut next], &[&[error * Dual::constant(curvature)]])?;
        m[(0, column)] = next[0].eps;
        m[(1, column)] = sgd.state().memories.first().map_or(0.0, |memory| memory[0].eps);
    }
    let (half, square) = (m.trace() / 2.0, m.trace().powi(2) / 4.0 - m.determinant());
    Ok(if square < 0.0 { m.determinant().sqrt() } else { half.abs() + square.sqrt() })
}

/// What each step multiplies these values by: from the largest of their third quarter to the largest of the last one.
/// With it, the place of the latter. `None` if there are too few.
pub(super) fn measured(values: &[f64]) -> Option<(f64, usize)> {
    let first = values.first().copied()?;
    let count = values.iter().take_while(|value| value.is_finite() && **value > ROUNDING * first).count();
    if count < 8 {
        return None;
    }
    let largest = |from: usize, to: usize| (from..to).max_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (from, to) = (largest(count / 2, 3 * count / 4)?, largest(3 * count / 4, count)?);
    Some(((values[to].ln() - values[from].ln()).exp().powf(1.0 / (to - from) as f64), to))
}
