//! Wrong activations. Each file of [`crate::activations`] derives the right slope.

use super::Mistake;
use crate::activations::*;
use crate::check::signatures::*;
use nalgebra::{DMatrix, DVector};

/// Known mistakes in [`relu_forward`].
pub const RELU_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "the absolute value",
        sentence: "What is negative becomes 0, not positive.",
        wrong: |z| z.map(f64::abs),
    },
    Mistake {
        name: "the smaller of z and 0",
        sentence: "y is max(0, z), the larger of the two.",
        wrong: |z| z.map(|z| z.min(0.0)),
    },
    Mistake {
        name: "1 where z is positive",
        sentence: "This is the slope of ReLU; its value there is z.",
        wrong: |z| z.map(|z| f64::from(z > 0.0)),
    },
    Mistake {
        name: "a NaN becomes 0",
        sentence: "A NaN must stay one, or a broken network looks alive; f64::max answers the number beside it.",
        wrong: |z| z.map(|z| z.max(0.0)),
    },
];

/// Known mistakes in [`relu_backward`].
pub const RELU_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "the slope at 0 is 1",
        sentence: "At its kink the slope is chosen, and here as everywhere the left one is taken: 0. Write >, not >=.",
        wrong: |next_dz, z| Ok(next_dz.zip_map(z, |delta, z| if z >= 0.0 { delta } else { 0.0 })),
    },
    Mistake {
        name: "the sign of next_dz opens the gate",
        sentence: "Whether δ passes is decided by z, which the forward saw, not by δ itself.",
        wrong: |next_dz, _| Ok(next_dz.map(|delta| delta.max(0.0))),
    },
    Mistake {
        name: "next_dz is forgotten",
        sentence: "dz is δ times the slope; here it is the slope.",
        wrong: |_, z| Ok(z.map(|z| f64::from(z > 0.0))),
    },
    Mistake {
        name: "the value instead of the slope",
        sentence: "δ is multiplied by the slope, 1 or 0; here it is multiplied by y.",
        wrong: |next_dz, z| Ok(next_dz.component_mul(&relu_forward(z))),
    },
    Mistake {
        name: "everything passes",
        sentence: "Where z is not positive the slope is 0, and nothing passes.",
        wrong: |next_dz, _| Ok(next_dz.clone()),
    },
];

/// Known mistakes in [`leaky_relu_forward`].
pub const LEAKY_RELU_FORWARD: &[Mistake<SlopedForward>] = &[
    Mistake {
        name: "the slope is on the wrong side",
        sentence: "z passes unchanged where it is positive, and times α where it is not.",
        wrong: |z, alpha| z.map(|z| if z > 0.0 { alpha * z } else { z }),
    },
    Mistake {
        name: "α instead of α·z",
        sentence: "On the left y is α·z, a line through 0; here it is the constant α.",
        wrong: |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha }),
    },
    Mistake {
        name: "the slope has the wrong sign",
        sentence: "On the left y is α·z and negative; here it is −α·z.",
        wrong: |z, alpha| leaky_relu_forward(z, -alpha),
    },
];

/// Known mistakes in [`leaky_relu_backward`].
pub const LEAKY_RELU_BACKWARD: &[Mistake<SlopedBackward>] = &[
    Mistake {
        name: "nothing passes on the left",
        sentence: "There the slope is α, not 0: this is ReLU's backward.",
        wrong: |next_dz, z, _| relu_backward(next_dz, z),
    },
    Mistake {
        name: "next_dz is forgotten on the left",
        sentence: "dz is δ times the slope on both sides: α·δ on the left, not α.",
        wrong: |next_dz, z, alpha| Ok(next_dz.zip_map(z, |delta, z| if z > 0.0 { delta } else { alpha })),
    },
    Mistake {
        name: "the slope at 0 is 1",
        sentence: "At its kink the slope is chosen, and here as everywhere the left one is taken: α.",
        wrong: |next_dz, z, alpha| Ok(next_dz.zip_map(z, |delta, z| if z >= 0.0 { delta } else { alpha * delta })),
    },
    Mistake {
        name: "the slope is on the wrong side",
        sentence: "δ passes unchanged where z is positive, and times α where it is not.",
        wrong: |next_dz, z, alpha| leaky_relu_backward(next_dz, &-z, alpha),
    },
];

