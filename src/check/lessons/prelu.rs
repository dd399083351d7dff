//! PReLU, whose slopes are learned. The numbers are the steps of [its derivation](crate::activations::prelu).

use super::exercises;
use crate::activations::{PreluGradients, prelu_backward, prelu_forward};
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake};
use crate::check::lesson::{Answer, DZ, Gradient, Lesson, Question, Setting};
use crate::check::signatures::{PreluBackward, PreluForward};
use crate::check::values::Named;
use crate::{Float, ShapeError, Tensor4};
use nalgebra::DVector;
use std::fmt;

/// (N, C, H, W), and the number of slopes: C, or one for all channels.
#[derive(Clone, Copy)]
pub(super) struct Slopes([usize; 4], usize);

impl fmt::Display for Slopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Slopes([n, c, h, w], slopes) = *self;
        write!(f, "z {:?}, alpha ({slopes})", (n, c, h, w))
    }
}

impl Setting for Slopes {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        Named::default().with("z", draw.nonzero_tensor(self.0)).with("alpha", draw.vector(self.1) / 8.0)
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![(self.0[0] > 1, Feature::Batch), (self.0[1] > 1, Feature::Maps)]
    }

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<Self, ShapeError> {
        Ok(Slopes(x.tensor("z")?.shape(), x.vector("alpha")?.len()))
    }
}

/// [`prelu_forward`] and [`prelu_backward`].
pub(super) struct Prelu;

impl Lesson for Prelu {
    type Setting = Slopes;
    type Forward<T: Float> = PreluForward<T>;
    type Backward<T: Float> = PreluBackward<T>;

    const FUNCTIONS: &'static [&'static str] = &["prelu_forward", "prelu_backward"];
    const GRADIENTS: &'static [Gradient] = &[("alpha", "dalpha", Role::Parameter), DZ];
    const CARD: Option<(&'static str, &'static str)> = Some(("prelu", include_str!("../../activations/prelu.rs")));
    const TORCH: Option<&'static str> = Some("prelu");
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Maps, "has every channel its own slope?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dalpha", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dalpha", Feature::Maps, "is there one slope for each channel?"),
    ];
    const FORWARD_MISTAKES: &'static [Mistake<PreluForward>] = PRELU_FORWARD;
    const BACKWARD_MISTAKES: &'static [Mistake<PreluBackward>] = PRELU_BACKWARD;

    fn forward<T: Float>() -> PreluForward<T> {
        prelu_forward
    }
    fn backward<T: Float>() -> Option<PreluBackward<T>> {
        Some(prelu_backward)
    }
    fn call_forward<T: Float>(f: PreluForward<T>, _: &Slopes, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.tensor("z")?, x.vector("alpha")?)?.into())]))
    }
    fn call_backward<T: Float>(f: PreluBackward<T>, _: &Slopes, x: &Named<T>) -> Answer<T> {
        let g = f(x.tensor("next_dz")?, x.tensor("z")?, x.vector("alpha")?)?;
        Ok(Named::of([("dalpha", g.dalpha.into()), ("dz", g.dz.into())]))
    }

    /// max(z, 0) + α·min(z, 0), with the slope of the channel.
    fn definition<T: Float>(_: &Slopes, x: &Named<T>) -> Answer<T> {
        let (z, alpha, zero) = (x.tensor("z")?, x.vector("alpha")?, T::zero());
        let y = Tensor4::from_fn(z.shape(), |n, c, i, j| {
            let z = z[(n, c, i, j)];
            z.max(zero) + alpha[c % alpha.len()] * z.min(zero)
        });
        Ok(Named::of([("y", y.into())]))
    }

    /// With a slope for each channel, and with one for all.
    fn settings() -> Vec<Slopes> {
        let shapes = (1..=3).flat_map(|n| [[n, 1, 1, 1], [n, 3, 1, 4], [n, 2, 3, 2]]);
        shapes.flat_map(|shape| [Slopes(shape, shape[1]), Slopes(shape, 1)]).collect()
    }
    fn small() -> Slopes {
        Slopes([2, 3, 2, 1], 3)
    }
    fn large() -> Vec<Slopes> {
        vec![Slopes([70, 5, 31, 29], 5), Slopes([70, 5, 31, 29], 1)]
    }
    fn problems() -> Vec<Slopes> {
        let shapes = [[1, 1, 2, 2], [1, 2, 2, 2], [1, 3, 1, 2], [3, 1, 2, 2], [3, 2, 2, 3], [2, 3, 1, 1]];
        shapes.map(|shape| Slopes(shape, shape[1])).into()
    }
    fn is_exact(setting: &Slopes) -> bool {
        setting.0[0].is_power_of_two()
    }
}

exercises! { Prelu: prelu_forward(PreluForward), prelu_backward(PreluBackward); }

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
