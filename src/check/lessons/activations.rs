//! The activations of one number. Each file of [`crate::activations`] derives the right slope.

use super::rows::{self, Rows, Special};
use super::{exercises, functions};
use crate::activations::*;
use crate::check::judge::{Mistake, mistakes};
use crate::check::lesson::{Answer, CardText, Grid, Lesson, Question};
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

/// The lesson of an activation: its functions, its slope and the numbers that it is tried on, and what defines it.
macro_rules! activation {
    ($lesson:ident $name:literal($forward:ident: $F:ident = $wrong:ident, $backward:ident: $B:ident = $wrong_back:ident)
     on $grid:expr, exact $exact:literal, $z:ident $($alpha:ident)? => $definition:expr) => {
        #[doc = concat!("[`", stringify!($forward), "`] and [`", stringify!($backward), "`].")]
        pub(super) struct $lesson;

        impl Lesson for $lesson {
            type Setting = Rows;
            functions! { $forward: $F = $wrong, $backward: $B = $wrong_back }
            const CARD: CardText = Some(($name, include_str!(concat!("../../activations/", $name, ".rs"))));
            const TORCH: &'static str = $name;
            const QUESTIONS: &'static [Question] = rows::QUESTIONS;

            fn call_forward<T: Float>(f: $F<T>, _rows: &Rows, x: &Named<T>) -> Answer<T> {
                $(let $alpha = slope(_rows);)?
                Ok(Named::of([("y", f(x.matrix("z") $(, $alpha)?).into())]))
            }
            fn call_backward<T: Float>(f: $B<T>, _rows: &Rows, x: &Named<T>) -> Answer<T> {
                $(let $alpha = slope(_rows);)?
                Ok(Named::of([("dz", f(x.matrix("next_dz"), x.matrix("z") $(, $alpha)?)?.into())]))
            }
            fn definition<T: Float>(_rows: &Rows, x: &Named<T>) -> Answer<T> {
                $(let $alpha: T = slope(_rows);)?
                Ok(Named::of([("y", x.matrix("z").map(|$z| $definition).into())]))
            }
            fn grid() -> Grid<Rows> {
                $grid
            }
            fn is_exact(_: &Rows) -> bool {
                $exact
            }
        }
    };
}

activation! {
    Relu "relu"(relu_forward: ActivationForward = RELU_FORWARD, relu_backward: ActivationBackward = RELU_BACKWARD)
    on rows::grid(None, &[Special::Kink, Special::Nan]), exact true, z => z.max(T::zero())
}

activation! {
    LeakyRelu "leaky_relu"(
        leaky_relu_forward: SlopedForward = LEAKY_RELU_FORWARD,
        leaky_relu_backward: SlopedBackward = LEAKY_RELU_BACKWARD
    )
    on rows::grid(Some(0.25), &[Special::Kink]), exact true, z alpha => z.max(T::zero()) + alpha * z.min(T::zero())
}

activation! {
    Elu "elu"(elu_forward: SlopedForward = ELU_FORWARD, elu_backward: SlopedBackward = ELU_BACKWARD)
    on rows::grid(Some(1.5), &[Special::Kink]), exact false, z alpha => defined_elu(z, alpha)
}

// With the constants as PyTorch states them.
activation! {
    Selu "selu"(selu_forward: ActivationForward = SELU_FORWARD, selu_backward: ActivationBackward = SELU_BACKWARD)
    on rows::grid(None, &[Special::Kink]), exact false,
    z => lit::<T>(1.050_700_987_355_480_5) * defined_elu(z, lit(1.673_263_242_354_377_2))
}

activation! {
    Sigmoid "sigmoid"(
        sigmoid_forward: ActivationForward = SIGMOID_FORWARD,
        sigmoid_backward: ActivationBackward = SIGMOID_BACKWARD
    )
    on rows::grid(None, &[Special::Large, Special::Flat]), exact false, z => T::one() / (T::one() + (-z).exp())
}

activation! {
    Tanh "tanh"(tanh_forward: ActivationForward = TANH_FORWARD, tanh_backward: ActivationBackward = TANH_BACKWARD)
    on rows::grid(None, &[Special::Large, Special::Flat]), exact false,
    z => (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())
}

exercises! {
    Relu: relu_forward(ActivationForward), relu_backward(ActivationBackward);
    LeakyRelu: leaky_relu_forward(SlopedForward), leaky_relu_backward(SlopedBackward);
    Elu: elu_forward(SlopedForward), elu_backward(SlopedBackward);
    Selu: selu_forward(ActivationForward), selu_backward(ActivationBackward);
    Sigmoid: sigmoid_forward(ActivationForward), sigmoid_backward(ActivationBackward);
    Tanh: tanh_forward(ActivationForward), tanh_backward(ActivationBackward);
}