/// Known mistakes in [`prelu_forward`].
pub const PRELU_FORWARD: &[Mistake<PreluForward>] = &[
    Mistake {
        name: "the first slope for all channels",
        sentence: "Channel c has the slope α[c].",
        wrong: |z, alpha| prelu_forward(z, &alpha.map(|_| alpha[0])),
    },
    Mistake {
        name: "the slope is on the wrong side",
        sentence: "z passes unchanged where it is positive, and times α[c] where it is not.",
        wrong: |z, alpha| Ok(prelu_forward(&z.map(|z| -z), alpha)?.map(|y| -y)),
    },
];

/// Known mistakes in [`prelu_backward`].
pub const PRELU_BACKWARD: &[Mistake<PreluBackward>] = &[
    Mistake {
        name: "dα is not divided by N",
        sentence: "α is a parameter: its gradient is the mean over the batch (step 3).",
        wrong: |next_dz, z, alpha| {
            let right = prelu_backward(next_dz, z, alpha)?;
            Ok(PreluGradients { dalpha: right.dalpha * z.shape()[0] as f64, ..right })
        },
    },
    Mistake {
        name: "dz is divided by N",
        sentence: "What flows backward is each sample's own gradient: only parameters are divided by N.",
        wrong: |next_dz, z, alpha| {
            let (right, n) = (prelu_backward(next_dz, z, alpha)?, z.shape()[0] as f64);
            Ok(PreluGradients { dz: right.dz.map(|x| x / n), ..right })
        },
    },
    Mistake {
        name: "positive z count in dα",
        sentence: "α[c] stands in y only where z is not positive (step 3): the sum is over δ·min(z, 0).",
        wrong: |next_dz, z, alpha| {
            let [n, c, h, w] = z.shape();
            let products = next_dz.matrix().component_mul(z.matrix());
            let dalpha = DVector::from_fn(c, |c, _| products.columns(c * h * w, h * w).sum() / n as f64);
            Ok(PreluGradients { dalpha, ..prelu_backward(next_dz, z, alpha)? })
        },
    },
    Mistake {
        name: "dα is a mean over the pixels, too",
        sentence: "α[c] stands in every pixel of its channel, and their gradients add up (step 3).",
        wrong: |next_dz, z, alpha| {
            let (right, [_, _, h, w]) = (prelu_backward(next_dz, z, alpha)?, z.shape());
            Ok(PreluGradients { dalpha: right.dalpha / (h * w) as f64, ..right })
        },
    },
];

/// Known mistakes in [`elu_forward`].
pub const ELU_FORWARD: &[Mistake<SlopedForward>] = &[
    Mistake {
        name: "the − 1 is forgotten",
        sentence: "On the left y is α·(eᶻ − 1), which reaches 0 at z = 0; here it jumps there.",
        wrong: |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha * z.exp() }),
    },
    Mistake {
        name: "α is forgotten", sentence: "On the left y is α·(eᶻ − 1).", wrong: |z, _| elu_forward(z, 1.0)
    },
    Mistake {
        name: "α multiplies the exponential alone",
        sentence: "On the left y is α·(eᶻ − 1), not α·eᶻ − 1.",
        wrong: |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha * z.exp() - 1.0 }),
    },
];

/// Known mistakes in [`elu_backward`].
pub const ELU_BACKWARD: &[Mistake<SlopedBackward>] = &[
    Mistake {
        name: "α is forgotten",
        sentence: "On the left the slope is α·eᶻ.",
        wrong: |next_dz, z, _| elu_backward(next_dz, z, 1.0),
    },
    Mistake {
        name: "the value instead of the slope",
        sentence: "On the left the slope is α·eᶻ, that is y + α; here it is y, the value.",
        wrong: |next_dz, z, alpha| {
            let y = elu_forward(z, alpha);
            Ok(DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| {
                next_dz[(n, j)] * if z[(n, j)] > 0.0 { 1.0 } else { y[(n, j)] }
            }))
        },
    },
    Mistake {
        name: "the slope is 1 on the left, too",
        sentence: "Only where z is positive does δ pass as it is.",
        wrong: |next_dz, _, _| Ok(next_dz.clone()),
    },
];

