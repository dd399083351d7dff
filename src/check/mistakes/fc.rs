//! Wrong fully connected layers, and wrong ways to flatten. The numbers are the steps of [fc's
//! derivation](crate::layers::fc).

use super::Mistake;
use crate::Tensor4;
use crate::check::signatures::{BackToMaps, FcBackward, FcForward, FlattenForward};
use crate::kernels::matmul;
use crate::layers::{FcGradients, fc_backward, fc_forward, flatten_backward, flatten_forward};
use nalgebra::{DMatrix, DVector};

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

/// Known mistakes in [`flatten_forward`].
pub const FLATTEN_FORWARD: &[Mistake<FlattenForward>] = &[
    Mistake {
        name: "the channel runs fastest",
        sentence: "y[n, j + W·(i + H·c)] is z[n,c,i,j]: one whole map after the other. Here the channels take turns.",
        wrong: |z| {
            let [n, c, h, w] = z.shape();
            DMatrix::from_fn(n, c * h * w, |n, q| z[(n, q % c, q / c / w, q / c % w)])
        },
    },
    Mistake {
        name: "the rows run faster than the columns",
        sentence: "y[n, j + W·(i + H·c)] is z[n,c,i,j]: a map is read row by row, not column by column.",
        wrong: |z| {
            let [n, c, h, w] = z.shape();
            DMatrix::from_fn(n, c * h * w, |n, q| z[(n, q / (h * w), q % h, q / h % w)])
        },
    },
    Mistake {
        name: "the samples are mixed",
        sentence: "A sample stays in its row; here the numbers are dealt out row by row from memory, where the \
                   samples take turns.",
        wrong: |z| DMatrix::from_row_slice(z.matrix().nrows(), z.matrix().ncols(), z.as_slice()),
    },
    Mistake {
        name: "the result is transposed",
        sentence: "y is (N, C·H·W): a sample is a row.",
        wrong: |z| flatten_forward(z).transpose(),
    },
];

/// Known mistakes in [`flatten_backward`].
pub const FLATTEN_BACKWARD: &[Mistake<BackToMaps>] = &[
    Mistake {
        name: "the channel runs fastest",
        sentence: "dz[n,c,i,j] is next_dz[n, j + W·(i + H·c)]: one whole map after the other, as in the forward.",
        wrong: |next_dz, z| {
            let [_, c, _, w] = z.shape();
            Ok(Tensor4::from_fn(z.shape(), |n, ch, i, j| next_dz[(n, ch + c * (j + w * i))]))
        },
    },
    Mistake {
        name: "the rows run faster than the columns",
        sentence: "dz[n,c,i,j] is next_dz[n, j + W·(i + H·c)]: a map is read row by row, as in the forward.",
        wrong: |next_dz, z| {
            let [_, _, h, w] = z.shape();
            Ok(Tensor4::from_fn(z.shape(), |n, c, i, j| next_dz[(n, i + h * (j + w * c))]))
        },
    },
    Mistake {
        name: "dz is multiplied by z",
        sentence: "Flattening changes no number, so its slope is 1: dz is next_dz in another shape, nothing else.",
        wrong: |next_dz, z| flatten_backward(&next_dz.component_mul(z.matrix()), z),
    },
];