mistakes! { RELU_FORWARD of relu_forward(ActivationForward)
    "the absolute value": "What is negative becomes 0, not positive.",
    |z| z.map(f64::abs);
    "the smaller of z and 0": "y is max(0, z), the larger of the two.",
    |z| z.map(|z| z.min(0.0));
    "1 where z is positive": "This is the slope of ReLU; its value there is z.",
    |z| z.map(|z| f64::from(z > 0.0));
    "a NaN becomes 0":
        "A NaN must stay one, or a broken network looks alive; f64::max answers the number beside it.",
    |z| z.map(|z| z.max(0.0));
}

mistakes! { RELU_BACKWARD of relu_backward(ActivationBackward)
    "the slope at 0 is 1":
        "At its kink the slope is chosen, and here as everywhere the left one is taken: 0. Write >, not >=.",
    |next_dz, z| Ok(next_dz.zip_map(z, |delta, z| if z >= 0.0 { delta } else { 0.0 }));
    "the sign of next_dz opens the gate": "Whether δ passes is decided by z, which the forward saw, not by δ itself.",
    |next_dz, _| Ok(next_dz.map(|delta| delta.max(0.0)));
    "next_dz is forgotten": "dz is δ times the slope; here it is the slope.",
    |_, z| Ok(z.map(|z| f64::from(z > 0.0)));
    "the value instead of the slope": "δ is multiplied by the slope, 1 or 0; here it is multiplied by y.",
    |next_dz, z| Ok(next_dz.component_mul(&relu_forward(z)));
    "everything passes": "Where z is not positive the slope is 0, and nothing passes.",
    |next_dz, _| Ok(next_dz.clone());
}

mistakes! { LEAKY_RELU_FORWARD of leaky_relu_forward(SlopedForward)
    "the slope is on the wrong side": "z passes unchanged where it is positive, and times α where it is not.",
    |z, alpha| z.map(|z| if z > 0.0 { alpha * z } else { z });
    "α instead of α·z": "On the left y is α·z, a line through 0; here it is the constant α.",
    |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha });
    "the slope has the wrong sign": "On the left y is α·z and negative; here it is −α·z.",
    |z, alpha| leaky_relu_forward(z, -alpha);
}

mistakes! { LEAKY_RELU_BACKWARD of leaky_relu_backward(SlopedBackward)
    "nothing passes on the left": "There the slope is α, not 0: this is ReLU's backward.",
    |next_dz, z, _| relu_backward(next_dz, z);
    "next_dz is forgotten on the left": "dz is δ times the slope on both sides: α·δ on the left, not α.",
    |next_dz, z, alpha| Ok(next_dz.zip_map(z, |delta, z| if z > 0.0 { delta } else { alpha }));
    "the slope at 0 is 1": "At its kink the slope is chosen, and here as everywhere the left one is taken: α.",
    |next_dz, z, alpha| Ok(next_dz.zip_map(z, |delta, z| if z >= 0.0 { delta } else { alpha * delta }));
    "the slope is on the wrong side": "δ passes unchanged where z is positive, and times α where it is not.",
    |next_dz, z, alpha| leaky_relu_backward(next_dz, &-z, alpha);
}

mistakes! { ELU_FORWARD of elu_forward(SlopedForward)
    "the − 1 is forgotten": "On the left y is α·(eᶻ − 1), which reaches 0 at z = 0; here it jumps there.",
    |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha * z.exp() });
    "α is forgotten": "On the left y is α·(eᶻ − 1).",
    |z, _| elu_forward(z, 1.0);
    "α multiplies the exponential alone": "On the left y is α·(eᶻ − 1), not α·eᶻ − 1.",
    |z, alpha| z.map(|z| if z > 0.0 { z } else { alpha * z.exp() - 1.0 });
}

mistakes! { ELU_BACKWARD of elu_backward(SlopedBackward)
    "α is forgotten": "On the left the slope is α·eᶻ.",
    |next_dz, z, _| elu_backward(next_dz, z, 1.0);
    "the value instead of the slope": "On the left the slope is α·eᶻ, that is y + α; here it is y, the value.",
    |next_dz, z, alpha| {
        let y = elu_forward(z, alpha);
        Ok(DMatrix::from_fn(z.nrows(), z.ncols(), |n, j| {
            next_dz[(n, j)] * if z[(n, j)] > 0.0 { 1.0 } else { y[(n, j)] }
        }))
    };
    "the slope is 1 on the left, too": "Only where z is positive does δ pass as it is.",
    |next_dz, _, _| Ok(next_dz.clone());
}

