//! PReLU, whose slopes are learned. The numbers are the steps of [its derivation](crate::activations::prelu).

use super::{exercises, functions};
use crate::activations::{prelu_backward, prelu_forward};
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, changed, mistakes};
use crate::check::lesson::{Answer, CardText, DZ, Gradient, Grid, Lesson, Question, Setting};
use crate::check::signatures::{PreluBackward, PreluForward};
use crate::check::values::Named;
use crate::{Float, Tensor4};
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

    fn of_reference(x: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        Some(Slopes(x.tensor("z").shape(), x.vector("alpha").len()))
    }
}

/// [`prelu_forward`] and [`prelu_backward`].
pub(super) struct Prelu;

impl Lesson for Prelu {
    type Setting = Slopes;
    functions! { prelu_forward: PreluForward = PRELU_FORWARD, prelu_backward: PreluBackward = PRELU_BACKWARD }
    const GRADIENTS: &'static [Gradient] = &[("alpha", "dalpha", Role::Parameter), DZ];
    const CARD: CardText = Some(("prelu", include_str!("../../activations/prelu.rs")));
    const TORCH: &'static str = "prelu";
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Maps, "has every channel its own slope?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dalpha", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dalpha", Feature::Maps, "is there one slope for each channel?"),
    ];

    fn call_forward<T: Float>(f: PreluForward<T>, _: &Slopes, x: &Named<T>) -> Answer<T> {
        Ok(Named::of([("y", f(x.tensor("z"), x.vector("alpha"))?.into())]))
    }
    fn call_backward<T: Float>(f: PreluBackward<T>, _: &Slopes, x: &Named<T>) -> Answer<T> {
        let g = f(x.tensor("next_dz"), x.tensor("z"), x.vector("alpha"))?;
        Ok(Named::of([("dalpha", g.dalpha.into()), ("dz", g.dz.into())]))
    }

    /// max(z, 0) + α·min(z, 0), with the slope of the channel.
    fn definition<T: Float>(_: &Slopes, x: &Named<T>) -> Answer<T> {
        let (z, alpha, zero) = (x.tensor("z"), x.vector("alpha"), T::zero());
        let y = Tensor4::from_fn(z.shape(), |n, c, i, j| {
            let z = z[(n, c, i, j)];
            z.max(zero) + alpha[c % alpha.len()] * z.min(zero)
        });
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Slopes> {
        let shapes = (1..=3).flat_map(|n| [[n, 1, 1, 1], [n, 3, 1, 4], [n, 2, 3, 2]]);
        let told = [[1, 1, 2, 2], [1, 2, 2, 2], [1, 3, 1, 2], [3, 1, 2, 2], [3, 2, 2, 3], [2, 3, 1, 1]];
        let each_and_one = |shape: [usize; 4]| [Slopes(shape, shape[1]), Slopes(shape, 1)];
        Grid {
            small: Slopes([2, 3, 2, 1], 3),
            proved: shapes.flat_map(each_and_one).collect(),
            large: each_and_one([70, 5, 31, 29]).into(),
            problems: told.map(|shape| Slopes(shape, shape[1])).into(),
        }
    }
    fn is_exact(setting: &Slopes) -> bool {
        setting.0[0].is_power_of_two()
    }
}

exercises! { Prelu: prelu_forward(PreluForward), prelu_backward(PreluBackward); }

mistakes! { PRELU_FORWARD of prelu_forward(PreluForward)
    "the first slope for all channels": "Channel c has the slope α[c].",
    |z, alpha| prelu_forward(z, &alpha.map(|_| alpha[0]));
    "the slope is on the wrong side": "z passes unchanged where it is positive, and times α[c] where it is not.",
    |z, alpha| Ok(prelu_forward(&z.map(|z| -z), alpha)?.map(|y| -y));
}

mistakes! { PRELU_BACKWARD of prelu_backward(PreluBackward)
    "dα is not divided by N": "α is a parameter: its gradient is the mean over the batch (step 3).",
    changed!(prelu_backward(next_dz, z, alpha) as g { g.dalpha *= z.shape()[0] as f64; });
    "dz is divided by N": "What flows backward is each sample's own gradient: only parameters are divided by N.",
    changed!(prelu_backward(next_dz, z, alpha) as g {
        let n = z.shape()[0] as f64;
        g.dz = g.dz.map(|x| x / n);
    });
    "positive z count in dα": "y contains α[c] only where z is not positive (step 3): the sum is over δ·min(z, 0).",
    changed!(prelu_backward(next_dz, z, alpha) as g {
        let [n, c, h, w] = z.shape();
        let products = next_dz.matrix().component_mul(z.matrix());
        g.dalpha = DVector::from_fn(c, |c, _| products.columns(c * h * w, h * w).sum() / n as f64);
    });
    "dα is a mean over the pixels, too":
        "Every pixel of channel c uses α[c], and their gradients add up (step 3).",
    changed!(prelu_backward(next_dz, z, alpha) as g {
        let [_, _, h, w] = z.shape();
        g.dalpha /= (h * w) as f64;
    });
}
