//! Functions of two variables on which optimizers are compared.
//!
//! | surface | f(x, y) | ∂f/∂x | ∂f/∂y | what it asks of an optimizer |
//! |---|---|---|---|---|
//! | [`Bowl`](Surface::Bowl) | (x² + y²)/2 | x | y | nothing: every rule should get this right |
//! | [`Valley`](Surface::Valley) | (x² + 25·y²)/2 | x | 25·y | one learning rate for two very different slopes |
//! | [`Rosenbrock`](Surface::Rosenbrock) | (1 − x)² + 100·(y − x²)² | 2·(x − 1) − 400·x·(y − x²) | 200·(y − x²) | to follow a curved valley |
//! | [`Saddle`](Surface::Saddle) | (x² − y²)/2 | x | −y | to leave a point where the gradient is 0 |
//!
//! Source: Rosenbrock, *An automatic method for finding the greatest or least value of a function* (1960).

use super::Optimizer;
use crate::{Float, ShapeError, lit};

/// [A function of two variables](self), with its gradient derived by hand.
///
/// ```
/// use handgrad::prelude::*;
/// use handgrad::optim::surface::Surface;
/// let path = Surface::Bowl.descend(&mut Sgd::new(0.5), [4.0, -2.0], 2)?;
/// assert_eq!(path, [[4.0, -2.0], [2.0, -1.0], [1.0, -0.5]]);
/// # Ok::<(), ShapeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Equally steep in all directions; its minimum is 0 at (0, 0).
    Bowl,
    /// 25 times as steep across as along: the condition number is 25. Its minimum is 0 at (0, 0).
    Valley,
    /// A narrow valley along y = x²; its minimum is 0 at (1, 1).
    Rosenbrock,
    /// Up along x and down along y, without bound; the gradient is 0 at (0, 0).
    Saddle,
}

impl Surface {
    /// All of them, the simplest first.
    pub const ALL: [Surface; 4] = [Surface::Bowl, Surface::Valley, Surface::Rosenbrock, Surface::Saddle];

    /// The title of its plot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Surface::Bowl => "Bowl",
            Surface::Valley => "Valley",
            Surface::Rosenbrock => "Rosenbrock's valley",
            Surface::Saddle => "Saddle",
        }
    }

    /// f(x, y).
    pub fn value<T: Float>(self, [x, y]: [T; 2]) -> T {
        let half = lit::<T>(0.5);
        match self {
            Surface::Bowl => half * (x * x + y * y),
            Surface::Valley => half * (x * x + lit::<T>(25.0) * y * y),
            Surface::Rosenbrock => {
                let (along, across) = (T::one() - x, y - x * x);
                along * along + lit::<T>(100.0) * across * across
            }
            Surface::Saddle => half * (x * x - y * y),
        }
    }

    /// (∂f/∂x, ∂f/∂y).
    pub fn gradient<T: Float>(self, [x, y]: [T; 2]) -> [T; 2] {
        match self {
            Surface::Bowl => [x, y],
            Surface::Valley => [x, lit::<T>(25.0) * y],
            Surface::Rosenbrock => {
                let across = y - x * x;
                [lit::<T>(2.0) * (x - T::one()) - lit::<T>(400.0) * x * across, lit::<T>(200.0) * across]
            }
            Surface::Saddle => [x, -y],
        }
    }

    /// The path of an optimizer over this many steps: the start and every point after it.
    ///
    /// # Errors
    /// As for the optimizer: if it has taken steps with other parameters before.
    pub fn descend<T: Float>(
        self,
        optimizer: &mut dyn Optimizer<T>,
        start: [T; 2],
        steps: usize,
    ) -> Result<Vec<[T; 2]>, ShapeError> {
        let (mut at, mut path) = (start, vec![start]);
        for _ in 0..steps {
            let gradient = self.gradient(at);
            optimizer.step(&mut [&mut at], &[&gradient])?;
            path.push(at);
        }
        Ok(path)
    }
}
