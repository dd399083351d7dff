//! The parametric ReLU, which learns its slopes.

use super::{Gradient, Layer, Memory, Parameter, ParameterMut};
use crate::activations::{PreluGradients, prelu_backward, prelu_forward};
use crate::kernels::memory::give_back;
use crate::{Error, Float, ShapeError, Tensor4, lit};
use nalgebra::DVector;

/// z, or α\[c\]·z where z is negative ([`prelu_forward`]), for z (N, C, H, W) and α (C) or (1).
#[derive(Clone, Debug)]
pub struct Prelu<T> {
    alpha: DVector<T>,
    dalpha: Gradient<T>,
}

impl<T: Float> Prelu<T> {
    /// The layer with a slope of 0.25 for each of this many channels, the start used by He et al. and by PyTorch.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self::of(DVector::from_element(channels, lit(0.25)))
    }

    /// The layer with these slopes, one for each channel or one for all.
    #[must_use]
    pub fn of(alpha: DVector<T>) -> Self {
        Prelu { alpha, dalpha: Gradient::default() }
    }
}

impl<T: Float> Layer<T> for Prelu<T> {
    fn description(&self) -> String {
        format!("Prelu {}", self.alpha.len())
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        prelu_forward(z, &self.alpha)
    }

    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        memory.push("Prelu", z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        let z = memory.pop("Prelu")?;
        let PreluGradients { dalpha, dz } = prelu_backward(next_dz, &z, &self.alpha)?;
        self.dalpha.add(dalpha)?;
        give_back(z.into_matrix());
        Ok(dz)
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        vec![Parameter::vector("weight", self.alpha.as_slice(), &self.dalpha)]
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![ParameterMut { values: self.alpha.as_mut_slice(), gradient: &mut self.dalpha }]
    }
}
