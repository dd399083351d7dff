//! A fully connected layer, row by column.

use super::cells::{Frame, Grid, Look, places};
use super::formula::{Formula, Symbols, symbol};
use super::scene::{Scene, Slot};
use super::walk::Steps;
use super::words::{mean_of, readable_matrices};
use crate::ShapeError;
use crate::layers;
use crate::numbers::traced::Index;
use crate::numbers::{Session, Traced};
use nalgebra::{DMatrix, DVector};

/// The steps of a fully connected layer's backward, named as its gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct FcSteps {
    /// For every weight: a row of zᵀ times a column of δ.
    pub dw: Steps,
    /// For every bias: a column of δ, summed.
    pub db: Steps,
    /// For every input: a row of δ times a column of Wᵀ.
    pub dz: Steps,
}

/// [`fc_forward`](layers::fc_forward), a step for every number of the output: a row of z times a column of W, plus the bias.
///
/// The matrices are placed as in Falk's scheme, z on the left and W above: the output is where row and column meet.
///
/// # Errors
/// Those of [`fc_forward`](layers::fc_forward), and if a matrix has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w, b) = (dmatrix![1.0, 2.0], dmatrix![3.0, 4.0; 5.0, -6.0], dvector![10.0, 20.0]);
/// let steps = show::steps::fc_forward(&z, &w, &b)?;
/// assert_eq!(steps.captions()[1], ["y₁ = z₀·w₀₁ + z₁·w₁₁ + b₁", "y₁ = 1·4 + 2·(−6) + 20 = 12"]);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn fc_forward(z: &DMatrix<f64>, w: &DMatrix<f64>, b: &DVector<f64>) -> Result<Steps, ShapeError> {
    let session = Session::new();
    let (z, w, b) = (session.matrix("z", z), session.matrix("w", w), session.vector("b", b));
    let y = layers::fc_forward(&z, &w, &b)?;
    readable_matrices("steps::fc_forward", [&z, &w])?;
    let product = Product {
        left: ("z", z.clone()),
        top: ("W", w.clone()),
        bias: Some(DMatrix::from_row_slice(1, b.len(), b.as_slice())),
        sign: "→".into(),
        symbols: Symbols::among(z.iter().chain(&w).chain(&b)),
    };
    Ok(Steps::new("Fully connected, forward", product.walk("y", &y)))
}

/// [`fc_backward`](layers::fc_backward), a step for every number of its gradients.
///
/// # Errors
/// Those of [`fc_backward`](layers::fc_backward), and if a matrix has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let (z, w) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0; 7.0]);
/// let steps = show::steps::fc_backward(&dmatrix![1.0; -1.0], &w, &z)?;
/// assert_eq!(steps.dw.captions()[0], ["dW₀ = (z₀₀·δ₀ + z₁₀·δ₁)/2", "dW₀ = (1·1 + 3·(−1))/2 = −1"]);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn fc_backward(next_dz: &DMatrix<f64>, w: &DMatrix<f64>, z: &DMatrix<f64>) -> Result<FcSteps, ShapeError> {
    let session = Session::new();
    let (z, delta, w) = (session.matrix("z", z), session.matrix("δ", next_dz), session.matrix("w", w));
    let gradients = layers::fc_backward(&delta, &w, &z)?;
    readable_matrices("steps::fc_backward", [&z, &w])?;
    let symbols = || Symbols::among(z.iter().chain(&delta).chain(&w));
    let mean = mean_of(z.nrows());

    let (left, top) = (("zᵀ", z.transpose()), ("δ", delta.clone()));
    let dw = Product { left, top, bias: None, sign: mean.clone(), symbols: symbols() };
    let (left, top) = (("δ", delta.clone()), ("Wᵀ", w.transpose()));
    let dz = Product { left, top, bias: None, sign: "→".into(), symbols: symbols() };
    Ok(FcSteps {
        dw: Steps::new("Fully connected, backward to W", dw.walk("dW", &gradients.dw)),
        db: Steps::new("Fully connected, backward to b", sums(&delta, &gradients.db, &mean)),
        dz: Steps::new("Fully connected, backward to z", dz.walk("dz", &gradients.dz)),
    })
}

/// A product of two matrices, placed left of the result and above it.
struct Product {
    left: (&'static str, DMatrix<Traced>),
    top: (&'static str, DMatrix<Traced>),
    bias: Option<DMatrix<Traced>>,
    /// The sign in front of the result.
    sign: String,
    symbols: Symbols,
}

impl Product {
    /// A step for every entry of the result.
    fn walk(&self, name: &str, result: &DMatrix<Traced>) -> Vec<Scene> {
        let index = Index::new(&[result.nrows(), result.ncols()]);
        let mut filled = Grid::empty(name, result.shape());
        let step = |(i, j): (usize, usize)| {
            let formula = Formula::new(index.write(name, &[i, j]).0, result[(i, j)], &self.symbols);
            let now = filled.fill((i, j), formula.cell(Look::Plain));
            let [left, top] = self.meet((i, j), &formula);
            let mut slots = vec![vec![Slot::Nothing, Slot::Nothing, Slot::Grid(top)]];
            if let Some(bias) = &self.bias {
                let mut grid = Grid::of("b", bias).framed(Frame::Weight, (0, j), (1, 1));
                grid.cells[(0, j)].look = Look::Weight;
                slots.push(vec![Slot::Nothing, Slot::Sign("+".into()), Slot::Grid(grid)]);
            }
            slots.push(vec![Slot::Grid(left), Slot::Sign(self.sign.clone()), Slot::Grid(now)]);
            let slot = (slots.len() - 1, 2);
            Scene::new(slots, slot, (i, j), &formula)
        };
        places(result.shape()).map(step).collect()
    }

    /// Row i and column j, lit where the formula contains their products.
    fn meet(&self, (i, j): (usize, usize), formula: &Formula) -> [Grid; 2] {
        let [mut left, mut top] = [&self.left, &self.top].map(|(name, matrix)| Grid::of(*name, matrix));
        let inner = self.left.1.ncols();
        for k in 0..inner {
            let pair = symbol(self.left.1[(i, k)]).zip(symbol(self.top.1[(k, j)]));
            if pair.is_some_and(|(a, b)| formula.product(a, b).is_some()) {
                (left.cells[(i, k)].look, top.cells[(k, j)].look) = (Look::Read, Look::Weight);
            }
        }
        [left.framed(Frame::Read, (i, 0), (1, inner)), top.framed(Frame::Weight, (0, j), (inner, 1))]
    }
}

/// A step for every bias: the sum of the column of δ above it.
fn sums(delta: &DMatrix<Traced>, db: &DVector<Traced>, mean: &str) -> Vec<Scene> {
    let (index, symbols) = (Index::new(&[db.len()]), Symbols::among(delta));
    let mut filled = Grid::empty("db", (1, db.len()));
    let step = |j: usize| {
        let formula = Formula::new(index.write("db", &[j]).0, db[j], &symbols);
        let now = filled.fill((0, j), formula.cell(Look::Plain));
        let mut above = Grid::of("δ", delta).framed(Frame::Read, (0, j), (delta.nrows(), 1));
        for at in places(delta.shape()).filter(|&at| symbol(delta[at]).is_some_and(|symbol| formula.has(symbol))) {
            above.cells[at].look = Look::Read;
        }
        let slots = vec![vec![Slot::Nothing, Slot::Grid(above)], vec![Slot::Sign(mean.into()), Slot::Grid(now)]];
        Scene::new(slots, (1, 1), (0, j), &formula)
    };
    (0..db.len()).map(step).collect()
}
