//! A fully connected layer.

use super::{Gradient, Layer, Memory, Parameter, ParameterMut};
use crate::error::same_shape;
use crate::kernels::memory::give_back;
use crate::layers::fc::fc_backward_parameters;
use crate::layers::{FcGradients, fc_backward, fc_forward};
use crate::{Error, Float, ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector};

/// y = z·W + b ([`fc_forward`]), for z of any shape, read as its matrix (N, C·H·W); y is (N, m, 1, 1).
#[derive(Clone, Debug)]
pub struct Dense<T> {
    w: DMatrix<T>,
    b: DVector<T>,
    dw: Gradient<T>,
    db: Gradient<T>,
}

impl<T: Float> Dense<T> {
    /// The layer with weights W (l, m), as drawn by [`init`](crate::init), and biases of 0.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let layer: Dense<f32> = Dense::of(init::he(&mut init::rng(1), [784, 256]));
    /// assert_eq!(layer.description(), "Dense 784 → 256");
    /// ```
    #[must_use]
    pub fn of(w: DMatrix<T>) -> Self {
        let b = DVector::zeros(w.ncols());
        Dense { w, b, dw: Gradient::default(), db: Gradient::default() }
    }

    /// The layer with weights W (l, m) and biases b (m).
    ///
    /// # Errors
    /// If b does not have one element for each of W's columns.
    pub fn with_bias(w: DMatrix<T>, b: DVector<T>) -> Result<Self, ShapeError> {
        same_shape("Dense::with_bias", ("b", b.len()), ("a row of W", w.ncols()))?;
        Ok(Dense { b, ..Dense::of(w) })
    }
}

impl<T: Float> Layer<T> for Dense<T> {
    fn description(&self) -> String {
        format!("Dense {} → {}", self.w.nrows(), self.w.ncols())
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        Ok(Tensor4::from_vectors(fc_forward(z.matrix(), &self.w, &self.b)?))
    }

    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        memory.push("Dense", z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        let z = memory.pop("Dense")?;
        let FcGradients { dw, db, dz } = fc_backward(next_dz.matrix(), &self.w, z.matrix())?;
        self.dw.add(dw)?;
        self.db.add(db)?;
        let [_, c, h, w] = z.shape();
        give_back(z.into_matrix());
        Ok(Tensor4::from_matrix(dz, [c, h, w])?)
    }

    fn backward_parameters(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<(), Error> {
        let z = memory.pop("Dense")?;
        let (dw, db) = fc_backward_parameters(next_dz.matrix(), &self.w, z.matrix())?;
        self.dw.add(dw)?;
        self.db.add(db)?;
        give_back(z.into_matrix());
        Ok(())
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        let (l, m) = self.w.shape();
        // W (l, m), stored by columns, has the same bytes as PyTorch's (m, l), stored by rows.
        let (name, shape, strides) = ("weight".into(), vec![m, l], vec![l, 1]);
        vec![
            Parameter { name, shape, strides, values: self.w.as_slice(), gradient: &self.dw },
            Parameter::vector("bias", self.b.as_slice(), &self.db),
        ]
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![
            ParameterMut { values: self.w.as_mut_slice(), gradient: &mut self.dw },
            ParameterMut { values: self.b.as_mut_slice(), gradient: &mut self.db },
        ]
    }
}
