//! The activations of one number. Each file of [`crate::activations`] derives the right slope.

use super::exercises;
use super::rows::{self, Rows, Special};
use crate::activations::*;
use crate::check::judge::Mistake;
use crate::check::lesson::{Answer, DZ, Gradient, Lesson, Question};
use crate::check::signatures::{ActivationBackward, ActivationForward, SlopedBackward, SlopedForward};
use crate::check::values::Named;
use crate::{Float, lit};
use nalgebra::DMatrix;

fn slope<T: Float>(rows: &Rows) -> T {
    lit(rows.alpha.unwrap_or(f64::NAN))
}

fn defined_elu<T: Float>(z: T, alpha: T) -> T {
    if z > T::zero() { z } else { alpha * (z.exp() - T::one()) }
}

/// [`relu_forward`] and [`relu_backward`].
pub(super) struct Relu;

impl Lesson for Relu {
    type Setting = Rows;
    type Forward<T: Float> = ActivationForward<T>;
    type Backward<T: Float> = ActivationBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["relu_forward", "relu_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const CARD: Option<(&'static str, &'static str)> = Some(("relu", include_str!("../../activations/relu.rs")));
    const TORCH: Option<&'static str> = Some("relu");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<ActivationForward>] = RELU_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<ActivationBackward>] = RELU_BACKWARD;

    fn forward<T: Float>() -> ActivationForward<T> {
        relu_forward
    }
    fn backward<T: Float>() -> Option<ActivationBackward<T>> {
        Some(relu_backward)
    }
    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("z")?)?.into())]))
    }
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", x.matrix("z")?.map(|z| z.max(T::zero())).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(None)
    }
    fn small() -> Rows {
        rows::small(None)
    }
    fn large() -> Vec<Rows> {
        rows::large(None)
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Kink, false)
    }
    fn is_exact(_: &Rows) -> bool {
        true
    }
}

/// [`leaky_relu_forward`] and [`leaky_relu_backward`].
pub(super) struct LeakyRelu;

impl Lesson for LeakyRelu {
    type Setting = Rows;
    type Forward<T: Float> = SlopedForward<T>;
    type Backward<T: Float> = SlopedBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["leaky_relu_forward", "leaky_relu_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const CARD: Option<(&'static str, &'static str)> =
        Some(("leaky_relu", include_str!("../../activations/leaky_relu.rs")));
    const TORCH: Option<&'static str> = Some("leaky_relu");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<SlopedForward>] = LEAKY_RELU_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<SlopedBackward>] = LEAKY_RELU_BACKWARD;

    fn forward<T: Float>() -> SlopedForward<T> {
        leaky_relu_forward
    }
    fn backward<T: Float>() -> Option<SlopedBackward<T>> {
        Some(leaky_relu_backward)
    }
    fn call_forward<T: Float>(f: SlopedForward<T>, rows: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?, slope(rows)).into())]))
    }
    fn call_backward<T: Float>(f: SlopedBackward<T>, rows: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("z")?, slope(rows))?.into())]))
    }
    fn definition<T: Float>(rows: &Rows, x: &Named<T>) -> Answer<T> {
        let alpha = slope::<T>(rows);
        Ok(Named::of([("y", x.matrix("z")?.map(|z| z.max(T::zero()) + alpha * z.min(T::zero())).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(Some(0.25))
    }
    fn small() -> Rows {
        rows::small(Some(0.25))
    }
    fn large() -> Vec<Rows> {
        rows::large(Some(0.25))
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Kink, true)
    }
    fn is_exact(_: &Rows) -> bool {
        true
    }
}

/// [`elu_forward`] and [`elu_backward`].
pub(super) struct Elu;

impl Lesson for Elu {
    type Setting = Rows;
    type Forward<T: Float> = SlopedForward<T>;
    type Backward<T: Float> = SlopedBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["elu_forward", "elu_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const CARD: Option<(&'static str, &'static str)> = Some(("elu", include_str!("../../activations/elu.rs")));
    const TORCH: Option<&'static str> = Some("elu");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<SlopedForward>] = ELU_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<SlopedBackward>] = ELU_BACKWARD;

    fn forward<T: Float>() -> SlopedForward<T> {
        elu_forward
    }
    fn backward<T: Float>() -> Option<SlopedBackward<T>> {
        Some(elu_backward)
    }
    fn call_forward<T: Float>(f: SlopedForward<T>, rows: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?, slope(rows)).into())]))
    }
    fn call_backward<T: Float>(f: SlopedBackward<T>, rows: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("z")?, slope(rows))?.into())]))
    }
    fn definition<T: Float>(rows: &Rows, x: &Named<T>) -> Answer<T> {
        let alpha = slope(rows);
        Ok(Named::of([("y", x.matrix("z")?.map(|z| defined_elu(z, alpha)).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(Some(1.5))
    }
    fn small() -> Rows {
        rows::small(Some(1.5))
    }
    fn large() -> Vec<Rows> {
        rows::large(Some(1.5))
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Kink, true)
    }
}

/// [`selu_forward`] and [`selu_backward`].
pub(super) struct Selu;

impl Lesson for Selu {
    type Setting = Rows;
    type Forward<T: Float> = ActivationForward<T>;
    type Backward<T: Float> = ActivationBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["selu_forward", "selu_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const CARD: Option<(&'static str, &'static str)> = Some(("selu", include_str!("../../activations/selu.rs")));
    const TORCH: Option<&'static str> = Some("selu");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<ActivationForward>] = SELU_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<ActivationBackward>] = SELU_BACKWARD;

    fn forward<T: Float>() -> ActivationForward<T> {
        selu_forward
    }
    fn backward<T: Float>() -> Option<ActivationBackward<T>> {
        Some(selu_backward)
    }
    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("z")?)?.into())]))
    }
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        // With the constants as PyTorch states them.
        let (lambda, alpha): (T, T) = (lit(1.050_700_987_355_480_5), lit(1.673_263_242_354_377_2));
        Ok(Named::of([("y", x.matrix("z")?.map(|z| lambda * defined_elu(z, alpha)).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(None)
    }
    fn small() -> Rows {
        rows::small(None)
    }
    fn large() -> Vec<Rows> {
        rows::large(None)
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Kink, false)
    }
}

/// [`sigmoid_forward`] and [`sigmoid_backward`].
pub(super) struct Sigmoid;

impl Lesson for Sigmoid {
    type Setting = Rows;
    type Forward<T: Float> = ActivationForward<T>;
    type Backward<T: Float> = ActivationBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["sigmoid_forward", "sigmoid_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const TAKES_OUTPUT: bool = true;
    const CARD: Option<(&'static str, &'static str)> = Some(("sigmoid", include_str!("../../activations/sigmoid.rs")));
    const TORCH: Option<&'static str> = Some("sigmoid");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<ActivationForward>] = SIGMOID_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<ActivationBackward>] = SIGMOID_BACKWARD;

    fn forward<T: Float>() -> ActivationForward<T> {
        sigmoid_forward
    }
    fn backward<T: Float>() -> Option<ActivationBackward<T>> {
        Some(sigmoid_backward)
    }
    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("y")?)?.into())]))
    }
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", x.matrix("z")?.map(|z| T::one() / (T::one() + (-z).exp())).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(None)
    }
    fn small() -> Rows {
        rows::small(None)
    }
    fn large() -> Vec<Rows> {
        rows::large(None)
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Large, false)
    }
}

