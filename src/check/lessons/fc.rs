//! The matrix product, and the fully connected layer. The numbers are the steps of [fc's
//! derivation](crate::layers::fc).

use super::exercises;
use crate::Float;
use crate::ShapeError;
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake};
use crate::check::lesson::{Answer, DZ, Gradient, Lesson, Question, Setting};
use crate::check::signatures::{FcBackward, FcForward};
use crate::check::values::Named;
use crate::float::count;
use crate::kernels::matmul;
use crate::layers::{FcGradients, fc_backward, fc_forward};
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

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<Self, ShapeError> {
        let ((samples, inputs), outputs) = (x.matrix("z")?.shape(), x.vector("b")?.len());
        Ok(Dense(samples, inputs, outputs))
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
    type Forward<T: Float> = Product<T>;
    type Backward<T: Float> = ();

    const FUNCTIONS: &'static [&'static str] = &["matmul"];
    const IS_POLYNOMIAL: bool = true;

    fn forward<T: Float>() -> Product<T> {
        matmul
    }
    fn call_forward<T: Float>(f: Product<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?, x.matrix("w")?)?.into())]))
    }
    fn definition<T: Float>(_: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", product(x.matrix("z")?, x.matrix("w")?).into())]))
    }
    fn settings() -> Vec<Dense> {
        Fc::settings()
    }
    fn small() -> Dense {
        Fc::small()
    }
    fn large() -> Vec<Dense> {
        Fc::large()
    }
}

/// [`fc_forward`] and [`fc_backward`].
pub(super) struct Fc;

impl Lesson for Fc {
    type Setting = Dense;
    type Forward<T: Float> = FcForward<T>;
    type Backward<T: Float> = FcBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["fc_forward", "fc_backward"];
    const GRADIENTS: &'static [Gradient] = &[("w", "dw", Role::Parameter), ("b", "db", Role::Parameter), DZ];
    const IS_POLYNOMIAL: bool = true;
    const CARD: Option<(&'static str, &'static str)> = Some(("fc", include_str!("../../layers/fc.rs")));
    const TORCH: Option<&'static str> = Some("linear");
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Batch, "does every sample, a row of z, go its own way?"),
        ("y", Feature::Rectangle, "which index of W is the input, and which the output?"),
        ("dw", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("db", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dw", Feature::Rectangle, "it has the shape of W, (l, m); which factor is transposed?"),
        ("dz", Feature::Rectangle, "is W transposed?"),
    ];
    const FORWARD_MISTAKES: &'static [Mistake<FcForward>] = FC_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<FcBackward>] = FC_BACKWARD;

    fn forward<T: Float>() -> FcForward<T> {
        fc_forward
    }
    fn backward<T: Float>() -> Option<FcBackward<T>> {
        Some(fc_backward)
    }
    fn call_forward<T: Float>(f: FcForward<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?, x.matrix("w")?, x.vector("b")?)?.into())]))
    }
    fn call_backward<T: Float>(f: FcBackward<T>, _: &Dense, x: &Named<T>) -> Answer<T> {
        let g = f(x.matrix("next_dz")?, x.matrix("w")?, x.matrix("z")?)?;
        Ok(Named::of([("dw", g.dw.into()), ("db", g.db.into()), ("dz", g.dz.into())]))
    }

    /// Σᵢ zₙᵢ·wᵢⱼ + bⱼ; Σₙ zₙᵢ·δₙⱼ / N, Σₙ δₙⱼ / N and Σⱼ δₙⱼ·wᵢⱼ.
    fn definition<T: Float>(_: &Dense, x: &Named<T>) -> Answer<T> {
        let (z, w, b) = (x.matrix("z")?, x.matrix("w")?, x.vector("b")?);
        let (zw, n) = (product(z, w), count::<T>(z.nrows()));
        let y = DMatrix::from_fn(z.nrows(), w.ncols(), |i, j| zw[(i, j)] + b[j]);
        let Ok(delta) = x.matrix("next_dz") else { return Ok(Named::of([("y", y.into())])) };
        let ones = DMatrix::from_element(1, z.nrows(), T::one());
        let db: DVector<T> = product(&ones, delta).transpose().column(0) / n;
        let dw: DMatrix<T> = product(&z.transpose(), delta) / n;
        let dz = product(delta, &w.transpose());
        Ok(Named::of([("y", y.into()), ("dw", dw.into()), ("db", db.into()), ("dz", dz.into())]))
    }

    /// N 1–4, l and m 1–5.
    fn settings() -> Vec<Dense> {
        let sides = [1, 2, 3, 5].into_iter().flat_map(|l| [1, 2, 4].map(|m| (l, m)));
        (1..=4).flat_map(|n| sides.clone().map(move |(l, m)| Dense(n, l, m))).collect()
    }
    fn small() -> Dense {
        Dense(3, 4, 2)
    }
    fn large() -> Vec<Dense> {
        vec![Dense(200, 300, 90)]
    }

    /// Square first.
    fn problems() -> Vec<Dense> {
        let sides = [(2, 2), (1, 1), (3, 2), (2, 3), (1, 3), (3, 1), (4, 4)];
        [1, 3, 4].into_iter().flat_map(|n| sides.map(|(l, m)| Dense(n, l, m))).collect()
    }
}