mistakes! { SELU_FORWARD of selu_forward(ActivationForward)
    "λ is forgotten": "SELU is λ times an ELU, on both sides.",
    |z| elu_forward(z, SELU_ALPHA);
    "α is forgotten": "On the left y is λ·α·(eᶻ − 1).",
    |z| elu_forward(z, 1.0) * SELU_LAMBDA;
    "λ on the left alone": "λ multiplies both sides: a slope above 1 on the right is what lets the variance grow.",
    |z| elu_forward(z, SELU_LAMBDA * SELU_ALPHA);
}

mistakes! { SELU_BACKWARD of selu_backward(ActivationBackward)
    "λ is forgotten": "The slope is λ times an ELU's, on both sides.",
    |next_dz, z| elu_backward(next_dz, z, SELU_ALPHA);
    "α is forgotten": "On the left the slope is λ·α·eᶻ.",
    |next_dz, z| Ok(elu_backward(next_dz, z, 1.0)? * SELU_LAMBDA);
    "λ on the left alone": "On the right the slope is λ, not 1.",
    |next_dz, z| elu_backward(next_dz, z, SELU_LAMBDA * SELU_ALPHA);
}

mistakes! { SIGMOID_FORWARD of sigmoid_forward(ActivationForward)
    "the exponential overflows": "eᶻ/(1 + eᶻ) is ∞/∞ for a large z: use 1/(1 + e⁻ᶻ) there.",
    |z| z.map(|z| z.exp() / (1.0 + z.exp()));
    "the exponent has the wrong sign": "y is 1/(1 + e⁻ᶻ): it rises with z.",
    |z| sigmoid_forward(&-z);
}

mistakes! { SIGMOID_BACKWARD of sigmoid_backward(ActivationBackward)
    "the slope is taken from the rounded output":
        "y·(1 − y) is the slope on paper. Where y has rounded to 1 nothing is left of it: with q = exp(−|z|), \
         q/(1 + q)² keeps every digit.",
    |next_dz, z| Ok(next_dz.zip_map(&sigmoid_forward(z), |delta, y| delta * y * (1.0 - y)));
    "the sigmoid is taken twice": "The slope is that at z; here it is the slope at σ(z).",
    |next_dz, z| sigmoid_backward(next_dz, &sigmoid_forward(z));
    "next_dz is forgotten": "dz is δ times the slope; here it is the slope.",
    |next_dz, z| sigmoid_backward(&next_dz.map(|_| 1.0), z);
    "y is forgotten in the slope": "The slope is y·(1 − y), not 1 − y.",
    |next_dz, z| Ok(next_dz.zip_map(&sigmoid_forward(z), |delta, y| delta * (1.0 - y)));
    "tanh's slope": "The slope of a sigmoid is y·(1 − y); this is that of tanh.",
    tanh_backward;
}

mistakes! { TANH_FORWARD of tanh_forward(ActivationForward)
    "the exponentials overflow": "(eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) is ∞/∞ for a large |z|: use tanh itself.",
    |z| z.map(|z| (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()));
    "2·sigmoid(z) − 1": "tanh(z) is 2·sigmoid(2z) − 1: the 2 in front of z is missing.",
    |z| sigmoid_forward(z).map(|y| 2.0 * y - 1.0);
}

mistakes! { TANH_BACKWARD of tanh_backward(ActivationBackward)
    "the slope is taken from the rounded output":
        "1 − y² is the slope on paper. Where y has rounded to ±1 nothing is left of it: with q = exp(−|z|), \
         4q²/(1 + q²)² keeps every digit.",
    |next_dz, z| Ok(next_dz.zip_map(&tanh_forward(z), |delta, y| delta * (1.0 - y) * (1.0 + y)));
    "tanh is taken twice": "The slope is that at z; here it is the slope at tanh(z).",
    |next_dz, z| tanh_backward(next_dz, &tanh_forward(z));
    "the square is forgotten": "The slope is 1 − y², not 1 − y.",
    |next_dz, z| Ok(next_dz.zip_map(&tanh_forward(z), |delta, y| delta * (1.0 - y)));
    "the sigmoid's slope": "The slope of tanh is 1 − y², y being tanh(z); this is that of a sigmoid.",
    sigmoid_backward;
    "next_dz is forgotten": "dz is δ times the slope; here it is the slope.",
    |next_dz, z| tanh_backward(&next_dz.map(|_| 1.0), z);
}