/// [`tanh_forward`] and [`tanh_backward`].
pub(super) struct Tanh;

impl Lesson for Tanh {
    type Setting = Rows;
    type Forward<T: Float> = ActivationForward<T>;
    type Backward<T: Float> = ActivationBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["tanh_forward", "tanh_backward"];
    const GRADIENTS: &'static [Gradient] = &[DZ];
    const TAKES_OUTPUT: bool = true;
    const CARD: Option<(&'static str, &'static str)> = Some(("tanh", include_str!("../../activations/tanh.rs")));
    const TORCH: Option<&'static str> = Some("tanh");
    const QUESTIONS: &'static [Question] = rows::QUESTIONS;
    const FORWARD_MISTAKES: &'static [Mistake<ActivationForward>] = TANH_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<ActivationBackward>] = TANH_BACKWARD;

    fn forward<T: Float>() -> ActivationForward<T> {
        tanh_forward
    }
    fn backward<T: Float>() -> Option<ActivationBackward<T>> {
        Some(tanh_backward)
    }
    fn call_forward<T: Float>(f: ActivationForward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.matrix("z")?).into())]))
    }
    fn call_backward<T: Float>(f: ActivationBackward<T>, _: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("dz", f(x.matrix("next_dz")?, x.matrix("y")?)?.into())]))
    }
    fn definition<T: Float>(_: &Rows, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", x.matrix("z")?.map(|z| (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())).into())]))
    }
    fn settings() -> Vec<Rows> {
        rows::settings(None)
    }
    fn small() -> Rows {
        rows::small(None)
    }
    fn large() -> Vec<Rows> {
        rows::large(None)
    }
    fn problems() -> Vec<Rows> {
        rows::problems(Special::Large, false)
    }
}

exercises! {
    Relu: relu_forward(ActivationForward), relu_backward(ActivationBackward);
    LeakyRelu: leaky_relu_forward(SlopedForward), leaky_relu_backward(SlopedBackward);
    Elu: elu_forward(SlopedForward), elu_backward(SlopedBackward);
    Selu: selu_forward(ActivationForward), selu_backward(ActivationBackward);
    Sigmoid: sigmoid_forward(ActivationForward), sigmoid_backward(ActivationBackward);
    Tanh: tanh_forward(ActivationForward), tanh_backward(ActivationBackward);
}

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
        name: "the sigmoid is taken twice",
        sentence: "The backward is given y, which is a sigmoid already: the slope is y·(1 − y).",
        wrong: |next_dz, y| sigmoid_backward(next_dz, &sigmoid_forward(y)),
    },
    Mistake {
        name: "next_dz is forgotten",
        sentence: "dz is δ times the slope; here it is the slope.",
        wrong: |next_dz, y| sigmoid_backward(&next_dz.map(|_| 1.0), y),
    },
    Mistake {
        name: "y is forgotten in the slope",
        sentence: "The slope is y·(1 − y), not 1 − y.",
        wrong: |next_dz, y| Ok(next_dz.zip_map(y, |delta, y| delta * (1.0 - y))),
    },
    Mistake {
        name: "tanh's slope",
        sentence: "The slope of a sigmoid is y·(1 − y); 1 − y² is that of tanh.",
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
        name: "tanh is taken twice",
        sentence: "The backward is given y, which is a tanh already: the slope is 1 − y².",
        wrong: |next_dz, y| tanh_backward(next_dz, &tanh_forward(y)),
    },
    Mistake {
        name: "the square is forgotten",
        sentence: "The slope is 1 − y², not 1 − y.",
        wrong: |next_dz, y| Ok(next_dz.zip_map(y, |delta, y| delta * (1.0 - y))),
    },
    Mistake {
        name: "the sigmoid's slope",
        sentence: "The slope of tanh is 1 − y²; y·(1 − y) is that of a sigmoid.",
        wrong: sigmoid_backward,
    },
    Mistake {
        name: "next_dz is forgotten",
        sentence: "dz is δ times the slope; here it is the slope.",
        wrong: |next_dz, y| tanh_backward(&next_dz.map(|_| 1.0), y),
    },
];
