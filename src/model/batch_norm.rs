//! Batch normalisation, with the running moments that it is used with.

use super::{Buffer, Gradient, Layer, Memory, Parameter, ParameterMut};
use crate::kernels::memory::give_back;
use crate::layers::norm::batch::{from_moments, with_moments};
use crate::layers::{Moments, NormGradients, batch_norm_use};
use crate::{Error, Float, ShapeError, Tensor4, lit};
use nalgebra::{DMatrix, DVector};

/// γ·(z − μ)/√(σ² + ε) + β for each channel, with ε = 10⁻⁵.
///
/// In training, μ and σ² are the moments of the batch ([`batch_norm_forward`](crate::layers::batch_norm_forward)), and each batch moves the running
/// moments a tenth of the way to its own. In use, μ and σ² are the running moments ([`batch_norm_use`]), so a sample's
/// output does not depend on its batch. They begin at 0 and 1.
///
/// The running variance follows Σ(z − μ)²/(M − 1), an unbiased estimate of the variance of all data; σ² of the batch, by
/// which the batch is divided, is Σ(z − μ)²/M. PyTorch does the same.
#[derive(Clone, Debug)]
pub struct BatchNorm<T> {
    gamma: DVector<T>,
    beta: DVector<T>,
    dgamma: Gradient<T>,
    dbeta: Gradient<T>,
    running_mean: DVector<T>,
    running_variance: DVector<T>,
}

/// The share of the last batch in the running moments.
const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

impl<T: Float> BatchNorm<T> {
    /// The layer for this many channels, with γ = 1 and β = 0.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let mut layer = BatchNorm::new(1);
    /// let mut memory = Memory::new();
    /// let y = layer.forward(Tensor4::from_vectors(dmatrix![2.0_f64; 4.0]), &mut memory)?;
    /// assert!((y.matrix()[0] + 1.0).abs() < 1e-5); // mean 3, variance 1
    /// assert_eq!(layer.buffers()[0].values, [0.1 * 3.0]);
    /// assert_eq!(layer.buffers()[1].values, [0.9 + 0.1 * 2.0]); // (1 + 1)/(2 − 1)
    /// # Ok::<(), ShapeError>(())
    /// ```
    #[must_use]
    pub fn new(channels: usize) -> Self {
        let all = |x| DVector::from_element(channels, x);
        BatchNorm {
            gamma: all(T::one()),
            beta: all(T::zero()),
            dgamma: Gradient::default(),
            dbeta: Gradient::default(),
            running_mean: all(T::zero()),
            running_variance: all(T::one()),
        }
    }

    /// Moves the running moments towards those of a batch of M numbers a channel.
    fn follow(&mut self, moments: &Moments<T>, count: usize) {
        let share = lit::<T>(MOMENTUM);
        let unbiased = lit::<T>(count as f64 / (count as f64 - 1.0));
        for (c, running) in self.running_mean.iter_mut().enumerate() {
            *running += share * (moments.mean[c] + moments.remainder[c] - *running);
        }
        for (c, running) in self.running_variance.iter_mut().enumerate() {
            *running += share * (moments.variance[c] * unbiased - *running);
        }
    }
}

impl<T: Float> Layer<T> for BatchNorm<T> {
    fn description(&self) -> String {
        format!("BatchNorm {}", self.gamma.len())
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let running = Moments {
            mean: self.running_mean.clone(),
            remainder: DVector::zeros(self.running_mean.len()),
            variance: self.running_variance.clone(),
        };
        batch_norm_use(z, &running, &self.gamma, &self.beta, lit(EPSILON))
    }

    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let (y, moments) = with_moments(&z, &self.gamma, &self.beta, lit(EPSILON))?;
        self.follow(&moments, z.as_slice().len() / self.gamma.len().max(1));
        let columns = [moments.mean, moments.remainder, moments.variance];
        memory.push("BatchNorm", Tensor4::from_vectors(DMatrix::from_columns(&columns)));
        memory.push("BatchNorm", z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        let z = memory.pop("BatchNorm")?;
        let moments = memory.pop("BatchNorm")?.into_matrix();
        let [mean, remainder, variance] = [0, 1, 2].map(|column| moments.column(column).into_owned());
        let moments = Moments { mean, remainder, variance };
        let NormGradients { dgamma, dbeta, dz } = from_moments(next_dz, &z, Some(moments), &self.gamma, lit(EPSILON))?;
        self.dgamma.add(dgamma)?;
        self.dbeta.add(dbeta)?;
        give_back(z.into_matrix());
        Ok(dz)
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        vec![
            Parameter::vector("weight", self.gamma.as_slice(), &self.dgamma),
            Parameter::vector("bias", self.beta.as_slice(), &self.dbeta),
        ]
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![
            ParameterMut { values: self.gamma.as_mut_slice(), gradient: &mut self.dgamma },
            ParameterMut { values: self.beta.as_mut_slice(), gradient: &mut self.dbeta },
        ]
    }

    fn buffers(&self) -> Vec<Buffer<'_, T>> {
        vec![
            Buffer { name: "running_mean".into(), values: self.running_mean.as_slice() },
            Buffer { name: "running_var".into(), values: self.running_variance.as_slice() },
        ]
    }

    fn buffers_mut(&mut self) -> Vec<&mut [T]> {
        vec![self.running_mean.as_mut_slice(), self.running_variance.as_mut_slice()]
    }
}