/// Known mistakes in [`selu_forward`].
pub const SELU_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "λ is forgotten",
        sentence: "SELU is λ times an ELU, on both sides.",
        wrong: |z| elu_forward(z, SELU_ALPHA),
    },
    Mistake {
        name: "α is forgotten",
        sentence: "On the left y is λ·α·(eᶻ − 1).",
        wrong: |z| elu_forward(z, 1.0) * SELU_LAMBDA,
    },
    Mistake {
        name: "λ on the left alone",
        sentence: "λ multiplies both sides: a slope above 1 on the right is what lets the variance grow.",
        wrong: |z| elu_forward(z, SELU_LAMBDA * SELU_ALPHA),
    },
];

/// Known mistakes in [`selu_backward`].
pub const SELU_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "λ is forgotten",
        sentence: "The slope is λ times an ELU's, on both sides.",
        wrong: |next_dz, z| elu_backward(next_dz, z, SELU_ALPHA),
    },
    Mistake {
        name: "α is forgotten",
        sentence: "On the left the slope is λ·α·eᶻ.",
        wrong: |next_dz, z| Ok(elu_backward(next_dz, z, 1.0)? * SELU_LAMBDA),
    },
    Mistake {
        name: "λ on the left alone",
        sentence: "On the right the slope is λ, not 1.",
        wrong: |next_dz, z| elu_backward(next_dz, z, SELU_LAMBDA * SELU_ALPHA),
    },
];

/// Known mistakes in [`sigmoid_forward`].
pub const SIGMOID_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "the exponential overflows",
        sentence: "eᶻ/(1 + eᶻ) is ∞/∞ for a large z: use 1/(1 + e⁻ᶻ) there.",
        wrong: |z| z.map(|z| z.exp() / (1.0 + z.exp())),
    },
    Mistake {
        name: "the exponent has the wrong sign",
        sentence: "y is 1/(1 + e⁻ᶻ): it rises with z.",
        wrong: |z| sigmoid_forward(&-z),
    },
];

/// Known mistakes in [`sigmoid_backward`].
pub const SIGMOID_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "the slope is taken from the rounded output",
        sentence: "y·(1 − y) is the slope on paper. Where y has rounded to 1 nothing is left of it: \
                   with e = exp(−|z|), e/(1 + e)² keeps every digit.",
        wrong: |next_dz, z| Ok(next_dz.zip_map(&sigmoid_forward(z), |delta, y| delta * y * (1.0 - y))),
    },
    Mistake {
        name: "the sigmoid is taken twice",
        sentence: "The slope is that at z; here it is the slope at σ(z).",
        wrong: |next_dz, z| sigmoid_backward(next_dz, &sigmoid_forward(z)),
    },
    Mistake {
        name: "next_dz is forgotten",
        sentence: "dz is δ times the slope; here it is the slope.",
        wrong: |next_dz, z| sigmoid_backward(&next_dz.map(|_| 1.0), z),
    },
    Mistake {
        name: "y is forgotten in the slope",
        sentence: "The slope is y·(1 − y), not 1 − y.",
        wrong: |next_dz, z| Ok(next_dz.zip_map(&sigmoid_forward(z), |delta, y| delta * (1.0 - y))),
    },
    Mistake {
        name: "tanh's slope",
        sentence: "The slope of a sigmoid is y·(1 − y); this is that of tanh.",
        wrong: tanh_backward,
    },
];

/// Known mistakes in [`tanh_forward`].
pub const TANH_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "the exponentials overflow",
        sentence: "(eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) is ∞/∞ for a large |z|: use tanh itself.",
        wrong: |z| z.map(|z| (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())),
    },
    Mistake {
        name: "2·sigmoid(z) − 1",
        sentence: "tanh(z) is 2·sigmoid(2z) − 1: the 2 in front of z is missing.",
        wrong: |z| sigmoid_forward(z).map(|y| 2.0 * y - 1.0),
    },
];

