//! A fully connected layer.

use super::{Layer, Parameter, ParameterMut, forget, remembered, replace_gradients};
use crate::error::same_shape;
use crate::layers::fc::fc_backward_parameters;
use crate::layers::{FcGradients, fc_backward, fc_forward};
use crate::{Float, ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector};

/// y = z·W + b ([`fc_forward`]), for z of any shape, read as its matrix (N, C·H·W); y is (N, m, 1, 1).
#[derive(Clone, Debug)]
pub struct Dense<T> {
    w: DMatrix<T>,
    b: DVector<T>,
    dw: DMatrix<T>,
    db: DVector<T>,
    z: Option<Tensor4<T>>,
}

impl<T: Float> Dense<T> {
    /// The layer with the weights W (l, m), as [`init`](crate::init) draws them, and biases of 0.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let layer: Dense<f32> = Dense::of(init::he(&mut init::rng(1), [784, 256]));
    /// assert_eq!(layer.description(), "Dense 784 → 256");
    /// ```
    pub fn of(w: DMatrix<T>) -> Self {
        let (dw, b) = (DMatrix::zeros(w.nrows(), w.ncols()), DVector::zeros(w.ncols()));
        Dense { w, db: b.clone(), b, dw, z: None }
    }

    /// The layer with the weights W (l, m) and b (m).
    ///
    /// # Errors
    /// If b does not have one element for each of W's columns.
    pub fn new(w: DMatrix<T>, b: DVector<T>) -> Result<Self, ShapeError> {
        same_shape("Dense::new", ("b", b.len()), ("a row of W", w.ncols()))?;
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

    fn forward(&mut self, z: Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        forget(&mut self.z);
        let y = self.infer(&z)?;
        self.z = Some(z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let z = remembered("Dense", &self.z)?;
        let FcGradients { dw, db, dz } = fc_backward(next_dz.matrix(), &self.w, z.matrix())?;
        let [_, c, h, w] = z.shape();
        replace_gradients((&mut self.dw, &mut self.db), (dw, db));
        Tensor4::from_matrix(dz, [c, h, w])
    }

    fn backward_parameters(&mut self, next_dz: &Tensor4<T>) -> Result<(), ShapeError> {
        let z = remembered("Dense", &self.z)?;
        let gradients = fc_backward_parameters(next_dz.matrix(), &self.w, z.matrix())?;
        replace_gradients((&mut self.dw, &mut self.db), gradients);
        Ok(())
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        let (l, m) = self.w.shape();
        // W (l, m), stored by columns, has the very bytes of PyTorch's (m, l), stored by rows.
        let (name, shape, strides) = ("weight".into(), vec![m, l], vec![l, 1]);
        vec![
            Parameter { name, shape, strides, values: self.w.as_slice(), gradient: self.dw.as_slice() },
            Parameter::vector("bias", self.b.as_slice(), self.db.as_slice()),
        ]
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![
            ParameterMut { values: self.w.as_mut_slice(), gradient: self.dw.as_slice() },
            ParameterMut { values: self.b.as_mut_slice(), gradient: self.db.as_slice() },
        ]
    }
}
