//! The matrix product, and the fully connected layer. The numbers are the steps of [fc's
//! derivation](crate::layers::fc).

use super::{exercises, functions};
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, changed, mistakes};
use crate::check::lesson::{Answer, CardText, DZ, Gradient, Grid, Lesson, Question, Setting};
use crate::check::signatures::{FcBackward, FcForward};
use crate::check::values::Named;
use crate::kernels::matmul;
use crate::layers::{FcGradients, fc_backward, fc_forward};
use crate::{Float, ShapeError, lit};
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// N, l and m.
#[derive(Clone, Copy)]
pub(super) struct Dense(usize, usize, usize);

impl fmt::Display for Dense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dense(samples, inputs, outputs) = *self;
        write!(f, "z {:?}, W {:?}", (samples, inputs), (inputs, outputs))
    }
}

impl Setting for Dense {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let Dense(samples, inputs, outputs) = *self;
        Named::default()
            .with("z", draw.matrix(samples, inputs))
            .with("w", draw.matrix(inputs, outputs))
            .with("b", draw.vector(outputs))
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![(self.0 > 1, Feature::Batch), (self.1 != self.2, Feature::Rectangle)]
    }

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let ((samples, inputs), outputs) = (x.matrix("z").shape(), x.vector("b").len());
        Some(Dense(samples, inputs, outputs))
    }
}

/// Σₖ aᵢₖ·bₖⱼ.
fn product<T: Float>(a: &DMatrix<T>, b: &DMatrix<T>) -> DMatrix<T> {
    let term = |i, j, k| a[(i, k)] * b[(k, j)];
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).fold(T::zero(), |sum, k| sum + term(i, j, k)))
}

type Product<T> = fn(&DMatrix<T>, &DMatrix<T>) -> Result<DMatrix<T>, ShapeError>;

/// [`matmul`].
pub(super) struct Matmul;

impl Lesson for Matmul {
    type Setting = Dense;
    functions! { matmul: Product }
    const GRADIENTS: &'static [Gradient] = &[];
    const IS_POLYNOMIAL: bool = true;

    fn call_forward<T: Float>(f: Product<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z"), x.matrix("w"))?.into())]))
    }
    fn definition<T: Float>(_: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", product(x.matrix("z"), x.matrix("w")).into())]))
    }
    fn grid() -> Grid<Dense> {
        Grid { problems: vec![], ..Fc::grid() }
    }
}

/// [`fc_forward`] and [`fc_backward`].
pub(super) struct Fc;

impl Lesson for Fc {
    type Setting = Dense;
    functions! { fc_forward: FcForward = FC_FORWARD, fc_backward: FcBackward = FC_BACKWARD }
    const GRADIENTS: &'static [Gradient] = &[("w", "dw", Role::Parameter), ("b", "db", Role::Parameter), DZ];
    const IS_POLYNOMIAL: bool = true;
    const CARD: CardText = Some(("fc", include_str!("../../layers/fc.rs")));
    const TORCH: &'static str = "linear";
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Batch, "does every sample, a row of z, go its own way?"),
        ("y", Feature::Rectangle, "which index of W is the input, and which the output?"),
        ("dw", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("db", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dw", Feature::Rectangle, "it has the shape of W, (l, m); which factor is transposed?"),
        ("dz", Feature::Rectangle, "is W transposed?"),
    ];

    fn call_forward<T: Float>(f: FcForward<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z"), x.matrix("w"), x.vector("b"))?.into())]))
    }
    fn call_backward<T: Float>(f: FcBackward<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        let g = f(x.matrix("next_dz"), x.matrix("w"), x.matrix("z"))?;
        Ok(Named::of([("dw", g.dw.into()), ("db", g.db.into()), ("dz", g.dz.into())]))
    }

    /// Σᵢ zₙᵢ·wᵢⱼ + bⱼ; Σₙ zₙᵢ·δₙⱼ / N, Σₙ δₙⱼ / N and Σⱼ δₙⱼ·wᵢⱼ.
    fn definition<T: Float>(_: &Dense, x: &Named<T>) -> Answer<T> {
        let (z, w, b) = (x.matrix("z"), x.matrix("w"), x.vector("b"));
        let (zw, n) = (product(z, w), lit::<T>(z.nrows() as f64));
        let y = DMatrix::from_fn(z.nrows(), w.ncols(), |i, j| zw[(i, j)] + b[j]);
        if x.get("next_dz").is_none() {
            return Ok(Named::of([("y", y.into())]));
        }
        let delta = x.matrix("next_dz");
        let ones = DMatrix::from_element(1, z.nrows(), T::one());
        let db: DVector<T> = product(&ones, delta).transpose().column(0) / n;
        let dw: DMatrix<T> = product(&z.transpose(), delta) / n;
        let dz = product(delta, &w.transpose());
        Ok(Named::of([("y", y.into()), ("dw", dw.into()), ("db", db.into()), ("dz", dz.into())]))
    }
    fn grid() -> Grid<Dense> {
        let pairs = |sides: &[(usize, usize)], n: usize| sides.iter().map(|&(l, m)| Dense(n, l, m)).collect::<Vec<_>>();
        let small: Vec<_> = [1, 2, 3, 5].into_iter().flat_map(|l| [1, 2, 4].map(|m| (l, m))).collect();
        let square_first = [(2, 2), (1, 1), (3, 2), (2, 3), (1, 3), (3, 1), (4, 4)];
        Grid {
            small: Dense(3, 4, 2),
            proved: (1..=4).flat_map(|n| pairs(&small, n)).collect(),
            large: vec![Dense(200, 300, 90)],
            problems: [1, 3, 4].into_iter().flat_map(|n| pairs(&square_first, n)).collect(),
        }
    }
}