/// Known mistakes in [`tanh_backward`].
pub const TANH_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "the slope is taken from the rounded output",
        sentence: "1 − y² is the slope on paper. Where y has rounded to ±1 nothing is left of it: \
                   with e = exp(−2|z|), 4e/(1 + e)² keeps every digit.",
        wrong: |next_dz, z| Ok(next_dz.zip_map(&tanh_forward(z), |delta, y| delta * (1.0 - y) * (1.0 + y))),
    },
    Mistake {
        name: "tanh is taken twice",
        sentence: "The slope is that at z; here it is the slope at tanh(z).",
        wrong: |next_dz, z| tanh_backward(next_dz, &tanh_forward(z)),
    },
    Mistake {
        name: "the square is forgotten",
        sentence: "The slope is 1 − y², not 1 − y.",
        wrong: |next_dz, z| Ok(next_dz.zip_map(&tanh_forward(z), |delta, y| delta * (1.0 - y))),
    },
    Mistake {
        name: "the sigmoid's slope",
        sentence: "The slope of tanh is 1 − y², y being tanh(z); this is that of a sigmoid.",
        wrong: sigmoid_backward,
    },
    Mistake {
        name: "next_dz is forgotten",
        sentence: "dz is δ times the slope; here it is the slope.",
        wrong: |next_dz, z| tanh_backward(&next_dz.map(|_| 1.0), z),
    },
];

/// Known mistakes in [`softmax_forward`].
pub const SOFTMAX_FORWARD: &[Mistake<ActivationForward>] = &[
    Mistake {
        name: "the maximum is not subtracted",
        sentence: "e¹⁰⁰⁰ is ∞, and ∞/∞ no number. Subtract the row's maximum from its logits first: \
                   the quotient stays the same.",
        wrong: |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)].exp() / z.row(n).map(f64::exp).sum()),
    },
    Mistake {
        name: "the sum runs over the whole batch",
        sentence: "Each sample's probabilities sum to 1: the sum runs along its row.",
        wrong: |z| {
            let terms = z.add_scalar(-z.max()).map(f64::exp);
            &terms / terms.sum()
        },
    },
    Mistake {
        name: "the sum runs down the columns",
        sentence: "Each sample's probabilities sum to 1: the sum runs along its row.",
        wrong: |z| softmax_forward(&z.transpose()).transpose(),
    },
    Mistake {
        name: "the exponential is forgotten",
        sentence: "y is exp(zⱼ) / Σ exp(zᵢ), not zⱼ / Σ zᵢ.",
        wrong: |z| DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| z[(n, j)] / z.row(n).sum()),
    },
];

/// Known mistakes in [`softmax_backward`].
pub const SOFTMAX_BACKWARD: &[Mistake<ActivationBackward>] = &[
    Mistake {
        name: "the diagonal of the Jacobian alone",
        sentence: "Every logit stands in every probability: δ·p·(1 − p) leaves out the terms −pⱼ·pᵢ of all i ≠ j.",
        wrong: |next_dz, p| Ok(next_dz.zip_map(p, |delta, p| delta * p * (1.0 - p))),
    },
    Mistake {
        name: "the mean of next_dz is not weighted",
        sentence: "What is subtracted from δⱼ is Σᵢ pᵢ·δᵢ, the mean of δ under p, not its plain mean.",
        wrong: |next_dz, p| {
            Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| p[(n, j)] * (next_dz[(n, j)] - next_dz.row(n).mean())))
        },
    },
    Mistake {
        name: "the factor p is forgotten",
        sentence: "dz is pⱼ·(δⱼ − Σᵢ pᵢ·δᵢ); here the pⱼ in front is missing.",
        wrong: |next_dz, p| {
            Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, j| next_dz[(n, j)] - next_dz.row(n).dot(&p.row(n))))
        },
    },
    Mistake {
        name: "softmax is taken twice",
        sentence: "The backward is given p, which is a softmax already.",
        wrong: |next_dz, p| softmax_backward(next_dz, &softmax_forward(p)),
    },
    Mistake {
        name: "the backward of softmax with cross-entropy",
        sentence: "p − y* is the gradient of both together, and needs targets; this layer hands on any next_dz.",
        wrong: |next_dz, p| Ok(p - next_dz),
    },
];
