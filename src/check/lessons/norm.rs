//! Normalisation. The numbers are the steps of [batch normalisation's derivation](crate::layers::norm::batch).

use super::{exercises, functions};
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::judge::{Feature, Mistake, changed, mistakes};
use crate::check::lesson::{Answer, CardText, DZ, Gradient, Grid, Lesson, Question, Setting};
use crate::check::signatures::{NormBackward, NormForward};
use crate::check::values::Named;
use crate::layers::{Moments, batch_norm_backward, batch_norm_forward, batch_norm_use, moments};
use crate::{Float, Tensor4, lit};
use nalgebra::DVector;
use std::fmt;

/// (N, C, H, W), and ε.
#[derive(Clone, Copy)]
pub(super) struct Channels([usize; 4], f64);

/// PyTorch's ε.
const EPSILON: f64 = 1e-5;

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Channels([n, c, h, w], epsilon) = *self;
        write!(f, "z {:?}, epsilon {epsilon}", (n, c, h, w))
    }
}

impl Setting for Channels {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let channels = self.0[1];
        Named::default()
            .with("z", draw.distinct(self.0))
            .with("gamma", draw.vector(channels))
            .with("beta", draw.vector(channels))
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        let [n, c, h, w] = self.0;
        vec![(n > 1, Feature::Batch), (c > 1, Feature::Maps), (h * w > 1, Feature::Pixels)]
    }

    fn of_reference(x: &Named<f64>, other: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        Some(Channels(x.tensor("z").shape(), *other("epsilon")?.first()?))
    }
}

/// [`batch_norm_forward`] and [`batch_norm_backward`].
pub(super) struct BatchNorm;

impl Lesson for BatchNorm {
    type Setting = Channels;
    functions! {
        batch_norm_forward: NormForward = BATCH_NORM_FORWARD,
        batch_norm_backward: NormBackward = BATCH_NORM_BACKWARD
    }
    const GRADIENTS: &'static [Gradient] =
        &[("gamma", "dgamma", Role::Parameter), ("beta", "dbeta", Role::Parameter), DZ];
    const CARD: CardText = Some(("batch_norm", include_str!("../../layers/norm/batch.rs")));
    const TORCH: &'static str = "batch_norm";
    const QUESTIONS: &'static [Question] = &[
        ("y", Feature::Batch, "do mean and variance run over all samples of a channel?"),
        ("y", Feature::Maps, "has every channel its own mean, variance, scale and shift?"),
        ("y", Feature::Pixels, "do mean and variance run over all pixels of a channel, too?"),
        ("dgamma", Feature::Batch, "is it a sum over the channel, divided by N once?"),
        ("dbeta", Feature::Batch, "is it a sum over the channel, divided by N once?"),
        ("dgamma", Feature::Pixels, "is it a sum over the pixels, and no mean?"),
        ("dbeta", Feature::Pixels, "is it a sum over the pixels, and no mean?"),
        ("dz", Feature::Batch, "do the two means run over all samples of a channel?"),
        ("dz", Feature::Pixels, "do the two means run over all pixels of a channel, too?"),
        ("dz", Feature::Maps, "does every channel have its own s, its own scale and its own two means?"),
    ];

    fn call_forward<T: Float>(f: NormForward<T>, setting: &Channels, x: &Named<T>) -> Answer<T> {
        let y = f(x.tensor("z"), x.vector("gamma"), x.vector("beta"), lit(setting.1))?;
        Ok(Named::of([("y", y.into())]))
    }
    fn call_backward<T: Float>(f: NormBackward<T>, setting: &Channels, x: &Named<T>) -> Answer<T> {
        let g = f(x.tensor("next_dz"), x.tensor("z"), x.vector("gamma"), lit(setting.1))?;
        Ok(Named::of([("dgamma", g.dgamma.into()), ("dbeta", g.dbeta.into()), ("dz", g.dz.into())]))
    }

    /// γ·(z − μ)/√(σ² + ε) + β, with plain sums over n, i and j.
    fn definition<T: Float>(setting: &Channels, x: &Named<T>) -> Answer<T> {
        let (z, gamma, beta) = (x.tensor("z"), x.vector("gamma"), x.vector("beta"));
        let [samples, channels, height, width] = z.shape();
        let count = lit::<T>((samples * height * width) as f64);
        let mean = |c: usize, f: &dyn Fn(T) -> T| {
            let mut sum = T::zero();
            for n in 0..samples {
                for i in 0..height {
                    for j in 0..width {
                        sum += f(z[(n, c, i, j)]);
                    }
                }
            }
            sum / count
        };
        let moments: Vec<(T, T)> = (0..channels)
            .map(|c| {
                let mu = mean(c, &|z| z);
                (mu, mean(c, &|z| (z - mu) * (z - mu)))
            })
            .collect();
        let y = Tensor4::from_fn(z.shape(), |n, c, i, j| {
            let (mu, variance) = moments[c];
            gamma[c] * (z[(n, c, i, j)] - mu) / (variance + lit(setting.1)).sqrt() + beta[c]
        });
        Ok(Named::of([("y", y.into())]))
    }
    fn grid() -> Grid<Channels> {
        let maps = [(1, 1), (1, 3), (2, 2), (3, 1)];
        let shapes = (1..=4).flat_map(|n| [1, 2, 3].map(|c| (n, c)));
        let shapes = shapes.flat_map(|(n, c)| maps.map(|(h, w)| [n, c, h, w])).filter(|[n, _, h, w]| n * h * w > 1);
        let told = [[1, 1, 1, 3], [1, 1, 2, 2], [1, 2, 2, 2], [3, 1, 1, 1], [4, 2, 1, 1], [2, 1, 2, 3], [3, 2, 2, 2]];
        Grid {
            small: Channels([2, 2, 1, 2], EPSILON),
            proved: shapes.flat_map(|shape| [Channels(shape, EPSILON), Channels(shape, 0.25)]).collect(),
            large: vec![Channels([64, 3, 17, 19], EPSILON)],
            problems: told.map(|shape| Channels(shape, EPSILON)).into(),
        }
    }
}