exercises! { Fc: fc_forward(FcForward), fc_backward(FcBackward); }

/// Known mistakes in [`fc_forward`].
pub const FC_FORWARD: &[Mistake<FcForward>] = &[
    Mistake {
        name: "the bias is forgotten",
        sentence: "y is z·W + b; here it is z·W.",
        wrong: |z, w, b| fc_forward(z, w, &(b * 0.0)),
    },
    Mistake {
        name: "one bias is added to all outputs",
        sentence: "Output j has a bias of its own, b[j]; here every output gets b[0].",
        wrong: |z, w, b| fc_forward(z, w, &b.map(|_| b[0])),
    },
    Mistake {
        name: "the bias follows the sample",
        sentence: "b has an element for each column j of y, not for each of its rows.",
        wrong: |z, w, b| {
            let y = matmul(z, w)?;
            Ok(DMatrix::from_fn(y.nrows(), y.ncols(), |n, j| y[(n, j)] + b[n % b.len()]))
        },
    },
    Mistake {
        name: "W is transposed",
        sentence: "W is (l, m), from input i to output j: y[n,j] sums z[n,i]·w[i,j] over i.",
        wrong: |z, w, b| fc_forward(z, &w.transpose(), b),
    },
    Mistake {
        name: "only the last input counts",
        sentence: "y[n,j] is a sum over all inputs i: was = written for += ?",
        wrong: |z, w, b| {
            let last = w.nrows() - 1;
            fc_forward(&z.columns(last, 1).into_owned(), &w.rows(last, 1).into_owned(), b)
        },
    },
];

/// Known mistakes in [`fc_backward`].
pub const FC_BACKWARD: &[Mistake<FcBackward>] = &[
    Mistake {
        name: "dw and db are not divided by N",
        sentence: "A parameter's gradient is the mean over the batch (steps 3 and 4); here it is the sum.",
        wrong: |next_dz, w, z| {
            let (right, n) = (fc_backward(next_dz, w, z)?, z.nrows() as f64);
            Ok(FcGradients { dw: right.dw * n, db: right.db * n, ..right })
        },
    },
    Mistake {
        name: "dw and db are divided by N twice",
        sentence: "A parameter's gradient is divided by N once (steps 3 and 4): next_dz brings no 1/N with it.",
        wrong: |next_dz, w, z| {
            let (right, n) = (fc_backward(next_dz, w, z)?, z.nrows() as f64);
            Ok(FcGradients { dw: right.dw / n, db: right.db / n, ..right })
        },
    },
    Mistake {
        name: "dz is divided by N",
        sentence: "What flows backward is each sample's own gradient (step 2): only parameters are divided by N.",
        wrong: |next_dz, w, z| {
            let (right, n) = (fc_backward(next_dz, w, z)?, z.nrows() as f64);
            Ok(FcGradients { dz: right.dz / n, ..right })
        },
    },
    Mistake {
        name: "W is not transposed",
        sentence: "dz is next_dz·Wᵀ (step 2): the sum runs over the outputs j.",
        wrong: |next_dz, w, z| Ok(FcGradients { dz: matmul(next_dz, w)?, ..fc_backward(next_dz, w, z)? }),
    },
    Mistake {
        name: "dw is transposed",
        sentence: "dw has the shape of W, (l, m): it is zᵀ·next_dz (step 3), not next_dzᵀ·z.",
        wrong: |next_dz, w, z| {
            let right = fc_backward(next_dz, w, z)?;
            Ok(FcGradients { dw: right.dw.transpose(), ..right })
        },
    },
    Mistake {
        name: "dw and db see only the last sample",
        sentence: "Every sample adds to a parameter's gradient (steps 3 and 4): was = written for += ?",
        wrong: |next_dz, w, z| {
            let (last, n) = (z.nrows() - 1, z.nrows() as f64);
            let one = fc_backward(&next_dz.rows(last, 1).into_owned(), w, &z.rows(last, 1).into_owned())?;
            Ok(FcGradients { dw: one.dw / n, db: one.db / n, ..fc_backward(next_dz, w, z)? })
        },
    },
    Mistake {
        name: "db is a mean over the outputs, too",
        sentence: "Each bias has a gradient of its own, Σₙ δₙⱼ / N (step 4): the mean is over samples alone.",
        wrong: |next_dz, w, z| {
            let db = DVector::from_element(w.ncols(), next_dz.mean());
            Ok(FcGradients { db, ..fc_backward(next_dz, w, z)? })
        },
    },
    Mistake {
        name: "next_dz is forgotten in dw",
        sentence: "dw is zᵀ·next_dz / N (step 3); here next_dz counts as ones.",
        wrong: |next_dz, w, z| {
            let right = fc_backward(next_dz, w, z)?;
            Ok(FcGradients { dw: fc_backward(&next_dz.map(|_| 1.0), w, z)?.dw, ..right })
        },
    },
];