exercises! { Fc: fc_forward(FcForward), fc_backward(FcBackward); }

mistakes! { FC_FORWARD of fc_forward(FcForward)
    "the bias is forgotten": "y is z·W + b; here it is z·W.",
    |z, w, b| fc_forward(z, w, &(b * 0.0));
    "one bias is added to all outputs": "Output j has a bias of its own, b[j]; here every output gets b[0].",
    |z, w, b| fc_forward(z, w, &b.map(|_| b[0]));
    "the bias follows the sample": "b has an element for each column j of y, not for each of its rows.",
    |z, w, b| {
        let y = matmul(z, w)?;
        Ok(DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| y[(n, j)] + b[n % b.len()]))
    };
    "W is transposed": "W is (l, m), from input i to output j: y[n,j] sums z[n,i]·w[i,j] over i.",
    |z, w, b| fc_forward(z, &w.transpose(), b);
    "only the last input counts": "y[n,j] is a sum over all inputs i: was = written for += ?",
    |z, w, b| {
        let last = w.nrows() - 1;
        fc_forward(&z.columns(last, 1).into_owned(), &w.rows(last, 1).into_owned(), b)
    };
}

mistakes! { FC_BACKWARD of fc_backward(FcBackward)
    "dw and db are not divided by N":
        "A parameter's gradient is the mean over the batch (steps 3 and 4); here it is the sum.",
    changed!(fc_backward(next_dz, w, z) as g {
        let n = z.nrows() as f64;
        g.dw *= n;
        g.db *= n;
    });
    "dw and db are divided by N twice":
        "A parameter's gradient is divided by N once (steps 3 and 4): next_dz brings no 1/N with it.",
    changed!(fc_backward(next_dz, w, z) as g {
        let n = z.nrows() as f64;
        g.dw /= n;
        g.db /= n;
    });
    "dz is divided by N":
        "What flows backward is each sample's own gradient (step 2): only parameters are divided by N.",
    changed!(fc_backward(next_dz, w, z) as g { g.dz /= z.nrows() as f64; });
    "W is not transposed": "dz is next_dz·Wᵀ (step 2): the sum runs over the outputs j.",
    |next_dz, w, z| Ok(FcGradients { dz: matmul(next_dz, w)?, ..fc_backward(next_dz, w, z)? });
    "dw is transposed": "dw has the shape of W, (l, m): it is zᵀ·next_dz (step 3), not next_dzᵀ·z.",
    changed!(fc_backward(next_dz, w, z) as g { g.dw = g.dw.transpose(); });
    "dw and db see only the last sample":
        "Every sample adds to a parameter's gradient (steps 3 and 4): was = written for += ?",
    changed!(fc_backward(next_dz, w, z) as g {
        let (last, n) = (z.nrows() - 1, z.nrows() as f64);
        let one = fc_backward(&next_dz.rows(last, 1).into_owned(), w, &z.rows(last, 1).into_owned())?;
        g.dw = one.dw / n;
        g.db = one.db / n;
    });
    "db is a mean over the outputs, too":
        "Each bias has a gradient of its own, Σₙ δₙⱼ / N (step 4): the mean is over samples alone.",
    changed!(fc_backward(next_dz, w, z) as g { g.db = DVector::from_element(w.ncols(), next_dz.mean()); });
    "next_dz is forgotten in dw": "dw is zᵀ·next_dz / N (step 3); here next_dz counts as ones.",
    changed!(fc_backward(next_dz, w, z) as g { g.dw = fc_backward(&next_dz.map(|_| 1.0), w, z)?.dw; });
}