exercises! { BatchNorm: batch_norm_forward(NormForward), batch_norm_backward(NormBackward); }

mistakes! { BATCH_NORM_FORWARD of batch_norm_forward(NormForward)
    "the variance divides by M − 1":
        "σ² divides by M, the number of values in a channel. M − 1 belongs to the running variance, which is for use.",
    |z, gamma, beta, epsilon| {
        let [n, _, h, w] = z.shape();
        let m = (n * h * w) as f64;
        let (scale, epsilon) = (((m - 1.0) / m).sqrt(), epsilon * (m - 1.0) / m);
        batch_norm_forward(z, &(gamma * scale), beta, epsilon)
    };
    "the root is forgotten": "x̂ is (z − μ)/√(σ² + ε), not (z − μ)/(σ² + ε).",
    |z, gamma, beta, epsilon| {
        let ones = DVector::from_element(gamma.len(), 1.0);
        let x = batch_norm_forward(z, &ones, &(beta * 0.0), epsilon)?;
        let s = moments(z)?.variance.map(|variance| (variance + epsilon).sqrt());
        Ok(Tensor4::from_fn(z.shape(), |n, c, i, j| gamma[c] * x[(n, c, i, j)] / s[c] + beta[c]))
    };
    "the mean is not subtracted": "x̂ is (z − μ)/s: the mean comes off first.",
    |z, gamma, beta, epsilon| {
        let known = moments(z)?;
        let zero = &known.mean * 0.0;
        let known = Moments { mean: zero.clone(), remainder: zero, ..known };
        batch_norm_use(z, &known, gamma, beta, epsilon)
    };
    "gamma and beta are exchanged": "y is γ·x̂ + β: gamma multiplies, beta is added.",
    |z, gamma, beta, epsilon| batch_norm_forward(z, beta, gamma, epsilon);
    "one mean and variance for all channels": "Channels do not mix: each has a mean and a variance of its own.",
    |z, gamma, beta, epsilon| {
        let [n, c, h, w] = z.shape();
        let all = Tensor4::from_fn([n, 1, h * c, w], |n, _, i, j| z[(n, i / h, i % h, j)]);
        let known = moments(&all)?;
        let spread = |x: &DVector<f64>| DVector::from_element(c, x[0]);
        let known = Moments {
            mean: spread(&known.mean), remainder: spread(&known.remainder), variance: spread(&known.variance),
        };
        batch_norm_use(z, &known, gamma, beta, epsilon)
    };
}

mistakes! { BATCH_NORM_BACKWARD of batch_norm_backward(NormBackward)
    "dγ and dβ are not divided by N":
        "A parameter's gradient is divided by N (step 1); here it is the sum.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let n = z.shape()[0] as f64;
        g.dgamma *= n;
        g.dbeta *= n;
    });
    "dγ and dβ are means over the pixels, too":
        "The sums of step 1 run over the whole channel and are divided by N, the samples, not by N·H·W.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let [_, _, h, w] = z.shape();
        g.dgamma /= (h * w) as f64;
        g.dbeta /= (h * w) as f64;
    });
    "dz is divided by N": "What flows backward is N·∂L/∂z: only parameters are divided by N.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let n = z.shape()[0] as f64;
        g.dz = g.dz.map(|x| x / n);
    });
    "mean and variance count as constants":
        "μ and σ² are computed from z, so they move with it (steps 2 to 4); here dz is γ·δ/s alone.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let s = moments(z)?.variance.map(|variance| (variance + epsilon).sqrt());
        g.dz = Tensor4::from_fn(z.shape(), |n, c, i, j| gamma[c] * next_dz[(n, c, i, j)] / s[c]);
    });
    "the variance counts as a constant":
        "σ² moves with z, too (steps 3 and 4): the term x̂·⟨δ·x̂⟩ is missing from dz.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let [n, _, h, w] = z.shape();
        let known = moments(z)?;
        let dz = g.dz.clone();
        g.dz = Tensor4::from_fn(z.shape(), |k, c, i, j| {
            let s = (known.variance[c] + epsilon).sqrt();
            let x = (z[(k, c, i, j)] - known.mean[c]) / s;
            dz[(k, c, i, j)] + gamma[c] / s * x * g.dgamma[c] * n as f64 / (n * h * w) as f64
        });
    });
    "the mean counts as a constant": "μ moves with z (step 2): the term ⟨δ⟩ is missing from dz.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let [_, _, h, w] = z.shape();
        let variance = moments(z)?.variance;
        let dz = g.dz.clone();
        g.dz = Tensor4::from_fn(z.shape(), |n, c, i, j| {
            dz[(n, c, i, j)] + gamma[c] / (variance[c] + epsilon).sqrt() * g.dbeta[c] / (h * w) as f64
        });
    });
    "γ is forgotten in dz": "dz has the factor γ/s (step 6); here it is 1/s.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        g.dz = batch_norm_backward(next_dz, z, &gamma.map(|_| 1.0), epsilon)?.dz;
    });
    "dγ takes z for x̂": "y contains γ with coefficient x̂ (step 1), the normalised z.",
    changed!(batch_norm_backward(next_dz, z, gamma, epsilon) as g {
        let [n, c, h, w] = z.shape();
        let products = next_dz.matrix().component_mul(z.matrix());
        g.dgamma = DVector::from_fn(c, |c, _| products.columns(c * h * w, h * w).sum() / n as f64);
    });
}
